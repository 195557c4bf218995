//! Maximum and average pooling.

use super::requantise::Requantise;
use super::sliding::{BLOCK, for_each_block, for_each_pooled, for_each_tap, tail};
use crate::engine::arch::KernelSet;
use crate::model::{Geometry, Layer};

/// Compute the maximum over a window.
#[inline(always)]
pub(super) fn max_pool<K: KernelSet>(
    kernels: K,
    layer: &Layer<'_>,
    geometry: Geometry,
    input: &[u8],
    output: &mut [u8],
) {
    let channels = usize::from(layer.input.channels);
    for_each_pooled(layer, [1, 1], output, |y, x, cell| {
        for_each_tap(layer.input, geometry, y, x, |_, pixel| {
            kernels.keep_largest(cell, tail(input, pixel * channels));
        });
    });
}

/// Sum over a window times a multiplier, requantised.
#[inline(always)]
pub(super) fn average_pool<K: KernelSet>(
    kernels: K,
    layer: &Layer<'_>,
    geometry: Geometry,
    multiplier: i8,
    input: &[u8],
    output: &mut [u8],
) {
    let requantise = Requantise::new(layer.shift);
    let channels = usize::from(layer.input.channels);
    for_each_pooled(layer, [1, 1], output, |y, x, cell| {
        for_each_block(cell, |first, outs| {
            let mut sums = [0; BLOCK];
            for_each_tap(layer.input, geometry, y, x, |_, pixel| {
                kernels.add(&mut sums, tail(input, pixel * channels + first));
            });
            for (out, sum) in outs.iter_mut().zip(sums) {
                *out = requantise.apply(sum * i32::from(multiplier));
            }
        });
    });
}
