//! Convolution over gathered inputs: the weights stay where the model file has them.

use super::requantise::Requantise;
use super::sliding::for_each_pooled;
use crate::engine::arch::KernelSet;
use crate::model::{Geometry, Layer, Shape};

/// Compute a convolution with fused maximum pooling: since requantising preserves order, the largest of the pooled
/// positions is found on the fly and no unpooled activation is ever stored.
#[inline(always)]
pub(super) fn conv<K: KernelSet>(
    kernels: K,
    layer: &Layer<'_>,
    pool: [u8; 2],
    gather: Gather<'_>,
    output: &mut [u8],
    patch: &mut [u8],
) {
    let requantise = Requantise::new(layer.shift);
    let taps = (layer.op.taps(layer.input) as usize).max(1);
    let patch = patch.get_mut(..taps).unwrap_or_default();
    for_each_pooled(layer, pool, output, |y, x, cell| {
        gather.at(y, x, patch);
        let mut biases = layer.biases.iter();
        let mut keep = |out: &mut u8, sum: i32| {
            let sum = biases.next().unwrap_or(0) + sum;
            *out = (*out).max(requantise.apply(sum));
        };
        let mut fours = cell.chunks_exact_mut(4);
        let mut rows = layer.weights.chunks_exact(taps);
        for outs in &mut fours {
            let four = [0; 4].map(|_| rows.next().unwrap_or_default());
            for (out, sum) in outs.iter_mut().zip(kernels.dot4(patch, four)) {
                keep(out, sum);
            }
        }
        for (out, row) in fours.into_remainder().iter_mut().zip(rows) {
            keep(out, kernels.dot(patch, row));
        }
    });
}

/// Return whether [`conv_pairs`] can run a layer: its kernel has four taps and `spread` has room for them.
#[inline(always)]
pub(super) fn fits_pairs(layer: &Layer<'_>, spread: &[[u32; 4]]) -> bool {
    let taps = layer.op.taps(layer.input) as usize;
    taps >= 4 && taps.div_ceil(4) <= spread.len()
}

/// Compute the same at two positions and for two outputs at a time, so that inputs and weights are taken apart once for
/// two products. A kernel has at least four taps.
#[inline(always)]
pub(super) fn conv_pairs<K: KernelSet>(
    kernels: K,
    layer: &Layer<'_>,
    pool: [u8; 2],
    gather: Gather<'_>,
    output: &mut [u8],
    patch: &mut [u8],
    spread: &mut [[u32; 4]],
) {
    let requantise = Requantise::new(layer.shift);
    let taps = (layer.op.taps(layer.input) as usize).max(1);
    let patch = patch.get_mut(..taps).unwrap_or_default();
    let words = spread.get_mut(..taps.div_ceil(4)).unwrap_or_default();
    let channels = usize::from(layer.output.channels).max(1);
    let width = usize::from(layer.output.width).max(1);
    let [pool_height, pool_width] = pool.map(|extent| usize::from(extent).max(1));
    let area = pool_height * pool_width;
    let count = output.len() / channels * area;
    output.fill(0);
    for first in (0..count).step_by(2) {
        // with an odd number of positions the last one comes twice, which does not change a maximum
        let positions = [first, (first + 1).min(count - 1)];
        for (place, position) in positions.into_iter().enumerate() {
            let (cell, within) = (position / area, position % area);
            let y = cell / width * pool_height + within / pool_width;
            let x = cell % width * pool_width + within % pool_width;
            gather.at(y, x, patch);
            kernels.spread(patch, place, words);
        }
        let [cell, next] = positions.map(|position| position / area);
        let cells = output.get_mut(cell * channels..).unwrap_or_default();
        let (outs, next_outs) = cells.split_at_mut_checked(channels).unwrap_or_default();
        let mut next_outs = next_outs.iter_mut();
        let mut biases = layer.biases.iter();
        for (rows, outs) in layer
            .weights
            .chunks((2 * taps).max(2))
            .zip(outs.chunks_mut(2))
        {
            let (a, b) = rows.split_at_checked(taps).unwrap_or_default();
            // an odd output at the end is paired with itself
            let sums = kernels.pairs(words, [a, if b.is_empty() { a } else { b }]);
            for ((out, [first, second]), bias) in outs.iter_mut().zip(sums).zip(&mut biases) {
                if cell == next {
                    *out = (*out).max(requantise.apply(bias + first.max(second)));
                } else {
                    *out = (*out).max(requantise.apply(bias + first));
                    if let Some(out) = next_outs.next() {
                        *out = (*out).max(requantise.apply(bias + second));
                    }
                }
            }
        }
    }
}

