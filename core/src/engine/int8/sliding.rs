//! Walking over the positions of a sliding window, shared by convolutions and pooling.

use crate::model::{Geometry, Layer, Shape};

/// Channels whose sums are kept at a time: enough that finding the taps costs little beside them.
pub(super) const BLOCK: usize = 32;

/// Call `f(first channel, outputs)` for a cell's channels, [`BLOCK`] at a time.
#[inline(always)]
pub(super) fn for_each_block(cell: &mut [u8], mut f: impl FnMut(usize, &mut [u8])) {
    for (index, outs) in cell.chunks_mut(BLOCK).enumerate() {
        f(index * BLOCK, outs);
    }
}

/// Return the values from an index on; none where that is past the end, which a validated layer never asks.
#[inline(always)]
pub(super) fn tail<T>(values: &[T], from: usize) -> &[T] {
    values.get(from..).unwrap_or_default()
}

/// Call `at(y, x, cell)` for every position of the sliding window, with the output cell (all channels) that the
/// position is pooled into; each cell begins at 0.
#[inline(always)]
pub(super) fn for_each_pooled(
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

/// Call `at(tap, pixel)` for the kernel's positions that lie inside the input, where `pixel` counts input positions row
/// by row.
#[inline(always)]
pub(super) fn for_each_tap(
    shape: Shape,
    g: Geometry,
    y: usize,
    x: usize,
    mut at: impl FnMut(usize, usize),
) {
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
