//! `prepare`: from audio files to a cache for training.
//!
//! Files are decoded and transformed on all cores, a few dozen at a time; results go to disk at once
//! (see `store`), so that memory does not grow with the collection and a killed run continues where it was.

mod audio;
mod files;
mod short;
mod store;

use std::collections::HashSet;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde_json::{Value, json};
use timbrel_core::frontend::Affine;
use timbrel_core::model::MAX_CLASSES;

pub(crate) use audio::excerpt;
pub use audio::{read_excerpt, to_and_fro};
pub use short::Short;

use super::collection::{Collection, Source, hash};
use super::provenance::{self, Provenance, Stated};
use crate::features::Feature;
use crate::waveform::Ranges;
use short::TooShort;
use store::{Entry, Store};

/// Files that are worked on before their spectrograms are written, for each thread.
const BATCH_A_THREAD: usize = 8;

/// Everything that decides a cache.
#[derive(Clone, Debug)]
pub struct Options {
    /// Tracks.
    pub collection: Collection,
    /// Name and licence of the collection, where its layout does not determine them.
    pub stated: Stated,
    /// Folder for the cache.
    pub out: PathBuf,
    /// Name of the feature, as [`Feature::parse`] reads it.
    pub front_end: String,
    /// Seconds of each track.
    pub seconds: f64,
    /// Seconds skipped at a track's beginning.
    pub skip: f64,
    /// Whether a track that is too short is played forwards and backwards until it is long enough.
    pub fill: bool,
    /// Augmented copies of each track of the train split.
    pub variants: usize,
    /// Effects on these.
    pub augment: Ranges,
    /// Seed of the effects.
    pub seed: u64,
    /// Whether to begin again where a cache was begun or finished, instead of continuing or refusing.
    pub restart: bool,
}

/// Result of a preparation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// Spectrograms in the cache.
    pub rows: usize,
    /// Files that were left out, with the reason.
    pub skipped: Vec<(PathBuf, String)>,
    /// Those among them that are too short, if there are any.
    pub short: Option<Short>,
    /// Files that a killed run had done before.
    pub resumed: usize,
    /// Class names in label order.
    pub genres: Vec<String>,
    /// Bins and columns of a spectrogram.
    pub shape: [usize; 2],
}

/// Write `logmel.safetensors`, `manifest.csv` and `skipped.csv`.
///
/// # Errors
/// The collection or the options make no sense, nothing in it can be read, or a file cannot be written. A
/// track that cannot be read is not an error.
pub fn prepare(options: &Options) -> Result<Prepared> {
    let work = Work::new(options)?;
    let sources = options.collection.sources()?;
    let mut genres: Vec<String> = sources.iter().map(|source| source.genre.clone()).collect();
    genres.dedup(); // sources are sorted by genre
    ensure!(
        genres.len() <= MAX_CLASSES,
        "{} has {} genres, a model has at most {MAX_CLASSES}",
        options.collection.folder.display(),
        genres.len()
    );
    options.stated.validate()?;
    let shape = [work.feature.bins(), work.feature.frames(work.samples)];
    let mut store = Store::open(
        &options.out,
        shape[0] * shape[1],
        &settings(options),
        options.restart,
    )?;
    check_names(&store, &sources)?;
    let resumed = store.entries.len();
    run(&work, &sources, &mut store)?;
    let faults = store.entries.iter().filter_map(|entry| {
        let fault = entry.fault.clone()?;
        Some((PathBuf::from(&entry.file), fault))
    });
    let prepared = Prepared {
        rows: store.rows(),
        skipped: faults.collect(),
        short: Short::among(&store.entries, work.feature.sample_rate()),
        resumed,
        genres,
        shape,
    };
    if let (0, Some((file, why))) = (prepared.rows, prepared.skipped.first()) {
        // nothing worth keeping, and the next call will have other options
        store.abandon()?;
        let short = prepared.short.as_ref();
        let advice = short.map_or_else(String::new, |short| format!("; {}", short.advice(options)));
        anyhow::bail!(
            "no file can be used, neither {}: {why}{advice}",
            file.display()
        );
    }
    let mut about = about(options, &work.feature);
    about[provenance::KEY] = origin(options, &store, &prepared.genres).json()?.into();
    store.finish(&prepared.genres, shape, &about)?;
    Ok(prepared)
}

/// Check that a killed run's tracks are still there; otherwise its rows would belong to other tracks.
fn check_names(store: &Store, sources: &[Source]) -> Result<()> {
    let files: HashSet<_> = sources.iter().map(|source| source.path.as_path()).collect();
    for entry in &store.entries {
        ensure!(
            files.contains(entry.file.as_ref() as &std::path::Path),
            "{} was read before and is gone; begin again with --restart",
            entry.file
        );
    }
    Ok(())
}

