//! Depthwise convolution.

use core::ops::Range;

use super::requantise::Requantise;
use super::sliding::{BLOCK, for_each_block, for_each_pooled, for_each_tap, tail};
use crate::engine::arch::{Depthwise, Inside, KernelSet};
use crate::model::{Geometry, Layer, Op};

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

/// Return the words of four that [`depthwise_wide`] makes use of: a layer's widened weights.
pub(super) fn units(layer: &Layer<'_>) -> usize {
    let channels = usize::from(layer.input.channels);
    match layer.op {
        Op::Depthwise { .. } if channels >= 4 => channels.div_ceil(4) * block(layer),
        _ => 0,
    }
}

fn block(layer: &Layer<'_>) -> usize {
    Depthwise::block(layer.op.taps(layer.input) as usize)
}

/// Return whether [`depthwise_wide`] can run a layer: it has four channels and `spread` has room for its weights.
#[inline(always)]
pub(super) fn fits(layer: &Layer<'_>, spread: &[[u32; 4]]) -> bool {
    (1..=spread.len()).contains(&units(layer))
}

/// Compute the same over weights that are widened first, four channels at a time.
#[inline(always)]
pub(super) fn depthwise_wide<K: KernelSet>(
    kernels: K,
    layer: &Layer<'_>,
    geometry: Geometry,
    pool: [u8; 2],
    input: &[u8],
    output: &mut [u8],
    spread: &mut [[u32; 4]],
) {
    let channels = usize::from(layer.input.channels);
    let weights = spread.get_mut(..units(layer)).unwrap_or_default();
    widen(kernels, layer, weights);
    let row = usize::from(layer.input.width) * channels;
    let width = usize::from(geometry.kernel[1]);
    let mut kernel = Depthwise {
        input: &[],
        inside: Inside {
            first_tap: 0,
            rows: 0,
            columns: 0,
            row,
        },
        width,
        taps: layer.op.taps(layer.input) as usize,
        weights,
        requantise: Requantise::new(layer.shift),
    };
    for_each_pooled(layer, pool, output, |y, x, cell| {
        let (top, rows) = inside(geometry, 0, y, layer.input.height);
        let (left, columns) = inside(geometry, 1, x, layer.input.width);
        kernel.input = tail(input, top * row + left * channels);
        kernel.inside.first_tap = rows.start * width + columns.start;
        kernel.inside.rows = rows.len();
        kernel.inside.columns = columns.len();
        kernels.depthwise(&kernel, cell);
    });
}

/// Return, along one axis, where the part of a kernel begins that lies inside the input, and which of its positions that
/// part has.
#[inline(always)]
fn inside(g: Geometry, axis: usize, output: usize, extent: u16) -> (usize, Range<usize>) {
    let [kernel, stride, pad] = match axis {
        0 => [g.kernel[0], g.stride[0], g.pad[0]],
        _ => [g.kernel[1], g.stride[1], g.pad[1]],
    }
    .map(usize::from);
    let start = output * stride;
    let first = pad.saturating_sub(start);
    let end = (usize::from(extent) + pad)
        .saturating_sub(start)
        .min(kernel);
    ((start + first).saturating_sub(pad), first..end.max(first))
}

/// Widen the weights of four channels at a time, behind their biases.
#[inline(always)]
fn widen<K: KernelSet>(kernels: K, layer: &Layer<'_>, room: &mut [[u32; 4]]) {
    let channels = usize::from(layer.input.channels);
    for (index, block) in room.chunks_exact_mut(block(layer).max(1)).enumerate() {
        let first = Depthwise::channel(index, channels);
        let Some((biases, taps)) = block.split_first_mut() else {
            continue;
        };
        for (word, bias) in biases.iter_mut().zip(layer.biases.iter().skip(first)) {
            *word = bias.cast_unsigned();
        }
        let rows = layer.weights.chunks_exact(channels.max(1));
        for (words, row) in taps
            .as_flattened_mut()
            .as_chunks_mut()
            .0
            .iter_mut()
            .zip(rows)
        {
            if let Some(weights) = tail(row, first).first_chunk() {
                *words = kernels.widen(*weights);
            }
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::model::{Biases, Shape};

    /// The definition of the loops over halves.
    #[derive(Clone, Copy)]
    struct Halves;

    impl KernelSet for Halves {
        const PAIRS: bool = true;
    }

    #[derive(Clone, Copy)]
    struct Plain;

    impl KernelSet for Plain {}

    #[test]
    fn widened_weights_give_the_same_values() {
        let mut state = 1_u32;
        let mut random = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % below
        };
        let mut tried = 0;
        for _ in 0..2_000 {
            let input = Shape::new(
                1 + random(7) as u16,
                1 + random(7) as u16,
                4 + random(9) as u16,
            );
            let kernel = [(); 2].map(|()| 1 + random(5) as u8);
            let stride = [(); 2].map(|()| 1 + random(2) as u8);
            let pad = [0, 1, 0, 1].map(|axis| random(kernel[axis].into()) as u8);
            let geometry = Geometry {
                kernel,
                stride,
                pad,
            };
            let pool = [(); 2].map(|()| 1 + random(2) as u8);
            let op = Op::Depthwise { geometry, pool };
            let Some(output) = op.output(input, input.channels) else {
                continue;
            };
            tried += 1;
            let values: Vec<u8> = (0..input.len()).map(|_| random(256) as u8).collect();
            let weights: Vec<i8> = (0..op.weights(input, output))
                .map(|_| random(256) as u8 as i8)
                .collect();
            let biases: Vec<u8> = (0..op.biases(output))
                .flat_map(|_| (random(20_000) as i32 - 10_000).to_le_bytes())
                .collect();
            let layer = Layer {
                op,
                shift: random(12) as u8,
                input,
                output,
                weights: &weights,
                biases: Biases(&biases),
            };
            let mut expected = std::vec![0xA5; output.len() as usize];
            depthwise(Plain, &layer, geometry, pool, &values, &mut expected);
            let mut spread = std::vec![[0xA5A5_A5A5; 4]; units(&layer)];
            assert!(fits(&layer, &spread) && !fits(&layer, &spread[1..]));
            let mut found = std::vec![0xA5; output.len() as usize];
            let spread = &mut spread;
            depthwise_wide(Halves, &layer, geometry, pool, &values, &mut found, spread);
            assert_eq!(found, expected, "{layer:?}");
        }
        assert!(tried > 500, "{tried}");
    }
}
