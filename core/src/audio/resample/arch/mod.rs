//! The convolution for the vector registers at hand: chosen at compile time, on x86-64 with `std` at run time too.
//! Every choice gives the same bits.

#[cfg(all(feature = "std", target_arch = "x86_64"))]
mod x86;

use super::convolve::{from, from_mut, tail, wide};
use super::kernel::SHARP_TAPS;
#[cfg(feature = "std")]
use super::taps::Table;

/// Outputs at a time in registers of 128 bits: eight of them.
const WIDE: usize = 32;

/// Compute outputs of [`convolve`](super::convolve::convolve) from the front, as many as fill its blocks, and return
/// their number.
pub(super) fn convolve(samples: &[f32], taps: &[f32; SHARP_TAPS], out: &mut [f32]) -> usize {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    let mut done = x86::convolve(samples, taps, out);
    #[cfg(not(all(feature = "std", target_arch = "x86_64")))]
    let mut done = 0;
    let vectors = cfg!(any(
        target_feature = "sse2",
        all(target_arch = "aarch64", target_feature = "neon"),
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
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = (table, taps, samples, index, out);
        0
    }
}
