//! Resampling from rates that a classifier does not take to one that it does.

use std::vec::Vec;

use crate::audio::{InputFormat, Resampler, SUPPORTED_RATES, UnsupportedRate};

/// Rate (Hz) from which on no audible frequency is lost.
const HIGHEST: u32 = 44_100;

/// Largest ratio of two rates.
const RATIO: u32 = 12;

/// Resamples interleaved channels from any rate from 4 to 768 kHz to one of the [`SUPPORTED_RATES`].
pub(super) struct Converter {
    from: InputFormat,
    to: InputFormat,
    channels: Vec<Resampler>,
    /// One channel, before and after.
    plane: Vec<f32>,
    resampled: Vec<f32>,
}

impl Converter {
    /// Make a converter for a format; `None` if its rate is supported.
    pub(super) fn new(from: InputFormat) -> Result<Option<Self>, UnsupportedRate> {
        let rate = from.sample_rate;
        if SUPPORTED_RATES.contains(&rate) {
            return Ok(None);
        }
        // the next higher one, so that nothing is lost, but no higher than useful
        let lowest = rate.div_ceil(RATIO).max(rate.min(HIGHEST));
        let to = SUPPORTED_RATES.into_iter().find(|to| *to >= lowest);
        let to = to.ok_or(UnsupportedRate { rate })?;
        let one = Resampler::any(rate, to)?;
        Ok(Some(Self {
            from,
            to: InputFormat {
                sample_rate: to,
                channels: from.channels,
            },
            channels: std::vec![one; usize::from(from.channels)],
            plane: Vec::new(),
            resampled: Vec::new(),
        }))
    }

    /// Return the format that is converted.
    pub(super) fn from(&self) -> InputFormat {
        self.from
    }

    /// Return the format of what comes out.
    pub(super) fn to(&self) -> InputFormat {
        self.to
    }

    /// Put resampled frames in place of those given.
    pub(super) fn convert(&mut self, samples: &mut Vec<f32>) {
        let count = self.channels.len().max(1);
        let mut frames = 0;
        self.resampled.clear();
        for (channel, resampler) in self.channels.iter_mut().enumerate() {
            self.plane.clear();
            self.plane
                .extend(samples.iter().skip(channel).step_by(count));
            let begun = self.resampled.len();
            resampler.process_all(&self.plane, |block| self.resampled.extend_from_slice(block));
            frames = self.resampled.len() - begun;
        }
        samples.clear();
        for frame in 0..frames {
            samples.extend(
                self.resampled
                    .iter()
                    .skip(frame)
                    .step_by(frames)
                    .take(count),
            );
        }
    }

    /// End the signal; [`convert`](Self::convert) gives what is left.
    pub(super) fn finish(&mut self) {
        self.channels.iter_mut().for_each(Resampler::finish);
    }
}
