//! aarch64 with NEON, and with the dot product instructions of Armv8.2 (Cortex-A55, A76, Apple M1 and later).
//!
//! Both multiply i8 by i8, so they take inputs as `x - 128`.
#![allow(
    unsafe_code,
    reason = "vector instructions, some of which not every machine has"
)]

use core::arch::aarch64::*;
use core::arch::asm;

use super::lanes::{self, Lanes};
use super::portable::Portable;
use super::{Conv, Job, Packing};
use crate::engine::int8::Requantise;

/// One of this target's sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Set {
    Neon(Neon),
    DotProduct(DotProduct),
}

/// A proof that the machine has NEON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Neon(());

/// A proof that the machine has NEON and the dot product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DotProduct(());

/// Whether the machine has a feature: asked at run time with std, else what the program is compiled for.
macro_rules! has {
    ($feature:tt) => {{
        #[cfg(feature = "std")]
        let has = std::arch::is_aarch64_feature_detected!($feature);
        #[cfg(not(feature = "std"))]
        let has = cfg!(target_feature = $feature);
        has
    }};
}

impl Set {
    pub(super) fn available() -> impl Iterator<Item = Self> {
        let neon = has!("neon");
        let dot_product = neon && has!("dotprod");
        [
            dot_product.then_some(Self::DotProduct(DotProduct(()))),
            neon.then_some(Self::Neon(Neon(()))),
        ]
        .into_iter()
        .flatten()
    }

    /// Return whether this set takes two positions at a time in a convolution over weights in place.
    pub(super) const fn takes_pairs(self) -> bool {
        false
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Neon(_) => "NEON",
            Self::DotProduct(_) => "NEON dot product",
        }
    }

    pub(super) const fn packing(self) -> Option<&'static Packing> {
        Some(match self {
            Self::Neon(_) => &Neon::PACKING,
            Self::DotProduct(_) => &DotProduct::PACKING,
        })
    }

    /// Run the plain loops: where the target has NEON, they are compiled for it already.
    pub(super) fn run(self, job: impl Job) {
        job.run(Portable);
    }

    pub(super) fn conv(self, conv: Conv<'_>) {
        #[target_feature(enable = "neon")]
        fn neon(set: Neon, conv: Conv<'_>) {
            lanes::conv(set, conv);
        }
        #[target_feature(enable = "neon,dotprod")]
        fn dot_product(set: DotProduct, conv: Conv<'_>) {
            lanes::conv(set, conv);
        }
        // SAFETY: each value proves that its instructions are there
        unsafe {
            match self {
                Self::Neon(set) => neon(set, conv),
                Self::DotProduct(set) => dot_product(set, conv),
            }
        }
    }
}

/// Eight sums in two registers: what both sets share.
macro_rules! eight_lanes {
    () => {
        type Sums = [int32x4_t; 2];
        type Weights = [int8x16_t; 2];
        type Inputs = int8x16_t;
        type Bytes = [u8; 8];

        #[inline(always)]
        unsafe fn biases(self, row: *const u8) -> [int32x4_t; 2] {
            // SAFETY: the caller's, and `self` proves NEON
            unsafe { [vld1q_s32(row.cast()), vld1q_s32(row.add(16).cast())] }
        }

        #[inline(always)]
        unsafe fn weights(self, row: *const u8) -> [int8x16_t; 2] {
            // SAFETY: the caller's, and `self` proves NEON
            unsafe { [vld1q_s8(row.cast()), vld1q_s8(row.add(16).cast())] }
        }

        #[inline(always)]
        unsafe fn four_steps(self, inputs: *const u8) -> int8x16_t {
            // SAFETY: the caller's, and `self` proves NEON
            unsafe { vld1q_s8(inputs.cast()) }
        }

        #[inline(always)]
        unsafe fn one_step(self, inputs: *const u8) -> int8x16_t {
            // SAFETY: the caller's, and `self` proves NEON; unaligned
            unsafe { vreinterpretq_s8_s32(vdupq_n_s32(inputs.cast::<i32>().read_unaligned())) }
        }

        #[inline(always)]
        fn max(self, a: [int32x4_t; 2], b: [int32x4_t; 2]) -> [int32x4_t; 2] {
            // SAFETY: `self` proves NEON
            unsafe { [vmaxq_s32(a[0], b[0]), vmaxq_s32(a[1], b[1])] }
        }

        #[inline(always)]
        fn requantise(self, sums: [int32x4_t; 2], r: Requantise) -> [u8; 8] {
            let mut bytes = [0; 8];
            // SAFETY: `self` proves NEON; the store fills the array
            unsafe {
                let shift = vdupq_n_s32(-(r.shift as i32));
                let halves = sums.map(|sums| {
                    let sums = vreinterpretq_u32_s32(vmaxq_s32(sums, vdupq_n_s32(0)));
                    let odd = vandq_u32(vshlq_u32(sums, shift), vdupq_n_u32(r.odd));
                    let half = vaddq_u32(sums, vdupq_n_u32(r.below_half));
                    vqmovn_u32(vshlq_u32(vaddq_u32(half, odd), shift))
                });
                vst1_u8(
                    bytes.as_mut_ptr(),
                    vqmovn_u16(vcombine_u16(halves[0], halves[1])),
                );
            }
            bytes
        }
    };
}

