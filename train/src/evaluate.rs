//! Evaluating an exported model on a split.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::{Value, json};

use crate::data::{Dataset, windows};
use crate::inference::{EngineKind, Inference};
use crate::score::Score;

/// What a model answered on a split.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Right and wrong answers.
    pub score: Score,
    /// Logits of every window.
    pub logits: Vec<Vec<i32>>,
    /// Manifest row of each window's track.
    pub tracks: Vec<u32>,
    /// Each window, `[mel, column]`, as the network saw it.
    pub inputs: Vec<Vec<u8>>,
}

/// Runs a model on all windows of a split's tracks.
///
/// # Errors
/// Model and data do not fit together, the split is empty, or the engine fails.
pub fn evaluate(model: &Inference, dataset: &Dataset, split: &str) -> Result<Evaluation> {
    let info = model.info();
    dataset.check(&info.front_end, info.window.columns)?;
    ensure!(
        model.labels() == dataset.genres,
        "the model's classes are {:?}, the data's {:?}",
        model.labels(),
        dataset.genres
    );
    let tracks = dataset.split(split)?;
    let (mut inputs, mut rows, mut counts) = (Vec::new(), Vec::new(), Vec::new());
    for track in &tracks {
        let cut = windows(
            dataset.spectrogram(track),
            dataset.columns,
            info.window,
            model.normalisation(),
        );
        counts.push(cut.len());
        rows.extend(std::iter::repeat_n(u32::try_from(track.row)?, cut.len()));
        inputs.extend(cut);
    }
    let logits = model.logits(&inputs)?;
    let mut score = Score::new(info.classes);
    let mut left = logits.as_slice();
    for (track, count) in tracks.iter().zip(counts) {
        let (own, rest) = left.split_at(count);
        let probabilities: Vec<_> = own
            .iter()
            .map(|logits| model.probabilities(logits))
            .collect();
        score.add(track.label, &probabilities);
        left = rest;
    }
    Ok(Evaluation {
        score,
        logits,
        tracks: rows,
        inputs,
    })
}

impl Evaluation {
    /// Writes `logits` i32 `[windows, classes]`, `track` u32 `[windows]` and `input` u8
    /// `[windows, mels, columns]` as safetensors.
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
        let tracks: Vec<u8> = self.tracks.iter().flat_map(|v| v.to_le_bytes()).collect();
        let inputs = self.inputs.concat();
        let shape = [info.front_end.n_mels, info.window.columns].map(usize::from);
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
        let file = safetensors::serialize(tensors, None)?;
        std::fs::write(path, file).with_context(|| format!("cannot write {}", path.display()))
    }

    /// The figures as JSON.
    #[must_use]
    pub fn json(&self, model: &Inference, split: &str) -> Value {
        let score = &self.score;
        json!({
            "split": split,
            "engine": engine(model),
            "tracks": score.tracks,
            "track_accuracy": score.track_accuracy(),
            "track_accuracy_interval_95": score.track_interval(),
            "windows": score.windows,
            "window_accuracy": score.window_accuracy(),
            "labels": model.labels(),
            "confusion": score.confusion,
        })
    }

    /// The figures for a person.
    #[must_use]
    pub fn text(&self, model: &Inference, split: &str) -> String {
        let score = &self.score;
        let [low, high] = score.track_interval();
        let mut out = format!(
            "split {split}, engine {}\n\
             tracks:  {:.1} % of {} right (95 % interval {:.1} to {:.1} %)\n\
             windows: {:.1} % of {} right\n\n\
             tracks by genre (row) and answer (column):\n{:>10}",
            engine(model),
            100.0 * score.track_accuracy(),
            score.tracks,
            100.0 * low,
            100.0 * high,
            100.0 * score.window_accuracy(),
            score.windows,
            ""
        );
        for label in model.labels() {
            out += &format!(" {label:>9.9}");
        }
        for (label, row) in model.labels().iter().zip(&score.confusion) {
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
