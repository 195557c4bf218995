//! The loss that training minimises.

mod distilled;
mod supervised;
mod targets;

use std::path::PathBuf;

use anyhow::Result;
use burn::tensor::{Device, Tensor, TensorData};

pub use distilled::{Teachers, distilled};
pub use supervised::cross_entropy;
pub use targets::{Table, Targets};

use super::batch::Batch;
use crate::recipe::Recipe;

/// The source that a network learns from.
#[derive(Debug)]
pub enum Objective {
    /// Only the labels.
    Supervised,
    /// The labels and the answers of trained networks or values of a file.
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

    /// Compute the loss of the answers `[N, class]` to a batch whose inputs are `[N, 1, bin, column]`, and of what the
    /// network predicts of a teacher's values `[N, value]`, if it does.
    ///
    /// `device` is one without gradients, on which teachers answer.
    #[must_use]
    pub fn loss(
        &self,
        (logits, predicted): (Tensor<2>, Option<Tensor<2>>),
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
                let keys = teachers.keys();
                let answers = match &batch.answers {
                    Some(answers) => {
                        let answers = TensorData::new(answers.clone(), [count, classes]);
                        Some(Tensor::from_data(answers, &logits.device()))
                    }
                    None => {
                        let answers = teachers.answer(&Tensor::from_data(inputs.clone(), device));
                        answers.map(Tensor::from_inner)
                    }
                };
                let loss = match answers {
                    Some(answers) => distilled(logits, targets, answers, keys),
                    None => cross_entropy(logits, targets),
                };
                match (predicted, &batch.values) {
                    (Some(predicted), Some(values)) => {
                        loss + squared_error(predicted, values)
                            * keys.regression_weight.get() as f32
                    }
                    _ => loss,
                }
            }
        }
    }
}

/// Return the mean squared error of predictions `[N, value]`.
fn squared_error(predicted: Tensor<2>, values: &[f32]) -> Tensor<1> {
    let values = TensorData::new(values.to_vec(), predicted.dims());
    let difference = predicted.clone() - Tensor::from_data(values, &predicted.device());
    (difference.clone() * difference).mean()
}
