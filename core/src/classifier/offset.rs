//! A constant offset (DC) in the signal, which would fill the lowest mel band at all times.

/// Blocks before an offset is believed. Music has none, but the mean of a few blocks of its bass differs from 0.
const LEAST_BLOCKS: u32 = 8;

/// Blocks that the averages reach back.
const MOST_BLOCKS: u32 = 16;

/// Share of the way to a new offset that is made with each sample: about 12 ms at 22,050 Hz, so that it comes without a
/// click.
const STEP: f32 = 1.0 / 256.0;

/// Finds an offset in the means of blocks and subtracts it from then on. A signal without one passes with its bits
/// unchanged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offset {
    /// Blocks that were averaged, at most [`MOST_BLOCKS`].
    blocks: u32,
    /// Mean and variance of the blocks' means.
    mean: f32,
    variance: f32,
    /// Mean of the blocks' mean squares, about their means.
    power: f32,
    /// The offset that was found, 0 before.
    target: f32,
    /// The offset that is subtracted, on its way there.
    now: f32,
}

impl Offset {
    pub(super) const NEW: Self = Self {
        blocks: 0,
        mean: 0.0,
        variance: 0.0,
        power: 0.0,
        target: 0.0,
        now: 0.0,
    };

    /// Subtract the offset.
    pub(super) fn remove(&mut self, samples: &mut [f32]) {
        if self.now == 0.0 && self.target == 0.0 {
            return;
        }
        for sample in samples {
            self.now += (self.target - self.now) * STEP;
            *sample -= self.now;
        }
    }

    /// Learn from a block, as it was before the subtraction: its mean, and its mean square about that.
    pub(super) fn learn(&mut self, mean: f32, power: f32) {
        self.blocks = (self.blocks + 1).min(MOST_BLOCKS);
        let share = 1.0 / self.blocks as f32;
        let difference = mean - self.mean;
        self.mean += difference * share;
        self.variance = (1.0 - share) * (self.variance + share * difference * difference);
        self.power += (power - self.power) * share;
        if self.target != 0.0 || self.is_found() {
            self.target = self.mean;
        }
    }

    /// Whether the mean lies four standard deviations from 0, and less than 40 dB below the sound.
    fn is_found(&self) -> bool {
        let square = self.mean * self.mean;
        self.blocks >= LEAST_BLOCKS && square > 16.0 * self.variance && square > 1e-4 * self.power
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_subtracted() {
        let mut offset = Offset::NEW;
        let mut samples = [0.25, 0.75];
        offset.remove(&mut samples);
        assert_eq!(samples, [0.25, 0.75], "none is known yet");
        for _ in 0..LEAST_BLOCKS {
            offset.learn(0.25, 0.01);
        }
        let mut silence = [0.25; 100_000];
        offset.remove(&mut silence);
        offset.remove(&mut samples);
        assert!(samples[0].abs() < 1e-3, "{}", samples[0]);
        assert!((samples[1] - 0.5).abs() < 1e-3, "{}", samples[1]);
    }
}
