//! `timbrel evaluate`.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;
use serde_json::Value;
use timbrel_train::console::say;
use timbrel_train::data::Dataset;
use timbrel_train::data::split::{Parts, pieces};
use timbrel_train::evaluate::{EngineKind, Inference};
use timbrel_train::evaluate::{Summary, ensemble, evaluate_pieces};
use timbrel_train::report::{Figures, Report};
use timbrel_train::run::RunFolder;

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
    /// Folder of a run by whose recipe's split table the tracks are divided, instead of by the manifest.
    #[arg(long)]
    run: Option<PathBuf>,
    /// Engine; by default int8 for .timbrel and tract for .onnx.
    #[arg(long, value_enum)]
    engine: Option<EngineKind>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// For one model: write logits, tracks and quantised windows to this safetensors file.
    #[arg(long)]
    logits: Option<PathBuf>,
    /// Write figures, a table of all windows, plots and a page into this folder.
    #[arg(long)]
    report: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let models = arguments
        .model
        .iter()
        .map(|path| Inference::read(path, arguments.engine))
        .collect::<Result<Vec<_>>>()?;
    let dataset = Dataset::read(&arguments.data)?;
    let pieces = match &arguments.run {
        Some(run) => Parts::new(&RunFolder::new(run).read_recipe()?, &dataset)?
            .named(&arguments.split)?
            .to_vec(),
        None => pieces(dataset.split(&arguments.split)?),
    };
    let (score, answers) = match models.as_slice() {
        [model] => {
            let evaluation = evaluate_pieces(model, &dataset, &pieces)?;
            if let Some(path) = &arguments.logits {
                evaluation.write(path, model)?;
            }
            (evaluation.score, evaluation.answers)
        }
        several => {
            ensure!(
                arguments.logits.is_none(),
                "--logits writes those of one model, not of a mean"
            );
            let answers = ensemble(several, &dataset, &pieces)?;
            (answers.score(&dataset), answers)
        }
    };
    let summary = Summary::new(&score, &models, &arguments.split);
    let figures = Figures::new(&answers, &dataset, &arguments.split);
    if let Some(folder) = &arguments.report {
        let names: Vec<String> = (arguments.model.iter())
            .map(|path| {
                path.file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        Report {
            title: &names.join(" and "),
            about: vec![
                ("split".to_owned(), arguments.split.clone()),
                ("engine".to_owned(), summary.engine.clone()),
            ],
            figures: &figures,
            history: &[],
            answers: &answers,
            dataset: &dataset,
            column_seconds: dataset.column_seconds(&models[0].info().front_end),
        }
        .write(folder)?;
    }
    if arguments.json {
        let mut all = serde_json::to_value(&figures)?;
        if let (Value::Object(all), Value::Object(summary)) = (&mut all, summary.json()) {
            all.extend(summary);
        }
        say(all)
    } else {
        say(format!("{}\n\n{figures}", summary.text()))
    }
}
