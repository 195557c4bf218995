//! The gentle stage: any ratio, with few taps, since the bands next to the one that counts are removed by
//! the steep stage.

use super::history::History;
use super::kernel::WIDE_HALF;
use super::route::Stage;
use super::taps::{Kernel, Taps};

/// Most taps: from 96 kHz to twice 8 kHz.
const MAX_TAPS: usize = 2 * 6 * WIDE_HALF as usize;

/// Samples that are taken at a time.
pub(super) const FRACTION_BLOCK: usize = 128;

/// Resamples by a ratio of integers with interpolated taps.
#[derive(Clone, Debug)]
pub(super) struct Fraction {
    history: History<{ MAX_TAPS + FRACTION_BLOCK }>,
    taps: Taps,
    /// Place of the next output after the input at or before it, in `1 / output` of an input.
    phase: u32,
    /// Input rate, reduced by the common divisor.
    input: u32,
    /// Output rate, reduced by the common divisor.
    output: u32,
}

impl Fraction {
    /// From `input` to `output` (Hz), which differ, with a kernel whose zero crossings follow each other at
    /// `crossings` Hz. `input` is at most six times `crossings`.
    pub(super) fn new(input: u32, output: u32, crossings: u32) -> Self {
        let divisor = gcd(input, output);
        let kernel = Kernel::new(input, output / divisor, crossings);
        Self {
            history: History::silent(kernel.silence()),
            taps: Taps::new(kernel),
            phase: 0,
            input: input / divisor,
            output: output / divisor,
        }
    }

    pub(super) fn reset(&mut self) {
        self.history = History::silent(self.taps.kernel().silence());
        self.phase = 0;
    }
}

impl Stage for Fraction {
    fn room(&self) -> usize {
        self.history.room()
    }

    fn ready(&self) -> usize {
        let windows = (self.history.len() + 1).saturating_sub(self.taps.kernel().len()) as u32;
        let places = (windows * self.output).saturating_sub(self.phase);
        places.div_ceil(self.input.max(1)) as usize
    }

    fn feed(&mut self, samples: &[f32]) -> usize {
        self.history.extend(samples)
    }

    fn produce(&mut self, output: &mut [f32]) -> usize {
        let samples = self.history.samples();
        let taps = self.taps.kernel().len();
        let (mut at, mut done) = (0, 0);
        for slot in output {
            let Some(window) = samples.get(at..at + taps) else {
                break;
            };
            *slot = self.taps.interpolate(window, self.phase);
            done += 1;
            self.phase += self.input;
            while self.phase >= self.output {
                self.phase -= self.output;
                at += 1;
            }
        }
        self.history.discard(at);
        done
    }
}

/// Greatest common divisor of positive numbers.
pub(super) const fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
