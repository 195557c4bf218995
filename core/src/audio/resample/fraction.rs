//! The gentle stage: any ratio, with few taps, since the bands next to the one that counts are removed by
//! the steep stage.

use super::HIGHEST_RATIO;
use super::history::History;
use super::kernel::WIDE_HALF;
use super::route::Stage;
use super::taps::{Kernel, Place, Taps};

/// Most taps: from the highest rate to twice the lower one.
const MAX_TAPS: usize = (HIGHEST_RATIO * WIDE_HALF) as usize;

/// Samples that are taken at a time.
pub(super) const FRACTION_BLOCK: usize = 128;

/// Room for the vectors that are loaded around a window's newest sample.
const MARGIN: usize = if cfg!(feature = "std") { 64 } else { 0 };

/// Resamples by a ratio of integers with interpolated taps.
#[derive(Clone, Debug)]
pub(super) struct Fraction {
    history: History<{ MAX_TAPS + FRACTION_BLOCK + MARGIN }, MARGIN>,
    taps: Taps,
    /// Where the next output is.
    place: Place,
}

impl Fraction {
    /// Make a stage from `input` to `output` (Hz), which differ, with a kernel whose zero crossings are `crossings` Hz
    /// apart. `input` is at most half of [`HIGHEST_RATIO`] times `crossings`.
    pub(super) fn new(input: u32, output: u32, crossings: u32) -> Self {
        let kernel = Kernel::new(input, output, crossings);
        Self {
            history: History::silent(kernel.silence()),
            taps: Taps::new(kernel),
            place: Place::default(),
        }
    }

    pub(super) fn reset(&mut self) {
        self.history = History::silent(self.taps.kernel().silence());
        self.place = Place::default();
    }
}

impl Stage for Fraction {
    fn room(&self) -> usize {
        self.history.room()
    }

    fn ready(&self) -> usize {
        self.taps.kernel().outputs(self.history.len(), self.place)
    }

    fn feed(&mut self, samples: &[f32]) -> usize {
        let count = samples.len().min(self.room());
        self.history
            .extend(samples.get(..count).unwrap_or_default())
    }

    fn produce(&mut self, output: &mut [f32]) -> usize {
        let count = self.ready().min(output.len());
        let output = output.get_mut(..count).unwrap_or_default();
        let samples = self.history.samples_and_rest();
        let passed = self.taps.interpolate(samples, &mut self.place, output);
        self.history.discard(passed);
        count
    }
}
