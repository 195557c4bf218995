//! The facts of a run apart from its weights, kept as `run.json` in its checkpoint.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Changes;
use crate::data::Provenance;
use crate::integers::Exponents;

/// Identity and progress of a run. Fields that were added later have defaults, so that the runs of earlier
/// versions can still be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// Seed of weights, crops and augmentation.
    pub seed: u64,
    /// Epochs of the whole run.
    pub epochs: usize,
    /// Epochs done.
    pub done: usize,
    /// Class names in label order.
    pub labels: Vec<String>,
    /// Validation track accuracy of the selected epoch, and its number.
    pub best: Option<(f64, usize)>,
    /// Folder of the data at the time of training.
    pub data: PathBuf,
    /// Departures from the recipe.
    #[serde(default)]
    pub changes: Changes,
    /// Scales of the integers, if it trains integers.
    #[serde(default)]
    pub exponents: Option<Exponents>,
    /// Folders of the runs that it learns from in addition to the labels.
    #[serde(default)]
    pub teachers: Vec<PathBuf>,
    /// Origin of each teacher, in the same order; empty in runs of earlier versions.
    #[serde(default)]
    pub taught_by: Vec<String>,
    /// Origin of the weights that it began with, if they were another run's.
    #[serde(default)]
    pub begun_with: Option<String>,
    /// Origin of the data; absent in runs of earlier versions.
    #[serde(default)]
    pub provenance: Option<Provenance>,
}

impl RunInfo {
    /// Describe where the run's weights come from, for the provenance of a run that learns from it: recipe, seed and
    /// data, and in turn the runs that it learnt from itself.
    #[must_use]
    pub fn origin(&self, recipe: &str) -> String {
        let mut out = format!("{recipe}, seed {}", self.seed);
        if let Some(provenance) = &self.provenance {
            out += &format!(", trained on {}", provenance.name);
        }
        if let Some(parent) = &self.begun_with {
            out += &format!(", begun with ({parent})");
        }
        if !self.taught_by.is_empty() {
            out += &format!(", taught by ({})", self.taught_by.join("; "));
        }
        out
    }
}
