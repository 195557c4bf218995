//! Floats side by side: the arithmetic of loops that the compiler does not turn into the widest vectors by itself.

#[cfg(target_arch = "x86_64")]
use core::arch::x86_64::*;

use super::shuffle::{transposed, unzipped};

/// `W` floats at a time. A value exists only where the machine has the instructions.
///
/// The methods of an implementation are `#[inline(always)]`, as for [`super::Loops`].
pub(crate) trait Lanes<const W: usize>: Copy {
    type Floats: Copy;

    fn load(self, values: &[f32; W]) -> Self::Floats;

    fn store(self, floats: Self::Floats, values: &mut [f32; W]);

    /// Return `W` times the same value.
    fn splat(self, value: f32) -> Self::Floats;

    fn add(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;

    fn sub(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;

    fn mul(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;

    /// Return the first `COUNT` of `a` and the rest of `b`.
    fn first<const COUNT: usize>(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;

    /// Return values where `a` is less than `b`, and zeros elsewhere.
    fn where_less(self, a: Self::Floats, b: Self::Floats, values: Self::Floats) -> Self::Floats;

    /// Return the floats in reverse.
    fn backwards(self, floats: Self::Floats) -> Self::Floats;

    /// Return the first values of `W` pairs, and the second ones.
    fn unzipped(self, pairs: [&[f32; W]; 2]) -> [Self::Floats; 2];

    /// Turn `W` rows into columns.
    fn transposed<'r>(self, row: impl Fn(usize) -> &'r [f32; 4]) -> [Self::Floats; 4];
}

/// Arrays, from which the compiler makes vectors of up to 256 bits.
#[derive(Clone, Copy)]
pub(crate) struct Arrays;

impl<const W: usize> Lanes<W> for Arrays {
    type Floats = [f32; W];

    #[inline(always)]
    fn load(self, values: &[f32; W]) -> [f32; W] {
        *values
    }

    #[inline(always)]
    fn store(self, floats: [f32; W], values: &mut [f32; W]) {
        *values = floats;
    }

    #[inline(always)]
    fn splat(self, value: f32) -> [f32; W] {
        [value; W]
    }

    #[inline(always)]
    fn add(self, mut a: [f32; W], b: [f32; W]) -> [f32; W] {
        for lane in 0..W {
            a[lane] += b[lane];
        }
        a
    }

    #[inline(always)]
    fn sub(self, mut a: [f32; W], b: [f32; W]) -> [f32; W] {
        for lane in 0..W {
            a[lane] -= b[lane];
        }
        a
    }

    #[inline(always)]
    fn mul(self, mut a: [f32; W], b: [f32; W]) -> [f32; W] {
        for lane in 0..W {
            a[lane] *= b[lane];
        }
        a
    }

    #[inline(always)]
    fn first<const COUNT: usize>(self, a: [f32; W], mut b: [f32; W]) -> [f32; W] {
        b[..COUNT].copy_from_slice(&a[..COUNT]);
        b
    }

    #[inline(always)]
    fn where_less(self, a: [f32; W], b: [f32; W], mut values: [f32; W]) -> [f32; W] {
        for lane in 0..W {
            values[lane] = if a[lane] < b[lane] { values[lane] } else { 0.0 };
        }
        values
    }

    #[inline(always)]
    fn backwards(self, mut floats: [f32; W]) -> [f32; W] {
        floats.reverse();
        floats
    }

    #[inline(always)]
    fn unzipped(self, pairs: [&[f32; W]; 2]) -> [[f32; W]; 2] {
        let mut parts = [[0.0; W]; 2];
        let halves = parts.each_mut().map(|part| part.split_at_mut(W / 2));
        let [(re, re_high), (im, im_high)] = halves;
        for (pairs, [re, im]) in pairs.into_iter().zip([[re, im], [re_high, im_high]]) {
            let pairs = pairs.as_chunks::<4>().0.as_chunks::<2>().0;
            let parts = re
                .as_chunks_mut::<4>()
                .0
                .iter_mut()
                .zip(im.as_chunks_mut::<4>().0);
            for (pairs, (re, im)) in pairs.iter().zip(parts) {
                [*re, *im] = unzipped(*pairs);
            }
        }
        parts
    }

    #[inline(always)]
    fn transposed<'r>(self, row: impl Fn(usize) -> &'r [f32; 4]) -> [[f32; W]; 4] {
        let mut columns = [[0.0; W]; 4];
        for first in (0..W).step_by(4) {
            let rows = [row(first), row(first + 1), row(first + 2), row(first + 3)];
            for (column, part) in columns.iter_mut().zip(transposed(rows.map(|row| *row))) {
                column[first..first + 4].copy_from_slice(&part);
            }
        }
        columns
    }
}

/// Vectors of 512 bits, and a proof that the machine has AVX-512 F.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct Avx512(());

#[cfg(target_arch = "x86_64")]
impl Avx512 {
    pub(crate) fn detect() -> Option<Self> {
        std::arch::is_x86_feature_detected!("avx512f").then_some(Self(()))
    }
}

/// Of each quarter of two vectors, the first two values or the last two.
#[cfg(target_arch = "x86_64")]
const LOW_HALVES: i32 = 0b01_00_01_00;
#[cfg(target_arch = "x86_64")]
const HIGH_HALVES: i32 = 0b11_10_11_10;

/// Places in reverse.
#[cfg(target_arch = "x86_64")]
static BACKWARDS: [u32; 16] = places(15, -1);
/// Places of the first values of pairs, and of the second ones, in two vectors.
#[cfg(target_arch = "x86_64")]
static FIRSTS: [u32; 16] = places(0, 2);
#[cfg(target_arch = "x86_64")]
static SECONDS: [u32; 16] = places(1, 2);

#[cfg(target_arch = "x86_64")]
const fn places(first: i32, step: i32) -> [u32; 16] {
    let mut places = [0; 16];
    let mut at = 0;
    while at < 16 {
        places[at] = (first + step * at as i32) as u32;
        at += 1;
    }
    places
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "the compiler asks for the extension by name")]
impl Lanes<16> for Avx512 {
    type Floats = __m512;

