//! x86-64 with wider registers than the architecture's baseline.

mod gentle;
mod steep;

use std::arch::x86_64::{
    __m256, __m512, _mm256_loadu_ps, _mm256_storeu_ps, _mm512_loadu_ps, _mm512_storeu_ps,
};

pub(super) use gentle::interpolate;
pub(super) use steep::convolve;

#[inline]
#[target_feature(enable = "avx512f")]
#[expect(unsafe_code, reason = "a load takes a pointer")]
fn load_16(values: &[f32; 16]) -> __m512 {
    // SAFETY: the array is as long as the vector.
    unsafe { _mm512_loadu_ps(values.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
#[expect(unsafe_code, reason = "a store takes a pointer")]
fn store_16(values: &mut [f32; 16], vector: __m512) {
    // SAFETY: the array is as long as the vector.
    unsafe { _mm512_storeu_ps(values.as_mut_ptr(), vector) }
}

#[inline]
#[target_feature(enable = "avx2")]
#[expect(unsafe_code, reason = "a load takes a pointer")]
fn load_8(values: &[f32; 8]) -> __m256 {
    // SAFETY: the array is as long as the vector.
    unsafe { _mm256_loadu_ps(values.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx2")]
#[expect(unsafe_code, reason = "a store takes a pointer")]
fn store_8(values: &mut [f32; 8], vector: __m256) {
    // SAFETY: the array is as long as the vector.
    unsafe { _mm256_storeu_ps(values.as_mut_ptr(), vector) }
}
