//! `timbrel convert`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use timbrel_train::console::say;
use timbrel_train::export::convert;

#[derive(Args)]
pub(crate) struct Arguments {
    /// A `.timbrel` file.
    model: PathBuf,
    /// File for the same integers as .onnx; by default beside the model.
    #[arg(long)]
    out: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let model = &arguments.model;
    let out = match &arguments.out {
        Some(out) => out.clone(),
        None => model.with_extension("onnx"),
    };
    convert(model, &out).with_context(|| format!("model {}", model.display()))?;
    say(out.display())
}
