//! The commands' arguments and what they print.

mod evaluate;
mod export;
mod features;
mod train;

use anyhow::Result;
use clap::Subcommand;

/// A command of `timbrel`.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Train a recipe on the train split, validating on the valid split.
    Train(train::Arguments),
    /// Evaluate an exported model on a split.
    Evaluate(evaluate::Arguments),
    /// Write a run's network: quantised as .timbrel and .onnx, or as a float .onnx, with a model card.
    Export(export::Arguments),
    /// Compute a feature of an audio file as librosa does.
    Features(features::Arguments),
}

impl Command {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Train(arguments) => train::run(&arguments),
            Self::Evaluate(arguments) => evaluate::run(&arguments),
            Self::Export(arguments) => export::run(&arguments),
            Self::Features(arguments) => features::run(&arguments),
        }
    }
}
