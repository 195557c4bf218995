//! `timbrel train`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use clap::Args;
use signal_hook::consts::SIGINT;
use signal_hook::flag;
use timbrel_train::console::say;
use timbrel_train::data::Dataset;
use timbrel_train::device::DeviceKind;
use timbrel_train::evaluate::score::mean_and_deviation;
use timbrel_train::run::{RunFolder, RunInfo};
use timbrel_train::training::{Options, train};

use super::stated::StatedData;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Recipe (TOML); see docs/training.md.
    #[arg(long)]
    recipe: PathBuf,
    /// Folder that holds `logmel.safetensors` and `manifest.csv`.
    #[arg(long, env = "TIMBREL_DATA")]
    data: PathBuf,
    /// Folder for the run.
    #[arg(long)]
    out: PathBuf,
    /// Seed of weights, crops and augmentation; a resumed run keeps its own.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of seeds, counted from --seed, to train one after another in folders seed-N of --out.
    #[arg(long, default_value = "1")]
    seeds: NonZeroUsize,
    /// Epochs instead of the recipe's; a resumed run keeps its own.
    #[arg(long)]
    epochs: Option<NonZeroUsize>,
    /// Where to train.
    #[arg(long, value_enum, default_value_t = DeviceKind::Cpu)]
    device: DeviceKind,
    /// Let `--device gpu` use an adapter that is emulated in software.
    #[arg(long)]
    allow_software_adapter: bool,
    /// Folder of a run to learn from in addition to the labels, as the recipe's distillation table says; may be
    /// repeated. A resumed run keeps its own.
    #[arg(long, value_name = "RUN")]
    teacher: Vec<PathBuf>,
    /// Take the cache's front end instead of the recipe's, in windows of the same duration. A resumed run
    /// keeps its own.
    #[arg(long)]
    approximate_front_end: bool,
    /// Divide the tracks as the manifest does, whatever the recipe's split table says. A resumed run keeps its
    /// own.
    #[arg(long)]
    manifest_split: bool,
    #[command(flatten)]
    stated: StatedData,
    /// Folder of a run whose weights are the initial ones.
    #[arg(long, value_name = "RUN", conflicts_with = "resume")]
    init_from: Option<PathBuf>,
    /// Go on from the checkpoint in the run's folder; a run that was killed before its first begins anew.
    #[arg(long)]
    resume: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let device = arguments.device.open(arguments.allow_software_adapter)?;
    let data = arguments.data.canonicalize();
    let data = data.with_context(|| format!("data folder {}", arguments.data.display()))?;
    let dataset = Dataset::read(&data)?;
    let options = Options {
        seed: arguments.seed,
        epochs: arguments.epochs.map(NonZeroUsize::get),
        stop_after: None,
        resume: arguments.resume,
        data,
        stated: arguments.stated.stated(),
        teachers: absolute(&arguments.teacher)?,
        approximate_front_end: arguments.approximate_front_end,
        manifest_split: arguments.manifest_split,
        init_from: arguments.init_from.clone(),
        interrupt: interrupt()?,
    };
    let train_into = |out: &Path, options: &Options| {
        train(
            &arguments.recipe,
            &dataset,
            &RunFolder::new(out),
            &device,
            options,
        )
    };
    if arguments.seeds.get() > 1 {
        return several(arguments, &options, train_into);
    }
    let info = train_into(&arguments.out, &options)?;
    if options.interrupt.load(Ordering::Relaxed) {
        return say(format_args!(
            "stopped after epoch {}; --resume goes on",
            info.done
        ));
    }
    match info.best {
        Some((accuracy, epoch)) => say(format_args!(
            "best: {:.1} % of the valid tracks after epoch {epoch}",
            100.0 * accuracy
        )),
        None => Ok(()),
    }
}

/// Train one seed after another, each in a folder of its own, and print how far apart they end.
fn several(
    arguments: &Arguments,
    options: &Options,
    train_into: impl Fn(&Path, &Options) -> Result<RunInfo>,
) -> Result<()> {
    let mut best = Vec::new();
    for seed in (arguments.seed..).take(arguments.seeds.get()) {
        let out = arguments.out.join(format!("seed-{seed}"));
        let options = Options {
            seed,
            // those that an interruption left undone begin, the others go on or are done
            resume: options.resume && RunFolder::new(&out).info().is_ok(),
            ..options.clone()
        };
        let info = train_into(&out, &options).with_context(|| format!("seed {seed}"))?;
        if options.interrupt.load(Ordering::Relaxed) {
            return Ok(());
        }
        best.extend(info.best.map(|(accuracy, _)| 100.0 * accuracy));
    }
    let (mean, deviation) = mean_and_deviation(&best);
    let list: Vec<String> = best.iter().map(|value| format!("{value:.1}")).collect();
    say(format_args!(
        "best: {} % of the valid tracks; mean {mean:.1}, standard deviation {deviation:.1}",
        list.join(", ")
    ))
}

/// Return a flag that the first Ctrl-C sets, so that the run ends with a checkpoint after the epoch in progress; the
/// second ends the program at once.
fn interrupt() -> Result<Arc<AtomicBool>> {
    let pressed = Arc::new(AtomicBool::new(false));
    // in this order: the first Ctrl-C finds the flag not yet set
    flag::register_conditional_shutdown(SIGINT, 130, pressed.clone())
        .and_then(|_| flag::register(SIGINT, pressed.clone()))
        .context("cannot watch for Ctrl-C")?;
    Ok(pressed)
}

/// Return the paths that hold from any folder, for a run that is resumed in another.
fn absolute(runs: &[PathBuf]) -> Result<Vec<PathBuf>> {
    runs.iter()
        .map(|run| {
            run.canonicalize()
                .with_context(|| format!("--teacher {}", run.display()))
        })
        .collect()
}
