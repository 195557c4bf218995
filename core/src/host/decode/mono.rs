use std::path::Path;
use std::vec::Vec;

use super::{AudioReader, DecodeError};
use crate::audio::{InputFormat, Resampler};

/// Reads an audio file as mono at one rate: the mean of its channels, resampled. A format that changes in the middle
/// gets a resampler of its own.
#[derive(Debug)]
pub struct MonoReader {
    reader: AudioReader,
    rate: u32,
    format: InputFormat,
    resampler: Resampler,
    /// Mean of the channels, at the file's rate.
    mean: Vec<f32>,
    samples: Vec<f32>,
    ended: bool,
}

impl MonoReader {
    /// Read from `reader` at `rate` Hz.
    ///
    /// # Errors
    /// [`DecodeError::Rate`] where either rate cannot be resampled.
    pub fn new(reader: AudioReader, rate: u32) -> Result<Self, DecodeError> {
        let format = reader.format();
        let resampler = Resampler::new(format.sample_rate, rate).map_err(DecodeError::Rate)?;
        Ok(Self {
            reader,
            rate,
            format,
            resampler,
            mean: Vec::new(),
            samples: Vec::new(),
            ended: false,
        })
    }

    /// Return the same as [`AudioReader::replaced`].
    #[must_use]
    pub fn replaced(&self) -> Option<(u64, u64)> {
        self.reader.replaced()
    }

    /// Return the next samples (full scale ±1.0), `None` at the end.
    ///
    /// # Errors
    /// As [`AudioReader::next_block`], and [`DecodeError::Rate`] for a rate in the middle that cannot be resampled.
    pub fn next_block(&mut self) -> Result<Option<&[f32]>, DecodeError> {
        self.samples.clear();
        while self.samples.is_empty() && !self.ended {
            let Some(block) = self.reader.next_block()? else {
                self.ended = true;
                finish(&mut self.resampler, &mut self.samples);
                break;
            };
            if block.format != self.format {
                let next = Resampler::new(block.format.sample_rate, self.rate);
                finish(&mut self.resampler, &mut self.samples);
                self.resampler = next.map_err(DecodeError::Rate)?;
                self.format = block.format;
            }
            let channels = usize::from(block.format.channels.max(1));
            let frames = block.samples.chunks_exact(channels);
            self.mean.clear();
            let mean = |frame: &[f32]| frame.iter().sum::<f32>() / channels as f32;
            self.mean.extend(frames.map(mean));
            let keep = |block: &[f32]| self.samples.extend_from_slice(block);
            self.resampler.process_all(&self.mean, keep);
        }
        Ok(Some(self.samples.as_slice()).filter(|samples| !samples.is_empty()))
    }
}

/// Take the rest from the resampler.
fn finish(resampler: &mut Resampler, samples: &mut Vec<f32>) {
    resampler.finish();
    resampler.process_all(&[], |block| samples.extend_from_slice(block));
}

/// Read a whole file as mono at `rate` Hz.
///
/// # Errors
/// As [`MonoReader`].
pub fn read_mono(path: impl AsRef<Path>, rate: u32) -> Result<Vec<f32>, DecodeError> {
    let mut reader = MonoReader::new(AudioReader::open(path)?, rate)?;
    let mut samples = Vec::new();
    while let Some(block) = reader.next_block()? {
        samples.extend_from_slice(block);
    }
    Ok(samples)
}
