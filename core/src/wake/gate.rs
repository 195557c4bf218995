//! A gate before the front end: level and change of two bands, block by block.

use super::level::{from_db, log2, to_db};
use super::{InvalidSetting, check_rate};
use crate::audio::Sample;

/// Bits after the point of the averages of changes, beside those of a level.
const AVERAGE_BITS: u32 = 8;

/// Shift of these averages: they reach back over 16 blocks, about one second.
const AVERAGE_SHIFT: u32 = 4;

/// Level (dBFS) below which a band's changes do not count: it is that of the last bit of 16.
const FLOOR_DBFS: f32 = -90.0;

/// Largest change of a block that counts, in dB: one click alone does not hold a gate open.
const MOST_CHANGE_DB: f32 = 12.0;

/// When a [`Gate`] opens and closes.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GateSettings {
    /// Level of a block from which the gate opens: root mean square about the block's mean in dB relative to full scale
    /// ±1.0, `-90.0..=0.0`.
    pub open_dbfs: f32,
    /// Level from which an open gate stays open, `-90.0..=open_dbfs`.
    pub close_dbfs: f32,
    /// Change from which the gate opens and stays open, in dB per block, `0.0..=6.0`: see [`Gate::flux_db`]. 0 looks at
    /// the level alone.
    pub least_flux_db: f32,
    /// Seconds that an open gate waits for level and change to return before it closes, `0.0..=600.0`.
    pub hold_seconds: f32,
}

impl Default for GateSettings {
    /// Open at -54 dBFS, close at -60 dBFS, a change of 0.5 dB per block, two seconds of hold.
    fn default() -> Self {
        Self {
            open_dbfs: -54.0,
            close_dbfs: -60.0,
            least_flux_db: 0.5,
            hold_seconds: 2.0,
        }
    }
}

impl GateSettings {
    fn check(&self) -> Result<(), InvalidSetting> {
        let what = if !(-90.0..=0.0).contains(&self.open_dbfs) {
            "open_dbfs must be -90 to 0"
        } else if !(-90.0..=self.open_dbfs).contains(&self.close_dbfs) {
            "close_dbfs must be -90 to open_dbfs"
        } else if !(0.0..=6.0).contains(&self.least_flux_db) {
            "least_flux_db must be 0 to 6"
        } else if !(0.0..=600.0).contains(&self.hold_seconds) {
            "hold_seconds must be 0 to 600"
        } else {
            return Ok(());
        };
        Err(InvalidSetting { what })
    }
}

/// Tells sound that may be music from silence, hiss and hum, in a few instructions per sample.
///
/// It measures blocks of 43 to 64 ms and opens at the end of one that is loud enough while the sound changes; it closes
/// when the sound has been too quiet, or too steady, for the time of `hold_seconds`. What it has decided after a number of
/// samples does not depend on how they were divided into calls.
///
/// A gate hears mono samples before any resampling. It does not tell music from speech; that is for the classifier.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    /// Steps, relative to the block's energy at full scale.
    open_level: i32,
    close_level: i32,
    /// Steps with [`AVERAGE_BITS`] more.
    least_flux: i32,
    /// In samples.
    hold: u32,
    /// Logarithm to base 2 of the samples in a block.
    block_shift: u32,
    block: Block,
    bands: Bands,
    /// Of the last whole block, in steps relative to full scale.
    level: i32,
    /// Samples since an open gate last had a reason to be open.
    idle: u32,
    is_open: bool,
}

/// Sums over the samples of a block so far.
#[derive(Clone, Copy, Debug, Default)]
struct Block {
    samples: u32,
    /// The last sample, from which the next difference is taken.
    previous: i32,
    sum: i32,
    squares: u64,
    /// Squares of the first differences.
    differences: u64,
}

/// Levels of two bands, and how much they change from block to block.
#[derive(Clone, Copy, Debug, Default)]
struct Bands {
    /// Whole blocks before this one, up to 1.
    blocks: u32,
    /// Below and above a quarter of the sample rate, with gentle slopes; in steps relative to full scale.
    levels: [i32; 2],
    /// Averages of their absolute changes, in steps with [`AVERAGE_BITS`] more.
    changes: [i32; 2],
}

impl Gate {
    /// Make a gate for mono samples of a rate in Hz, `4_000..=192_000`; it is closed.
    ///
    /// # Errors
    /// [`InvalidSetting`] for a rate or a setting out of its range.
    pub fn new(sample_rate: u32, settings: GateSettings) -> Result<Self, InvalidSetting> {
        let sample_rate = check_rate(sample_rate)?;
        settings.check()?;
        Ok(Self {
            open_level: from_db(settings.open_dbfs),
            close_level: from_db(settings.close_dbfs),
            least_flux: from_db(settings.least_flux_db) << AVERAGE_BITS,
            hold: (settings.hold_seconds * sample_rate as f32) as u32,
            block_shift: (sample_rate / 15).ilog2(),
            block: Block::default(),
            bands: Bands::default(),
            level: from_db(FLOOR_DBFS),
            idle: 0,
            is_open: false,
        })
    }

