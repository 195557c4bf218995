//! Convolution at two positions and for two outputs at a time, over inputs that are spread to halves of words.

use super::conv::Gather;
use super::requantise::Requantise;
use crate::engine::arch::{KernelSet, Rows};
use crate::model::{Layer, Op};

/// Outputs whose sums are kept at a time.
const BLOCK: usize = 32;

/// Return the words of four that a convolution's spread inputs take: one for each four taps of both positions.
fn steps(layer: &Layer<'_>) -> usize {
    (layer.op.taps(layer.input) as usize).div_ceil(4)
}

/// Return the words of four that a convolution makes use of: those of its inputs and, for an input of one channel, those of
/// its widened weights. These kernels are so small that taking the weights apart would weigh as much as the products, and
/// that widening takes little memory.
pub(super) fn units(layer: &Layer<'_>) -> usize {
    match layer.op {
        Op::Conv { .. } if layer.input.channels == 1 => steps(layer) + wide_units(layer),
        Op::Conv { .. } => steps(layer),
        _ => 0,
    }
}

/// Return the words of four for all widened weights, those of an odd last output apart.
fn wide_units(layer: &Layer<'_>) -> usize {
    usize::from(layer.output.channels) / 2 * steps(layer)
}

/// Return whether [`conv_pairs`] can run a layer: its kernel has four taps and `spread` has room for them.
#[inline(always)]
pub(super) fn fits(layer: &Layer<'_>, spread: &[[u32; 4]]) -> bool {
    layer.op.taps(layer.input) >= 4 && steps(layer) <= spread.len()
}

/// Widen the weights of all pairs of outputs into the front of `room`; none if it is too small.
#[inline(always)]
fn widen<'a, K: KernelSet>(
    kernels: K,
    layer: &Layer<'_>,
    room: &'a mut [[u32; 4]],
) -> &'a [[u32; 4]] {
    let taps = layer.op.taps(layer.input) as usize;
    let room = room.get_mut(..wide_units(layer)).unwrap_or_default();
    let pairs = room.chunks_exact_mut(steps(layer).max(1));
    for (pair, rows) in pairs.zip(layer.weights.chunks_exact((2 * taps).max(1))) {
        for (output, row) in rows.chunks_exact(taps.max(1)).enumerate() {
            let (whole, rest) = row.as_chunks::<4>();
            // the last four once more where they end otherwise, as `KernelSet::spread` does
            let last = row.last_chunk::<4>().filter(|_| !rest.is_empty());
            for (words, weights) in pair.iter_mut().zip(whole.iter().chain(last)) {
                let halves = kernels.widen(*weights);
                for (words, halves) in words.as_chunks_mut::<2>().0.iter_mut().zip(halves) {
                    if let Some(word) = words.get_mut(output) {
                        *word = halves;
                    }
                }
            }
        }
    }
    room
}

/// Compute a convolution with fused maximum pooling, as [`super::conv::conv`] does. A kernel has at least four taps.
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
    let (words, room) = spread
        .split_at_mut_checked(steps(layer))
        .unwrap_or_default();
    let rows = Rows {
        in_place: layer.weights,
        taps,
        wide: widen(kernels, layer, room),
    };
    let channels = usize::from(layer.output.channels).max(1);
    let width = usize::from(layer.output.width).max(1);
    let [pool_height, pool_width] = pool.map(|extent| usize::from(extent).max(1));
    let area = pool_height * pool_width;
    let count = output.len() / channels * area;
    let mut sums = [[0; 2]; BLOCK];
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
        let next_outs = next_outs.get_mut(..channels).unwrap_or_default();
        for (block, biases) in layer.biases.bytes().chunks(BLOCK).enumerate() {
            let at = block * BLOCK;
            let sums = sums.get_mut(..biases.len()).unwrap_or_default();
            kernels.pairs(words, rows.from(at, words.len()), sums);
            let outs = outs.get_mut(at..).unwrap_or_default();
            if cell == next {
                kernels.keep_requantised(outs, sums, biases, requantise);
                continue;
            }
            let next_outs = next_outs.get_mut(at..).unwrap_or_default();
            let biases = biases.iter().map(|bias| i32::from_le_bytes(*bias));
            let outs = outs.iter_mut().zip(next_outs);
            for (((out, next_out), [first, second]), bias) in outs.zip(sums).zip(biases) {
                *out = (*out).max(requantise.apply(bias + *first));
                *next_out = (*next_out).max(requantise.apply(bias + *second));
            }
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::super::conv::conv;
    use super::*;
    use crate::model::Model;

    /// The definition of the loops over halves.
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
            let mut expected = std::vec![0xA5; layer.output.len() as usize];
            let gather = || Gather::new(&layer, geometry, &input);
            conv(Singles, &layer, pool, gather(), &mut expected, &mut patch);
            // weights in place, and all of them widened
            for units in [steps(&layer), steps(&layer) + wide_units(&layer)] {
                let mut spread = std::vec![[0xA5A5_A5A5; 4]; units];
                let mut found = std::vec![0xA5; layer.output.len() as usize];
                assert!(fits(&layer, &spread));
                conv_pairs(
                    Pairs,
                    &layer,
                    pool,
                    gather(),
                    &mut found,
                    &mut patch,
                    &mut spread,
                );
                assert_eq!(found, expected, "{units}");
            }
        }
    }
}
