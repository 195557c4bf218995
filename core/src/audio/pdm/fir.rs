//! The two symmetric filters that each halve the rate. Their taps are computed at compile time: a sinc under a Kaiser
//! window.

use crate::audio::sinc::{kaiser, sinc};

/// Bits after the point of a tap.
const TAP_FRACTION: u32 = 22;

pub(super) const HALF_BAND_TAPS: usize = 23;
pub(super) const STEEP_TAPS: usize = 99;

/// From four to two times the output rate. Only bands around odd multiples of the rate fold into the band that counts, so
/// it is a half-band filter with a wide transition; every other tap is zero.
pub(super) static HALF_BAND: [i32; HALF_BAND_TAPS / 2 + 1] = half(low_pass::<HALF_BAND_TAPS>());

/// From two times the output rate to the output rate: passes up to 0.45 of the output rate, rejects from
/// 0.552 of it on by 80 dB, and at 0.55 by 68 dB. Three taps more make up for the droop of the first filter.
pub(super) static STEEP: [i32; STEEP_TAPS / 2 + 1] = {
    let steep = low_pass::<{ STEEP_TAPS - 2 }>();
    let mut taps = [0.0; STEEP_TAPS];
    let mut i = 0;
    while i < steep.len() {
        taps[i] -= DROOP * steep[i];
        taps[i + 1] += (1.0 + 2.0 * DROOP) * steep[i];
        taps[i + 2] -= DROOP * steep[i];
        i += 1;
    }
    half(taps)
};

/// `1 + 2 · DROOP · (1 − cos ω)` is one over the droop of four boxes, `(sin(x) / x)^4` with `x` a quarter of `ω`, at 0.45
/// of the output rate; it is within 0.04 dB below.
const DROOP: f64 = 0.0517;

/// Compute a low-pass filter with its cutoff at a quarter of the rate that it runs at, and a gain of 1 at DC.
const fn low_pass<const TAPS: usize>() -> [f64; TAPS] {
    /// Kaiser's shape parameter for a rejection of 80 dB.
    const BETA: f64 = 7.9;
    let mut taps = [0.0; TAPS];
    let centre = (TAPS / 2) as f64;
    let mut sum = 0.0;
    let mut i = 0;
    while i < TAPS {
        let distance = i as f64 - centre;
        taps[i] = sinc(0.5 * distance) * kaiser(distance / (centre + 1.0), BETA);
        sum += taps[i];
        i += 1;
    }
    i = 0;
    while i < TAPS {
        taps[i] /= sum;
        i += 1;
    }
    taps
}

/// Return the taps up to the middle one in fixed point.
const fn half<const TAPS: usize, const HALF: usize>(taps: [f64; TAPS]) -> [i32; HALF] {
    let mut out = [0; HALF];
    let mut i = 0;
    while i < HALF {
        let scaled = taps[i] * (1 << TAP_FRACTION) as f64;
        out[i] = if scaled < 0.0 {
            scaled - 0.5
        } else {
            scaled + 0.5
        } as i32;
        i += 1;
    }
    out
}

/// Filters and keeps every other output. `LEN` is more than `TAPS`: how many more says how seldom samples are moved.
#[derive(Clone, Debug)]
pub(super) struct Halver<const TAPS: usize, const LEN: usize> {
    samples: [i32; LEN],
    end: usize,
    /// The next sample completes an output.
    odd: bool,
}

impl<const TAPS: usize, const LEN: usize> Halver<TAPS, LEN> {
    pub(super) const fn new() -> Self {
        Self {
            samples: [0; LEN],
            end: TAPS - 1,
            odd: false,
        }
    }

    /// Take a sample; return the output that it completes. `taps` are the first half and the middle.
    #[inline(always)]
    pub(super) fn push<const HALF: usize>(
        &mut self,
        sample: i32,
        taps: &[i32; HALF],
    ) -> Option<i32> {
        if self.end >= LEN {
            self.samples.copy_within(LEN - (TAPS - 1).., 0);
            self.end = TAPS - 1;
        }
        if let Some(slot) = self.samples.get_mut(self.end) {
            *slot = sample;
        }
        self.end += 1;
        self.odd = !self.odd;
        if self.odd {
            return None;
        }
        let window = self.samples.get(self.end.saturating_sub(TAPS)..);
        Some(filter::<TAPS, HALF>(window?.first_chunk()?, taps))
    }
}

/// Sum the products of a window with symmetric taps.
// inlined, so that the compiler knows the taps and leaves out those that are zero
#[inline(always)]
fn filter<const TAPS: usize, const HALF: usize>(window: &[i32; TAPS], taps: &[i32; HALF]) -> i32 {
    let (older, newer) = (window.iter(), window.iter().rev());
    let mut sum = 1 << (TAP_FRACTION - 1);
    for ((older, newer), tap) in older.zip(newer).zip(taps).take(TAPS / 2) {
        sum += i64::from(older + newer) * i64::from(*tap);
    }
    let middle = window.get(TAPS / 2).copied().unwrap_or_default();
    sum += i64::from(middle) * i64::from(taps.last().copied().unwrap_or_default());
    (sum >> TAP_FRACTION) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Return the gain in decibels at a frequency, as a part of the filter's rate, of symmetric taps.
    fn gain<const HALF: usize>(taps: &[i32; HALF], frequency: f64) -> f64 {
        let middle = f64::from(taps[HALF - 1]);
        let wings = taps.iter().rev().skip(1).zip(1..).map(|(tap, distance)| {
            let angle = core::f64::consts::TAU * frequency * f64::from(distance);
            2.0 * f64::from(*tap) * libm::cos(angle)
        });
        let sum = middle + wings.sum::<f64>();
        20.0 * libm::log10(sum.abs() / f64::from(1 << TAP_FRACTION))
    }

    #[test]
    fn the_half_band_filter_passes_and_rejects() {
        let taps = half::<HALF_BAND_TAPS, _>(low_pass());
        assert_eq!(taps, HALF_BAND);
        // every other tap but the middle one is zero
        assert!(taps.iter().rev().skip(2).step_by(2).all(|tap| *tap == 0));
        for i in 0..=100 {
            // up to 0.45 of the output rate, which is a quarter of this filter's, and what folds into that band
            let frequency = 0.45 * 0.25 * f64::from(i) / 100.0;
            assert!(gain(&taps, frequency).abs() < 0.01, "{frequency}");
            assert!(gain(&taps, 0.5 - frequency) < -79.0, "{frequency}");
        }
    }

    #[test]
    fn the_steep_filter_makes_up_for_the_droop() {
        for i in 0..=100 {
            let frequency = 0.45 * 0.5 * f64::from(i) / 100.0;
            // four boxes, seen at two times the output rate after a decimation by the same again
            let x = core::f64::consts::PI * frequency * 0.5;
            let droop = if i == 0 {
                1.0
            } else {
                libm::pow(libm::sin(x) / x, 4.0)
            };
            let whole = gain(&STEEP, frequency) + 20.0 * libm::log10(droop);
            assert!(whole.abs() < 0.05, "{frequency}: {whole}");
        }
        for i in 0..=100 {
            let frequency = 0.276 + (0.5 - 0.276) * f64::from(i) / 100.0;
            assert!(gain(&STEEP, frequency) < -79.0, "{frequency}");
        }
    }
}
