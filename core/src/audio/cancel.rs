//! Channels that cancel each other: the mean of a channel and its inverse is silent, whatever they carry.

use super::format::MAX_CHANNELS;

/// Frames between two decisions, counted from the signal's first one.
pub(super) const BLOCK: usize = 1024;

/// Every frame with such an index is measured: enough of them to compare energies, in an eighth of the time.
pub(super) const STRIDE: usize = 8;

/// Mean square of full-scale ±1.0, times the frames measured in a block, below which a block decides nothing.
const LEAST: f32 = 1.0 / (1_u32 << 28) as f32 * (BLOCK / STRIDE) as f32;

/// Compares the energy of the mean with that of the channels, block by block, and chooses how the next block is mixed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cancellation {
    /// Frames of the block so far.
    frames: usize,
    /// Energy of the measured frames' means.
    mean: f32,
    /// The same of each channel.
    channels: [f32; MAX_CHANNELS as usize],
    chosen: Option<usize>,
}

impl Cancellation {
    pub(super) const NEW: Self = Self {
        frames: 0,
        mean: 0.0,
        channels: [0.0; MAX_CHANNELS as usize],
        chosen: None,
    };

    /// Return the channel that stands for all of them in this block, `None` for their mean.
    pub(super) fn chosen(&self) -> Option<usize> {
        self.chosen
    }

    /// Return the number of frames that complete the block, at least 1.
    pub(super) fn missing(&self) -> usize {
        BLOCK - self.frames
    }

    /// Return the number of frames before the next one to measure.
    pub(super) fn unmeasured(&self) -> usize {
        self.frames.next_multiple_of(STRIDE) - self.frames
    }

    /// Measure a frame and its mean.
    pub(super) fn measure(&mut self, frame: &[f32], mean: f32) {
        self.mean += mean * mean;
        for (energy, sample) in self.channels.iter_mut().zip(frame) {
            *energy += sample * sample;
        }
    }

    /// Measure every [`STRIDE`]th of frames of two channels and of their means, from the first on: as [`Self::measure`]
    /// does, but the sums stay in registers.
    pub(super) fn measure_stereo(&mut self, frames: &[[f32; 2]], means: &[f32]) {
        let [left, right, ..] = &mut self.channels;
        let mut sums = [self.mean, *left, *right];
        for (frames, means) in frames.chunks(STRIDE).zip(means.chunks(STRIDE)) {
            let ([[left, right], ..], [mean, ..]) = (frames, means) else {
                break;
            };
            for (sum, value) in sums.iter_mut().zip([mean, left, right]) {
                *sum += value * value;
            }
        }
        [self.mean, *left, *right] = sums;
    }

    /// Count frames of so many channels, at most those that are missing, and decide at the end of the block.
    pub(super) fn advance(&mut self, frames: usize, channels: usize) {
        self.frames += frames;
        if self.frames >= BLOCK {
            let chosen = self.decide(channels);
            *self = Self {
                chosen,
                ..Self::NEW
            };
        }
    }

    /// Choose the loudest channel if the mean is 12 dB below what that channel alone would leave of it, which is the channel
    /// divided by their number, and the mean again when it is less than 6 dB below: no mix of channels that differ comes near
    /// this, and both thresholds apart keep the choice from alternating.
    fn decide(&self, channels: usize) -> Option<usize> {
        let mut loudest = (0, 0.0);
        for (channel, energy) in self.channels.iter().enumerate() {
            if *energy > loudest.1 {
                loudest = (channel, *energy);
            }
        }
        let (channel, energy) = loudest;
        if energy < LEAST {
            return self.chosen;
        }
        let alone = self.mean * (channels * channels) as f32;
        match self.chosen {
            None if alone * 16.0 < energy => Some(channel),
            None => None,
            Some(_) if alone * 4.0 > energy => None,
            // a channel that has become much quieter than another hands over to it
            Some(chosen) => {
                let own = self.channels.get(chosen).copied().unwrap_or(0.0);
                Some(if own * 4.0 < energy { channel } else { chosen })
            }
        }
    }
}
