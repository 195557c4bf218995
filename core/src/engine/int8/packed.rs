//! Convolutions and dense layers over weights that were repacked when the engine was made.

use super::requantise::Requantise;
use crate::engine::arch::{Blocks, Conv, Kernels, Packing, Positions, Walk};
use crate::model::{Geometry, Layer, Op};

/// Most bytes that a layer's padded inputs or repacked weights may take beyond four times their plain size. Above
/// that (one output channel, or more padding than input) repacking is not worth its memory.
const SLACK: u64 = 1 << 16;
/// Fewest rows of a kernel for which unfolding the inputs saves more than it costs.
const TALL: usize = 16;

/// A layer that can be repacked, as a convolution.
#[derive(Clone, Copy)]
pub(super) struct Packable<'a> {
    layer: Layer<'a>,
    packing: &'static Packing,
    geometry: Geometry,
    pool: [usize; 2],
    /// Weights of a kernel row: its width times the channels.
    row: usize,
    /// Whether the inputs are unfolded, so that those of a whole kernel follow one another.
    unfolds: bool,
    /// Runs of weights of a kernel whose inputs follow one another: their number, and the weights of one.
    lines: usize,
    line: usize,
}

impl<'a> Packable<'a> {
    /// Return the layer as a convolution, `None` where it is to stay as it is.
    // inlined so that nothing of this is left in programs for machines without a packing
    #[inline(always)]
    pub(super) fn new(layer: &Layer<'a>, packing: Option<&'static Packing>) -> Option<Self> {
        Self::with(layer, packing?)
    }

    fn with(layer: &Layer<'a>, packing: &'static Packing) -> Option<Self> {
        let (geometry, pool) = match layer.op {
            Op::Conv { geometry, pool } => (geometry, pool),
            // a kernel of one position over one row of inputs
            Op::Dense => (Geometry::square(1, 1, 0), [1, 1]),
            Op::Depthwise { .. }
            | Op::MaxPool { .. }
            | Op::AveragePool { .. }
            | Op::Join
            | Op::Resample { .. } => return None,
        };
        let channels = match layer.op {
            Op::Dense => layer.input.len() as usize,
            _ => usize::from(layer.input.channels),
        };
        let [rows, columns] = geometry.kernel.map(usize::from);
        let row = columns * channels;
        let mut this = Self {
            layer: *layer,
            packing,
            geometry,
            pool: pool.map(usize::from),
            row,
            unfolds: true,
            lines: 1,
            line: rows * row,
        };
        let worth = |bytes: u64, before: u64| bytes <= 4 * before + SLACK;
        let ragged = !row.is_multiple_of(Packing::TAPS);
        if rows < TALL || !ragged || !worth(this.padded_len(), layer.input.len()) {
            (this.unfolds, this.lines, this.line) = (false, rows, row);
        }
        let blocks = this.blocks() as u64 * (1 + this.walk(0).weight_rows() as u64);
        (worth(
            blocks * this.packing.row_bytes() as u64,
            layer.weights.len() as u64,
        ) && worth(this.padded_len(), layer.input.len()))
        .then_some(this)
    }

    /// Return the bytes of the repacked weights.
    pub(super) fn packed_bytes(&self) -> usize {
        let row_bytes = self.packing.row_bytes();
        let rows = self.blocks() * (1 + self.walk(0).weight_rows()) * row_bytes;
        if !self.packing.in_16_bits {
            return rows;
        }
        let extra = (0..self.blocks()).map(|block| {
            let count = self.extra_steps(block).count();
            ((1 + count) * 4).next_multiple_of(row_bytes) + count * row_bytes
        });
        rows + extra.sum::<usize>()
    }

    /// Return the bytes of the padded inputs, 0 where they are read in place.
    pub(super) fn padded_bytes(&self) -> usize {
        if self.reads_in_place() {
            0
        } else {
            self.padded_len() as usize
        }
    }

