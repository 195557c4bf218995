//! Convolution over repacked weights, written once for all vector instructions: four positions at a time, for a
//! group of blocks of outputs, whose sums stay in registers until they are requantised.
#![allow(
    unsafe_code,
    reason = "one check for a whole tile in place of one for each load"
)]

use super::packing::{Block, Conv, Packing, Position, Positions, Walk};
use crate::engine::int8::Requantise;

/// Positions of a tile: four of them share each load of weights, and are a cell of the usual 2 × 2 pooling.
const TILE: usize = 4;
/// Steps that are done at a time where a kernel row has as many.
const STEPS: usize = 4;

/// A set's vector instructions, as far as a convolution needs them. A value exists only where the instructions do.
///
/// The methods of an implementation must be `#[inline(always)]`, as for [`super::Job`].
pub(super) trait Lanes: Copy {
    /// How the weights are laid out.
    const PACKING: Packing;
    /// Blocks whose sums fit in the registers together with their weights, `1..=3`.
    const GROUP: usize;
    /// Sums of a block of outputs.
    type Sums: Copy;
    /// A row of weights.
    type Weights: Copy;
    /// Inputs of [`STEPS`] steps, or where they lie.
    type Inputs: Copy;
    /// A block of outputs: `[u8; lanes]`.
    type Bytes: AsRef<[u8]>;

    /// Load a row of biases.
    ///
    /// # Safety
    /// The row must be readable.
    unsafe fn biases(self, row: *const u8) -> Self::Sums;

    /// Load a row of weights.
    ///
    /// # Safety
    /// The row must be readable.
    unsafe fn weights(self, row: *const u8) -> Self::Weights;

    /// Load or note the inputs of four steps.
    ///
    /// # Safety
    /// 16 bytes must be readable as long as the inputs are used.
    unsafe fn four_steps(self, inputs: *const u8) -> Self::Inputs;

    /// Load or note the inputs of one step.
    ///
    /// # Safety
    /// 4 bytes must be readable as long as the inputs are used.
    unsafe fn one_step(self, inputs: *const u8) -> Self::Inputs;

    /// Add the products of one step.
    ///
    /// # Safety
    /// `STEP` must be one of those that `inputs` has.
    unsafe fn add<const STEP: usize>(
        self,
        sums: Self::Sums,
        inputs: Self::Inputs,
        weights: Self::Weights,
    ) -> Self::Sums;

    /// Return the larger of each two sums.
    fn max(self, a: Self::Sums, b: Self::Sums) -> Self::Sums;

    /// Requantise the sums.
    fn requantise(self, sums: Self::Sums, requantise: Requantise) -> Self::Bytes;
}

/// Run a convolution.
#[inline(always)]
pub(super) fn conv<L: Lanes>(lanes: L, mut conv: Conv<'_>) {
    let mut first = 0;
    loop {
        // two groups of two go faster than one of three and a single block
        let group = match conv.blocks.len() {
            4 => 2,
            left => left,
        };
        let done = match group.min(L::GROUP) {
            0 => return,
            1 => blocks::<L, 1>(lanes, &mut conv, first),
            2 => blocks::<L, 2>(lanes, &mut conv, first),
            _ => blocks::<L, 3>(lanes, &mut conv, first),
        };
        first += done * L::PACKING.lanes;
    }
}

/// Compute `N` blocks of outputs at all positions, from output `first` on, and return how many blocks that were.
#[inline(always)]
fn blocks<L: Lanes, const N: usize>(lanes: L, conv: &mut Conv<'_>, first: usize) -> usize {
    let blocks = [(); N].map(|()| conv.blocks.next().unwrap_or_default());
    let mut positions = conv.positions.clone();
    for _ in 0..conv.count / TILE {
        tile::<L, TILE, N>(lanes, conv, &mut positions, &blocks, first);
    }
    for _ in 0..conv.count % TILE {
        tile::<L, 1, N>(lanes, conv, &mut positions, &blocks, first);
    }
    N
}