/// Read the files that are not done yet, batch by batch.
fn run(work: &Work<'_>, sources: &[Source], store: &mut Store) -> Result<()> {
    let done: HashSet<String> = store
        .entries
        .iter()
        .map(|entry| entry.track.clone())
        .collect();
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} files {msg} {eta}");
    let bar = ProgressBar::new(sources.len() as u64).with_style(style.context("progress bar")?);
    let mut faults = 0;
    for batch in sources.chunks(BATCH_A_THREAD * rayon::current_num_threads()) {
        let made: Vec<Vec<_>> = batch
            .par_iter()
            .map(|source| {
                let made = work.source(source, &done);
                bar.inc(1);
                made
            })
            .collect();
        let made: Vec<_> = made.into_iter().flatten().collect();
        faults += made
            .iter()
            .filter(|(entry, _)| entry.fault.is_some())
            .count();
        if faults > 0 {
            bar.set_message(format!("{faults} skipped"));
        }
        if !made.is_empty() {
            store.append(made)?;
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// Everything that is the same for all files.
struct Work<'a> {
    options: &'a Options,
    feature: Feature,
    samples: usize,
    skip: usize,
}

impl<'a> Work<'a> {
    fn new(options: &'a Options) -> Result<Self> {
        let feature = Feature::parse(&options.front_end)?.in_decibels();
        ensure!(
            options.seconds > 0.0 && options.seconds <= 3600.0,
            "--seconds must be above 0 and at most 3600"
        );
        ensure!(
            options.skip >= 0.0 && options.skip <= 86_400.0,
            "--skip must be 0 to 86400 s"
        );
        ensure!(
            options.variants == 0 || !options.augment.is_empty(),
            "--variants needs --augment: copies that are the same teach nothing"
        );
        let rate = f64::from(feature.sample_rate());
        let samples = |seconds: f64| (seconds * rate).round() as usize;
        Ok(Self {
            options,
            feature,
            samples: samples(options.seconds).max(1),
            skip: samples(options.skip),
        })
    }

    /// Return the spectrograms of a file that are not done yet, or why there are none.
    fn source(&self, source: &Source, done: &HashSet<String>) -> Vec<(Entry, Vec<u8>)> {
        let variants = if source.split == "train" {
            self.options.variants
        } else {
            0
        };
        let open: Vec<Entry> = (0..=variants)
            .map(|variant| Entry::new(source, variant, None))
            .filter(|entry| !done.contains(&entry.track))
            .collect();
        if open.is_empty() {
            return Vec::new();
        }
        match self.values(source, &open) {
            Ok(values) => open.into_iter().zip(values).collect(),
            // one line, whatever its variants: there is one file
            Err(error) => {
                let mut fault = Entry::new(source, 0, Some(format!("{error:#}")));
                fault.lasted = error.downcast_ref().map(|TooShort { found, .. }| *found);
                if done.contains(&fault.track) {
                    Vec::new()
                } else {
                    vec![(fault, Vec::new())]
                }
            }
        }
    }

    fn values(&self, source: &Source, open: &[Entry]) -> Result<Vec<Vec<u8>>> {
        // a variant that is played faster needs more than its length
        let most = (self.samples as f64 * self.options.augment.longest()).ceil() as usize;
        let rate = self.feature.sample_rate();
        let signal = read_excerpt(&source.path, rate, self.skip, most)?;
        let wanted = self.options.seconds;
        if signal.len() < self.samples && !self.options.fill {
            let found = signal.len();
            return Err(TooShort {
                found,
                rate,
                wanted,
            }
            .into());
        }
        open.iter()
            .map(|entry| self.spectrogram(&signal, entry))
            .collect()
    }

    fn spectrogram(&self, signal: &[f32], entry: &Entry) -> Result<Vec<u8>> {
        let changed;
        let signal = if entry.variant == 0 {
            signal
        } else {
            let mut rng = ChaCha8Rng::seed_from_u64(hash(self.options.seed, &entry.track));
            let rate = self.feature.sample_rate();
            changed = self.options.augment.draw(signal, rate, &mut rng);
            &changed
        };
        let filled = to_and_fro(signal, self.samples);
        let matrix = self.feature.compute(&filled)?;
        let quantise = |decibels: &f32| Affine::DB80.quantise(*decibels);
        Ok(matrix.values.iter().map(quantise).collect())
    }
}

/// Return everything that decides a spectrogram or its place, for the journal.
fn settings(options: &Options) -> Value {
    let collection = &options.collection;
    json!({
        "front_end": options.front_end,
        "seconds": options.seconds,
        "skip": options.skip,
        "fill": options.fill,
        "variants": options.variants,
        "augment": options.augment.to_string(),
        "seed": options.seed,
        "valid": collection.valid,
        "test": collection.test,
        "split_seed": collection.seed,
        "subset": collection.subset,
    })
}

/// Return where the cache's spectrograms come from.
fn origin(options: &Options, store: &Store, genres: &[String]) -> Provenance {
    let front_end = format!(
        "{}, {} s of each recording from {} s on",
        options.front_end, options.seconds, options.skip
    );
    let mut origin = Provenance::new(&options.collection, &options.stated, front_end);
    let recordings = (store.entries.iter()).filter(|e| e.fault.is_none() && e.variant == 0);
    let recordings: Vec<&Entry> = recordings.collect();
    origin.tracks = recordings.len();
    let count = |genre: &String| recordings.iter().filter(|e| e.genre == *genre).count();
    origin.counts = genres.iter().map(count).collect();
    if options.variants > 0 {
        origin.copies = format!(
            "{} of each recording of the train part ({}, seed {})",
            options.variants, options.augment, options.seed
        );
    }
    origin
}

/// Return the cache's metadata; safetensors takes strings only.
fn about(options: &Options, feature: &Feature) -> Value {
    json!({
        "format": "log-mel cache",
        "layout": "[track, bin, column]",
        "scale": "dB = x / 255 * 80 - 80, relative to the maximum of the track",
        "sample_rate": feature.sample_rate().to_string(),
        "front_end": options.front_end,
        "n_fft": feature.n_fft().to_string(),
        "hop": feature.hop().to_string(),
        "bins": feature.bins().to_string(),
        "seconds": options.seconds.to_string(),
        "skip": options.skip.to_string(),
    })
}
