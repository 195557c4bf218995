//! The convolution for the vector registers at hand: chosen at compile time, on x86-64 with `std` at run time too.
//! Every choice gives the same bits.

#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
mod aarch64;
#[cfg(all(
    test,
    feature = "std",
    any(
        target_arch = "x86_64",
        all(target_arch = "aarch64", target_feature = "neon")
    )
))]
mod definition;
#[cfg(all(feature = "std", target_arch = "x86_64"))]
mod x86;

#[cfg(not(all(target_arch = "aarch64", target_feature = "neon")))]
use super::convolve::{from, from_mut, tail, wide};
use super::kernel::SHARP_TAPS;
#[cfg(feature = "std")]
use super::taps::Table;

/// Compute outputs of [`convolve`](super::convolve::convolve) from the front, as many as fill its blocks, and return
/// their number.
#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
pub(super) fn convolve(samples: &[f32], taps: &[f32; SHARP_TAPS], out: &mut [f32]) -> usize {
    aarch64::convolve(samples, taps, out)
}

/// Compute outputs of [`convolve`](super::convolve::convolve) from the front, as many as fill its blocks, and return
/// their number.
#[cfg(not(all(target_arch = "aarch64", target_feature = "neon")))]
pub(super) fn convolve(samples: &[f32], taps: &[f32; SHARP_TAPS], out: &mut [f32]) -> usize {
    /// Outputs at a time in registers of 128 bits: eight of them.
    const WIDE: usize = 32;

    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    let mut done = x86::convolve(samples, taps, out);
    #[cfg(not(all(feature = "std", target_arch = "x86_64")))]
    let mut done = 0;
    let vectors = cfg!(any(
        target_feature = "sse2",
        target_feature = "simd128",
        target_feature = "v",
    ));
    if !vectors {
        return done;
    }
    done += wide::<WIDE>(from(samples, done), taps, from_mut(out, done));
    done += wide::<8>(from(samples, done), taps, from_mut(out, done));
    done + tail::<8>(from(samples, done), taps, from_mut(out, done))
}

/// Compute outputs of the gentle stage from the front, as many as fill its vectors, and return their number. The first
/// of them is number `index` of the period, and its window the first `taps` of the samples.
#[cfg(feature = "std")]
pub(super) fn interpolate(
    table: &Table,
    taps: usize,
    samples: &[f32],
    index: usize,
    out: &mut [f32],
) -> usize {
    #[cfg(target_arch = "x86_64")]
    return x86::interpolate(table, taps, samples, index, out);
    #[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
    return aarch64::interpolate(table, taps, samples, index, out);
    #[cfg(not(any(
        target_arch = "x86_64",
        all(target_arch = "aarch64", target_feature = "neon")
    )))]
    {
        let _ = (table, taps, samples, index, out);
        0
    }
}
