//! Depthwise convolution.

use super::requantise::Requantise;
use super::sliding::{BLOCK, for_each_block, for_each_pooled, for_each_tap, tail};
use crate::engine::arch::KernelSet;
use crate::model::{Geometry, Layer};

/// Compute a depthwise convolution with fused maximum pooling.
#[inline(always)]
pub(super) fn depthwise<K: KernelSet>(
    kernels: K,
    layer: &Layer<'_>,
    geometry: Geometry,
    pool: [u8; 2],
    input: &[u8],
    output: &mut [u8],
) {
    let requantise = Requantise::new(layer.shift);
    let channels = usize::from(layer.input.channels);
    for_each_pooled(layer, pool, output, |y, x, cell| {
        let mut biases = layer.biases.iter();
        for_each_block(cell, |first, outs| {
            let mut sums = [0; BLOCK];
            for (sum, bias) in sums.iter_mut().zip(biases.by_ref().take(outs.len())) {
                *sum = bias;
            }
            for_each_tap(layer.input, geometry, y, x, |tap, pixel| {
                let values = tail(input, pixel * channels + first);
                let weights = tail(layer.weights, tap * channels + first);
                kernels.multiply_add(&mut sums, values, weights);
            });
            for (out, sum) in outs.iter_mut().zip(sums) {
                *out = (*out).max(requantise.apply(sum));
            }
        });
    });
}
