//! The steep stages: the outputs of a block side by side.

use core::ops::Range;
use std::arch::is_x86_feature_detected;
use std::arch::x86_64::{
    __m256, __m512, _mm256_add_ps, _mm256_mul_ps, _mm256_set1_ps, _mm256_setzero_ps, _mm512_add_ps,
    _mm512_mul_ps, _mm512_set1_ps, _mm512_setzero_ps,
};

use super::{load_8, load_16, store_8, store_16};
use crate::audio::resample::convolve::{from, from_mut, tail, wide};
use crate::audio::resample::kernel::SHARP_TAPS;

/// Registers whose sums are computed side by side and share samples.
const VECTORS: usize = 4;
/// Outputs of a register of 256 bits.
const AVX2: usize = 8;
/// Outputs of a register of 512 bits.
const AVX512: usize = 16;

/// Compute as many outputs as the processor's widest registers compute at a time.
pub(in super::super) fn convolve(
    samples: &[f32],
    taps: &[f32; SHARP_TAPS],
    out: &mut [f32],
) -> usize {
    let mut done = 0;
    if is_x86_feature_detected!("avx512f") {
        // SAFETY: the processor says that it has this extension.
        #[expect(unsafe_code, reason = "extensions are detected at run time")]
        unsafe {
            done += avx512(samples, taps, out);
        }
    }
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor says that it has this extension.
        #[expect(unsafe_code, reason = "extensions are detected at run time")]
        unsafe {
            done += avx2(from(samples, done), taps, from_mut(out, done));
        }
    }
    done
}

/// Outputs of [`avx512`]'s blocks.
const BLOCK: usize = VECTORS * AVX512;

/// Compute as many times [`BLOCK`] outputs as there are, and return their number.
#[target_feature(enable = "avx512f")]
fn avx512(samples: &[f32], taps: &[f32; SHARP_TAPS], out: &mut [f32]) -> usize {
    let mut done = 0;
    for out in out.as_chunks_mut::<BLOCK>().0 {
        let Some(samples) = samples.get(done..done + BLOCK + SHARP_TAPS - 1) else {
            break;
        };
        avx512_block(samples, taps, out);
        done += BLOCK;
    }
    done
}

/// Compute a block of outputs.
///
/// Most loads of 64 bytes touch two lines of the cache, and with one load for each product they would take longer than the
/// sums. So each serves all vectors: what is product `k` of one vector's outputs is product `k − 16` of the next one's.
// never inlined: in a loop over blocks the compiler would keep a vector of each tap on the stack
#[inline(never)]
#[target_feature(enable = "avx512f")]
fn avx512_block(samples: &[f32], taps: &[f32; SHARP_TAPS], out: &mut [f32; BLOCK]) {
    let mut sums: Sums = [[_mm512_setzero_ps(); 4]; VECTORS];
    // at first only the first vectors have products, and in the end only the last ones
    sums = add_products::<0, 1>(sums, samples, taps, 0);
    sums = add_products::<0, 2>(sums, samples, taps, AVX512);
    sums = add_products::<0, 3>(sums, samples, taps, 2 * AVX512);
    for at in (3 * AVX512..SHARP_TAPS).step_by(AVX512) {
        sums = add_products::<0, 4>(sums, samples, taps, at);
    }
    sums = add_products::<1, 4>(sums, samples, taps, SHARP_TAPS);
    sums = add_products::<2, 4>(sums, samples, taps, SHARP_TAPS + AVX512);
    sums = add_products::<3, 4>(sums, samples, taps, SHARP_TAPS + 2 * AVX512);
    for (out, [a, b, c, d]) in out.as_chunks_mut::<AVX512>().0.iter_mut().zip(sums) {
        let sum = _mm512_add_ps(_mm512_add_ps(a, c), _mm512_add_ps(b, d));
        let sum = _mm512_add_ps(load_16(out), sum);
        store_16(out, sum);
    }
}

/// Sums of a block's vectors, one for each lane of the definition.
type Sums = [[__m512; 4]; VECTORS];

/// Add the products of 16 vectors of samples to the sums of the vectors `FIRST..END`. They begin at
/// place `at`.
#[inline]
#[target_feature(enable = "avx512f")]
fn add_products<const FIRST: usize, const END: usize>(
    mut sums: Sums,
    samples: &[f32],
    taps: &[f32; SHARP_TAPS],
    at: usize,
) -> Sums {
    // otherwise the compiler would keep vectors of the same tap from one call to the next, more than there are registers
    let taps = core::hint::black_box(taps);
    for quad in (at..at + AVX512).step_by(4) {
        for lane in 0..4 {
            let Some(samples) = from(samples, quad + lane).first_chunk() else {
                return sums;
            };
            let samples = load_16(samples);
            for vector in FIRST..END {
                let tap = _mm512_set1_ps(taps[quad + lane - vector * AVX512]);
                let product = _mm512_mul_ps(samples, tap);
                sums[vector][lane] = _mm512_add_ps(sums[vector][lane], product);
            }
        }
    }
    sums
}

#[target_feature(enable = "avx2")]
fn avx2(samples: &[f32], taps: &[f32; SHARP_TAPS], out: &mut [f32]) -> usize {
    let mut done = 0;
    for out in out.as_chunks_mut::<AVX2_BLOCK>().0 {
        let Some(samples) = from(samples, done).first_chunk() else {
            break;
        };
        avx2_block(samples, taps, out);
        done += AVX2_BLOCK;
    }
    done += wide::<16>(from(samples, done), taps, from_mut(out, done));
    done += wide::<8>(from(samples, done), taps, from_mut(out, done));
    done + tail::<8>(from(samples, done), taps, from_mut(out, done))
}

