//! The commands' arguments and what they print.

mod calibrate;
mod compare;
mod convert;
mod dataset;
mod evaluate;
mod export;
mod features;
mod prepare;
mod report;
mod robustness;
mod stated;
mod train;

use anyhow::Result;
use clap::Subcommand;

/// A command of `timbrel`.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Turn a collection of audio files into a cache that `train` and `evaluate` read.
    Prepare(prepare::Arguments),
    /// Check a copy of a published data set, or say how to get one.
    Dataset(dataset::Arguments),
    /// Train a recipe on the train split, validating on the valid split.
    Train(train::Arguments),
    /// Evaluate a run's float network and write figures, tables, plots and a page into its folder.
    Report(report::Arguments),
    /// Put runs side by side.
    Compare(compare::Arguments),
    /// Evaluate an exported model on audio with noise, at other levels, pitches and tempi, and through mp3.
    Robustness(robustness::Arguments),
    /// Evaluate an exported model on a split.
    Evaluate(evaluate::Arguments),
    /// Write a run's network: quantised as .timbrel and .onnx, or as a float .onnx, with a model card.
    Export(export::Arguments),
    /// Fit what makes a model say "not music" and "unsure", and write it into its files.
    Calibrate(calibrate::Arguments),
    /// Write the integers of a .timbrel file as an .onnx file or as C.
    Convert(convert::Arguments),
    /// Compute a feature of an audio file as librosa does.
    Features(features::Arguments),
}

impl Command {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Prepare(arguments) => prepare::run(&arguments),
            Self::Dataset(arguments) => dataset::run(&arguments),
            Self::Train(arguments) => train::run(&arguments),
            Self::Report(arguments) => report::run(&arguments),
            Self::Compare(arguments) => compare::run(&arguments),
            Self::Robustness(arguments) => robustness::run(&arguments),
            Self::Evaluate(arguments) => evaluate::run(&arguments),
            Self::Export(arguments) => export::run(&arguments),
            Self::Calibrate(arguments) => calibrate::run(&arguments),
            Self::Convert(arguments) => convert::run(&arguments),
            Self::Features(arguments) => features::run(&arguments),
        }
    }
}
