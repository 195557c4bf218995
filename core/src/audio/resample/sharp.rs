//! The steep stages: down to half the rate, up to twice the rate. Both run the two phases of one filter.

use super::kernel::{SHARP_EVEN, SHARP_ODD, SHARP_TAPS};
use super::ring::{Ring, dot};

/// Samples of the lower rate by which the newest in a window is ahead of its centre.
const AHEAD: u8 = (SHARP_TAPS / 2 - 1) as u8;

/// Halves the rate.
#[derive(Clone, Debug)]
pub(super) struct Halver {
    even: Ring<SHARP_TAPS>,
    odd: Ring<SHARP_TAPS>,
    next_is_odd: bool,
    /// Outputs to leave out until the first input is in the centre.
    early: u8,
}

impl Halver {
    pub(super) const fn new() -> Self {
        Self {
            even: Ring::new(),
            odd: Ring::new(),
            next_is_odd: false,
            early: AHEAD,
        }
    }

    /// Takes a sample of the higher rate; gives one of the lower rate every other time.
    pub(super) fn push(&mut self, sample: f32) -> Option<f32> {
        self.next_is_odd = !self.next_is_odd;
        if self.next_is_odd {
            self.even.push(sample);
            return None;
        }
        self.odd.push(sample);
        if self.early > 0 {
            self.early -= 1;
            return None;
        }
        Some(dot(self.even.window(), &SHARP_EVEN) + dot(self.odd.window(), &SHARP_ODD))
    }
}

/// Doubles the rate.
#[derive(Clone, Debug)]
pub(super) struct Doubler {
    history: Ring<SHARP_TAPS>,
    /// Outputs left of the newest input.
    ready: u8,
    /// Inputs to take until the first one is in the centre.
    early: u8,
}

impl Doubler {
    pub(super) const fn new() -> Self {
        Self {
            history: Ring::new(),
            ready: 0,
            early: AHEAD + 1,
        }
    }

    /// Takes a sample of the lower rate.
    pub(super) fn push(&mut self, sample: f32) {
        self.history.push(sample);
        self.ready = match self.early {
            0 => 2,
            // the output before the first input's place is left out
            1 => 1,
            _ => 0,
        };
        self.early = self.early.saturating_sub(1);
    }

    /// The next sample of the higher rate: first the one between two inputs, then the one in the place of
    /// an input.
    pub(super) fn pull(&mut self) -> Option<f32> {
        let phase = match self.ready {
            0 => return None,
            1 => &SHARP_EVEN,
            _ => &SHARP_ODD,
        };
        self.ready -= 1;
        // the zeros between the inputs of the filter halve its gain
        Some(2.0 * dot(self.history.window(), phase))
    }
}
