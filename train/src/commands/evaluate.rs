//! `timbrel evaluate`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use timbrel_train::data::Dataset;
use timbrel_train::evaluate::evaluate;
use timbrel_train::inference::{EngineKind, Inference};

#[derive(Args)]
pub(crate) struct Arguments {
    /// A `.timbrel` or `.onnx` file.
    #[arg(long)]
    model: PathBuf,
    /// Folder that holds `logmel.safetensors` and `manifest.csv`.
    #[arg(long, env = "TIMBREL_DATA")]
    data: PathBuf,
    /// Split of the manifest; `all` is every track.
    #[arg(long)]
    split: String,
    /// Engine; int8 for .timbrel and tract for .onnx where it is not given.
    #[arg(long, value_enum)]
    engine: Option<EngineKind>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Write logits, tracks and quantised windows to this safetensors file.
    #[arg(long)]
    logits: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let model = Inference::read(&arguments.model, arguments.engine)?;
    let dataset = Dataset::read(&arguments.data)?;
    let evaluation = evaluate(&model, &dataset, &arguments.split)?;
    if let Some(path) = &arguments.logits {
        evaluation.write(path, &model)?;
    }
    if arguments.json {
        println!("{}", evaluation.json(&model, &arguments.split));
    } else {
        println!("{}", evaluation.text(&model, &arguments.split));
    }
    Ok(())
}
