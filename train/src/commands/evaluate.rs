//! `timbrel evaluate`.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;
use timbrel_train::console::say;
use timbrel_train::data::Dataset;
use timbrel_train::evaluate::{Summary, ensemble, evaluate_pieces};
use timbrel_train::inference::{EngineKind, Inference};
use timbrel_train::recipe::Recipe;
use timbrel_train::split::{Parts, pieces};

#[derive(Args)]
pub(crate) struct Arguments {
    /// A `.timbrel` or `.onnx` file; repeated, the mean of the models' answers is evaluated.
    #[arg(long, required = true)]
    model: Vec<PathBuf>,
    /// Folder that holds `logmel.safetensors` and `manifest.csv`.
    #[arg(long, env = "TIMBREL_DATA")]
    data: PathBuf,
    /// Split of the manifest; `all` is every track.
    #[arg(long)]
    split: String,
    /// Recipe whose [split] is meant by --split, in place of the manifest's.
    #[arg(long)]
    recipe: Option<PathBuf>,
    /// Engine; int8 for .timbrel and tract for .onnx where it is not given.
    #[arg(long, value_enum)]
    engine: Option<EngineKind>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// For one model: write logits, tracks and quantised windows to this safetensors file.
    #[arg(long)]
    logits: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let models = arguments
        .model
        .iter()
        .map(|path| Inference::read(path, arguments.engine))
        .collect::<Result<Vec<_>>>()?;
    let dataset = Dataset::read(&arguments.data)?;
    let recipe = arguments.recipe.as_deref().map(Recipe::read).transpose()?;
    let pieces = match &recipe {
        Some(recipe) => Parts::new(recipe, &dataset)?
            .named(&arguments.split)?
            .to_vec(),
        None => pieces(dataset.split(&arguments.split)?),
    };
    let score = match models.as_slice() {
        [model] => {
            let evaluation = evaluate_pieces(model, &dataset, &pieces)?;
            if let Some(path) = &arguments.logits {
                evaluation.write(path, model)?;
            }
            evaluation.score
        }
        several => {
            ensure!(
                arguments.logits.is_none(),
                "--logits writes those of one model, not of a mean"
            );
            ensemble(several, &dataset, &pieces)?
        }
    };
    let summary = Summary::new(&score, &models, &arguments.split);
    if arguments.json {
        say(summary.json())
    } else {
        say(summary.text())
    }
}
