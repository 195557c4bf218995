//! The `timbrel` command.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use timbrel_train::data::Dataset;
use timbrel_train::device::DeviceKind;
use timbrel_train::training::{Options, RunFolder, train};

/// Trains, evaluates and exports Timbrel's models.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Train a recipe on the train split, validating on the valid split.
    Train(TrainArgs),
}

#[derive(Args)]
struct TrainArgs {
    /// Recipe (TOML).
    #[arg(long)]
    recipe: PathBuf,
    /// Folder that holds `logmel.safetensors` and `manifest.csv`.
    #[arg(long, env = "TIMBREL_DATA")]
    data: PathBuf,
    /// Folder for the run.
    #[arg(long)]
    out: PathBuf,
    /// Seed of weights, crops and augmentation.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Epochs instead of the recipe's.
    #[arg(long)]
    epochs: Option<usize>,
    /// Where to train.
    #[arg(long, value_enum, default_value_t = DeviceKind::Cpu)]
    device: DeviceKind,
    /// Let `--device gpu` use a GPU that is emulated in software.
    #[arg(long)]
    allow_software_adapter: bool,
    /// Go on from the checkpoint in the run's folder.
    #[arg(long)]
    resume: bool,
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Train(args) => run_train(&args),
    }
}

fn run_train(args: &TrainArgs) -> Result<()> {
    let device = args.device.open(args.allow_software_adapter)?;
    let dataset = Dataset::read(&args.data)?;
    let options = Options {
        seed: args.seed,
        epochs: args.epochs,
        stop_after: None,
        resume: args.resume,
    };
    let info = train(
        &args.recipe,
        &dataset,
        &RunFolder::new(&args.out),
        &device,
        options,
    )?;
    if let Some((accuracy, epoch)) = info.best {
        println!(
            "best: {:.1} % of the valid tracks after epoch {epoch}",
            100.0 * accuracy
        );
    }
    Ok(())
}
