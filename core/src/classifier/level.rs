//! The level of the sound: how loud it is, and which of its blocks are silent.

use crate::frontend::power_to_db;

/// Mean square, relative to full scale ±1.0, below which a block is silent: -84 dBFS, two steps of 16-bit samples. The
/// dither of 16-bit silence lies at -96 dBFS and its coarsest form at -90, below this; music 60 dB below a usual
/// recording's level is above it, and so is music at conversational loudness before a microphone of a few cents.
const SILENCE: f32 = 1.0 / (1_u32 << 28) as f32;

/// Lowest level that is reported, in dBFS.
const LOWEST_DBFS: f32 = -120.0;

/// A measurement of blocks of samples. A constant offset is not sound: a block's energy is taken about its own mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct LevelMeter {
    block: Block,
    energy: f64,
    samples: u64,
    silent: u64,
    /// Whether the last block was silent.
    was_silent: bool,
}

/// Sums over the samples of a block, relative to its first one so that an offset cannot drown small differences.
#[derive(Clone, Copy, Debug, Default)]
struct Block {
    samples: u32,
    origin: f32,
    sum: f32,
    squares: f32,
}

impl Block {
    fn add(&mut self, samples: &[f32]) {
        if let (0, Some(first)) = (self.samples, samples.first()) {
            self.origin = *first;
        }
        self.samples += samples.len() as u32;
        // one after another, so that the sums do not depend on where the signal was cut
        for sample in samples {
            let value = sample - self.origin;
            self.sum += value;
            self.squares += value * value;
        }
    }

    /// Return the sum of the squared differences from the block's mean.
    fn energy(&self) -> f32 {
        let common = self.sum * self.sum / self.samples.max(1) as f32;
        (self.squares - common).max(0.0)
    }

    fn is_silent(&self) -> bool {
        self.energy() < SILENCE * self.samples as f32
    }
}

impl LevelMeter {
    pub(super) const NEW: Self = Self {
        block: Block {
            samples: 0,
            origin: 0.0,
            sum: 0.0,
            squares: 0.0,
        },
        energy: 0.0,
        samples: 0,
        silent: 0,
        was_silent: true,
    };

    /// Add samples to the block.
    pub(super) fn add(&mut self, samples: &[f32]) {
        self.block.add(samples);
    }

    /// End the block and return whether it was silent; if there was no sample in it, whether the last one was. `learn`
    /// is told the mean of a block that is not silent, and its mean square about that.
    pub(super) fn end_block(&mut self, learn: impl FnOnce(f32, f32)) -> bool {
        if self.block.samples > 0 {
            self.was_silent = self.block.is_silent();
            if !self.was_silent {
                let samples = self.block.samples as f32;
                learn(
                    self.block.origin + self.block.sum / samples,
                    self.block.energy() / samples,
                );
            }
            self.energy += f64::from(self.block.energy());
            self.samples += u64::from(self.block.samples);
            self.silent += self.counted_silent();
            self.block = Block::default();
        }
        self.was_silent
    }

    /// Return the samples of the block if it is silent so far.
    fn counted_silent(&self) -> u64 {
        u64::from(if self.block.is_silent() {
            self.block.samples
        } else {
            0
        })
    }

    /// Return the root mean square of all samples in dB relative to full scale ±1.0, at least -120; a sine of full scale
    /// has -3.01 dBFS.
    pub(super) fn dbfs(&self) -> f32 {
        let samples = self.samples + u64::from(self.block.samples);
        let energy = self.energy + f64::from(self.block.energy());
        let mean = (energy / samples.max(1) as f64) as f32;
        power_to_db(mean.max(1e-20)).max(LOWEST_DBFS)
    }

    /// Return the share of the samples that lie in silent blocks, `0.0..=1.0`.
    pub(super) fn silent(&self) -> f32 {
        let samples = self.samples + u64::from(self.block.samples);
        let silent = self.silent + self.counted_silent();
        (silent as f64 / samples.max(1) as f64) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_samples_than_32_bits_count_are_still_measured() {
        let mut level = LevelMeter::NEW;
        // 54 hours of full scale at 22,050 Hz
        let before = u64::from(u32::MAX) - 1_000;
        level.samples = before;
        level.energy = before as f64;
        let block: [f32; 1024] = core::array::from_fn(|i| if i % 2 == 0 { 1.0 } else { -1.0 });
        for _ in 0..100 {
            level.add(&block);
            level.end_block(|_, _| {});
        }
        assert_eq!(level.samples, before + 102_400);
        assert!(level.dbfs().abs() < 1e-3, "{}", level.dbfs());
        assert_eq!(level.silent(), 0.0);
        level.silent = level.samples;
        assert_eq!(level.silent(), 1.0);
    }
}
