//! Loops of sets that multiply halves of words: inputs and weights spread to 16 bits, two to a word. Each set has its own;
//! these are the definition, and what tests on other machines run.

use crate::engine::int8::Requantise;

/// Weights of some outputs of a convolution.
#[derive(Clone, Copy)]
pub(in crate::engine) struct Rows<'a> {
    /// As the model has them.
    pub(in crate::engine) in_place: &'a [i8],
    /// Weights of an output.
    pub(in crate::engine) taps: usize,
    /// Those of each two outputs, widened: for each four taps those at even places of both, then those at odd ones.
    /// Empty where they are used in place.
    pub(in crate::engine) wide: &'a [[u32; 4]],
}

impl Rows<'_> {
    /// Return the weights from an output on, whose number is even where weights are widened.
    #[inline(always)]
    pub(in crate::engine) fn from(self, output: usize, steps: usize) -> Self {
        let in_place = self.in_place.get(output * self.taps..);
        let wide = self.wide.get(output / 2 * steps..);
        Self {
            in_place: in_place.unwrap_or_default(),
            wide: wide.unwrap_or_default(),
            ..self
        }
    }
}

/// A depthwise convolution's kernel at one position.
pub(in crate::engine) struct Depthwise<'a> {
    /// Inputs, from the first one inside on.
    pub(in crate::engine) input: &'a [u8],
    pub(in crate::engine) inside: Inside,
    /// Width of the kernel.
    pub(in crate::engine) width: usize,
    /// Positions of the kernel.
    pub(in crate::engine) taps: usize,
    /// A block for each four channels, the last four being the last block: their biases; then two taps to four words, for
    /// each tap the weights of channels 0 and 2, then those of 1 and 3.
    pub(in crate::engine) weights: &'a [[u32; 4]],
    pub(in crate::engine) requantise: Requantise,
}

/// The part of a kernel that lies inside the input.
#[derive(Clone, Copy)]
pub(in crate::engine) struct Inside {
    pub(in crate::engine) first_tap: usize,
    pub(in crate::engine) rows: usize,
    pub(in crate::engine) columns: usize,
    /// Bytes of a row of the input.
    pub(in crate::engine) row: usize,
}

impl Depthwise<'_> {
    /// Return the words of four that a block of four channels takes.
    pub(in crate::engine) const fn block(taps: usize) -> usize {
        1 + taps.div_ceil(2)
    }

    /// Return the first channel of a block.
    pub(in crate::engine) fn channel(block: usize, channels: usize) -> usize {
        (4 * block).min(channels.saturating_sub(4))
    }
}

/// Return four bytes as two words of two halves each: those at even places, and those at odd ones.
#[inline(always)]
pub(super) fn widen(weights: [i8; 4]) -> [u32; 2] {
    let [a, b, c, d] = weights.map(|weight| u32::from(i16::from(weight).cast_unsigned()));
    [a | c << 16, b | d << 16]
}

/// Compute the sum of the products of halves.
fn products(inputs: u32, weights: u32) -> i32 {
    let half = |word: u32, shift: u32| i32::from((word >> shift) as i16);
    half(inputs, 0) * half(weights, 0) + half(inputs, 16) * half(weights, 16)
}

/// Compute the sums of each output at two positions.
#[inline(always)]
pub(super) fn pairs(words: &[[u32; 4]], rows: Rows<'_>, sums: &mut [[i32; 2]]) {
    for (index, sums) in sums.iter_mut().enumerate() {
        *sums = [0; 2];
        let row = rows.in_place.get(index * rows.taps..);
        let row = row.and_then(|row| row.get(..rows.taps)).unwrap_or_default();
        let (whole, rest) = row.as_chunks::<4>();
        let last = row.last_chunk::<4>().filter(|_| !rest.is_empty());
        let wide = rows.wide.get(index / 2 * words.len()..).unwrap_or_default();
        let mut wide = wide.iter();
        for ([even, next_even, odd, next_odd], weights) in
            words.iter().zip(whole.iter().chain(last))
        {
            let weights = match wide.next() {
                Some([even, _, odd, _]) if index % 2 == 0 => [*even, *odd],
                Some([_, even, _, odd]) => [*even, *odd],
                None => widen(*weights),
            };
            sums[0] += products(*even, weights[0]) + products(*odd, weights[1]);
            sums[1] += products(*next_even, weights[0]) + products(*next_odd, weights[1]);
        }
    }
}

/// Requantise the larger sum of each output, with its bias, and keep the larger of what is there and what is new.
#[inline(always)]
pub(super) fn keep_requantised(
    outputs: &mut [u8],
    sums: &[[i32; 2]],
    biases: &[[u8; 4]],
    requantise: Requantise,
) {
    for ((output, [first, second]), bias) in outputs.iter_mut().zip(sums).zip(biases) {
        let sum = i32::from_le_bytes(*bias) + (*first).max(*second);
        *output = (*output).max(requantise.apply(sum));
    }
}

/// Compute a depthwise convolution at one position, and keep the larger of what is there and what is new.
#[inline(always)]
pub(super) fn depthwise(kernel: &Depthwise<'_>, outputs: &mut [u8]) {
    let channels = outputs.len();
    let inside = kernel.inside;
    let blocks = kernel.weights.chunks_exact(Depthwise::block(kernel.taps));
    for (index, block) in blocks.enumerate() {
        let first = Depthwise::channel(index, channels);
        let (biases, taps) = block.split_first().unwrap_or((&[0; 4], &[]));
        let taps = taps.as_flattened().as_chunks::<2>().0;
        let mut sums = biases.map(u32::cast_signed);
        for (y, x) in (0..inside.rows).flat_map(|y| (0..inside.columns).map(move |x| (y, x))) {
            let at = y * inside.row + x * channels + first;
            let inputs = kernel.input.get(at..).and_then(<[u8]>::first_chunk::<4>);
            let weights = taps.get(inside.first_tap + y * kernel.width + x);
            if let (Some(inputs), Some([even, odd])) = (inputs, weights) {
                let weights = [*even, *odd, even >> 16, odd >> 16].map(|half| half as i16);
                for ((sum, input), weight) in sums.iter_mut().zip(inputs).zip(weights) {
                    *sum += i32::from(*input) * i32::from(weight);
                }
            }
        }
        let outputs = outputs.get_mut(first..).unwrap_or_default();
        for (output, sum) in outputs.iter_mut().zip(sums) {
            *output = (*output).max(kernel.requantise.apply(sum));
        }
    }
}
