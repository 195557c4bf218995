//! x86-64 with AVX2, AVX-VNNI or AVX-512 VNNI.
//!
//! AVX2 multiplies u8 by i8 and adds each two products in 16 bits, which saturates; weights whose products could are
//! kept apart ([`Packing::in_16_bits`]). VNNI adds four products in 32 bits.
#![allow(unsafe_code, reason = "vector instructions that not every machine has")]

use core::arch::x86_64::*;

use super::lanes::{self, Lanes};
use super::{Conv, Job, KernelSet, Packing};
use crate::engine::int8::Requantise;

/// One of this target's sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Set {
    Avx2(Avx2),
    AvxVnni(AvxVnni),
    Avx512Vnni(Avx512Vnni),
}

/// A proof that the machine has AVX2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Avx2(());

/// A proof that the machine has AVX2 and AVX-VNNI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AvxVnni(());

/// A proof that the machine has AVX2 and AVX-512 F, BW and VNNI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Avx512Vnni(());

/// Whether the machine has these features: asked at run time with std, else what the program is compiled for.
macro_rules! has {
    ($($feature:tt),*) => {{
        #[cfg(feature = "std")]
        let has = true $(&& std::arch::is_x86_feature_detected!($feature))*;
        #[cfg(not(feature = "std"))]
        let has = true $(&& cfg!(target_feature = $feature))*;
        has
    }};
}

impl Set {
    pub(super) fn available() -> impl Iterator<Item = Self> {
        let avx2 = has!("avx2");
        let avx_vnni = avx2 && has!("avxvnni");
        let avx512_vnni = avx2 && has!("avx512f", "avx512bw", "avx512vnni");
        [
            avx512_vnni.then_some(Self::Avx512Vnni(Avx512Vnni(()))),
            avx_vnni.then_some(Self::AvxVnni(AvxVnni(()))),
            avx2.then_some(Self::Avx2(Avx2(()))),
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
            Self::Avx2(_) => "AVX2",
            Self::AvxVnni(_) => "AVX-VNNI",
            Self::Avx512Vnni(_) => "AVX-512 VNNI",
        }
    }

    pub(super) const fn packing(self) -> Option<&'static Packing> {
        Some(match self {
            Self::Avx2(_) => &Avx2::PACKING,
            Self::AvxVnni(_) => &AvxVnni::PACKING,
            Self::Avx512Vnni(_) => &Avx512Vnni::PACKING,
        })
    }

    pub(super) fn run(self, job: impl Job) {
        #[target_feature(enable = "avx2")]
        fn avx2(job: impl Job) {
            job.run(Loops);
        }
        // SAFETY: each of the three proves that there is AVX2
        unsafe { avx2(job) }
    }

    pub(super) fn conv(self, conv: Conv<'_>) {
        #[target_feature(enable = "avx2")]
        fn avx2(set: Avx2, conv: Conv<'_>) {
            lanes::conv(set, conv);
        }
        #[target_feature(enable = "avx2,avxvnni")]
        fn avx_vnni(set: AvxVnni, conv: Conv<'_>) {
            lanes::conv(set, conv);
        }
        #[target_feature(enable = "avx2,avx512f,avx512bw,avx512vnni")]
        fn avx512_vnni(set: Avx512Vnni, conv: Conv<'_>) {
            lanes::conv(set, conv);
        }
        // SAFETY: each value proves that its instructions are there
        unsafe {
            match self {
                Self::Avx2(set) => avx2(set, conv),
                Self::AvxVnni(set) => avx_vnni(set, conv),
                Self::Avx512Vnni(set) => avx512_vnni(set, conv),
            }
        }
    }
}

/// The plain loops, which the compiler turns into AVX2 where they are inlined into a function with it.
#[derive(Clone, Copy)]
struct Loops;

impl KernelSet for Loops {}

/// Return the inputs of a step, for all lanes.
///
/// # Safety
/// The step's four bytes must be readable.
#[inline(always)]
unsafe fn word(inputs: *const u8, step: usize) -> i32 {
    // SAFETY: the caller's; unaligned
    unsafe { inputs.add(4 * step).cast::<i32>().read_unaligned() }
}