    /// Repack the weights into the front of `packed`; return what is left of it.
    pub(super) fn pack<'p>(&self, packed: &'p mut [u8]) -> &'p mut [u8] {
        let row_bytes = self.packing.row_bytes();
        let block_rows = 1 + self.walk(0).weight_rows();
        let (blocks, mut extra) = packed
            .split_at_mut_checked(self.blocks() * block_rows * row_bytes)
            .unwrap_or_default();
        for (block, rows) in blocks.chunks_exact_mut(block_rows * row_bytes).enumerate() {
            let mut rows = rows.chunks_exact_mut(row_bytes);
            self.pack_biases(block, rows.next().unwrap_or_default());
            for (row, step) in rows.zip(self.steps()) {
                self.pack_step(block, step, Part::Fits, row);
            }
            if self.packing.in_16_bits {
                extra = self.pack_extra(block, extra);
            }
        }
        extra
    }

    /// Run the layer on the weights at the front of `packed`; return what is left of them.
    pub(super) fn run<'p>(
        &self,
        kernels: Kernels,
        packed: &'p [u8],
        input: &[u8],
        padded: &mut [u8],
        output: &mut [u8],
    ) -> &'p [u8] {
        let in_place = self.reads_in_place();
        let walk = self.walk(0);
        let blocks = Blocks::new(self.packing, walk, self.blocks(), packed);
        let rest = blocks.clone().rest();
        let [down, right] = self.geometry.stride.map(usize::from);
        let (stride, step, input) = if in_place {
            let row = self.input_row();
            (row, [down * row, right * self.channels()], input)
        } else if self.unfolds {
            self.unfold(input, padded);
            let column = self.padded_height() as usize * self.row;
            (0, [down * self.row, column], &*padded)
        } else {
            self.pad(input, padded);
            let row = self.padded_width() as usize;
            (row, [down * row, right * self.channels()], &*padded)
        };
        output.fill(0);
        let channels = usize::from(self.layer.output.channels);
        kernels.conv(Conv {
            input,
            walk: self.walk(stride),
            positions: Positions::new(
                step,
                self.pool,
                usize::from(self.layer.output.width),
                channels,
            ),
            count: output.len() / channels.max(1) * self.pool[0] * self.pool[1],
            blocks,
            requantise: Requantise::new(self.layer.shift),
            output,
        });
        rest
    }

    /// Return the channels of the convolution's input.
    fn channels(&self) -> usize {
        self.row / usize::from(self.geometry.kernel[1]).max(1)
    }

    /// Return the height and width of the convolution's input.
    fn extent(&self) -> [u64; 2] {
        match self.layer.op {
            Op::Dense => [1, 1],
            _ => [self.layer.input.height, self.layer.input.width].map(u64::from),
        }
    }

    /// Return the bytes of an input row without padding.
    fn input_row(&self) -> usize {
        self.extent()[1] as usize * self.channels()
    }

    /// Return the bytes of an input row with its padding.
    fn padded_width(&self) -> u64 {
        let [_, left, _, right] = self.geometry.pad.map(u64::from);
        (self.extent()[1] + left + right) * self.channels() as u64
    }

    /// Return the rows of the inputs with their padding.
    fn padded_height(&self) -> u64 {
        let [top, _, bottom, _] = self.geometry.pad.map(u64::from);
        self.extent()[0] + top + bottom
    }

    /// Return the columns at which the kernel is placed.
    fn columns(&self) -> u64 {
        let [_, left, _, right] = self.geometry.pad.map(u64::from);
        let [_, kernel] = self.geometry.kernel.map(u64::from);
        let [_, stride] = self.geometry.stride.map(u64::from);
        (self.extent()[1] + left + right).saturating_sub(kernel) / stride.max(1) + 1
    }

    /// Return the bytes of the padded inputs; the last step of a row may read past its end.
    fn padded_len(&self) -> u64 {
        let row = if self.unfolds {
            self.columns() * self.row as u64
        } else {
            self.padded_width()
        };
        self.padded_height() * row + Packing::TAPS as u64
    }

    /// Return whether the inputs need no padding, no flipping and no bytes past their end.
    fn reads_in_place(&self) -> bool {
        self.geometry.pad == [0; 4]
            && self.packing.flip == 0
            && self.row.is_multiple_of(Packing::TAPS)
    }

    fn walk(&self, stride: usize) -> Walk {
        Walk {
            rows: self.lines,
            steps: self.line.div_ceil(Packing::TAPS),
            stride,
        }
    }

    /// Return the number of blocks of outputs.
    fn blocks(&self) -> usize {
        usize::from(self.layer.output.channels).div_ceil(self.packing.lanes)
    }

    /// Copy the inputs into their padding.
    fn pad(&self, input: &[u8], padded: &mut [u8]) {
        let flip = self.packing.flip;
        let [top, left, _, _] = self.geometry.pad.map(usize::from);
        let row = self.input_row();
        let skip = left * self.channels();
        padded.fill(flip);
        let rows = padded.chunks_exact_mut((self.padded_width() as usize).max(1));
        for (padded, input) in rows.skip(top).zip(input.chunks_exact(row.max(1))) {
            let inside = padded.get_mut(skip..skip + row).unwrap_or_default();
            for (padded, input) in inside.iter_mut().zip(input) {
                *padded = *input ^ flip;
            }
        }
    }

    /// Copy the inputs so that those under each column of the kernel follow one another, from the first row to the last one,
    /// with their padding: wherever the kernel begins, its inputs are in the order of its weights.
    fn unfold(&self, input: &[u8], padded: &mut [u8]) {
        let flip = self.packing.flip;
        let top = usize::from(self.geometry.pad[0]) * self.row;
        let pad = usize::from(self.geometry.pad[1]) * self.channels();
        let stride = usize::from(self.geometry.stride[1]) * self.channels();
        let row = self.input_row().max(1);
        let column = (self.padded_height() as usize * self.row).max(1);
        padded.fill(flip);
        for (x, column) in padded.chunks_exact_mut(column).enumerate() {
            // the part of the kernel's row that lies inside begins at `skip` in it and at `from` in the input's row
            let skip = pad.saturating_sub(x * stride).min(self.row);
            let from = (x * stride).saturating_sub(pad);
            let cells = column.get_mut(top..).unwrap_or_default();
            for (cells, row) in cells
                .chunks_exact_mut(self.row.max(1))
                .zip(input.chunks_exact(row))
            {
                let inside = cells.get_mut(skip..).unwrap_or_default();
                for (cell, value) in inside.iter_mut().zip(row.get(from..).unwrap_or_default()) {
                    *cell = *value ^ flip;
                }
            }
        }
    }

    /// Return the kernel row and step of every row of weights.
    fn steps(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let walk = self.walk(0);
        (0..walk.rows).flat_map(move |row| (0..walk.steps).map(move |step| (row, step)))
    }

    /// Return all weights of an output.
    fn output(&self, output: usize) -> &'a [i8] {
        let taps = self.lines * self.line;
        let weights = self.layer.weights;
        weights
            .get(output * taps..(output + 1) * taps)
            .unwrap_or_default()
    }

    /// Return one output's weights of a step, with zeros past the row's end.
    fn taps(&self, output: usize, (row, step): (usize, usize)) -> [i8; Packing::TAPS] {
        let weights = self
            .output(output)
            .get(row * self.line..(row + 1) * self.line);
        let weights = weights.and_then(|weights| weights.get(step * Packing::TAPS..));
        let weights = weights.unwrap_or_default();
        weights.first_chunk().copied().unwrap_or_else(|| {
            let mut taps = [0; Packing::TAPS];
            for (tap, weight) in taps.iter_mut().zip(weights) {
                *tap = *weight;
            }
            taps
        })
    }

    /// Return the steps at which a block has weights that do not fit beside their neighbours.
    fn extra_steps(&self, block: usize) -> impl Iterator<Item = (usize, usize)> {
        self.steps().filter(move |step| {
            (0..self.packing.lanes).any(|lane| {
                let taps = self.taps(block * self.packing.lanes + lane, *step);
                self.fit(taps) != [true; 2]
            })
        })
    }

    /// Return whether each pair of weights fits into one row.
    #[inline]
    fn fit(&self, [a, b, c, d]: [i8; Packing::TAPS]) -> [bool; 2] {
        [self.packing.fits(a, b), self.packing.fits(c, d)]
    }

    /// Return the weights that stay in their row, or those that go into an extra one.
    fn part(&self, taps: [i8; Packing::TAPS], part: Part) -> [i8; Packing::TAPS] {
        let ([a, b, c, d], [first, second]) = (taps, self.fit(taps));
        let kept = |weight, fits| {
            if fits == matches!(part, Part::Fits) {
                weight
            } else {
                0
            }
        };
        match part {
            Part::Fits => [a, kept(b, first), c, kept(d, second)],
            Part::Extra => [0, kept(b, first), 0, kept(d, second)],
        }
    }

    fn pack_step(&self, block: usize, step: (usize, usize), part: Part, row: &mut [u8]) {
        let lanes = self.packing.lanes;
        for lane in 0..lanes {
            let taps = self.part(self.taps(block * lanes + lane, step), part);
            for (tap, weight) in taps.into_iter().enumerate() {
                let at = if self.packing.halves {
                    tap / 2 * 2 * lanes + 2 * lane + tap % 2
                } else {
                    lane * Packing::TAPS + tap
                };
                if let Some(slot) = row.get_mut(at) {
                    *slot = weight.cast_unsigned();
                }
            }
        }
    }

    fn pack_biases(&self, block: usize, row: &mut [u8]) {
        let biases = self.layer.biases.iter().enumerate();
        let biases = biases.skip(block * self.packing.lanes);
        for ((output, bias), slot) in biases.zip(row.as_chunks_mut::<4>().0) {
            // Σ w·x = Σ w·(x − 128) + 128 · Σ w, and a padded 0 is an x like any other
            let sum: i32 = self.output(output).iter().map(|w| i32::from(*w)).sum();
            *slot = (bias + i32::from(self.packing.flip) * sum).to_le_bytes();
        }
    }

    /// Write a block's extra rows to the front of `extra`; return what is left of it.
    fn pack_extra<'p>(&self, block: usize, extra: &'p mut [u8]) -> &'p mut [u8] {
        let row_bytes = self.packing.row_bytes();
        let count = self.extra_steps(block).count();
        let (head, extra) = extra
            .split_at_mut_checked(((1 + count) * 4).next_multiple_of(row_bytes))
            .unwrap_or_default();
        let (rows, extra) = extra
            .split_at_mut_checked(count * row_bytes)
            .unwrap_or_default();
        let (head, rows) = (
            head.as_chunks_mut::<4>().0,
            rows.chunks_exact_mut(row_bytes),
        );
        if let Some((first, words)) = head.split_first_mut() {
            *first = (count as u32).to_le_bytes();
            for ((word, row), step) in words.iter_mut().zip(rows).zip(self.extra_steps(block)) {
                *word = ((step.0 << 24 | step.1) as u32).to_le_bytes();
                self.pack_step(block, step, Part::Extra, row);
            }
        }
        extra
    }
}

/// Which weights of a step.
#[derive(Clone, Copy)]
enum Part {
    Fits,
    Extra,
}
