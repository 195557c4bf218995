//! Convolution over gathered inputs: the weights stay where the model file has them.

use super::requantise::Requantise;
use super::sliding::{for_each_pooled, tail};
use crate::engine::arch::KernelSet;
use crate::model::{Geometry, Layer};

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

/// The inputs under a kernel at one output position, gathered into one slice.
pub(super) struct Gather<'a> {
    input: &'a [u8],
    /// Rows of the input, and bytes of one.
    height: usize,
    row_len: usize,
    /// Bytes of a kernel's row.
    kernel_row: usize,
    /// Rows and bytes of a row at which a kernel can begin and be inside.
    inside: [usize; 2],
    /// Rows and bytes from one output to the next.
    stride: [usize; 2],
    /// Rows above the input and bytes to the left of it.
    pad: [usize; 2],
}

impl<'a> Gather<'a> {
    #[inline(always)]
    pub(super) fn new(layer: &Layer<'_>, geometry: Geometry, input: &'a [u8]) -> Self {
        let channels = usize::from(layer.input.channels);
        let height = usize::from(layer.input.height);
        let [rows, columns] = geometry.kernel.map(usize::from);
        let [down, right] = geometry.stride.map(usize::from);
        let row_len = usize::from(layer.input.width) * channels;
        let kernel_row = columns * channels;
        Self {
            input,
            height,
            row_len,
            kernel_row,
            inside: [
                (height + 1).saturating_sub(rows),
                (row_len + 1).saturating_sub(kernel_row),
            ],
            stride: [down, right * channels],
            pad: [
                usize::from(geometry.pad[0]),
                usize::from(geometry.pad[1]) * channels,
            ],
        }
    }

    /// Copy the inputs for output position (`y`, `x`) into `patch`, `[kernel height, kernel width, channels]`, with
    /// zeros where the kernel hangs over the edge.
    pub(super) fn at(&self, y: usize, x: usize, patch: &mut [u8]) {
        let (top, left) = (y * self.stride[0], x * self.stride[1]);
        let first = top.wrapping_sub(self.pad[0]);
        let from = left.wrapping_sub(self.pad[1]);
        if first < self.inside[0] && from < self.inside[1] {
            let mut rows = tail(self.input, first * self.row_len + from);
            for out in patch.chunks_exact_mut(self.kernel_row.max(1)) {
                copy(out, rows.get(..out.len()).unwrap_or_default());
                rows = tail(rows, self.row_len);
            }
        } else {
            self.at_edge(top, left, patch);
        }
    }

    /// Do the same where a part of the kernel may hang over.
    #[inline(never)]
    fn at_edge(&self, top: usize, left: usize, patch: &mut [u8]) {
        // the part of a row that lies inside begins at `skip` in the patch and at `from` in the input
        let skip = self.pad[1].saturating_sub(left).min(self.kernel_row);
        let from = left.saturating_sub(self.pad[1]);
        let len = (self.kernel_row - skip).min(self.row_len.saturating_sub(from));
        for (ky, out) in patch.chunks_exact_mut(self.kernel_row.max(1)).enumerate() {
            let row = (top + ky).wrapping_sub(self.pad[0]);
            let inside = row < self.height;
            if !inside || len < self.kernel_row {
                out.fill(0);
            }
            let at = row.wrapping_mul(self.row_len).wrapping_add(from);
            let source = self.input.get(at..at.wrapping_add(len)).filter(|_| inside);
            let target = out.get_mut(skip..skip + len).unwrap_or_default();
            copy(target, source.unwrap_or_default());
        }
    }
}

/// Copy as many values as the shorter of both has. A row of 4 to 8, as kernels over one channel have, is two words that
/// overlap; calling a function for it would take as long as its products.
#[inline(always)]
fn copy(target: &mut [u8], source: &[u8]) {
    if target.len() == source.len()
        && target.len() <= 8
        && let (Some(first), Some(last)) = (source.first_chunk::<4>(), source.last_chunk::<4>())
    {
        if let Some(target) = target.first_chunk_mut() {
            *target = *first;
        }
        if let Some(target) = target.last_chunk_mut() {
            *target = *last;
        }
        return;
    }
    for (target, source) in target.iter_mut().zip(source) {
        *target = *source;
    }
}
