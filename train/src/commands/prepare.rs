//! `timbrel prepare`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use timbrel_train::console::say;
use timbrel_train::data::prepare::{Options, prepare};
use timbrel_train::data::{Collection, Layout, Stated};
use timbrel_train::waveform::Ranges;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Folder of the collection.
    collection: PathBuf,
    /// Folder for logmel.safetensors, manifest.csv and skipped.csv.
    #[arg(long)]
    out: PathBuf,
    /// Name of the collection, for models trained on it; by default that of its layout or its folder.
    #[arg(long)]
    name: Option<String>,
    /// Terms on which the collection may be used, in one line, for models trained on it.
    #[arg(long, value_name = "TEXT")]
    licence: Option<String>,
    /// How the collection is laid out.
    #[arg(long, value_enum, default_value_t = Layout::Folder)]
    layout: Layout,
    /// For the layout fma: small, medium, large or full.
    #[arg(long, default_value = "small")]
    subset: String,
    /// Name of the feature, as `timbrel features` takes it; kept in decibels of its mel bands or bins.
    #[arg(long, default_value = "mel_db_2048_1708_128")]
    front_end: String,
    /// Seconds taken of each track. Shorter tracks are skipped, unless --fill is given.
    #[arg(long, default_value_t = 29.9)]
    seconds: f64,
    /// Seconds skipped at a track's beginning.
    #[arg(long, default_value_t = 0.0)]
    skip: f64,
    /// Play tracks that are too short forwards and backwards instead of skipping them.
    #[arg(long)]
    fill: bool,
    /// Share of each genre for the valid split, where the collection has no split of its own.
    #[arg(long, default_value_t = 0.2)]
    valid: f64,
    /// Share of each genre for the test split.
    #[arg(long, default_value_t = 0.0)]
    test: f64,
    /// Augmented copies of each track of the train split.
    #[arg(long, default_value_t = 0)]
    variants: usize,
    /// Largest effects on these copies: stretch=SHARE,pitch=SEMITONES,shift=SECONDS,gain=DB,noise=DB.
    #[arg(long, default_value = "")]
    augment: Ranges,
    /// Seed of the split and of the augmentation.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Begin again: drop an unfinished cache in the folder, and replace a finished one once the new one is complete.
    #[arg(long)]
    restart: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    const SHOWN: usize = 10;
    let options = Options {
        collection: Collection {
            folder: arguments.collection.clone(),
            layout: arguments.layout,
            subset: arguments.subset.clone(),
            valid: arguments.valid,
            test: arguments.test,
            seed: arguments.seed,
        },
        stated: Stated {
            name: arguments.name.clone(),
            licence: arguments.licence.clone(),
        },
        out: arguments.out.clone(),
        front_end: arguments.front_end.clone(),
        seconds: arguments.seconds,
        skip: arguments.skip,
        fill: arguments.fill,
        variants: arguments.variants,
        augment: arguments.augment.clone(),
        seed: arguments.seed,
        restart: arguments.restart,
    };
    let prepared = prepare(&options)?;
    let [bins, columns] = prepared.shape;
    if prepared.resumed > 0 {
        say(format_args!(
            "went on after {} that were done",
            prepared.resumed
        ))?;
    }
    say(format_args!(
        "{} rows [{bins}, {columns}] of {} genres in {}",
        prepared.rows,
        prepared.genres.len(),
        arguments.out.display()
    ))?;
    for (file, why) in prepared.skipped.iter().take(SHOWN) {
        say(format_args!("skipped {}: {why}", file.display()))?;
    }
    if prepared.skipped.len() > SHOWN {
        let more = prepared.skipped.len() - SHOWN;
        say(format_args!("and {more} more, see skipped.csv"))?;
    }
    if let Some(short) = &prepared.short {
        say(short.advice(&options))?;
        say("for other options, run the command again with --restart")?;
    }
    Ok(())
}
