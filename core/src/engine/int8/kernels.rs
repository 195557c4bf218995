//! The arithmetic of each layer: u8 activations × i8 weights in i32 sums, requantised by a shift that
//! rounds half to even. Plain loops over slices, the same bits on every target.
//!
//! The layers are ONNX's `QLinearConv` (its `group` 1 or the number of channels), `MaxPool`, `AveragePool` and
//! `MatMulInteger`, with scales that are powers of two and zero points of 0, in the order `[H, W, C]`.

use crate::engine::arch::{dot, dot4, product};
use crate::model::{Geometry, Layer, Shape};

/// `clamp(round_half_even(sum / 2^shift), 0, 255)`.
#[derive(Clone, Copy)]
pub(super) struct Requantise {
    shift: u32,
    /// One less than half a step, so that a tie stays below unless the result is odd.
    below_half: u32,
    /// 1, or 0 where there is nothing to round.
    odd: u32,
}

impl Requantise {
    pub(super) fn new(shift: u8) -> Self {
        let shift = u32::from(shift);
        Self {
            shift,
            below_half: ((1_u32 << shift) >> 1).saturating_sub(1),
            odd: u32::from(shift > 0),
        }
    }

    pub(super) fn apply(self, sum: i32) -> u8 {
        // a negative sum rounds to at most 0; as u32, adding half a step cannot overflow
        let sum = sum.max(0) as u32;
        let rounded = (sum + self.below_half + ((sum >> self.shift) & self.odd)) >> self.shift;
        rounded.min(255) as u8
    }
}

/// The inputs under a kernel at one output position, gathered into one slice.
struct Gather<'a> {
    input: &'a [u8],
    shape: Shape,
    geometry: Geometry,
}

impl Gather<'_> {
    /// Copies the inputs for output position (`y`, `x`) into `patch`, `[kernel height, kernel width,
    /// channels]`, with zeros where the kernel hangs over the edge.
    fn at(&self, y: usize, x: usize, patch: &mut [u8]) {
        let g = self.geometry;
        let channels = usize::from(self.shape.channels);
        let row_len = usize::from(self.shape.width) * channels;
        let kernel_row = usize::from(g.kernel[1]) * channels;
        // the row's part that lies inside: from `skip` on in the patch, from `from` on in the input
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

/// Convolution with fused maximum pooling: since requantising keeps order, the largest of the pooled
/// positions is found on the fly and no unpooled activation is ever stored.
pub(super) fn conv(
    layer: &Layer<'_>,
    geometry: Geometry,
    pool: [u8; 2],
    input: &[u8],
    output: &mut [u8],
    patch: &mut [u8],
) {
    let requantise = Requantise::new(layer.shift);
    let taps = (layer.op.taps(layer.input) as usize).max(1);
    let patch = patch.get_mut(..taps).unwrap_or_default();
    let gather = Gather {
        input,
        shape: layer.input,
        geometry,
    };
    for_each_pooled(layer, pool, output, |y, x, cell| {
        gather.at(y, x, patch);
        let mut biases = layer.biases.iter();
        let mut keep = |out: &mut u8, sum: i32| {
            let sum = biases.next().unwrap_or(0) + sum;
            *out = (*out).max(requantise.apply(sum));
        };
        let mut fours = cell.chunks_exact_mut(4);
        let mut kernels = layer.weights.chunks_exact(taps);
        for outs in &mut fours {
            let four = [0; 4].map(|_| kernels.next().unwrap_or_default());
            for (out, sum) in outs.iter_mut().zip(dot4(patch, four)) {
                keep(out, sum);
            }
        }
        for (out, kernel) in fours.into_remainder().iter_mut().zip(kernels) {
            keep(out, dot(patch, kernel));
        }
    });
}

/// Depthwise convolution with fused maximum pooling.
pub(super) fn depthwise(
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
                for ((sum, value), weight) in sums.iter_mut().zip(values).zip(weights) {
                    *sum += product(*value, *weight);
                }
            });
            for (out, sum) in outs.iter_mut().zip(sums) {
                *out = (*out).max(requantise.apply(sum));
            }
        });
    });
}

/// Maximum over a window.
pub(super) fn max_pool(layer: &Layer<'_>, geometry: Geometry, input: &[u8], output: &mut [u8]) {
    let channels = usize::from(layer.input.channels);
    for_each_pooled(layer, [1, 1], output, |y, x, cell| {
        for_each_tap(layer.input, geometry, y, x, |_, pixel| {
            for (out, value) in cell.iter_mut().zip(tail(input, pixel * channels)) {
                *out = (*out).max(*value);
            }
        });
    });
}