    #[inline(always)]
    fn load(self, values: &[f32; 16]) -> __m512 {
        // SAFETY: the proof, and as many values as a vector has.
        unsafe { _mm512_loadu_ps(values.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, floats: __m512, values: &mut [f32; 16]) {
        // SAFETY: as in `load`.
        unsafe { _mm512_storeu_ps(values.as_mut_ptr(), floats) }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> __m512 {
        // SAFETY: the proof.
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: the proof.
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: the proof.
        unsafe { _mm512_sub_ps(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: the proof.
        unsafe { _mm512_mul_ps(a, b) }
    }

    #[inline(always)]
    fn first<const COUNT: usize>(self, a: __m512, b: __m512) -> __m512 {
        let firsts = ((1_u32 << COUNT) - 1) as u16;
        // SAFETY: the proof.
        unsafe { _mm512_mask_blend_ps(firsts, b, a) }
    }

    #[inline(always)]
    fn where_less(self, a: __m512, b: __m512, values: __m512) -> __m512 {
        // SAFETY: the proof.
        unsafe { _mm512_maskz_mov_ps(_mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b), values) }
    }

    #[inline(always)]
    fn backwards(self, floats: __m512) -> __m512 {
        // SAFETY: the proof.
        unsafe { _mm512_permutexvar_ps(_mm512_loadu_si512(BACKWARDS.as_ptr().cast()), floats) }
    }

    #[inline(always)]
    fn unzipped(self, [low, high]: [&[f32; 16]; 2]) -> [__m512; 2] {
        let (low, high) = (self.load(low), self.load(high));
        // SAFETY: the proof.
        unsafe {
            [
                _mm512_permutex2var_ps(low, _mm512_loadu_si512(FIRSTS.as_ptr().cast()), high),
                _mm512_permutex2var_ps(low, _mm512_loadu_si512(SECONDS.as_ptr().cast()), high),
            ]
        }
    }

    #[inline(always)]
    fn transposed<'r>(self, row: impl Fn(usize) -> &'r [f32; 4]) -> [__m512; 4] {
        // SAFETY: the proof, and four values at each place.
        unsafe {
            // every fourth row, so that each quarter of a vector takes part in a transposition of its own
            let mut vectors = [_mm512_setzero_ps(); 4];
            for (first, vector) in vectors.iter_mut().enumerate() {
                let rows = _mm512_castps128_ps512(_mm_loadu_ps(row(first).as_ptr()));
                let rows = _mm512_insertf32x4::<1>(rows, _mm_loadu_ps(row(first + 4).as_ptr()));
                let rows = _mm512_insertf32x4::<2>(rows, _mm_loadu_ps(row(first + 8).as_ptr()));
                *vector = _mm512_insertf32x4::<3>(rows, _mm_loadu_ps(row(first + 12).as_ptr()));
            }
            let [a, b, c, d] = vectors;
            let (low, high) = (_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
            let (next_low, next_high) = (_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
            [
                _mm512_shuffle_ps::<LOW_HALVES>(low, next_low),
                _mm512_shuffle_ps::<HIGH_HALVES>(low, next_low),
                _mm512_shuffle_ps::<LOW_HALVES>(high, next_high),
                _mm512_shuffle_ps::<HIGH_HALVES>(high, next_high),
            ]
        }
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    /// Loads, computes and stores with every method.
    fn all<L: Lanes<16>>(lanes: L, values: &[[f32; 16]; 4]) -> std::vec::Vec<[f32; 16]> {
        let [a, b, ..] = values.each_ref().map(|values| lanes.load(values));
        let [even, odd] = lanes.unzipped([&values[0], &values[1]]);
        let quads = values.as_flattened().as_chunks().0;
        let [c, d, e, f] = lanes.transposed(|row| &quads[row]);
        let results = [
            lanes.splat(values[3][7]),
            lanes.add(a, b),
            lanes.sub(a, b),
            lanes.mul(a, b),
            lanes.first::<0>(a, b),
            lanes.first::<1>(a, b),
            lanes.first::<16>(a, b),
            lanes.backwards(a),
            lanes.where_less(a, b, c),
            even,
            odd,
            c,
            d,
            e,
            f,
        ];
        let stored = results.map(|floats| {
            let mut values = [0.0; 16];
            lanes.store(floats, &mut values);
            values
        });
        stored.into()
    }

    #[test]
    fn vectors_compute_what_arrays_compute() {
        let Some(avx512) = Avx512::detect() else {
            std::eprintln!("skipped: no AVX-512 on this machine");
            return;
        };
        let values = core::array::from_fn(|row| {
            core::array::from_fn(|at| ((row * 16 + at) * 37 % 101) as f32 / 7.0 - 5.0)
        });
        assert_eq!(all(avx512, &values), all(Arrays, &values));
        let unzipped = &all(Arrays, &values)[9..11];
        assert_eq!(unzipped[0][..2], [values[0][0], values[0][2]]);
        assert_eq!(unzipped[1][15], values[1][15]);
    }
}
