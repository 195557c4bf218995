//! WebAssembly with fixed-width SIMD, which a program is compiled for (`-C target-feature=+simd128`).
#![allow(unsafe_code, reason = "loads without a check for each")]

use core::arch::wasm32::*;

use super::lanes::{self, Lanes};
use super::portable::Portable;
use super::{Conv, Job, Packing};
use crate::engine::int8::Requantise;

/// The only set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Set;

impl Set {
    pub(super) fn available() -> impl Iterator<Item = Self> {
        [Self].into_iter()
    }

    /// Return whether this set takes two positions at a time in a convolution over weights in place.
    pub(super) const fn takes_pairs(self) -> bool {
        false
    }

    pub(super) const fn name(self) -> &'static str {
        "WebAssembly SIMD"
    }

    pub(super) const fn packing(self) -> Option<&'static Packing> {
        Some(&Self::PACKING)
    }

    /// Run the plain loops, which are compiled for SIMD already.
    pub(super) fn run(self, job: impl Job) {
        job.run(Portable);
    }

    pub(super) fn conv(self, conv: Conv<'_>) {
        lanes::conv(self, conv);
    }
}

impl Lanes for Set {
    const PACKING: Packing = Packing {
        lanes: 8,
        flip: 0,
        halves: true,
        in_16_bits: false,
    };
    const GROUP: usize = 1;

    type Sums = [v128; 2];
    /// Widened to 16 bits.
    type Weights = [v128; 4];
    type Inputs = *const u8;
    type Bytes = [u8; 8];

    #[inline(always)]
    unsafe fn biases(self, row: *const u8) -> [v128; 2] {
        // SAFETY: the caller's
        unsafe { [v128_load(row.cast()), v128_load(row.add(16).cast())] }
    }

    #[inline(always)]
    unsafe fn weights(self, row: *const u8) -> [v128; 4] {
        // SAFETY: the caller's
        unsafe { [0, 8, 16, 24].map(|at| i16x8_load_extend_i8x8(row.add(at).cast())) }
    }

    #[inline(always)]
    unsafe fn four_steps(self, inputs: *const u8) -> *const u8 {
        inputs
    }

    #[inline(always)]
    unsafe fn one_step(self, inputs: *const u8) -> *const u8 {
        inputs
    }

    #[inline(always)]
    unsafe fn add<const STEP: usize>(
        self,
        [low, high]: [v128; 2],
        inputs: *const u8,
        weights: [v128; 4],
    ) -> [v128; 2] {
        // SAFETY: the caller's
        let inputs =
            u16x8_extend_low_u8x16(unsafe { v128_load32_splat(inputs.add(4 * STEP).cast()) });
        let first = i32x4_shuffle::<0, 0, 0, 0>(inputs, inputs);
        let second = i32x4_shuffle::<1, 1, 1, 1>(inputs, inputs);
        let low = i32x4_add(low, i32x4_dot_i16x8(first, weights[0]));
        let high = i32x4_add(high, i32x4_dot_i16x8(first, weights[1]));
        [
            i32x4_add(low, i32x4_dot_i16x8(second, weights[2])),
            i32x4_add(high, i32x4_dot_i16x8(second, weights[3])),
        ]
    }

    #[inline(always)]
    fn max(self, a: [v128; 2], b: [v128; 2]) -> [v128; 2] {
        [i32x4_max(a[0], b[0]), i32x4_max(a[1], b[1])]
    }

    #[inline(always)]
    fn requantise(self, sums: [v128; 2], r: Requantise) -> [u8; 8] {
        let [low, high] = sums.map(|sums| {
            let sums = i32x4_max(sums, i32x4_splat(0));
            let odd = v128_and(u32x4_shr(sums, r.shift), u32x4_splat(r.odd));
            let half = i32x4_add(sums, u32x4_splat(r.below_half));
            u32x4_min(u32x4_shr(i32x4_add(half, odd), r.shift), u32x4_splat(255))
        });
        let words = u16x8_narrow_i32x4(low, high);
        u64x2_extract_lane::<0>(u8x16_narrow_i16x8(words, words)).to_le_bytes()
    }
}