/// Eight sums in a register: what AVX2 and AVX-VNNI share.
macro_rules! eight_lanes {
    () => {
        type Sums = __m256i;
        type Weights = __m256i;
        type Inputs = *const u8;
        type Bytes = [u8; 8];

        #[inline(always)]
        unsafe fn biases(self, row: *const u8) -> __m256i {
            // SAFETY: the caller's, and `self` proves AVX2
            unsafe { _mm256_loadu_si256(row.cast()) }
        }

        #[inline(always)]
        unsafe fn weights(self, row: *const u8) -> __m256i {
            // SAFETY: the caller's, and `self` proves AVX2
            unsafe { _mm256_loadu_si256(row.cast()) }
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
        fn max(self, a: __m256i, b: __m256i) -> __m256i {
            // SAFETY: `self` proves AVX2
            unsafe { _mm256_max_epi32(a, b) }
        }

        #[inline(always)]
        fn requantise(self, sums: __m256i, r: Requantise) -> [u8; 8] {
            // SAFETY: `self` proves AVX2
            let bytes = unsafe {
                let shift = _mm_cvtsi32_si128(r.shift as i32);
                let sums = _mm256_max_epi32(sums, _mm256_setzero_si256());
                let odd = _mm256_and_si256(
                    _mm256_srl_epi32(sums, shift),
                    _mm256_set1_epi32(r.odd as i32),
                );
                let half = _mm256_add_epi32(sums, _mm256_set1_epi32(r.below_half as i32));
                let rounded = _mm256_srl_epi32(_mm256_add_epi32(half, odd), shift);
                // with a shift the sign bit is clear again, without one it was never set
                let low = _mm256_min_epi32(rounded, _mm256_set1_epi32(255));
                let words = _mm_packus_epi32(
                    _mm256_castsi256_si128(low),
                    _mm256_extracti128_si256::<1>(low),
                );
                _mm_cvtsi128_si64(_mm_packus_epi16(words, words))
            };
            bytes.to_le_bytes()
        }
    };
}

impl Lanes for Avx2 {
    const PACKING: Packing = Packing {
        lanes: 8,
        flip: 0,
        halves: false,
        in_16_bits: true,
    };
    const GROUP: usize = 2;

    eight_lanes!();

    #[inline(always)]
    unsafe fn add<const STEP: usize>(
        self,
        sums: __m256i,
        inputs: *const u8,
        weights: __m256i,
    ) -> __m256i {
        // SAFETY: the caller's, and `self` proves AVX2
        unsafe {
            let pairs = _mm256_maddubs_epi16(_mm256_set1_epi32(word(inputs, STEP)), weights);
            _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
        }
    }
}

impl Lanes for AvxVnni {
    const PACKING: Packing = Packing {
        lanes: 8,
        flip: 0,
        halves: false,
        in_16_bits: false,
    };
    const GROUP: usize = 3;

    eight_lanes!();

    #[inline(always)]
    unsafe fn add<const STEP: usize>(
        self,
        sums: __m256i,
        inputs: *const u8,
        weights: __m256i,
    ) -> __m256i {
        // SAFETY: the caller's, and `self` proves AVX-VNNI
        unsafe {
            let inputs = _mm256_set1_epi32(word(inputs, STEP));
            _mm256_dpbusd_avx_epi32(sums, inputs, weights)
        }
    }
}

impl Lanes for Avx512Vnni {
    const PACKING: Packing = Packing {
        lanes: 16,
        flip: 0,
        halves: false,
        in_16_bits: false,
    };
    const GROUP: usize = 3;

    type Sums = __m512i;
    type Weights = __m512i;
    type Inputs = *const u8;
    type Bytes = [u8; 16];

    #[inline(always)]
    unsafe fn biases(self, row: *const u8) -> __m512i {
        // SAFETY: the caller's, and `self` proves AVX-512 F
        unsafe { _mm512_loadu_si512(row.cast()) }
    }

    #[inline(always)]
    unsafe fn weights(self, row: *const u8) -> __m512i {
        // SAFETY: the caller's, and `self` proves AVX-512 F
        unsafe { _mm512_loadu_si512(row.cast()) }
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
        sums: __m512i,
        inputs: *const u8,
        weights: __m512i,
    ) -> __m512i {
        // SAFETY: the caller's, and `self` proves AVX-512 VNNI
        unsafe { _mm512_dpbusd_epi32(sums, _mm512_set1_epi32(word(inputs, STEP)), weights) }
    }

    #[inline(always)]
    fn max(self, a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: `self` proves AVX-512 F
        unsafe { _mm512_max_epi32(a, b) }
    }

    #[inline(always)]
    fn requantise(self, sums: __m512i, r: Requantise) -> [u8; 16] {
        let mut bytes = [0; 16];
        // SAFETY: `self` proves AVX-512 F; the store fills the array
        unsafe {
            let shift = _mm_cvtsi32_si128(r.shift as i32);
            let sums = _mm512_max_epi32(sums, _mm512_setzero_si512());
            let odd = _mm512_and_si512(
                _mm512_srl_epi32(sums, shift),
                _mm512_set1_epi32(r.odd as i32),
            );
            let half = _mm512_add_epi32(sums, _mm512_set1_epi32(r.below_half as i32));
            let rounded = _mm512_srl_epi32(_mm512_add_epi32(half, odd), shift);
            _mm_storeu_si128(bytes.as_mut_ptr().cast(), _mm512_cvtusepi32_epi8(rounded));
        }
        bytes
    }
}
