//! What training makes small.

use burn::tensor::Tensor;
use burn::tensor::activation::{log_softmax, softmax};

use crate::recipe::DistillationKeys;

/// Mean cross entropy (nats) of the answers to `targets`, both `[N, class]`.
#[must_use]
pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let count = logits.dims()[0];
    (log_softmax(logits, 1) * targets).sum().neg() / count as f32
}

/// As [`cross_entropy`], with the share `weight` given to the cross entropy of the answers to
/// the teachers', both at the temperature. Its square keeps the gradients of both shares comparable.
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

/// The mean over networks of their probabilities `[N, class]` at a temperature.
pub(super) fn mean_answer(
    logits: impl ExactSizeIterator<Item = Tensor<2>>,
    temperature: f64,
) -> Option<Tensor<2>> {
    let count = logits.len() as f32;
    logits
        .map(|logits| softmax(logits / temperature as f32, 1))
        .reduce(|sum, answer| sum + answer)
        .map(|sum| sum / count)
}