/// Compute `N` blocks of outputs at the next `P` positions.
#[inline(always)]
fn tile<L: Lanes, const P: usize, const N: usize>(
    lanes: L,
    conv: &mut Conv<'_>,
    positions: &mut Positions,
    blocks: &[Block<'_>; N],
    first: usize,
) {
    // a loop, because the compiler does not inline `map` here
    let mut tile = [Position::default(); P];
    for position in &mut tile {
        *position = positions.next().unwrap_or_default();
    }
    let positions = tile;
    let Some(mut sums) = tile_sums(lanes, conv.input, conv.walk, &positions, blocks) else {
        return;
    };
    for p in 0..P {
        let cell = positions[p].cell;
        if p + 1 < P && positions[p + 1].cell == cell {
            let (done, next) = (sums[p], &mut sums[p + 1]);
            for (next, done) in next.iter_mut().zip(done) {
                *next = lanes.max(*next, done);
            }
            continue;
        }
        let end = cell + conv.positions.channels;
        let outputs = conv.output.get_mut(cell + first..end).unwrap_or_default();
        for (outputs, sums) in outputs.chunks_mut(L::PACKING.lanes).zip(sums[p]) {
            keep_largest(outputs, lanes.requantise(sums, conv.requantise).as_ref());
        }
    }
}

/// Keep the larger of what is there and what is new.
#[inline(always)]
fn keep_largest(outputs: &mut [u8], values: &[u8]) {
    let keep = |(output, value): (&mut u8, &u8)| *output = (*output).max(*value);
    match outputs.split_at_mut_checked(values.len()) {
        // the length of a whole block is a constant, so that this becomes one vector instruction
        Some((whole, _)) => whole.iter_mut().zip(values).for_each(keep),
        None => outputs.iter_mut().zip(values).for_each(keep),
    }
}

/// Return the sums of `N` blocks of outputs at `P` positions, `None` where inputs or weights are missing.
#[inline(always)]
fn tile_sums<L: Lanes, const P: usize, const N: usize>(
    lanes: L,
    input: &[u8],
    walk: Walk,
    positions: &[Position; P],
    blocks: &[Block<'_>; N],
) -> Option<[[L::Sums; N]; P]> {
    let row_bytes = L::PACKING.row_bytes();
    let reach = (walk.rows.checked_sub(1)?) * walk.stride + walk.steps * Packing::TAPS;
    let furthest = positions.iter().fold(0, |far, p| far.max(p.input));
    let weights = (1 + walk.weight_rows()) * row_bytes;
    if furthest + reach > input.len() || blocks.iter().any(|block| block.rows.len() < weights) {
        return None;
    }
    // SAFETY: every position has `reach` bytes of input, every block `1 + weight_rows` rows, as just checked; the
    // loops below take `rows · steps` steps of these.
    unsafe {
        let mut inputs = positions.map(|position| input.as_ptr().add(position.input));
        let mut rows = blocks.map(|block| block.rows.as_ptr());
        let biases = rows.map(|row| lanes.biases(row));
        rows = rows.map(|row| row.add(row_bytes));
        let mut sums = [biases; P];
        for _ in 0..walk.rows {
            let mut at = 0;
            while at + STEPS <= walk.steps {
                let four = inputs.map(|input| lanes.four_steps(input.add(at * Packing::TAPS)));
                step::<L, 0, P, N>(lanes, &mut sums, four, rows.map(|row| row.add(0)));
                step::<L, 1, P, N>(lanes, &mut sums, four, rows.map(|row| row.add(row_bytes)));
                step::<L, 2, P, N>(
                    lanes,
                    &mut sums,
                    four,
                    rows.map(|row| row.add(2 * row_bytes)),
                );
                step::<L, 3, P, N>(
                    lanes,
                    &mut sums,
                    four,
                    rows.map(|row| row.add(3 * row_bytes)),
                );
                rows = rows.map(|row| row.add(STEPS * row_bytes));
                at += STEPS;
            }
            while at < walk.steps {
                let one = inputs.map(|input| lanes.one_step(input.add(at * Packing::TAPS)));
                step::<L, 0, P, N>(lanes, &mut sums, one, rows);
                rows = rows.map(|row| row.add(row_bytes));
                at += 1;
            }
            // wrapping, since nothing lies after the last row
            inputs = inputs.map(|input| input.wrapping_add(walk.stride));
        }
        if L::PACKING.in_16_bits {
            let inputs = positions.map(|position| input.as_ptr().add(position.input));
            extra(lanes, inputs, walk, reach, blocks, &mut sums);
        }
        Some(sums)
    }
}

/// Add the products of one step.
///
/// # Safety
/// `inputs` must have step `STEP`, and each of `rows` a row of weights.
#[inline(always)]
unsafe fn step<L: Lanes, const STEP: usize, const P: usize, const N: usize>(
    lanes: L,
    sums: &mut [[L::Sums; N]; P],
    inputs: [L::Inputs; P],
    rows: [*const u8; N],
) {
    for n in 0..N {
        // SAFETY: the caller's
        let weights = unsafe { lanes.weights(rows[n]) };
        for p in 0..P {
            // SAFETY: the caller's
            sums[p][n] = unsafe { lanes.add::<STEP>(sums[p][n], inputs[p], weights) };
        }
    }
}

/// Add the products of the extra rows.
///
/// # Safety
/// Each of `inputs` must have `reach` bytes.
#[inline(always)]
unsafe fn extra<L: Lanes, const P: usize, const N: usize>(
    lanes: L,
    inputs: [*const u8; P],
    walk: Walk,
    reach: usize,
    blocks: &[Block<'_>; N],
    sums: &mut [[L::Sums; N]; P],
) {
    for n in 0..N {
        let rows = blocks[n].extra_rows.chunks_exact(L::PACKING.row_bytes());
        for (row, step) in rows.zip(blocks[n].extra_steps) {
            let step = u32::from_le_bytes(*step) as usize;
            let offset = (step >> 24) * walk.stride + (step & 0x00ff_ffff) * Packing::TAPS;
            if offset + Packing::TAPS > reach {
                continue;
            }
            // SAFETY: a whole row of weights, and inputs as just checked
            unsafe {
                let weights = lanes.weights(row.as_ptr());
                for p in 0..P {
                    let inputs = lanes.one_step(inputs[p].add(offset));
                    sums[p][n] = lanes.add::<0>(sums[p][n], inputs, weights);
                }
            }
        }
    }
}
