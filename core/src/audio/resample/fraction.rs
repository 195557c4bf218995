//! The gentle stage: any ratio, with few taps, since the bands next to the one that counts are removed by
//! the steep stage.

use super::kernel::{WIDE_HALF, wide};
use super::ring::Ring;

/// Most taps: from 96 kHz to twice 8 kHz.
const MAX_TAPS: usize = 2 * 6 * WIDE_HALF as usize;

/// Resamples by a ratio of integers with interpolated taps.
#[derive(Clone, Debug)]
pub(super) struct Fraction {
    history: Ring<MAX_TAPS>,
    /// Taps of a window, at most [`MAX_TAPS`].
    taps: usize,
    /// Inputs from the one at or before an output's place to the window's newest.
    ahead: u32,
    /// Inputs to take before the next output is ready.
    wait: u32,
    /// Place of the next output behind the input at or before it, in `1 / output` of an input.
    phase: u32,
    /// Input rate, reduced by the common divisor.
    input: u32,
    /// Output rate, reduced by the common divisor.
    output: u32,
    /// Zero crossings of the kernel from one input to the next.
    spacing: f32,
}

impl Fraction {
    /// From `input` to `output` (Hz) with a kernel whose zero crossings follow each other at `crossings` Hz.
    /// `input` is at most six times `crossings`. Equal rates pass the samples through.
    pub(super) fn new(input: u32, output: u32, crossings: u32) -> Self {
        let divisor = gcd(input, output);
        let ahead = if input == output {
            0
        } else {
            (WIDE_HALF * input).div_ceil(crossings)
        };
        Self {
            history: Ring::new(),
            taps: (2 * ahead as usize).clamp(1, MAX_TAPS),
            ahead,
            wait: ahead + 1,
            phase: 0,
            input: input / divisor,
            output: output / divisor,
            spacing: crossings as f32 / input as f32,
        }
    }

    pub(super) fn reset(&mut self) {
        self.history = Ring::new();
        self.wait = self.ahead + 1;
        self.phase = 0;
    }

    pub(super) fn push(&mut self, sample: f32) {
        self.history.push(sample);
        self.wait = self.wait.saturating_sub(1);
    }

    /// The next output, `None` if it takes more input.
    pub(super) fn pull(&mut self) -> Option<f32> {
        if self.wait > 0 {
            return None;
        }
        let sample = if self.input == self.output {
            self.history.newest()
        } else {
            self.interpolate()
        };
        self.phase += self.input;
        while self.phase >= self.output {
            self.phase -= self.output;
            self.wait += 1;
        }
        Some(sample)
    }

    fn interpolate(&self) -> f32 {
        let behind = self.phase as f32 / self.output as f32;
        let newest_first = self.history.window().iter().rev();
        let mut distance = self.ahead as f32 - behind;
        let mut sum = 0.0;
        for sample in newest_first.take(self.taps) {
            sum += sample * wide(distance.abs() * self.spacing);
            distance -= 1.0;
        }
        sum * self.spacing
    }
}

/// Greatest common divisor of positive numbers.
pub(super) const fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
