//! Evaluation: float networks and exported models on a split, and how well they do.

mod answers;
mod engine;
pub mod float;
pub mod score;

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::{Value, json};

pub use self::answers::Answers;
pub use self::engine::{EngineKind, Inference, Outputs};
use self::score::Score;
use crate::data::split::{Piece, pieces};
use crate::data::{Dataset, columns_of};
use crate::file::write_whole;

/// Answers of a model on a split.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Right and wrong answers.
    pub score: Score,
    /// Logits of every window.
    pub logits: Vec<Vec<i32>>,
    /// Their probabilities, and the windows that these belong to.
    pub answers: Answers,
    /// Each window, `[bin, column]`, as the network saw it.
    pub inputs: Vec<Vec<u8>>,
}

/// Run a model on all windows of a split's tracks.
///
/// # Errors
/// Model and data do not fit together, the split is empty, or the engine fails.
pub fn evaluate(model: &Inference, dataset: &Dataset, split: &str) -> Result<Evaluation> {
    evaluate_pieces(model, dataset, &pieces(dataset.split(split)?))
}

/// Run a model on all windows of the given pieces. Pieces of one track must follow each other; they answer
/// together.
///
/// # Errors
/// Model and data do not fit together, or the engine fails.
pub fn evaluate_pieces(
    model: &Inference,
    dataset: &Dataset,
    pieces: &[Piece<'_>],
) -> Result<Evaluation> {
    let info = model.info();
    dataset.check(&info.front_end, info.window.columns)?;
    ensure!(
        model.labels() == dataset.genres,
        "the model's classes are {:?}, the data's {:?}",
        model.labels(),
        dataset.genres
    );
    let (view, columns) = (model.view(), usize::from(info.window.columns));
    let (mut inputs, mut answers) = (Vec::new(), Answers::default());
    for piece in pieces {
        let spectrogram = dataset.spectrogram(piece.track);
        for start in piece.starts(dataset.columns, info.window) {
            let cut = columns_of(spectrogram, dataset.columns, start, columns);
            inputs.push(view.of_cache(&cut));
            answers.rows.push(u32::try_from(piece.track.row)?);
            answers.starts.push(u32::try_from(start)?);
        }
    }
    let outputs = model.outputs(&inputs)?;
    if info.rejection_exponent.is_some() {
        let votes = |outputs: &Outputs| info.has_vote(outputs.not_music);
        answers.votes = outputs.iter().map(votes).collect();
    }
    let logits: Vec<_> = (outputs.into_iter())
        .map(|outputs| outputs.logits)
        .collect();
    answers.probabilities = logits
        .iter()
        .map(|logits| model.probabilities(logits))
        .collect();
    Ok(Evaluation {
        score: answers.score(dataset),
        logits,
        answers,
        inputs,
    })
}

/// Return the mean of several models' probabilities of each window.
///
/// # Errors
/// As [`evaluate_pieces`], or a model takes other windows than the first.
pub fn ensemble(models: &[Inference], dataset: &Dataset, pieces: &[Piece<'_>]) -> Result<Answers> {
    let first = models.first().context("an ensemble needs a model")?;
    let mut mean = Answers::default();
    for model in models {
        ensure!(
            model.info().window == first.info().window,
            "a model takes windows of {:?}, the first one of {:?}",
            model.info().window,
            first.info().window
        );
        let own = evaluate_pieces(model, dataset, pieces)?.answers;
        let mut sums = std::mem::take(&mut mean.probabilities);
        sums.resize(own.rows.len(), vec![0.0; first.info().classes]);
        for (sum, probabilities) in sums.iter_mut().zip(&own.probabilities) {
            for (sum, p) in sum.iter_mut().zip(probabilities) {
                *sum += p / models.len() as f32;
            }
        }
        mean = Answers {
            probabilities: sums,
            // a mean of models rejects nothing
            votes: Vec::new(),
            ..own
        };
    }
    Ok(mean)
}

impl Evaluation {
    /// Write `logits` i32 `[windows, classes]`, `track` u32 `[windows]` and `input` u8
    /// `[windows, bins, columns]` as safetensors, with `logits_exponent` in the metadata.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path, model: &Inference) -> Result<()> {
        let (info, count) = (model.info(), self.inputs.len());
        let logits: Vec<u8> = self
            .logits
            .iter()
            .flatten()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let tracks: Vec<u8> = self
            .answers
            .rows
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let inputs = self.inputs.concat();
        let shape = [info.front_end.bins(), info.window.columns].map(usize::from);
        let tensors = [
            (
                "logits",
                TensorView::new(Dtype::I32, vec![count, info.classes], &logits)?,
            ),
            ("track", TensorView::new(Dtype::U32, vec![count], &tracks)?),
            (
                "input",
                TensorView::new(Dtype::U8, vec![count, shape[0], shape[1]], &inputs)?,
            ),
        ];
        let exponent = HashMap::from([(
            "logits_exponent".to_owned(),
            info.logits_exponent.to_string(),
        )]);
        let file = safetensors::serialize(tensors, Some(exponent))?;
        write_whole(path, file)
    }
}

/// A score with its origin.
#[derive(Clone, Debug)]
pub struct Summary<'a> {
    /// The figures.
    pub score: &'a Score,
    /// Names of the classes.
    pub labels: &'a [String],
    /// Name of the split.
    pub split: &'a str,
    /// Engine that answered.
    pub engine: String,
}

impl<'a> Summary<'a> {
    /// Make a score of one model or several.
    #[must_use]
    pub fn new(score: &'a Score, models: &'a [Inference], split: &'a str) -> Self {
        let mut engine: Vec<_> = models.iter().map(engine).collect();
        engine.dedup();
        let mut engine = engine.join(" and ");
        if models.len() > 1 {
            engine = format!("mean of {} models, {engine}", models.len());
        }
        Self {
            score,
            labels: models.first().map_or(&[], Inference::labels),
            split,
            engine,
        }
    }

    /// Return the figures as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let score = self.score;
        json!({
            "split": self.split,
            "engine": self.engine,
            "tracks": score.tracks,
            "track_accuracy": score.track_accuracy(),
            "track_accuracy_interval_95": score.track_interval(),
            "windows": score.windows,
            "window_accuracy": score.window_accuracy(),
            "labels": self.labels,
            "confusion": score.confusion,
        })
    }

    /// Return the figures for a person.
    #[must_use]
    pub fn text(&self) -> String {
        let (score, split) = (self.score, self.split);
        let [low, high] = score.track_interval();
        let mut out = format!(
            "split {split}, engine {}\n\
             tracks:  {:.1} % of {} right (95 % interval {:.1} to {:.1} %)\n\
             windows: {:.1} % of {} right\n\n\
             tracks by genre (row) and answer (column):\n{:>10}",
            self.engine,
            100.0 * score.track_accuracy(),
            score.tracks,
            100.0 * low,
            100.0 * high,
            100.0 * score.window_accuracy(),
            score.windows,
            ""
        );
        for label in self.labels {
            out += &format!(" {label:>9.9}");
        }
        for (label, row) in self.labels.iter().zip(&score.confusion) {
            out += &format!("\n{label:>10.10}");
            for count in row {
                out += &format!(" {count:>9}");
            }
        }
        out
    }
}

fn engine(model: &Inference) -> &'static str {
    match model.kind() {
        EngineKind::Int8 => "int8",
        EngineKind::Tract => "tract",
    }
}