/// Outputs of [`avx2_block`]: two groups of vectors.
const AVX2_BLOCK: usize = 2 * AVX2_GROUP;
const AVX2_GROUP: usize = VECTORS * AVX2;

/// Samples of a block.
type Avx2Samples = [f32; AVX2_BLOCK + SHARP_TAPS - 1];

/// Compute a block of outputs, one lane of the definition after the other. As in [`avx512_block`], a load serves all vectors
/// of a group; and each tap serves both groups.
#[target_feature(enable = "avx2")]
fn avx2_block(samples: &Avx2Samples, taps: &[f32; SHARP_TAPS], out: &mut [f32; AVX2_BLOCK]) {
    let lanes = [
        avx2_lane::<0>(samples, taps),
        avx2_lane::<1>(samples, taps),
        avx2_lane::<2>(samples, taps),
        avx2_lane::<3>(samples, taps),
    ];
    for (vector, out) in out.as_chunks_mut::<AVX2>().0.iter_mut().enumerate() {
        let [a, b, c, d] = lanes.map(|lane| lane[vector / VECTORS][vector % VECTORS]);
        let sum = _mm256_add_ps(_mm256_add_ps(a, c), _mm256_add_ps(b, d));
        store_8(out, _mm256_add_ps(load_8(out), sum));
    }
}

/// Sums of one lane for the vectors of both groups.
type LaneSums = [[__m256; VECTORS]; 2];

#[inline(never)]
#[target_feature(enable = "avx2")]
fn avx2_lane<const LANE: usize>(samples: &Avx2Samples, taps: &[f32; SHARP_TAPS]) -> LaneSums {
    let mut sums: LaneSums = [[_mm256_setzero_ps(); VECTORS]; 2];
    sums = add_lane_products::<LANE, 0, 1>(sums, samples, taps, 0..AVX2);
    sums = add_lane_products::<LANE, 0, 2>(sums, samples, taps, AVX2..2 * AVX2);
    sums = add_lane_products::<LANE, 0, 3>(sums, samples, taps, 2 * AVX2..3 * AVX2);
    sums = add_lane_products::<LANE, 0, 4>(sums, samples, taps, 3 * AVX2..SHARP_TAPS);
    sums = add_lane_products::<LANE, 1, 4>(sums, samples, taps, SHARP_TAPS..SHARP_TAPS + AVX2);
    let (second, third) = (SHARP_TAPS + AVX2, SHARP_TAPS + 2 * AVX2);
    sums = add_lane_products::<LANE, 2, 4>(sums, samples, taps, second..third);
    add_lane_products::<LANE, 3, 4>(sums, samples, taps, third..third + AVX2)
}

/// Add the products of the samples of a lane at some places to the sums of the vectors `FIRST..END` of both groups.
#[inline]
#[target_feature(enable = "avx2")]
fn add_lane_products<const LANE: usize, const FIRST: usize, const END: usize>(
    mut sums: LaneSums,
    samples: &Avx2Samples,
    taps: &[f32; SHARP_TAPS],
    places: Range<usize>,
) -> LaneSums {
    for place in places.step_by(4) {
        let at = place + LANE;
        let (low, high) = (from(samples, at), from(samples, at + AVX2_GROUP));
        let (Some(low), Some(high)) = (low.first_chunk(), high.first_chunk()) else {
            return sums;
        };
        let samples = [load_8(low), load_8(high)];
        for vector in FIRST..END {
            let tap = _mm256_set1_ps(taps[at - vector * AVX2]);
            for (sums, samples) in sums.iter_mut().zip(samples) {
                sums[vector] = _mm256_add_ps(sums[vector], _mm256_mul_ps(samples, tap));
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::*;
    use crate::audio::resample::arch::definition::{bits, samples, sum};
    use crate::audio::resample::kernel::{SHARP_EVEN, SHARP_ODD};

    type Convolve = unsafe fn(&[f32], &[f32; SHARP_TAPS], &mut [f32]) -> usize;

    #[test]
    #[expect(unsafe_code, reason = "extensions are detected at run time")]
    fn every_width_convolves_to_the_same_bits() {
        let mut kinds: Vec<Convolve> = vec![wide::<32>];
        if is_x86_feature_detected!("avx2") {
            kinds.push(avx2);
        }
        if is_x86_feature_detected!("avx512f") {
            kinds.push(avx512);
        }
        for count in [0, 1, 15, 16, 31, 32, 48, 63, 64, 100, 128, 131] {
            let samples = samples(count + SHARP_TAPS - 1);
            for taps in [&SHARP_EVEN, &SHARP_ODD] {
                let windows = samples.windows(SHARP_TAPS);
                let expected: Vec<f32> = windows.map(|window| sum(window, taps)).collect();
                for convolve in &kinds {
                    let mut out = vec![0.0; count];
                    // SAFETY: only those whose extensions the processor has are in the list.
                    let done = unsafe { convolve(&samples, taps, &mut out) };
                    assert!(count - done < 64);
                    assert_eq!(bits(&out[..done]), bits(&expected[..done]));
                }
            }
        }
    }
}