    /// Take samples, any number of them, and return whether the gate is open after the last one.
    pub fn push<S: Sample>(&mut self, mut samples: &[S]) -> bool {
        while !samples.is_empty() {
            let missing = (1 << self.block_shift) - self.block.samples;
            let count = samples.len().min(missing as usize);
            let (now, rest) = samples.split_at_checked(count).unwrap_or_default();
            self.block.add(now, self.bands.blocks == 0);
            samples = rest;
            if self.block.samples >> self.block_shift > 0 {
                self.end_block();
            }
        }
        self.is_open
    }

    /// Return whether the gate is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Return the level of the last whole block in dBFS, about its mean and within 0.05 dB; -90 before the first block.
    #[must_use]
    pub fn level_dbfs(&self) -> f32 {
        to_db(self.level as f32)
    }

    /// Return how much the sound changes, in dB per block: the mean absolute change of the level of two bands, the smaller of
    /// both, over the last second or so. Steady noise of any colour has less than 0.4 dB, music 0.7 to 4 dB.
    #[must_use]
    pub fn flux_db(&self) -> f32 {
        to_db(self.bands.flux() as f32 / (1_u32 << AVERAGE_BITS) as f32)
    }

    /// Forget the sound and close.
    pub fn reset(&mut self) {
        self.block = Block::default();
        self.bands = Bands::default();
        self.level = from_db(FLOOR_DBFS);
        self.idle = 0;
        self.is_open = false;
    }

    /// Measure a whole block, and decide.
    fn end_block(&mut self) {
        let block = self.block.next();
        let samples = core::mem::replace(&mut self.block, block);
        let energy = samples.energy(self.block_shift);
        // what a block of full scale has
        let full = (30 + self.block_shift as i32) * 256;
        self.level = log2(energy) - full;
        self.bands.follow(&samples, energy, full);

        let level = if self.is_open {
            self.close_level
        } else {
            self.open_level
        };
        if self.level >= level && self.bands.flux() >= self.least_flux {
            self.is_open = true;
            self.idle = 0;
        } else {
            self.idle = self.idle.saturating_add(samples.samples);
            self.is_open &= self.idle < self.hold;
        }
    }
}

impl Block {
    /// Add samples; the very `first` one has no difference from one before it.
    fn add<S: Sample>(&mut self, samples: &[S], first: bool) {
        if let (true, 0, Some(sample)) = (first, self.samples, samples.first()) {
            self.previous = i32::from(sample.to_i16());
        }
        self.samples += samples.len() as u32;
        // in registers for the length of the loop
        let Self {
            mut previous,
            mut sum,
            mut squares,
            mut differences,
            ..
        } = *self;
        for sample in samples {
            let sample = i32::from(sample.to_i16());
            let difference = sample.wrapping_sub(previous);
            previous = sample;
            sum = sum.wrapping_add(sample);
            squares += u64::from((sample * sample) as u32);
            // up to 65,535 squared, which 32 bits hold without a sign
            differences += u64::from(difference.wrapping_mul(difference) as u32);
        }
        self.previous = previous;
        self.sum = sum;
        self.squares = squares;
        self.differences = differences;
    }

    /// Return the energy about the mean of a whole block.
    fn energy(&self, shift: u32) -> u64 {
        let common = i64::from(self.sum) * i64::from(self.sum);
        self.squares.saturating_sub(common as u64 >> shift)
    }

    /// Return the block after this one, empty.
    fn next(&self) -> Self {
        Self {
            previous: self.previous,
            ..Self::default()
        }
    }
}

impl Bands {
    /// Take the energies of a whole block; `full` is the level of full scale in steps.
    fn follow(&mut self, block: &Block, energy: u64, full: i32) {
        // |1 − z^-1|² / 4 and its complement
        let high = block.differences / 4;
        let low = energy.saturating_sub(high);
        for ((level, change), energy) in
            (self.levels.iter_mut().zip(&mut self.changes)).zip([low, high])
        {
            let new = (log2(energy) - full).max(from_db(FLOOR_DBFS));
            if self.blocks > 0 {
                let moved = (new - *level).abs().min(from_db(MOST_CHANGE_DB));
                *change += ((moved << AVERAGE_BITS) - *change) >> AVERAGE_SHIFT;
            }
            *level = new;
        }
        self.blocks = 1;
    }

    /// Return the smaller of both changes.
    fn flux(&self) -> i32 {
        let [low, high] = self.changes;
        low.min(high)
    }
}
