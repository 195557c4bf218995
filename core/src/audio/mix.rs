//! Mixing several channels down to their mean, or to the loudest of them where they cancel each other.

use super::cancel::{Cancellation, STRIDE};
use super::format::MAX_CHANNELS;
use crate::Error;
use crate::arch::{Loops, widest};

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
    taken: usize,
    /// Mono samples made from them.
    pub(crate) made: usize,
    /// Those of them that are one channel alone.
    pub(crate) cancelled: usize,
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
            frame: [0.0; MAX_CHANNELS as usize],
            cancellation: Cancellation::NEW,
        })
    }

    /// Return whether there is nothing to mix.
    pub(crate) fn is_mono(&self) -> bool {
        self.channels == 1
    }

    /// Return the number of samples that complete as many frames.
    pub(crate) fn missing(&self, frames: usize) -> usize {
        (frames * usize::from(self.channels)).saturating_sub(usize::from(self.seen))
    }

    /// Take interleaved samples until `mono` is full of means or they run out.
    pub(crate) fn take(&mut self, samples: &[f32], mono: &mut [f32]) -> Mixed {
        let mut mixed = Mixed::default();
        loop {
            if self.seen == 0 {
                self.take_frames(samples, mono, &mut mixed);
            }
            // the beginning or the end of a split frame
            let sample = samples.get(mixed.taken);
            let (Some(slot), Some(sample)) = (mono.get_mut(mixed.made), sample) else {
                return mixed;
            };
            mixed.taken += 1;
            if let Some((value, is_mean)) = self.add(*sample) {
                *slot = value;
                mixed.made += 1;
                mixed.cancelled += usize::from(!is_mean);
            }
        }
    }

    /// Take whole frames until either slice runs out.
    fn take_frames(&mut self, samples: &[f32], mono: &mut [f32], mixed: &mut Mixed) {
        let channels = usize::from(self.channels).max(1);
        loop {
            let rest = samples.get(mixed.taken..).unwrap_or_default();
            let slots = mono.get_mut(mixed.made..).unwrap_or_default();
            let missing = self.cancellation.missing();
            let frames = (rest.len() / channels).min(slots.len()).min(missing);
            let rest = rest.get(..frames * channels).unwrap_or_default();
            let slots = slots.get_mut(..frames).unwrap_or_default();
            mixed.cancelled += self.mix(rest, slots);
            mixed.made += frames;
            mixed.taken += frames * channels;
            if frames < missing {
                return;
            }
        }
    }

    /// Mix whole frames into at most one block of the cancellation, and return the number of those that are one channel
    /// alone.
    fn mix(&mut self, samples: &[f32], mono: &mut [f32]) -> usize {
        let channels = usize::from(self.channels).max(1);
        widest(Means {
            samples,
            channels,
            mono,
        });
        let chosen = self.cancellation.chosen();
        let skip = self.cancellation.unmeasured();
        if channels == 2 {
            let frames = samples.as_chunks().0.get(skip..).unwrap_or_default();
            let means = mono.get(skip..).unwrap_or_default();
            self.cancellation.measure_stereo(frames, means);
        } else {
            let frames = samples.chunks_exact(channels).zip(mono.iter());
            for (frame, mean) in frames.skip(skip).step_by(STRIDE) {
                self.cancellation.measure(frame, *mean);
            }
        }
        self.cancellation.advance(mono.len(), channels);
        let Some(chosen) = chosen else { return 0 };
        let only = samples.iter().skip(chosen).step_by(channels);
        for (slot, sample) in mono.iter_mut().zip(only) {
            *slot = *sample;
        }
        mono.len()
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
            self.cancellation.measure(frame, mean);
        }
        self.cancellation.advance(1, frame.len());
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

/// Writes the means of frames, each added up in the order of its channels.
struct Means<'a> {
    samples: &'a [f32],
    channels: usize,
    mono: &'a mut [f32],
}

impl Loops for Means<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        if self.channels == 2 {
            for (slot, [left, right]) in self.mono.iter_mut().zip(self.samples.as_chunks().0) {
                *slot = (0.0 + left + right) / 2.0;
            }
            return;
        }
        let frames = self.samples.chunks_exact(self.channels.max(1));
        for (slot, frame) in self.mono.iter_mut().zip(frames) {
            let sum = frame.iter().fold(0.0, |sum, sample| sum + sample);
            *slot = sum / self.channels as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    fn mix(channels: u16, samples: &[f32], cuts: usize, room: usize) -> Vec<f32> {
        let mut mix = DownMix::new(channels).unwrap();
        let mut made = Vec::new();
        let mut block = [0.0; 200];
        for piece in samples.chunks(cuts) {
            let mut rest = piece;
            while !rest.is_empty() {
                let mixed = mix.take(rest, &mut block[..room]);
                assert!(mixed.taken > 0);
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
}
