//! Real FFT in place, for the frame lengths of the front ends.

use num_complex::Complex32;

/// Transform a windowed frame of 512, 1024, 2048 or 4096 samples in place, without scaling. Value `k` of the `n / 2`
/// that are returned is bin `k`; the real part of value 0 is bin 0 and its imaginary part is
/// bin `n / 2` (both are real). `None` for any other length.
pub(super) fn real_fft(frame: &mut [f32]) -> Option<&mut [Complex32]> {
    fn sized<const N: usize>(frame: &mut [f32]) -> Option<&mut [f32; N]> {
        frame.try_into().ok()
    }
    match frame.len() {
        512 => sized(frame).map(|f| microfft::real::rfft_512(f).as_mut_slice()),
        1024 => sized(frame).map(|f| microfft::real::rfft_1024(f).as_mut_slice()),
        2048 => sized(frame).map(|f| microfft::real::rfft_2048(f).as_mut_slice()),
        4096 => sized(frame).map(|f| microfft::real::rfft_4096(f).as_mut_slice()),
        _ => None,
    }
}

/// Compute the squared magnitude of `n / 2 + 1` bins from a spectrum packed as [`real_fft`] packs it, over the
/// spectrum itself.
pub(super) fn power_in_place(packed: &mut [Complex32]) -> &mut [f32] {
    let bins = packed.len() + 1;
    let values: &mut [f32] = bytemuck::cast_slice_mut(packed);
    let (first, last) = match *values {
        [zero, nyquist, ..] => (zero * zero, nyquist * nyquist),
        _ => (0.0, 0.0),
    };
    // bin k is written at k and read from 2k and 2k + 1, so that nothing is overwritten before its use
    for k in 1..values.len() / 2 {
        values[k] = values[2 * k] * values[2 * k] + values[2 * k + 1] * values[2 * k + 1];
    }
    let power = &mut values[..bins];
    power[0] = first;
    power[bins - 1] = last;
    power
}
