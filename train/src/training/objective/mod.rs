//! The loss that training minimises.

mod distilled;
mod supervised;

use std::path::PathBuf;

use anyhow::Result;
use burn::tensor::{Device, Tensor, TensorData};

pub use distilled::{Teachers, distilled};
pub use supervised::cross_entropy;

use super::batch::Batch;
use crate::recipe::Recipe;

/// The source that a network learns from.
#[derive(Debug)]
pub enum Objective {
    /// Only the labels.
    Supervised,
    /// The labels and the answers of trained networks.
    Distilled(Teachers),
}

impl Objective {
    /// Read the teachers of a run, if its recipe has a `[distillation]`.
    ///
    /// # Errors
    /// As [`Teachers::read`].
    pub fn read(
        runs: &[PathBuf],
        recipe: &Recipe,
        labels: &[String],
        device: &Device,
    ) -> Result<Self> {
        let teachers = Teachers::read(runs, recipe, labels, device)?;
        Ok(teachers.map_or(Self::Supervised, Self::Distilled))
    }

    /// Compute the loss of the answers `[N, class]` to a batch whose inputs are `[N, 1, bin, column]`.
    ///
    /// `device` is one without gradients, on which teachers answer.
    #[must_use]
    pub fn loss(
        &self,
        logits: Tensor<2>,
        batch: &Batch,
        inputs: &TensorData,
        device: &Device,
    ) -> Tensor<1> {
        let [count, classes] = logits.dims();
        let targets = TensorData::new(batch.targets.clone(), [count, classes]);
        let targets = Tensor::from_data(targets, &logits.device());
        match self {
            Self::Supervised => cross_entropy(logits, targets),
            Self::Distilled(teachers) => {
                match teachers.answer(&Tensor::from_data(inputs.clone(), device)) {
                    Some(answers) => {
                        let answers = Tensor::from_inner(answers);
                        distilled(logits, targets, answers, teachers.keys())
                    }
                    None => cross_entropy(logits, targets),
                }
            }
        }
    }
}
