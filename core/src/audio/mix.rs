//! Mixing several channels down to their mean.

use super::format::{MAX_CHANNELS, Sample};
use crate::Error;

/// Mixes interleaved channels down to their mean. A push may end in the middle of a frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DownMix {
    channels: u16,
    /// Channels of the incomplete frame so far.
    seen: u16,
    /// Their sum.
    sum: f32,
}

impl DownMix {
    /// # Errors
    /// [`Error::Channels`] unless there are `1..=`[`MAX_CHANNELS`].
    pub(crate) fn new(channels: u16) -> Result<Self, Error> {
        if !(1..=MAX_CHANNELS).contains(&channels) {
            return Err(Error::Channels { found: channels });
        }
        Ok(Self {
            channels,
            seen: 0,
            sum: 0.0,
        })
    }

    /// Take interleaved samples until `mono` is full of means, they run out or one is invalid.
    pub(crate) fn take<S: Sample>(&mut self, samples: &[S], mono: &mut [f32]) -> Mixed {
        let mut mixed = Mixed::default();
        loop {
            let rest = samples.get(mixed.taken..).unwrap_or_default();
            let slots = mono.get_mut(mixed.made..).unwrap_or_default();
            let frames = if self.seen == 0 {
                mix_frames(self.channels, rest, slots)
            } else {
                0
            };
            mixed.made += frames;
            mixed.taken += frames * usize::from(self.channels);
            // the beginning or the end of a split frame, or the samples before an invalid one
            let rest = samples.get(mixed.taken..).unwrap_or_default();
            let (Some(slot), Some(sample)) = (mono.get_mut(mixed.made), rest.first()) else {
                return mixed;
            };
            if !sample.is_valid() {
                mixed.invalid = true;
                return mixed;
            }
            mixed.taken += 1;
            if let Some(mean) = self.add(sample.to_f32()) {
                *slot = mean;
                mixed.made += 1;
            }
        }
    }

    /// Add a channel's sample; return the mean of the frame that it completes.
    fn add(&mut self, sample: f32) -> Option<f32> {
        self.sum += sample;
        self.seen += 1;
        if self.seen < self.channels {
            return None;
        }
        let mean = self.sum / f32::from(self.channels);
        self.reset();
        Some(mean)
    }

    pub(crate) fn reset(&mut self) {
        self.seen = 0;
        self.sum = 0.0;
    }
}

/// The work of one call of [`DownMix::take`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mixed {
    /// Interleaved samples taken.
    pub(crate) taken: usize,
    /// Mono samples made from them.
    pub(crate) made: usize,
    /// Whether the sample after those taken is not valid.
    pub(crate) invalid: bool,
}

/// Frames that are checked and mixed at a time.
const BLOCK: usize = 64;

/// Mix whole frames until either slice runs out, or up to the block with an invalid sample; return their
/// number.
fn mix_frames<S: Sample>(channels: u16, samples: &[S], mono: &mut [f32]) -> usize {
    match channels {
        1 => mix_blocks::<S, 1>(samples, mono),
        2 => mix_blocks::<S, 2>(samples, mono),
        3 => mix_blocks::<S, 3>(samples, mono),
        4 => mix_blocks::<S, 4>(samples, mono),
        5 => mix_blocks::<S, 5>(samples, mono),
        6 => mix_blocks::<S, 6>(samples, mono),
        7 => mix_blocks::<S, 7>(samples, mono),
        _ => mix_blocks::<S, 8>(samples, mono),
    }
}

fn mix_blocks<S: Sample, const CHANNELS: usize>(samples: &[S], mono: &mut [f32]) -> usize {
    let frames = samples.as_chunks::<CHANNELS>().0;
    let mut made = 0;
    for (frames, slots) in frames.chunks(BLOCK).zip(mono.chunks_mut(BLOCK)) {
        let count = frames.len().min(slots.len());
        let frames = frames.get(..count).unwrap_or_default();
        // no early exit, so that it can be done for many samples at a time
        let valid = frames
            .as_flattened()
            .iter()
            .fold(true, |valid, sample| valid & sample.is_valid());
        if !valid {
            break;
        }
        for (slot, frame) in slots.iter_mut().zip(frames) {
            *slot = mean(frame);
        }
        made += count;
    }
    made
}

/// Return the mean of a frame, added up in the order of its channels.
fn mean<S: Sample, const CHANNELS: usize>(frame: &[S; CHANNELS]) -> f32 {
    if let [sample] = frame.as_slice() {
        return sample.to_f32();
    }
    let sum = frame.iter().fold(0.0, |sum, sample| sum + sample.to_f32());
    sum / CHANNELS as f32
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::audio::MAX_AMPLITUDE;

    fn mix(channels: u16, samples: &[f32], cuts: usize, room: usize) -> Vec<f32> {
        let mut mix = DownMix::new(channels).unwrap();
        let mut made = Vec::new();
        let mut block = [0.0; 200];
        for piece in samples.chunks(cuts) {
            let mut rest = piece;
            while !rest.is_empty() {
                let mixed = mix.take(rest, &mut block[..room]);
                assert!(!mixed.invalid && mixed.taken > 0);
                made.extend_from_slice(&block[..mixed.made]);
                rest = &rest[mixed.taken..];
            }
        }
        made
    }

    #[test]
    fn any_cut_gives_the_mean_of_each_frame() {
        let samples: Vec<f32> = (0..2_521)
            .map(|i| ((i * i) % 1_013) as f32 / 997.0)
            .collect();
        for channels in 1..=MAX_CHANNELS {
            let frames = samples.chunks_exact(channels.into());
            let means: Vec<f32> = frames
                .map(|frame| frame.iter().sum::<f32>() / f32::from(channels))
                .collect();
            for (cuts, room) in [(1, 1), (2_521, 200), (7, 3), (131, 65), (1_000, 64)] {
                assert_eq!(mix(channels, &samples, cuts, room), means, "{channels}");
            }
        }
    }

    #[test]
    fn an_invalid_sample_is_found_where_it_is() {
        for channels in 1..=MAX_CHANNELS {
            for at in [0, 1, 5, 63, 64, 200, 511] {
                let mut samples = [MAX_AMPLITUDE; 512];
                samples[at] = f32::NAN;
                let mut mono = [0.0; 512];
                let mixed = DownMix::new(channels).unwrap().take(&samples, &mut mono);
                assert!(mixed.invalid);
                assert_eq!(mixed.taken, at);
                assert_eq!(mixed.made, at / usize::from(channels));
            }
        }
    }
}
