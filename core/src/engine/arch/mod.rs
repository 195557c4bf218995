//! The inner loops of the integer engine, one set of them for each kind of machine. This folder holds the only
//! `unsafe` code of the engine.
//!
//! A set is chosen once, when an engine is made: at run time where there is std, else at compile time. Layers are
//! written once, generic over [`KernelSet`], and compiled for each set's instructions; convolutions over repacked
//! weights use [`Lanes`]. Every sum is exact, so that all sets give the same bits.

mod kernels;
#[cfg(all(
    feature = "simd",
    any(
        target_arch = "x86_64",
        all(target_arch = "aarch64", target_endian = "little"),
        all(target_arch = "wasm32", target_feature = "simd128"),
    )
))]
mod lanes;
#[allow(
    dead_code,
    reason = "a target without vector instructions has nothing that reads all of it"
)]
mod packing;
mod portable;
#[cfg_attr(
    not(all(feature = "dsp", target_arch = "arm")),
    allow(
        dead_code,
        reason = "only sets that multiply halves make use of all of it"
    )
)]
mod wide;

// the one module with this target's own sets
#[cfg_attr(all(feature = "simd", target_arch = "x86_64"), path = "x86.rs")]
#[cfg_attr(
    all(feature = "simd", target_arch = "aarch64", target_endian = "little"),
    path = "aarch64.rs"
)]
#[cfg_attr(
    all(feature = "simd", target_arch = "wasm32", target_feature = "simd128"),
    path = "wasm.rs"
)]
#[cfg_attr(all(feature = "dsp", target_arch = "arm"), path = "arm.rs")]
#[cfg_attr(
    not(any(
        all(feature = "simd", target_arch = "x86_64"),
        all(feature = "simd", target_arch = "aarch64", target_endian = "little"),
        all(feature = "simd", target_arch = "wasm32", target_feature = "simd128"),
        all(feature = "dsp", target_arch = "arm"),
    )),
    path = "none.rs"
)]
mod native;

pub use kernels::Kernels;
pub(super) use packing::{Blocks, Conv, Packing, Positions, Walk};
pub(super) use wide::{Depthwise, Inside, Rows};

use crate::engine::int8::Requantise;

/// Work that is done with the inner loops of one set.
///
/// `run` of an implementation must be `#[inline(always)]`: it is compiled for the set's instructions only where
/// it ends up inside a function that enables them.
pub(super) trait Job {
    fn run<K: KernelSet>(self, kernels: K);
}

/// Inner loops over activations and over weights as the model file has them. The provided ones are plain loops.
pub(super) trait KernelSet: Copy {
    /// Whether inputs and weights are spread to halves of words where there is room: in convolutions, which then take two
    /// positions at a time, through [`Self::spread`] and [`Self::pairs`], and in depthwise ones, through
    /// [`Self::depthwise`].
    const PAIRS: bool = false;

    /// Sum of products.
    #[inline(always)]
    fn dot(self, inputs: &[u8], weights: &[i8]) -> i32 {
        portable::dot(inputs, weights)
    }

    /// Compute four sums of products over the same inputs.
    #[inline(always)]
    fn dot4(self, inputs: &[u8], weights: [&[i8]; 4]) -> [i32; 4] {
        portable::dot4(inputs, weights)
    }

    /// Spread the inputs of position `place` (0 or 1), at least four: of each four, those at even places go into the
    /// halves of one word, those at odd ones into the next but one. The last words hold the last four inputs, with zeros
    /// for those that earlier words have already.
    #[inline(always)]
    fn spread(self, inputs: &[u8], place: usize, words: &mut [[u32; 4]]) {
        let (whole, rest) = inputs.as_chunks::<4>();
        let put = |words: &mut [u32; 4], inputs: u32| {
            let [even, next_even, odd, next_odd] = words;
            let (even, odd) = if place == 0 {
                (even, odd)
            } else {
                (next_even, next_odd)
            };
            (*even, *odd) = (inputs & 0x00ff_00ff, (inputs >> 8) & 0x00ff_00ff);
        };
        for (words, inputs) in words.iter_mut().zip(whole) {
            put(words, u32::from_le_bytes(*inputs));
        }
        let last = inputs.last_chunk::<4>().filter(|_| !rest.is_empty());
        if let (Some(words), Some(last)) = (words.get_mut(whole.len()), last) {
            let seen = 8 * (4 - rest.len() as u32 % 4);
            put(words, u32::from_le_bytes(*last) >> seen << seen);
        }
    }

    /// Return four weights as two words of two halves each: those at even places, and those at odd ones.
    #[inline(always)]
    fn widen(self, weights: [i8; 4]) -> [u32; 2] {
        wide::widen(weights)
    }

    /// Compute the sums of products of the inputs of two positions, spread, and the weights of each output.
    #[inline(always)]
    fn pairs(self, words: &[[u32; 4]], rows: Rows<'_>, sums: &mut [[i32; 2]]) {
        wide::pairs(words, rows, sums);
    }

    /// Requantise the larger sum of each output, with its bias (little-endian), and keep the larger of what is in
    /// `outputs` and what is new.
    #[inline(always)]
    fn keep_requantised(
        self,
        outputs: &mut [u8],
        sums: &[[i32; 2]],
        biases: &[[u8; 4]],
        requantise: Requantise,
    ) {
        wide::keep_requantised(outputs, sums, biases, requantise);
    }

    /// Compute a depthwise convolution at one position, for at least four channels, and keep the larger of what is in
    /// `outputs` and what is new.
    #[inline(always)]
    fn depthwise(self, kernel: &Depthwise<'_>, outputs: &mut [u8]) {
        wide::depthwise(kernel, outputs);
    }

    /// Add the product of a value and a weight to each sum; the shortest of the three slices ends it.
    #[inline(always)]
    fn multiply_add(self, sums: &mut [i32], values: &[u8], weights: &[i8]) {
        portable::multiply_add(sums, values, weights);
    }

    /// Add a value to each sum.
    #[inline(always)]
    fn add(self, sums: &mut [i32], values: &[u8]) {
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum += i32::from(*value);
        }
    }

    /// Replace each value of `kept` by the one in `values` where that is larger.
    #[inline(always)]
    fn keep_largest(self, kept: &mut [u8], values: &[u8]) {
        for (kept, value) in kept.iter_mut().zip(values) {
            *kept = (*kept).max(*value);
        }
    }
}
