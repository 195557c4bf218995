//! Learning from trained networks in addition to the labels.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};

use super::cross_entropy;
use crate::network::Network;
use crate::recipe::{DistillationKeys, Recipe};
use crate::run::RunFolder;

/// The networks of one or more runs, each with the weights of its best epoch.
#[derive(Debug)]
pub struct Teachers {
    networks: Vec<Network>,
    keys: DistillationKeys,
}

impl Teachers {
    /// Read the runs that `student` learns from, on a device without gradients. None where it has no
    /// `[distillation]`.
    ///
    /// # Errors
    /// A run cannot be read or takes other windows or classes than the student, or there are teachers without
    /// `[distillation]` or the reverse.
    pub fn read(
        runs: &[PathBuf],
        student: &Recipe,
        labels: &[String],
        device: &Device,
    ) -> Result<Option<Self>> {
        let Some(keys) = student.distillation.clone() else {
            ensure!(
                runs.is_empty(),
                "teachers are given, but the recipe has no [distillation]"
            );
            return Ok(None);
        };
        ensure!(
            !runs.is_empty() || keys.targets.is_some(),
            "the recipe has a [distillation], but no teacher is given"
        );
        ensure!(
            runs.is_empty() || keys.answers.is_none(),
            "teachers are given, but the recipe has the answers of a file"
        );
        ensure!(
            runs.is_empty() || keys.weight.get() > 0.0,
            "teachers are given, but [distillation] has no weight for their answers"
        );
        let read = |run: &PathBuf| {
            let folder = RunFolder::new(run);
            let (recipe, network) = folder.network(device)?;
            ensure!(
                recipe.front_end() == student.front_end()
                    && recipe.window().columns == student.window().columns,
                "it takes other windows than the recipe"
            );
            let found = folder.info()?.labels;
            ensure!(found == labels, "it has the classes {found:?}");
            Ok(network)
        };
        let networks = runs
            .iter()
            .map(|run| read(run).with_context(|| format!("teacher {}", run.display())))
            .collect::<Result<_>>()?;
        Ok(Some(Self { networks, keys }))
    }

    /// Return the mean of their probabilities `[N, class]` of inputs `[N, 1, bin, column]`, at the temperature; none
    /// where there are no networks.
    #[must_use]
    pub fn answer(&self, input: &Tensor<4>) -> Option<Tensor<2>> {
        let logits = self
            .networks
            .iter()
            .map(|network| network.forward(input.clone()));
        mean_answer(logits, self.keys.temperature.get())
    }

    /// Return the share of the loss, and the temperature.
    #[must_use]
    pub const fn keys(&self) -> &DistillationKeys {
        &self.keys
    }
}

/// Compute a loss as in [`cross_entropy`], with the share `weight` given to the cross entropy of the answers to the
/// teachers', both at the temperature. Its square keeps the gradients of both shares comparable.
#[must_use]
pub fn distilled(
    logits: Tensor<2>,
    targets: Tensor<2>,
    answers: Tensor<2>,
    keys: &DistillationKeys,
) -> Tensor<1> {
    let (weight, temperature) = (keys.weight.get() as f32, keys.temperature.get() as f32);
    let soft = cross_entropy(logits.clone() / temperature, answers) * temperature * temperature;
    cross_entropy(logits, targets) * (1.0 - weight) + soft * weight
}

/// Return the mean over networks of their probabilities `[N, class]` at a temperature.
fn mean_answer(
    logits: impl ExactSizeIterator<Item = Tensor<2>>,
    temperature: f64,
) -> Option<Tensor<2>> {
    let count = logits.len() as f32;
    logits
        .map(|logits| softmax(logits / temperature as f32, 1))
        .reduce(|sum, answer| sum + answer)
        .map(|sum| sum / count)
}