/// The inputs under a kernel at one output position, gathered into one slice.
pub(super) struct Gather<'a> {
    input: &'a [u8],
    shape: Shape,
    geometry: Geometry,
}

impl<'a> Gather<'a> {
    #[inline(always)]
    pub(super) fn new(layer: &Layer<'_>, geometry: Geometry, input: &'a [u8]) -> Self {
        Self {
            input,
            shape: layer.input,
            geometry,
        }
    }

    /// Copy the inputs for output position (`y`, `x`) into `patch`, `[kernel height, kernel width, channels]`, with
    /// zeros where the kernel hangs over the edge.
    fn at(&self, y: usize, x: usize, patch: &mut [u8]) {
        let g = self.geometry;
        let channels = usize::from(self.shape.channels);
        let row_len = usize::from(self.shape.width) * channels;
        let kernel_row = usize::from(g.kernel[1]) * channels;
        // the part of the row that lies inside begins at `skip` in the patch and at `from` in the input
        let left = x * usize::from(g.stride[1]) * channels;
        let pad = usize::from(g.pad[1]) * channels;
        let skip = pad.saturating_sub(left).min(kernel_row);
        let from = left.saturating_sub(pad);
        let len = (kernel_row - skip).min(row_len.saturating_sub(from));
        for (ky, out) in patch.chunks_exact_mut(kernel_row.max(1)).enumerate() {
            let row = (y * usize::from(g.stride[0]) + ky).wrapping_sub(usize::from(g.pad[0]));
            let inside = row < usize::from(self.shape.height);
            if !inside || len < kernel_row {
                out.fill(0);
            }
            let at = row.wrapping_mul(row_len).wrapping_add(from);
            let source = self.input.get(at..at.wrapping_add(len)).filter(|_| inside);
            let target = out.get_mut(skip..skip + len).unwrap_or_default();
            for (target, source) in target.iter_mut().zip(source.unwrap_or_default()) {
                *target = *source;
            }
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::engine::arch::KernelSet;
    use crate::model::{Model, Op};

    /// The plain loops, two positions at a time.
    #[derive(Clone, Copy)]
    struct Pairs;

    impl KernelSet for Pairs {
        const PAIRS: bool = true;
    }

    #[derive(Clone, Copy)]
    struct Singles;

    impl KernelSet for Singles {}

    #[test]
    fn pairs_of_positions_equal_single_ones() {
        let file = include_bytes!("../../../models/compact.timbrel");
        let model = Model::parse(file).unwrap();
        for layer in model.layers() {
            let Op::Conv { geometry, pool } = layer.op else {
                continue;
            };
            let input: std::vec::Vec<u8> =
                (0..layer.input.len()).map(|i| (i * i * 7) as u8).collect();
            let taps = layer.op.taps(layer.input) as usize;
            let mut patch = std::vec![0xA5; taps];
            let mut spread = std::vec![[0xA5A5_A5A5; 4]; taps.div_ceil(4)];
            let mut outputs = [0, 1].map(|_| std::vec![0xA5; layer.output.len() as usize]);
            if taps < 4 {
                continue;
            }
            let [singles, pairs] = &mut outputs;
            let gather = || Gather::new(&layer, geometry, &input);
            conv(Singles, &layer, pool, gather(), singles, &mut patch);
            conv_pairs(
                Pairs,
                &layer,
                pool,
                gather(),
                pairs,
                &mut patch,
                &mut spread,
            );
            assert_eq!(singles, pairs);
        }
    }
}
