//! Real FFT in place, for the frame lengths of the front ends. microfft defines its bits; where there is std, vectors
//! compute the same.

#[cfg(feature = "std")]
mod recombine;
#[cfg(feature = "std")]
mod split;
#[cfg(feature = "std")]
mod tables;

use num_complex::Complex32;

use crate::arch::{Loops, widest};

/// Transform a windowed frame of 512, 1024, 2048 or 4096 samples in place, without scaling. Value `k` of the `n / 2`
/// that are returned is bin `k`; the real part of value 0 is bin 0 and its imaginary part is
/// bin `n / 2` (both are real). `None` for any other length.
#[cfg(feature = "std")]
pub(super) fn real_fft(frame: &mut [f32]) -> Option<&mut [Complex32]> {
    transform(frame, false)?;
    Some(bytemuck::cast_slice_mut(frame))
}

/// Compute the squared magnitude of the `n / 2 + 1` bins of a windowed frame, in its memory: what [`power_in_place`] makes
/// of [`real_fft`]. `None` for a length that it does not take.
#[cfg(feature = "std")]
pub(super) fn power(frame: &mut [f32]) -> Option<&mut [f32]> {
    transform(frame, true)?;
    let bins = frame.len() / 2 + 1;
    frame.get_mut(..bins)
}

#[cfg(not(feature = "std"))]
pub(super) fn power(frame: &mut [f32]) -> Option<&mut [f32]> {
    real_fft(frame).map(power_in_place)
}

#[cfg(feature = "std")]
fn transform(frame: &mut [f32], power: bool) -> Option<()> {
    let known = matches!(frame.len(), 512 | 1024 | 2048 | 4096);
    known.then(|| widest(split::Transform { frame, power }))
}

#[cfg(not(feature = "std"))]
pub(super) use one_by_one as real_fft;

/// Transform a frame with microfft, as the other `real_fft` does.
#[cfg(any(test, not(feature = "std")))]
pub(super) fn one_by_one(frame: &mut [f32]) -> Option<&mut [Complex32]> {
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
    widest(Squares(values));
    let power = &mut values[..bins];
    power[0] = first;
    power[bins - 1] = last;
    power
}

/// Writes the squared magnitude of complex value `k` at `k`, in the memory of the values.
struct Squares<'v>(&'v mut [f32]);

impl Loops for Squares<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        const AT_ONCE: usize = 8;
        let Self(values) = self;
        // those at k come from 2k and 2k + 1, so that nothing is overwritten before its use
        if cfg!(not(feature = "std")) {
            for k in 1..values.len() / 2 {
                values[k] = values[2 * k] * values[2 * k] + values[2 * k + 1] * values[2 * k + 1];
            }
            return;
        }
        for k in (0..values.len() / 2).step_by(AT_ONCE) {
            let pairs = values.get(2 * k..).and_then(<[f32]>::first_chunk);
            let pairs: [f32; 2 * AT_ONCE] = pairs.copied().unwrap_or_default();
            if let Some(squares) = values.get_mut(k..).and_then(<[f32]>::first_chunk_mut) {
                let squares: &mut [f32; AT_ONCE] = squares;
                for (square, [re, im]) in squares.iter_mut().zip(pairs.as_chunks().0) {
                    *square = re * re + im * im;
                }
            }
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use std::vec::Vec;

    use super::*;

    fn bits(spectrum: Option<&mut [Complex32]>) -> Vec<[u32; 2]> {
        let values = spectrum.unwrap().iter();
        values.map(|v| [v.re.to_bits(), v.im.to_bits()]).collect()
    }

    #[test]
    fn vectors_give_the_bits_of_microfft() {
        for n in [512, 1024, 2048, 4096] {
            let noise = |i: usize| ((i * i * 7 + 31 * i) % 1_999) as f32 / 997.0 - 1.0;
            let mut frames = Vec::from([
                (0..n).map(noise).collect::<Vec<f32>>(),
                (0..n).map(|i| noise(i / 9) * 3e-20).collect(),
                std::vec![0.0; n],
                std::vec![-0.0; n],
            ]);
            for at in [0, 1, 2, 3, n / 4, n / 2 - 1, n / 2, n - 1] {
                let mut impulse = std::vec![0.0; n];
                impulse[at] = -0.75;
                frames.push(impulse);
            }
            for mut frame in frames {
                let original = frame.clone();
                let [mut expected, mut squares] = [frame.clone(), frame.clone()];
                assert_eq!(bits(real_fft(&mut frame)), bits(one_by_one(&mut expected)));
                let bits =
                    |power: &mut [f32]| power.iter().map(|p| p.to_bits()).collect::<Vec<_>>();
                let expected = power_in_place(bytemuck::cast_slice_mut(&mut expected));
                assert_eq!(power(&mut squares).map(bits), Some(bits(expected)));
                // as on a machine without the widest vectors
                let mut squares = original.clone();
                split::Transform {
                    frame: &mut squares,
                    power: true,
                }
                .run();
                assert_eq!(bits(&mut squares[..=n / 2]), bits(expected));
            }
        }
    }

    #[test]
    fn other_lengths_are_refused() {
        for n in [0, 1, 256, 513, 8192] {
            assert!(real_fft(&mut std::vec![0.0; n]).is_none());
            assert!(one_by_one(&mut std::vec![0.0; n]).is_none());
        }
    }
}
