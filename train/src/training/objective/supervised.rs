//! Learning from labels.

use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;

/// Return the mean cross entropy (nats) of the answers to `targets`, both `[N, class]`.
#[must_use]
pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let count = logits.dims()[0];
    (log_softmax(logits, 1) * targets).sum().neg() / count as f32
}
