//! A run's `metrics.jsonl`.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// A line of it; values that a report does not show are left out.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Epoch {
    /// Its number, from 1 on.
    pub epoch: usize,
    /// Mean loss of the training crops, nats.
    pub train_loss: f64,
    /// Mean loss of the valid tracks, nats, where it was measured.
    #[serde(default)]
    pub valid_track_loss: Option<f64>,
    /// Share of the valid tracks that is right.
    #[serde(default)]
    pub valid_track_accuracy: Option<f64>,
    /// Share of their windows that is right.
    #[serde(default)]
    pub valid_window_accuracy: Option<f64>,
    /// Seconds it took.
    #[serde(default)]
    pub seconds: f64,
}

/// Read it. A last line that was cut off by a kill is left out.
///
/// # Errors
/// The file cannot be read, or a line is not one of a run's.
pub fn read(path: &Path) -> Result<Vec<Epoch>> {
    let name = || path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(name)?;
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .enumerate()
        .map(|(index, line)| {
            serde_json::from_str(line).with_context(|| format!("{}, line {}", name(), index + 1))
        })
        .collect()
}
