//! The gentle stage: several outputs, whose samples lie close together.

use std::arch::is_x86_feature_detected;
use std::arch::x86_64::{
    __m256, __m256i, __m512, __m512i, _mm256_add_ps, _mm256_blendv_ps, _mm256_castsi256_ps,
    _mm256_loadu_ps, _mm256_loadu_si256, _mm256_mul_ps, _mm256_permutevar8x32_ps,
    _mm256_set1_epi32, _mm256_set1_ps, _mm256_setzero_ps, _mm256_slli_epi32, _mm256_sub_epi32,
    _mm512_add_ps, _mm512_cmpgt_epi32_mask, _mm512_loadu_ps, _mm512_loadu_si512,
    _mm512_mask_blend_ps, _mm512_mul_ps, _mm512_permutex2var_ps, _mm512_set1_epi32, _mm512_set1_ps,
    _mm512_setzero_ps, _mm512_sub_epi32,
};

use super::{store_8, store_16};
use crate::audio::resample::taps::Table;

/// Compute outputs of the gentle stage, one vector at a time. Their windows begin at different samples, but close
/// together: for each tap two neighbouring vectors hold the samples of all outputs (four, where the ratio is more than
/// two), and a permutation puts each into the lane of its output.
pub(in super::super) fn interpolate(
    table: &Table,
    taps: usize,
    samples: &[f32],
    index: usize,
    out: &mut [f32],
) -> usize {
    if is_x86_feature_detected!("avx512f") && table.span(15) < 64 {
        // SAFETY: the processor says that it has this extension.
        #[expect(unsafe_code, reason = "extensions are detected at run time")]
        return unsafe { interpolate_avx512(table, taps, samples, index, out) };
    }
    if is_x86_feature_detected!("avx2") && table.span(7) < 32 {
        // SAFETY: the processor says that it has this extension.
        #[expect(unsafe_code, reason = "extensions are detected at run time")]
        return unsafe { interpolate_avx2(table, taps, samples, index, out) };
    }
    0
}

#[target_feature(enable = "avx512f")]
fn interpolate_avx512(
    table: &Table,
    taps: usize,
    samples: &[f32],
    mut index: usize,
    out: &mut [f32],
) -> usize {
    let (mut done, mut at) = (0, 0);
    let near = table.span(15) < 32;
    for out in out.chunks_mut(16) {
        let inputs = table.inputs(index).first_chunk();
        let around = samples.get(at..at + taps + if near { 31 } else { 63 });
        let (Some(inputs), Some(around), Some(rows)) =
            (inputs, around, table.rows::<16>(index, taps))
        else {
            break;
        };
        let lanes = _mm512_sub_epi32(load_16i(inputs), _mm512_set1_epi32(inputs[0]));
        let far = _mm512_cmpgt_epi32_mask(lanes, _mm512_set1_epi32(31));
        let mut sum = _mm512_setzero_ps();
        let mut row = rows.as_ptr();
        // from the newest sample to the oldest
        for newest in (0..taps).rev() {
            // SAFETY: there are 31 or 63 samples after any that is the newest, and 16 taps in each of the `taps` rows; the
            // pointer that wraps after the last one is not used.
            #[expect(unsafe_code, reason = "checks would take longer than the sums")]
            let product = unsafe {
                let newest = around.as_ptr().add(newest);
                let mut sample = permute_avx512(newest, lanes);
                if !near {
                    let high = permute_avx512(newest.add(32), lanes);
                    sample = _mm512_mask_blend_ps(far, sample, high);
                }
                _mm512_mul_ps(sample, _mm512_loadu_ps(row))
            };
            sum = _mm512_add_ps(sum, product);
            row = row.wrapping_add(table.columns());
        }
        let mut sums = [0.0; 16];
        store_16(
            &mut sums,
            _mm512_mul_ps(sum, _mm512_set1_ps(table.spacing())),
        );
        copy(out, &sums);
        at += table.advance(&mut index, out.len());
        done += out.len();
    }
    done
}

