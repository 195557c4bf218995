//! Measurements of the sound itself, which need no model.

use super::level::LevelMeter;
use super::offset::Offset;
use crate::Error;
use crate::audio::Converted;

/// Seconds of audio that deserve an answer: a signal that ends before them, and before its first window, is too short. A
/// genre of less than half a second of sound would be a guess.
pub const LEAST_SECONDS: f32 = 0.5;

/// Counts since the start of the signal.
#[derive(Debug)]
pub(super) struct Signal {
    /// Level of the mixed sound at the model's rate, in a block per column.
    pub(super) level: LevelMeter,
    offset: Offset,
    samples: u64,
    clipped: u64,
    frames: u64,
    cancelled: u64,
    /// Rate of the frames that come in, Hz.
    rate: u32,
    /// Frames at that rate.
    recent: u32,
    /// Seconds at other rates before them.
    earlier: f32,
}

impl Signal {
    pub(super) fn new(rate: u32) -> Self {
        Self {
            level: LevelMeter::NEW,
            offset: Offset::NEW,
            samples: 0,
            clipped: 0,
            frames: 0,
            cancelled: 0,
            rate,
            recent: 0,
            earlier: 0.0,
        }
    }

    /// Forget everything but the rate.
    pub(super) fn reset(&mut self) {
        *self = Self::new(self.rate);
    }

    /// Measure samples of the model's rate, and subtract a constant offset from them.
    pub(super) fn condition(&mut self, samples: &mut [f32]) {
        self.level.add(samples);
        self.offset.remove(samples);
    }

    /// End a column's samples and return whether they were silent.
    pub(super) fn end_column(&mut self) -> bool {
        let offset = &mut self.offset;
        self.level
            .end_block(|mean, power| offset.learn(mean, power))
    }

    /// Count samples, and the frames that they completed, of which some are one channel alone.
    pub(super) fn count(&mut self, samples: &Converted, frames: usize, cancelled: usize) {
        self.samples += samples.taken as u64;
        self.clipped += samples.clipped as u64;
        self.frames += frames as u64;
        self.cancelled += cancelled as u64;
        self.recent = self.recent.saturating_add(frames as u32);
    }

    /// Go on with frames of another rate.
    pub(super) fn change_rate(&mut self, rate: u32) {
        self.earlier = self.seconds();
        self.recent = 0;
        self.rate = rate;
    }

    fn seconds(&self) -> f32 {
        self.earlier + self.recent as f32 / self.rate.max(1) as f32
    }

    /// Check that the signal may end here; `answered` if there was a window.
    pub(super) fn check_length(&self, answered: bool) -> Result<(), Error> {
        let seconds = self.seconds();
        if self.frames == 0 {
            Err(Error::NoAudio)
        } else if seconds < LEAST_SECONDS && !answered {
            Err(Error::TooShort { seconds })
        } else {
            Ok(())
        }
    }

    /// Return the share of the samples at or beyond full scale.
    pub(super) fn clipped(&self) -> f32 {
        share(self.clipped, self.samples)
    }

    /// Return the share of the frames that are one channel alone.
    pub(super) fn cancelled(&self) -> f32 {
        share(self.cancelled, self.frames)
    }
}

fn share(part: u64, all: u64) -> f32 {
    part as f32 / all.max(1) as f32
}
