//! x86-64 with wider registers than the architecture's baseline.

use std::arch::is_x86_feature_detected;

use crate::audio::resample::convolve::{from, from_mut, wide};
use crate::audio::resample::kernel::SHARP_TAPS;

/// Outputs that fill 8 registers of 256 bits.
const AVX2: usize = 64;
/// Outputs that fill 4 registers of 512 bits.
const AVX512: usize = 64;

/// As many outputs as the processor's widest registers compute at a time.
pub(super) fn convolve(samples: &[f32], taps: &[f32; SHARP_TAPS], out: &mut [f32]) -> usize {
    let mut done = 0;
    if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl") {
        // SAFETY: the processor says that it has both extensions.
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

#[target_feature(enable = "avx512f,avx512vl")]
fn avx512(samples: &[f32], taps: &[f32; SHARP_TAPS], out: &mut [f32]) -> usize {
    wide::<AVX512>(samples, taps, out)
}

#[target_feature(enable = "avx2")]
fn avx2(samples: &[f32], taps: &[f32; SHARP_TAPS], out: &mut [f32]) -> usize {
    let done = wide::<AVX2>(samples, taps, out);
    done + wide::<16>(from(samples, done), taps, from_mut(out, done))
}