#[target_feature(enable = "avx2")]
fn interpolate_avx2(
    table: &Table,
    taps: usize,
    samples: &[f32],
    mut index: usize,
    out: &mut [f32],
) -> usize {
    let (mut done, mut at) = (0, 0);
    let near = table.span(7) < 16;
    for out in out.chunks_mut(8) {
        let inputs = table.inputs(index).first_chunk();
        let around = samples.get(at..at + taps + if near { 15 } else { 31 });
        let (Some(inputs), Some(around), Some(rows)) =
            (inputs, around, table.rows::<8>(index, taps))
        else {
            break;
        };
        let lanes = _mm256_sub_epi32(load_8i(inputs), _mm256_set1_epi32(inputs[0]));
        // a lane's bits 3 and 4 say which of the vectors holds its sample; as a sign they choose in a blend
        let odd = _mm256_castsi256_ps(_mm256_slli_epi32::<28>(lanes));
        let far = _mm256_castsi256_ps(_mm256_slli_epi32::<27>(lanes));
        let mut sum = _mm256_setzero_ps();
        let mut row = rows.as_ptr();
        // from the newest sample to the oldest
        for newest in (0..taps).rev() {
            // SAFETY: there are 15 or 31 samples after any that is the newest, and 8 taps in each of the `taps` rows; the
            // pointer that wraps after the last one is not used.
            #[expect(unsafe_code, reason = "checks would take longer than the sums")]
            let product = unsafe {
                let newest = around.as_ptr().add(newest);
                let mut sample = permute_avx2(newest, lanes, odd);
                if !near {
                    let high = permute_avx2(newest.add(16), lanes, odd);
                    sample = _mm256_blendv_ps(sample, high, far);
                }
                _mm256_mul_ps(sample, _mm256_loadu_ps(row))
            };
            sum = _mm256_add_ps(sum, product);
            row = row.wrapping_add(table.columns());
        }
        let mut sums = [0.0; 8];
        store_8(
            &mut sums,
            _mm256_mul_ps(sum, _mm256_set1_ps(table.spacing())),
        );
        copy(out, &sums);
        at += table.advance(&mut index, out.len());
        done += out.len();
    }
    done
}

/// Write the first values, all of them but at the end.
#[inline(always)]
fn copy<const W: usize>(out: &mut [f32], values: &[f32; W]) {
    match <&mut [f32; W]>::try_from(&mut *out) {
        Ok(out) => *out = *values,
        Err(_) => out
            .iter_mut()
            .zip(values)
            .for_each(|(to, from)| *to = *from),
    }
}

/// Put into each lane one of 32 samples.
///
/// # Safety
/// They must be there.
#[target_feature(enable = "avx512f")]
#[expect(unsafe_code, reason = "a load takes a pointer")]
unsafe fn permute_avx512(samples: *const f32, lanes: __m512i) -> __m512 {
    // SAFETY: the caller's
    let (low, high) = unsafe { (_mm512_loadu_ps(samples), _mm512_loadu_ps(samples.add(16))) };
    _mm512_permutex2var_ps(low, lanes, high)
}

/// Put into each lane one of 16 samples.
///
/// # Safety
/// They must be there.
#[target_feature(enable = "avx2")]
#[expect(unsafe_code, reason = "a load takes a pointer")]
unsafe fn permute_avx2(samples: *const f32, lanes: __m256i, in_high: __m256) -> __m256 {
    // SAFETY: the caller's
    let (low, high) = unsafe { (_mm256_loadu_ps(samples), _mm256_loadu_ps(samples.add(8))) };
    let low = _mm256_permutevar8x32_ps(low, lanes);
    let high = _mm256_permutevar8x32_ps(high, lanes);
    _mm256_blendv_ps(low, high, in_high)
}

#[target_feature(enable = "avx512f")]
#[expect(unsafe_code, reason = "a load takes a pointer")]
fn load_16i(values: &[i32; 16]) -> __m512i {
    // SAFETY: the array is as long as the vector.
    unsafe { _mm512_loadu_si512(values.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
#[expect(unsafe_code, reason = "a load takes a pointer")]
fn load_8i(values: &[i32; 8]) -> __m256i {
    // SAFETY: the array is as long as the vector.
    unsafe { _mm256_loadu_si256(values.as_ptr().cast()) }
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::*;
    use crate::audio::resample::arch::definition::{bits, samples};
    use crate::audio::resample::taps::{Kernel, Place, evaluated};

    type Interpolate = unsafe fn(&Table, usize, &[f32], usize, &mut [f32]) -> usize;

    #[test]
    #[expect(unsafe_code, reason = "extensions are detected at run time")]
    fn every_width_interpolates_to_the_same_bits() {
        let mut kinds: Vec<(Interpolate, usize)> = Vec::new();
        if is_x86_feature_detected!("avx2") {
            kinds.push((interpolate_avx2, 8));
        }
        if is_x86_feature_detected!("avx512f") {
            kinds.push((interpolate_avx512, 16));
        }
        for (input, output) in [
            (48_000, 44_100),
            (16_000, 48_000),
            (32_000, 22_050),
            (44_100, 48_000),
            (96_000, 64_000),
            (96_000, 44_100),
            (96_000, 32_000),
        ] {
            let kernel = Kernel::new(input, output, input.min(output));
            let table = Table::new(kernel);
            for (interpolate, width) in &kinds {
                let samples = samples(4_000);
                let mut place = Place::default();
                let mut rest = &samples[..];
                for _ in 0..20 {
                    let count = 3 * width + 1;
                    let mut out = vec![0.0; count];
                    // SAFETY: only those whose extensions the processor has are in the list.
                    let done = unsafe {
                        let index = place.index as usize;
                        interpolate(&table, kernel.len(), rest, index, &mut out)
                    };
                    assert_eq!(done, count);
                    let mut expected = vec![0.0; count];
                    let passed =
                        evaluated::Taps::new(kernel).interpolate(rest, &mut place, &mut expected);
                    assert_eq!(bits(&out), bits(&expected));
                    rest = &rest[passed..];
                }
            }
        }
    }
}
