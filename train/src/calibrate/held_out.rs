//! Mean logits of tracks that a network had not learnt from.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use safetensors::SafeTensors;

use crate::data::Dataset;
use crate::evaluate::{Evaluation, Inference};

/// A track's mean logits and its class.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackLogits {
    /// Mean over the windows, one per class.
    pub values: Vec<f64>,
    /// Index of its class.
    pub label: usize,
}

impl TrackLogits {
    /// Compute the softmax of the logits times `scale`.
    #[must_use]
    pub fn probabilities(&self, scale: f64) -> Vec<f64> {
        let largest = self
            .values
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max);
        let powers: Vec<f64> = (self.values.iter())
            .map(|value| (scale * (value - largest)).exp())
            .collect();
        let sum: f64 = powers.iter().sum();
        powers.iter().map(|power| power / sum).collect()
    }

    /// Read what `timbrel evaluate --logits` wrote about tracks of the cache.
    ///
    /// # Errors
    /// The file cannot be read, is another kind of file or is about other data.
    pub fn read(path: &Path, dataset: &Dataset) -> Result<Vec<Self>> {
        let bytes = std::fs::read(path)?;
        let tensors = SafeTensors::deserialize(&bytes).context("not a safetensors file")?;
        let (_, header) = SafeTensors::read_metadata(&bytes)?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let exponent = metadata.get("logits_exponent");
        let exponent: i32 = exponent
            .context("its metadata has no `logits_exponent`")?
            .parse()?;
        let words = |name: &str| -> Result<Vec<i32>> {
            let tensor = tensors
                .tensor(name)
                .with_context(|| format!("tensor `{name}`"))?;
            let words = tensor.data().as_chunks::<4>().0;
            Ok(words.iter().map(|word| i32::from_le_bytes(*word)).collect())
        };
        let (logits, tracks) = (words("logits")?, words("track")?);
        let classes = dataset.genres.len();
        ensure!(
            logits.len() == tracks.len() * classes,
            "{} logits for {} windows of {classes} classes",
            logits.len(),
            tracks.len()
        );
        let windows = tracks.iter().zip(logits.chunks_exact(classes));
        mean(windows, exponent, dataset)
    }

    /// Return those of an evaluation, from the windows that have a vote.
    pub(super) fn of(evaluation: &Evaluation, model: &Inference, dataset: &Dataset) -> Vec<Self> {
        let exponent = i32::from(model.info().logits_exponent);
        let answers = &evaluation.answers;
        let rows: Vec<i32> = answers.rows.iter().map(|row| *row as i32).collect();
        let votes = |index: usize| {
            let own = |other: &usize| rows[*other] == rows[index] && answers.votes[*other];
            answers.votes[index] || !(0..rows.len()).any(|other| own(&other))
        };
        let windows = rows.iter().zip(&evaluation.logits).enumerate();
        let windows = windows.filter(|(index, _)| votes(*index));
        let windows = windows.map(|(_, (row, logits))| (row, logits.as_slice()));
        mean(windows, exponent, dataset).unwrap_or_default()
    }
}

/// Compute the mean of each track's windows, which follow one another.
fn mean<'a>(
    windows: impl Iterator<Item = (&'a i32, &'a [i32])>,
    exponent: i32,
    dataset: &Dataset,
) -> Result<Vec<TrackLogits>> {
    let windows: Vec<_> = windows.collect();
    let mut tracks = Vec::new();
    for own in windows.chunk_by(|a, b| a.0 == b.0) {
        let row = usize::try_from(*own[0].0)?;
        let track = dataset.tracks.get(row);
        let track = track.with_context(|| format!("the cache has no row {row}"))?;
        let Some(label) = track.label else { continue };
        let step = 2_f64.powi(-exponent) / own.len() as f64;
        let class = |index: usize| own.iter().map(|(_, l)| f64::from(l[index])).sum::<f64>() * step;
        tracks.push(TrackLogits {
            values: (0..dataset.genres.len()).map(class).collect(),
            label,
        });
    }
    Ok(tracks)
}
