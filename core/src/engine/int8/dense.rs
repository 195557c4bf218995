//! Fully connected layers.

use super::requantise::Requantise;
use crate::engine::arch::KernelSet;
use crate::model::Layer;

/// Compute a fully connected layer inside the network.
#[inline(always)]
pub(super) fn dense<K: KernelSet>(kernels: K, layer: &Layer<'_>, input: &[u8], output: &mut [u8]) {
    let requantise = Requantise::new(layer.shift);
    for (out, sum) in output.iter_mut().zip(sums(kernels, layer, input)) {
        *out = requantise.apply(sum);
    }
}

/// Compute the last layer, whose sums are the logits.
#[inline(always)]
pub(super) fn logits<K: KernelSet>(
    kernels: K,
    layer: &Layer<'_>,
    input: &[u8],
    logits: &mut [i32],
) {
    for (logit, sum) in logits.iter_mut().zip(sums(kernels, layer, input)) {
        *logit = sum;
    }
}

#[inline(always)]
fn sums<'a, K: KernelSet + 'a>(
    kernels: K,
    layer: &'a Layer<'_>,
    input: &'a [u8],
) -> impl Iterator<Item = i32> + 'a {
    let rows = layer.weights.chunks_exact(input.len().max(1));
    rows.zip(layer.biases.iter())
        .map(move |(row, bias)| bias + kernels.dot(input, row))
}
