//! Convolutions over repacked weights, as data: the layout, where the inputs lie, the positions.

use crate::engine::int8::Requantise;

/// How a set wants the weights of a convolution or a dense layer.
///
/// Outputs come in blocks of `lanes`, the last one filled up with zeros. A kernel row's weights come in steps of
/// [`Packing::TAPS`], the last one filled up with zeros, too. A block is a row of biases (i32) and one row of
/// weights for each step, each `lanes * TAPS` bytes: the taps of the first output, of the second and so on.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Packing {
    /// Outputs in a block.
    pub(in crate::engine) lanes: usize,
    /// Bits of the inputs that are flipped: `0x80` where the instructions take `x - 128`, else 0. The biases
    /// compensate for it.
    pub(in crate::engine) flip: u8,
    /// Whether a row has the first two taps of all outputs before the last two, instead of all four together.
    pub(in crate::engine) halves: bool,
    /// Whether the products of two neighbouring weights are added in 16 bits. Where such a sum could overflow, the
    /// second weight goes into an extra row.
    pub(in crate::engine) in_16_bits: bool,
}

impl Packing {
    /// Taps in a step: the inputs of four taps are one 32-bit word.
    pub(in crate::engine) const TAPS: usize = 4;

    /// Return whether `x·a + y·b` is computed exactly for all x and y in `0..=255`.
    #[inline(always)]
    pub(in crate::engine) const fn fits(self, a: i8, b: i8) -> bool {
        let sum = a as i16 + b as i16;
        // 255 · 128 is the largest multiple of 255 within 16 bits
        !self.in_16_bits || (-128 <= sum && sum <= 128)
    }

    /// Return the bytes of a row of biases or weights.
    pub(in crate::engine) const fn row_bytes(self) -> usize {
        self.lanes * Self::TAPS
    }
}

/// Where a kernel's inputs lie: `rows` rows, each `steps` steps long, `stride` bytes apart.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Walk {
    pub(in crate::engine) rows: usize,
    pub(in crate::engine) steps: usize,
    pub(in crate::engine) stride: usize,
}

impl Walk {
    /// Return how many rows of weights a block has.
    pub(in crate::engine) const fn weight_rows(self) -> usize {
        self.rows * self.steps
    }
}

/// Repacked weights of one block of outputs.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct Block<'a> {
    /// The row of biases and the rows of weights.
    pub(in crate::engine) rows: &'a [u8],
    /// Where the inputs of the extra rows lie, each a little-endian `kernel row << 24 | step`.
    pub(in crate::engine) extra_steps: &'a [[u8; 4]],
    /// The extra rows of weights.
    pub(in crate::engine) extra_rows: &'a [u8],
}

/// The blocks of a layer, in the order of its outputs.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Blocks<'a> {
    /// Biases and weights of the blocks that are left.
    rows: &'a [u8],
    /// Extra rows of the blocks that are left and, after them, the next layers.
    extra: &'a [u8],
    block_bytes: usize,
    row_bytes: usize,
    has_extra: bool,
}

impl<'a> Blocks<'a> {
    /// Begin with `count` blocks at the front of `packed`.
    pub(in crate::engine) fn new(
        packing: &Packing,
        walk: Walk,
        count: usize,
        packed: &'a [u8],
    ) -> Self {
        let row_bytes = packing.row_bytes();
        let block_bytes = (1 + walk.weight_rows()) * row_bytes;
        let (rows, extra) = packed
            .split_at_checked(count * block_bytes)
            .unwrap_or_default();
        Self {
            rows,
            extra,
            block_bytes,
            row_bytes,
            has_extra: packing.in_16_bits,
        }
    }

