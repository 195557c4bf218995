//! `timbrel train`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use timbrel_train::data::Dataset;
use timbrel_train::device::DeviceKind;
use timbrel_train::training::{Options, RunFolder, train};

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
    /// Epochs instead of the recipe's; a resumed run keeps its own.
    #[arg(long)]
    epochs: Option<NonZeroUsize>,
    /// Where to train.
    #[arg(long, value_enum, default_value_t = DeviceKind::Cpu)]
    device: DeviceKind,
    /// Let `--device gpu` use an adapter that is emulated in software.
    #[arg(long)]
    allow_software_adapter: bool,
    /// Folder of a run to learn from besides the labels, as the recipe's [distillation] says; may be
    /// repeated. A resumed run keeps its own.
    #[arg(long, value_name = "RUN")]
    teacher: Vec<PathBuf>,
    /// Take the cache's front end in place of the recipe's, in windows of the same duration. A resumed run
    /// keeps its own.
    #[arg(long)]
    approximate_front_end: bool,
    /// Folder of a run whose weights to begin with.
    #[arg(long, value_name = "RUN", conflicts_with = "resume")]
    init_from: Option<PathBuf>,
    /// Go on from the checkpoint in the run's folder.
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
        teachers: absolute(&arguments.teacher)?,
        approximate_front_end: arguments.approximate_front_end,
        init_from: arguments.init_from.clone(),
    };
    let folder = RunFolder::new(&arguments.out);
    let info = train(&arguments.recipe, &dataset, &folder, &device, &options)?;
    if let Some((accuracy, epoch)) = info.best {
        println!(
            "best: {:.1} % of the valid tracks after epoch {epoch}",
            100.0 * accuracy
        );
    }
    Ok(())
}

/// Paths that hold from any folder, for a run that is resumed in another.
fn absolute(runs: &[PathBuf]) -> Result<Vec<PathBuf>> {
    runs.iter()
        .map(|run| {
            run.canonicalize()
                .with_context(|| format!("--teacher {}", run.display()))
        })
        .collect()
}
