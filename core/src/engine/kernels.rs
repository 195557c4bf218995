//! The arithmetic of each layer: u8 activations × i8 weights in i32 sums, requantised by a shift that
//! rounds half to even. Plain loops over slices, the same bits on every target.

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

/// Sum of products. The product of a u8 and an i8 fits in 16 bits, which lets the compiler use the
/// multiply-and-add instructions that work on pairs of them.
fn dot(inputs: &[u8], weights: &[i8]) -> i32 {
    inputs
        .iter()
        .zip(weights)
        .map(|(x, w)| i32::from(i16::from(*x)) * i32::from(i16::from(*w)))
        .sum()
}

/// Copies the inputs under a kernel at output position (`y`, `x`) into `patch`, `[kernel height, kernel
/// width, channels]`, with zeros where the kernel hangs over the edge.
fn gather(input: &[u8], shape: Shape, g: Geometry, y: usize, x: usize, patch: &mut [u8]) {
    let channels = usize::from(shape.channels);
    let row_len = usize::from(shape.width) * channels;
    let kernel_row = usize::from(g.kernel[1]) * channels;
    // the row's part that lies inside: from `skip` on in the patch, from `from` on in the input
    let left = x * usize::from(g.stride[1]) * channels;
    let pad = usize::from(g.pad[1]) * channels;
    let skip = pad.saturating_sub(left).min(kernel_row);
    let from = left.saturating_sub(pad);
    let len = (kernel_row - skip).min(row_len.saturating_sub(from));
    for (ky, out) in patch.chunks_exact_mut(kernel_row).enumerate() {
        let row = (y * usize::from(g.stride[0]) + ky).checked_sub(usize::from(g.pad[0]));
        match row.filter(|row| *row < usize::from(shape.height)) {
            Some(row) => {
                out[..skip].fill(0);
                let at = row * row_len + from;
                out[skip..skip + len].copy_from_slice(&input[at..at + len]);
                out[skip + len..].fill(0);
            }
            None => out.fill(0),
        }
    }
}

/// Convolution with fused maximum pooling: since requantising keeps order, the largest of the pooled
/// positions is found on the fly and no unpooled activation is ever stored.
pub(super) fn conv(
    layer: &Layer<'_>,
    g: Geometry,
    pool: [u8; 2],
    input: &[u8],
    output: &mut [u8],
    patch: &mut [u8],
) {
    let requantise = Requantise::new(layer.shift);
    let taps = layer.op.taps(layer.input) as usize;
    let patch = &mut patch[..taps];
    for_each_pooled(layer, pool, output, |y, x, cell| {
        gather(input, layer.input, g, y, x, patch);
        let kernels = layer.weights.chunks_exact(taps);
        for ((out, kernel), bias) in cell.iter_mut().zip(kernels).zip(layer.biases.iter()) {
            *out = (*out).max(requantise.apply(bias + dot(patch, kernel)));
        }
    });
}

/// Depthwise convolution with fused maximum pooling.
pub(super) fn depthwise(
    layer: &Layer<'_>,
    g: Geometry,
    pool: [u8; 2],
    input: &[u8],
    output: &mut [u8],
) {
    let requantise = Requantise::new(layer.shift);
    let channels = usize::from(layer.input.channels);
    for_each_pooled(layer, pool, output, |y, x, cell| {
        for ((c, out), bias) in cell.iter_mut().enumerate().zip(layer.biases.iter()) {
            let mut sum = bias;
            for_each_tap(layer.input, g, y, x, |tap, pixel| {
                let value = i32::from(input[pixel * channels + c]);
                sum += value * i32::from(layer.weights[tap * channels + c]);
            });
            *out = (*out).max(requantise.apply(sum));
        }
    });
}

/// Maximum over a window.
pub(super) fn max_pool(layer: &Layer<'_>, g: Geometry, input: &[u8], output: &mut [u8]) {
    let channels = usize::from(layer.input.channels);
    for_each_pooled(layer, [1, 1], output, |y, x, cell| {
        for_each_tap(layer.input, g, y, x, |_, pixel| {
            let values = &input[pixel * channels..][..channels];
            for (out, value) in cell.iter_mut().zip(values) {
                *out = (*out).max(*value);
            }
        });
    });
}

/// Sum over a window times a multiplier, requantised.
pub(super) fn average_pool(
    layer: &Layer<'_>,
    g: Geometry,
    multiplier: i8,
    input: &[u8],
    output: &mut [u8],
) {
    let requantise = Requantise::new(layer.shift);
    let channels = usize::from(layer.input.channels);
    for_each_pooled(layer, [1, 1], output, |y, x, cell| {
        for (c, out) in cell.iter_mut().enumerate() {
            let mut sum = 0;
            for_each_tap(layer.input, g, y, x, |_, pixel| {
                sum += i32::from(input[pixel * channels + c]);
            });
            *out = requantise.apply(sum * i32::from(multiplier));
        }
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
    let rows = layer.weights.chunks_exact(input.len());
    rows.zip(layer.biases.iter())
        .map(move |(row, bias)| bias + dot(input, row))
}

/// Calls `at(y, x, cell)` for every position of the sliding window, with the output cell (all channels)
/// that the position is pooled into; each cell begins at 0.
fn for_each_pooled(
    layer: &Layer<'_>,
    pool: [u8; 2],
    output: &mut [u8],
    mut at: impl FnMut(usize, usize, &mut [u8]),
) {
    let width = usize::from(layer.output.width);
    let [pool_height, pool_width] = pool.map(usize::from);
    let cells = output.chunks_exact_mut(usize::from(layer.output.channels));
    for (index, cell) in cells.enumerate() {
        let (row, column) = (index / width, index % width);
        cell.fill(0);
        for y in row * pool_height..(row + 1) * pool_height {
            for x in column * pool_width..(column + 1) * pool_width {
                at(y, x, cell);
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