impl Lanes for DotProduct {
    const PACKING: Packing = Packing {
        lanes: 8,
        flip: 0x80,
        halves: false,
        in_16_bits: false,
    };
    const GROUP: usize = 3;

    eight_lanes!();

    #[inline(always)]
    unsafe fn add<const STEP: usize>(
        self,
        sums: [int32x4_t; 2],
        inputs: int8x16_t,
        weights: [int8x16_t; 2],
    ) -> [int32x4_t; 2] {
        let [mut low, mut high] = sums;
        // SAFETY: `self` proves the dot product; the instructions have no stable form in Rust, and touch the named
        // registers alone
        unsafe {
            asm!("sdot {0:v}.4s, {1:v}.16b, {2:v}.4b[{3}]", inout(vreg) low, in(vreg) weights[0],
                in(vreg) inputs, const STEP, options(pure, nomem, nostack, preserves_flags));
            asm!("sdot {0:v}.4s, {1:v}.16b, {2:v}.4b[{3}]", inout(vreg) high, in(vreg) weights[1],
                in(vreg) inputs, const STEP, options(pure, nomem, nostack, preserves_flags));
        }
        [low, high]
    }
}

impl Lanes for Neon {
    const PACKING: Packing = Packing {
        lanes: 8,
        flip: 0x80,
        halves: true,
        in_16_bits: false,
    };
    const GROUP: usize = 2;

    eight_lanes!();

    #[inline(always)]
    unsafe fn add<const STEP: usize>(
        self,
        [low, high]: [int32x4_t; 2],
        inputs: int8x16_t,
        weights: [int8x16_t; 2],
    ) -> [int32x4_t; 2] {
        // SAFETY: `self` proves NEON
        unsafe {
            let pairs = vreinterpretq_s16_s8(inputs);
            let (first, second) = match STEP {
                0 => (vdupq_laneq_s16::<0>(pairs), vdupq_laneq_s16::<1>(pairs)),
                1 => (vdupq_laneq_s16::<2>(pairs), vdupq_laneq_s16::<3>(pairs)),
                2 => (vdupq_laneq_s16::<4>(pairs), vdupq_laneq_s16::<5>(pairs)),
                _ => (vdupq_laneq_s16::<6>(pairs), vdupq_laneq_s16::<7>(pairs)),
            };
            let (first, second) = (vreinterpretq_s8_s16(first), vreinterpretq_s8_s16(second));
            let low = vpadalq_s16(low, vmull_s8(vget_low_s8(first), vget_low_s8(weights[0])));
            let high = vpadalq_s16(high, vmull_high_s8(first, weights[0]));
            [
                vpadalq_s16(low, vmull_s8(vget_low_s8(second), vget_low_s8(weights[1]))),
                vpadalq_s16(high, vmull_high_s8(second, weights[1])),
            ]
        }
    }
}
