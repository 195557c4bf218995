//! `timbrel robustness`.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use serde_json::json;
use timbrel_train::console::say;
use timbrel_train::data::{Collection, Layout};
use timbrel_train::evaluate::score::caution;
use timbrel_train::evaluate::{EngineKind, Inference};
use timbrel_train::report::{Condition, robustness, standard_conditions};

#[derive(Args)]
pub(crate) struct Arguments {
    /// A `.timbrel` or `.onnx` file.
    #[arg(long)]
    model: PathBuf,
    /// Folder of a collection of audio files.
    #[arg(long)]
    audio: PathBuf,
    /// How the collection is laid out.
    #[arg(long, value_enum, default_value_t = Layout::Folder)]
    layout: Layout,
    /// For the layout fma: small, medium, large or full.
    #[arg(long, default_value = "small")]
    subset: String,
    /// Split of the collection; `all` is every track.
    #[arg(long, default_value = "all")]
    split: String,
    /// Seconds of each track to classify.
    #[arg(long, default_value_t = 29.9)]
    seconds: f64,
    /// Engine; by default int8 for .timbrel and tract for .onnx.
    #[arg(long, value_enum)]
    engine: Option<EngineKind>,
    /// Print one JSON object per condition.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let model = Inference::read(&arguments.model, arguments.engine)?;
    let collection = Collection {
        folder: arguments.audio.clone(),
        layout: arguments.layout,
        subset: arguments.subset.clone(),
        valid: 0.2,
        test: 0.0,
        seed: 1,
    };
    let mut sources = collection.sources()?;
    sources.retain(|source| arguments.split == "all" || source.split == arguments.split);
    if sources.is_empty() {
        bail!(
            "no track of the collection is in split `{}`",
            arguments.split
        );
    }
    let conditions = standard_conditions();
    let measured = robustness(&model, &sources, &conditions, arguments.seconds)?;
    for (file, why) in &measured.skipped {
        eprintln!("skipped {file}: {why}");
    }
    if !arguments.json {
        say(format_args!(
            "{:<26} {:>14} {:>16} {:>13}",
            "", "tracks right", "95 % interval", "same answer"
        ))?;
    }
    for outcome in &measured.outcomes {
        let score = &outcome.score;
        let [low, high] = score.track_interval();
        let same = outcome.unchanged as f64 / score.tracks.max(1) as f64;
        if arguments.json {
            let line = json!({
                "condition": outcome.condition.to_string(),
                "split": arguments.split,
                "tracks": score.tracks,
                "track_accuracy": score.track_accuracy(),
                "track_accuracy_interval_95": [low, high],
                "same_answer": same,
            });
            say(line)?;
        } else {
            say(format_args!(
                "{:<26} {:>12.1} % {:>7.1} to {:>4.1} % {:>11.1} %",
                outcome.condition.to_string(),
                100.0 * score.track_accuracy(),
                100.0 * low,
                100.0 * high,
                100.0 * same
            ))?;
        }
    }
    let first = measured.outcomes.first().map(|outcome| &outcome.score);
    if let Some(caution) = first.and_then(|score| caution(score.tracks, score.track_interval())) {
        eprintln!("{caution}");
    }
    if !conditions.iter().any(|c| matches!(c, Condition::Mp3(_))) {
        eprintln!("mp3 left out: the program `lame` is not installed");
    }
    Ok(())
}
