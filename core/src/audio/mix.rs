//! Mixing several channels down to their mean, or to the loudest of them where they cancel each other.

use super::cancel::{Cancellation, STRIDE};
use super::format::{MAX_CHANNELS, Sample};
use crate::Error;

/// Mixes interleaved channels down to their mean. A push may end in the middle of a frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DownMix {
    channels: u16,
    /// Channels of the incomplete frame so far.
    seen: u16,
    /// The incomplete frame so far.
    frame: [f32; MAX_CHANNELS as usize],
    cancellation: Cancellation,
}

/// The work of one call of [`DownMix::take`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mixed {
    /// Interleaved samples taken.
    pub(crate) taken: usize,
    /// Those of them at or beyond full scale.
    pub(crate) clipped: usize,
    /// Mono samples made from them.
    pub(crate) made: usize,
    /// Those of them that are one channel alone.
    pub(crate) cancelled: usize,
    /// Whether the sample after those taken is not valid.
    pub(crate) invalid: bool,
}

/// Frames that are checked and mixed at a time.
const BLOCK: usize = 64;

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
            frame: [0.0; MAX_CHANNELS as usize],
            cancellation: Cancellation::NEW,
        })
    }

    /// Take interleaved samples until `mono` is full of means, they run out or one is invalid.
    pub(crate) fn take<S: Sample>(&mut self, samples: &[S], mono: &mut [f32]) -> Mixed {
        let mut mixed = Mixed::default();
        loop {
            if self.seen == 0 {
                self.take_frames(samples, mono, &mut mixed);
            }
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
            mixed.clipped += usize::from(sample.is_clipped());
            if let Some((value, is_mean)) = self.add(sample.to_f32()) {
                *slot = value;
                mixed.made += 1;
                mixed.cancelled += usize::from(!is_mean);
            }
        }
    }

    /// Take whole frames until either slice runs out, or up to the block with an invalid sample.
    fn take_frames<S: Sample>(&mut self, samples: &[S], mono: &mut [f32], mixed: &mut Mixed) {
        loop {
            let rest = samples.get(mixed.taken..).unwrap_or_default();
            let missing = match self.channels {
                1 => usize::MAX,
                _ => self.cancellation.missing(),
            };
            let end = mono.len().min(mixed.made.saturating_add(missing));
            let slots = mono.get_mut(mixed.made..end).unwrap_or_default();
            let frames = match self.channels {
                1 => self.mix::<S, 1>(rest, slots, mixed),
                2 => self.mix::<S, 2>(rest, slots, mixed),
                3 => self.mix::<S, 3>(rest, slots, mixed),
                4 => self.mix::<S, 4>(rest, slots, mixed),
                5 => self.mix::<S, 5>(rest, slots, mixed),
                6 => self.mix::<S, 6>(rest, slots, mixed),
                7 => self.mix::<S, 7>(rest, slots, mixed),
                _ => self.mix::<S, 8>(rest, slots, mixed),
            };
            if frames < missing {
                return;
            }
        }
    }

    /// Mix whole frames of this number of channels into at most one block of the cancellation, and return their
    /// number.
    fn mix<S: Sample, const CHANNELS: usize>(
        &mut self,
        samples: &[S],
        mono: &mut [f32],
        mixed: &mut Mixed,
    ) -> usize {
        let frames = samples.as_chunks::<CHANNELS>().0;
        let chosen = self.cancellation.chosen();
        let mut made = 0;
        for (frames, slots) in frames.chunks(BLOCK).zip(mono.chunks_mut(BLOCK)) {
            let count = frames.len().min(slots.len());
            let frames = frames.get(..count).unwrap_or_default();
            // no early exit, so that it can be done for many samples at a time
            let samples = frames.as_flattened().iter();
            let valid = samples.clone().fold(true, |valid, s| valid & s.is_valid());
            if !valid {
                break;
            }
            let clipped = samples.fold(0_u32, |count, s| count + u32::from(s.is_clipped()));
            mixed.clipped += clipped as usize;
            for (slot, frame) in slots.iter_mut().zip(frames) {
                *slot = mean(frame);
            }
            if CHANNELS > 1 {
                let measured = frames.iter().zip(slots.iter());
                let skip = self.cancellation.unmeasured();
                for (frame, mean) in measured.skip(skip).step_by(STRIDE) {
                    let frame = frame.iter().map(|sample| sample.to_f32());
                    self.cancellation.measure(frame, *mean);
                }
                if let Some(chosen) = chosen {
                    for (slot, frame) in slots.iter_mut().zip(frames) {
                        *slot = frame.get(chosen).map_or(0.0, |sample| sample.to_f32());
                    }
                    mixed.cancelled += count;
                }
                self.cancellation.advance(count);
            }
            made += count;
        }
        mixed.made += made;
        mixed.taken += made * CHANNELS;
        made
    }

    /// Add a channel's sample; return the value of the frame that it completes, and whether it is the mean.
    fn add(&mut self, sample: f32) -> Option<(f32, bool)> {
        if let Some(slot) = self.frame.get_mut(usize::from(self.seen)) {
            *slot = sample;
        }
        self.seen += 1;
        if self.seen < self.channels {
            return None;
        }
        self.seen = 0;
        if self.channels == 1 {
            return Some((sample, true));
        }
        let frame = self.frame.get(..usize::from(self.channels));
        let frame = frame.unwrap_or_default();
        let mean = frame.iter().fold(0.0, |sum, s| sum + s) / f32::from(self.channels);
        let chosen = self.cancellation.chosen();
        if self.cancellation.unmeasured() == 0 {
            self.cancellation.measure(frame.iter().copied(), mean);
        }
        self.cancellation.advance(1);
        match chosen {
            Some(chosen) => Some((frame.get(chosen).copied().unwrap_or(0.0), false)),
            None => Some((mean, true)),
        }
    }

    pub(crate) fn reset(&mut self) {
        self.seen = 0;
        self.cancellation = Cancellation::NEW;
    }
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
