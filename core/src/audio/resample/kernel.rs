//! The two low-pass kernels, computed at compile time in f64: both are a sinc under a Kaiser window.

use crate::audio::sinc::{kaiser, sinc};

/// Taps of each of the two phases of the sharp filter.
pub(super) const SHARP_TAPS: usize = 128;

/// Half the width of the wide kernel, in its zero crossings.
pub(super) const WIDE_HALF: u32 = 6;

/// The sharp filter's taps at even distances from its centre: `-126, -124, …, 126`, after a zero that makes
/// both phases equally long.
///
/// The sharp filter works at twice the lower of the two rates. It is flat (1e-3 dB) up to 0.913 times the
/// lower rate's Nyquist frequency and rejects by at least 80 dB from that frequency on. DC gain of both phases
/// together: 1.
pub(super) static SHARP_EVEN: [f32; SHARP_TAPS] = {
    let mut even = sharp_phase(0);
    even[0] = 0.0;
    even
};

/// The sharp filter's taps at odd distances: `-127, -125, …, 127`.
pub(super) static SHARP_ODD: [f32; SHARP_TAPS] = sharp_phase(1);

const SHARP_HALF: usize = SHARP_TAPS - 1;
/// Kaiser's shape parameter for a rejection of 86 dB: images and aliases of one sine may add up.
const SHARP_BETA: f64 = 8.6;
/// Middle of the transition as a part of the rate: between 0.913 and 1.0 times the lower rate's Nyquist
/// frequency, which is a quarter of the rate. These are soxr's edges too.
const SHARP_CUTOFF: f64 = 0.9568 * 0.25;

/// Points of the wide kernel's table from one zero crossing to the next.
pub(super) const WIDE_POINTS: usize = 32;
const WIDE_LEN: usize = WIDE_POINTS * WIDE_HALF as usize + 4;
/// Kaiser's shape parameter for a rejection of 92 dB.
const WIDE_BETA: f64 = 9.2;

/// The wide kernel from one point before its centre to one past its end. With 32 points to a zero crossing
/// the error of cubic interpolation is below -120 dB.
static WIDE: [f32; WIDE_LEN] = {
    let mut table = [0.0; WIDE_LEN];
    let mut i = 0;
    while i < table.len() {
        let x = (i as f64 - 1.0) / WIDE_POINTS as f64;
        table[i] = (sinc(x) * kaiser(x / WIDE_HALF as f64, WIDE_BETA)) as f32;
        i += 1;
    }
    table
};

/// Return the wide kernel at a distance `x >= 0` from its centre in zero crossings: it passes up to 0.25 and rejects by
/// at least 90 dB from 0.75 cycles per zero crossing on.
pub(super) const fn wide(x: f32) -> f32 {
    let (index, cubic) = Cubic::at(x);
    if index >= WIDE_LEN - 4 {
        return 0.0;
    }
    let points = [
        WIDE[index],
        WIDE[index + 1],
        WIDE[index + 2],
        WIDE[index + 3],
    ];
    cubic.through(points)
}

/// Points of the wide kernel for distances that are whole numbers apart, four around each.
pub(super) const UNIT_POINTS: usize = WIDE_POINTS * (WIDE_HALF as usize - 1) + 4;

/// Return the points for all distances that differ from `x` in `0.0..=1.0` by whole numbers, and the cubic for their place
/// between two points. Those of the distance `x + n` begin at `n · WIDE_POINTS`.
#[inline(always)]
pub(super) fn unit(x: f32) -> (&'static [f32; UNIT_POINTS], Cubic) {
    let (index, cubic) = Cubic::at(x);
    let points = WIDE.get(index..).and_then(<[f32]>::first_chunk);
    (points.unwrap_or(&[0.0; UNIT_POINTS]), cubic)
}

/// Lagrange's cubic through four points of the wide kernel, at −1, 0, 1 and 2, for one place between 0 and 1.
#[derive(Clone, Copy)]
pub(super) struct Cubic {
    t: f32,
    before: f32,
    after: f32,
    beyond: f32,
    /// Common factor of the outer points.
    outer: f32,
    /// Common factor of the inner points.
    inner: f32,
}

