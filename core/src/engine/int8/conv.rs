//! Convolution over gathered inputs: the weights stay where the model file has them.

use super::requantise::Requantise;
use super::sliding::for_each_pooled;
use crate::engine::arch::KernelSet;
use crate::model::{Geometry, Layer, Shape};

/// Convolution with fused maximum pooling: since requantising keeps order, the largest of the pooled
/// positions is found on the fly and no unpooled activation is ever stored.
#[inline(always)]
pub(super) fn conv<K: KernelSet>(
    kernels: K,
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
