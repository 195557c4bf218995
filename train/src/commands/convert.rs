//! `timbrel convert`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use timbrel_train::console::say;
use timbrel_train::export::{Format, convert};

#[derive(Args)]
pub(crate) struct Arguments {
    /// A `.timbrel` file.
    model: PathBuf,
    /// Form of the integers.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// File for the same integers; by default beside the model, with its name. For C, the extension does not matter.
    #[arg(long)]
    out: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let model = &arguments.model;
    let out = match &arguments.out {
        Some(out) => out.clone(),
        None => model.with_extension("onnx"),
    };
    let written = convert(model, arguments.format, &out);
    for file in written.with_context(|| format!("model {}", model.display()))? {
        say(file.display())?;
    }
    Ok(())
}
