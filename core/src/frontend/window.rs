//! The periodic Hann window, `w[i] = 0.5 − 0.5 · cos(2πi / N) = sin²(πi / N)` (scipy's
//! `get_window("hann", N, fftbins=True)`, which librosa uses).

#[cfg(feature = "std")]
use crate::arch::{Loops, widest};

/// Longest supported window.
pub(super) const LONGEST: usize = 4096;

/// First half, with its peak, of the longest window. A shorter one consists of every second, fourth … value, so that
/// one table in flash serves all lengths.
static HALF: [f32; LONGEST / 2 + 1] = half_window();

/// Multiply a frame, whose length divides [`LONGEST`], by its window.
#[cfg(feature = "std")]
pub(super) fn apply_hann(frame: &mut [f32]) {
    match LONGEST / frame.len().max(1) {
        1 => widest(Hann::<1>(frame)),
        2 => widest(Hann::<2>(frame)),
        4 => widest(Hann::<4>(frame)),
        _ => widest(Hann::<8>(frame)),
    }
}

#[cfg(not(feature = "std"))]
pub(super) use one_by_one as apply_hann;

/// Multiply a frame by its window without vectors, which takes fewer instructions where there are none.
#[cfg(any(test, not(feature = "std")))]
pub(super) fn one_by_one(frame: &mut [f32]) {
    let n = frame.len();
    let step = (LONGEST / n.max(1)).max(1);
    let (first, second) = frame.split_at_mut(n / 2);
    let mut weights = HALF.iter().step_by(step);
    if let (Some(sample), Some(weight)) = (first.first_mut(), weights.next()) {
        *sample *= weight;
    }
    // w[N − i] is w[i]; the sample between the halves has the peak, which is 1
    let pairs = first.iter_mut().skip(1).zip(second.iter_mut().rev());
    for ((sample, mirrored), weight) in pairs.zip(weights) {
        *sample *= weight;
        *mirrored *= weight;
    }
}

/// Multiplies a frame of `LONGEST / STEP` samples by its window.
#[cfg(feature = "std")]
struct Hann<'f, const STEP: usize>(&'f mut [f32]);

#[cfg(feature = "std")]
impl<const STEP: usize> Loops for Hann<'_, STEP> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self(frame) = self;
        let (first, second) = frame.split_at_mut(frame.len() / 2);
        let weights = HALF.as_chunks::<STEP>().0;
        for (sample, weights) in first.iter_mut().zip(weights) {
            *sample *= weights[0];
        }
        // w[N/2] is the peak, after it the window runs backwards
        let weights = HALF.as_rchunks::<STEP>().1;
        for (sample, weights) in second.iter_mut().zip(weights.iter().rev()) {
            *sample *= weights[STEP - 1];
        }
    }
}

const fn half_window() -> [f32; LONGEST / 2 + 1] {
    let mut table = [0.0; LONGEST / 2 + 1];
    let mut i = 0;
    while i < table.len() {
        let sine = sine(core::f64::consts::PI * i as f64 / LONGEST as f64);
        table[i] = (sine * sine) as f32;
        i += 1;
    }
    table
}

/// Compute the sine by its Taylor series, for `|x| ≤ π`; exact to 1e-12 there. Usable at compile time, unlike the
/// standard functions.
pub(super) const fn sine(x: f64) -> f64 {
    let square = x * x;
    let (mut term, mut sum, mut n) = (x, x, 1);
    while n < 15 {
        term *= -square / ((2 * n) * (2 * n + 1)) as f64;
        sum += term;
        n += 1;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_its_definition_for_every_length() {
        for n in [512_usize, 1024, 2048, 4096] {
            let mut frame = std::vec![1.0_f32; n];
            let mut simple = frame.clone();
            apply_hann(&mut frame);
            one_by_one(&mut simple);
            assert_eq!(frame, simple);
            for (i, value) in frame.iter().enumerate() {
                let phase = 2.0 * core::f64::consts::PI * i as f64 / n as f64;
                let expected = 0.5 - 0.5 * libm::cos(phase);
                assert!((f64::from(*value) - expected).abs() < 6e-8, "{n} {i}");
            }
        }
    }
}