impl Cubic {
    /// Return the index of the first of the four points around a distance `x >= 0`, and the cubic for its place between
    /// them.
    #[inline(always)]
    pub(super) const fn at(x: f32) -> (usize, Self) {
        let at = x * WIDE_POINTS as f32;
        let index = at as usize;
        let t = at - index as f32;
        let (before, after, beyond) = (t + 1.0, t - 1.0, t - 2.0);
        let cubic = Self {
            t,
            before,
            after,
            beyond,
            outer: t * after,
            inner: before * beyond,
        };
        (index, cubic)
    }

    /// Return the value between four points.
    #[inline(always)]
    pub(super) const fn through(self, [a, b, c, d]: [f32; 4]) -> f32 {
        let outer = (d * self.before - a * self.beyond) * self.outer * (1.0 / 6.0);
        let inner = (b * self.after - c * self.t) * self.inner * 0.5;
        outer + inner
    }
}

/// Return every other tap of the sharp filter, from the distance `-SHARP_HALF - 1 + phase` on.
const fn sharp_phase(phase: usize) -> [f32; SHARP_TAPS] {
    let sum = sharp_sum();
    let mut taps = [0.0; SHARP_TAPS];
    let mut i = 0;
    while i < SHARP_TAPS {
        let distance = (2 * i + phase) as f64 - (SHARP_HALF + 1) as f64;
        taps[i] = (sharp(distance) / sum) as f32;
        i += 1;
    }
    taps
}

const fn sharp(distance: f64) -> f64 {
    let window = kaiser(distance / (SHARP_HALF + 1) as f64, SHARP_BETA);
    sinc(2.0 * SHARP_CUTOFF * distance) * window
}

const fn sharp_sum() -> f64 {
    let mut sum = sharp(0.0);
    let mut distance = 1;
    while distance <= SHARP_HALF {
        sum += 2.0 * sharp(distance as f64);
        distance += 1;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_phases_pass_dc_alike() {
        for phase in [&SHARP_EVEN, &SHARP_ODD] {
            let sum: f32 = phase.iter().sum();
            assert!((sum - 0.5).abs() < 2e-5, "{sum}");
        }
    }

    /// Return the gain of both phases together, in decibels, at a part of the rate that the filter works at.
    fn gain(frequency: f64) -> f64 {
        let [mut even, odd] = [sharp_phase(0), sharp_phase(1)];
        assert_eq!(odd, SHARP_ODD);
        even[0] = 0.0;
        assert_eq!(even, SHARP_EVEN);
        let taps = even.iter().zip(&odd).flat_map(|(even, odd)| [even, odd]);
        let sum: f64 = taps
            .zip(-(SHARP_HALF as i32 + 1)..)
            .map(|(tap, distance)| {
                let angle = core::f64::consts::TAU * frequency * f64::from(distance);
                f64::from(*tap) * libm::cos(angle)
            })
            .sum();
        20.0 * libm::log10(sum.abs())
    }

    #[test]
    fn the_sharp_filter_is_flat_and_rejects() {
        for i in 0..=200 {
            let part = f64::from(i) / 200.0;
            let passed = gain(part * 0.913 * 0.25);
            assert!(passed.abs() < 1.1e-3, "{part}: {passed}");
            let rejected = gain(0.25 + part * 0.25);
            assert!(rejected < -80.0, "{part}: {rejected}");
        }
    }

    #[test]
    fn wide_kernel_is_a_windowed_sinc() {
        assert_eq!(wide(0.0), 1.0);
        for crossing in 1..=WIDE_HALF + 2 {
            assert_eq!(wide(crossing as f32), 0.0);
        }
        for i in 0..6_000 {
            let x = f64::from(i) / 1_000.0;
            let exact = sinc(x) * kaiser(x / f64::from(WIDE_HALF), WIDE_BETA);
            let error = (f64::from(wide(x as f32)) - exact).abs();
            assert!(error < 1e-6, "at {x}: {error}");
        }
    }
}