    /// Return what follows the last block.
    pub(in crate::engine) fn rest(mut self) -> &'a [u8] {
        while self.next().is_some() {}
        self.extra
    }

    /// Return how many blocks are left.
    pub(in crate::engine) fn len(&self) -> usize {
        self.rows.len() / self.block_bytes.max(1)
    }

    /// Take a block's extra rows: how many there are and where their inputs lie, filled up to whole rows; then the
    /// rows.
    fn take_extra(&mut self) -> (&'a [[u8; 4]], &'a [u8]) {
        let words = self.extra.as_chunks::<4>().0;
        let count = words.first().map_or(0, |word| u32::from_le_bytes(*word)) as usize;
        let head = ((1 + count) * 4).next_multiple_of(self.row_bytes);
        let (_, rest) = self.extra.split_at_checked(head).unwrap_or_default();
        let (rows, rest) = rest
            .split_at_checked(count * self.row_bytes)
            .unwrap_or_default();
        self.extra = rest;
        (words.get(1..=count).unwrap_or_default(), rows)
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        let (rows, rest) = self.rows.split_at_checked(self.block_bytes)?;
        if rows.is_empty() {
            return None;
        }
        self.rows = rest;
        let (extra_steps, extra_rows) = if self.has_extra {
            self.take_extra()
        } else {
            Default::default()
        };
        Some(Block {
            rows,
            extra_steps,
            extra_rows,
        })
    }
}

/// A position of a convolution's kernel.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct Position {
    /// Offset of its first input.
    pub(in crate::engine) input: usize,
    /// Offset in the output of the cell that it is pooled into.
    pub(in crate::engine) cell: usize,
}

/// An endless iterator over the positions of a convolution, those of a pooled cell one after another. It adds and counts
/// down, because multiplications for each position would weigh as much as the sums of a small kernel.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Positions {
    /// The next position.
    next: Position,
    /// Input bytes to the next position, by where it is: in the cell's row, in the cell's next row, in the next cell, in
    /// the next row of cells. Some are negative, and wrap.
    steps: [usize; 4],
    /// Positions in a cell's row, rows of a cell, cells in a row.
    counts: [usize; 3],
    /// How many of each are left.
    left: [usize; 3],
    /// Output bytes from one cell to the next.
    pub(super) channels: usize,
}

impl Positions {
    /// Begin at the first cell: input bytes from one position to the next and positions of a cell (each down and
    /// right), cells in a row, output bytes from one cell to the next.
    pub(in crate::engine) fn new(
        step: [usize; 2],
        pool: [usize; 2],
        width: usize,
        channels: usize,
    ) -> Self {
        let [down, right] = step;
        let [rows, columns] = pool.map(|extent| extent.max(1));
        let back = |count: usize, step: usize| (count - 1).wrapping_mul(step).wrapping_neg();
        let width = width.max(1);
        let counts = [columns, rows, width];
        Self {
            next: Position::default(),
            steps: [
                right,
                down.wrapping_add(back(columns, right)),
                right.wrapping_add(back(rows, down)),
                down.wrapping_add(back(width * columns, right)),
            ],
            counts,
            left: counts,
            channels,
        }
    }
}

/// A convolution over repacked weights; `output` holds zeros.
pub(in crate::engine) struct Conv<'a> {
    pub(in crate::engine) input: &'a [u8],
    pub(in crate::engine) walk: Walk,
    pub(in crate::engine) positions: Positions,
    /// Number of positions.
    pub(in crate::engine) count: usize,
    pub(in crate::engine) blocks: Blocks<'a>,
    pub(in crate::engine) requantise: Requantise,
    pub(in crate::engine) output: &'a mut [u8],
}

impl Iterator for Positions {
    type Item = Position;

    #[inline(always)]
    fn next(&mut self) -> Option<Position> {
        let position = self.next;
        let mut step = self.steps[0];
        self.left[0] -= 1;
        if self.left[0] == 0 {
            self.left[0] = self.counts[0];
            step = self.steps[1];
            self.left[1] -= 1;
            if self.left[1] == 0 {
                self.left[1] = self.counts[1];
                step = self.steps[2];
                self.next.cell += self.channels;
                self.left[2] -= 1;
                if self.left[2] == 0 {
                    self.left[2] = self.counts[2];
                    step = self.steps[3];
                }
            }
        }
        self.next.input = position.input.wrapping_add(step);
        Some(position)
    }
}