/// Sum over a window times a multiplier, requantised.
pub(super) fn average_pool(
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
                let values = tail(input, pixel * channels + first);
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum += i32::from(*value);
                }
            });
            for (out, sum) in outs.iter_mut().zip(sums) {
                *out = requantise.apply(sum * i32::from(multiplier));
            }
        });
    });
}

/// Fully connected layer in the network's inside.
pub(super) fn dense(layer: &Layer<'_>, input: &[u8], output: &mut [u8]) {
    let requantise = Requantise::new(layer.shift);
    for (out, sum) in output.iter_mut().zip(dense_sums(layer, input)) {
        *out = requantise.apply(sum);
    }
}

/// Sums of a fully connected layer, for the last one the logits.
pub(super) fn dense_sums<'a>(
    layer: &'a Layer<'_>,
    input: &'a [u8],
) -> impl Iterator<Item = i32> + 'a {
    let rows = layer.weights.chunks_exact(input.len().max(1));
    rows.zip(layer.biases.iter())
        .map(move |(row, bias)| bias + dot(input, row))
}

/// Channels whose sums are kept at a time: enough that finding the taps costs little beside them.
const BLOCK: usize = 32;

/// Calls `f(first channel, outputs)` for a cell's channels, [`BLOCK`] at a time.
fn for_each_block(cell: &mut [u8], mut f: impl FnMut(usize, &mut [u8])) {
    for (index, outs) in cell.chunks_mut(BLOCK).enumerate() {
        f(index * BLOCK, outs);
    }
}

/// What lies behind an index; nothing where that is beyond the end, which a validated layer never asks.
fn tail<T>(values: &[T], from: usize) -> &[T] {
    values.get(from..).unwrap_or_default()
}

/// Calls `at(y, x, cell)` for every position of the sliding window, with the output cell (all channels)
/// that the position is pooled into; each cell begins at 0.
fn for_each_pooled(
    layer: &Layer<'_>,
    pool: [u8; 2],
    output: &mut [u8],
    mut at: impl FnMut(usize, usize, &mut [u8]),
) {
    let channels = usize::from(layer.output.channels).max(1);
    let row_len = usize::from(layer.output.width).max(1) * channels;
    let [pool_height, pool_width] = pool.map(usize::from);
    for (row, cells) in output.chunks_exact_mut(row_len).enumerate() {
        for (column, cell) in cells.chunks_exact_mut(channels).enumerate() {
            cell.fill(0);
            for y in row * pool_height..(row + 1) * pool_height {
                for x in column * pool_width..(column + 1) * pool_width {
                    at(y, x, cell);
                }
            }
        }
    }
}

/// Calls `at(tap, pixel)` for the kernel's positions that lie inside the input, where `pixel` counts
/// input positions row by row.
fn for_each_tap(shape: Shape, g: Geometry, y: usize, x: usize, mut at: impl FnMut(usize, usize)) {
    let (height, width) = (usize::from(shape.height), usize::from(shape.width));
    let [kernel_height, kernel_width] = g.kernel.map(usize::from);
    let (top, left) = (y * usize::from(g.stride[0]), x * usize::from(g.stride[1]));
    for ky in 0..kernel_height {
        let row = (top + ky).wrapping_sub(usize::from(g.pad[0]));
        if row >= height {
            continue;
        }
        for kx in 0..kernel_width {
            let column = (left + kx).wrapping_sub(usize::from(g.pad[1]));
            if column < width {
                at(ky * kernel_width + kx, row * width + column);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requantise_rounds_half_to_even() {
        for shift in 0..=31 {
            let requantise = Requantise::new(shift);
            let edges = [i32::MIN, -1, 0, 1, i32::MAX - 1, i32::MAX];
            let half = (1_i64 << shift) >> 1;
            let ties =
                (0..600).flat_map(|n| (-1..=1).map(move |d| ((n << shift) + half + d) as i32));
            for sum in edges.into_iter().chain(ties) {
                let exact = f64::from(sum) / 2_f64.powi(i32::from(shift));
                let expected = exact.round_ties_even().clamp(0.0, 255.0) as u8;
                assert_eq!(requantise.apply(sum), expected, "{sum} >> {shift}");
            }
        }
    }
}
