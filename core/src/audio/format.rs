//! What comes in: sample types, channels, and the mean that makes one channel of several.

use crate::Error;

/// Most channels that are mixed down.
pub const MAX_CHANNELS: u16 = 8;

/// Largest absolute value of a sample. Full scale is 1.0; signals in the range of 16-bit integers pass
/// too, since only levels relative to a window's maximum count.
pub const MAX_AMPLITUDE: f32 = 1e6;

/// Form of the audio that is pushed.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputFormat {
    /// Samples per second and channel (Hz), one of
    /// [`SUPPORTED_RATES`](crate::audio::SUPPORTED_RATES).
    pub sample_rate: u32,
    /// Interleaved channels, `1..=`[`MAX_CHANNELS`].
    pub channels: u16,
}

impl InputFormat {
    /// One channel at a rate in Hz.
    #[must_use]
    pub const fn mono(sample_rate: u32) -> Self {
        Self {
            sample_rate,
            channels: 1,
        }
    }
}

/// A sample that can be pushed: `f32` with full scale ±1.0, or `i16`.
pub trait Sample: Copy + private::Sealed {
    /// The value with full scale ±1.0.
    fn to_f32(self) -> f32;

    /// Whether it is a number, of at most [`MAX_AMPLITUDE`].
    fn is_valid(self) -> bool;
}

impl Sample for f32 {
    fn to_f32(self) -> f32 {
        self
    }

    fn is_valid(self) -> bool {
        self.abs() <= MAX_AMPLITUDE
    }
}

impl Sample for i16 {
    fn to_f32(self) -> f32 {
        f32::from(self) * (1.0 / 32_768.0)
    }

    fn is_valid(self) -> bool {
        true
    }
}

mod private {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for i16 {}
}

/// Mixes interleaved channels down to their mean. A push may end in the middle of a frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DownMix {
    channels: u16,
    seen: u16,
    sum: f32,
}

impl DownMix {
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

    /// Takes interleaved samples until `mono` is full of means, they run out or one is invalid.
    pub(crate) fn take<S: Sample>(&mut self, samples: &[S], mono: &mut [f32]) -> Mixed {
        if self.channels == 1 {
            return copy(samples, mono);
        }
        let mut mixed = Mixed::default();
        let mut slots = mono.iter_mut();
        while slots.len() > 0 {
            let Some(sample) = samples.get(mixed.taken) else {
                break;
            };
            if !sample.is_valid() {
                mixed.invalid = true;
                break;
            }
            mixed.taken += 1;
            self.sum += sample.to_f32();
            self.seen += 1;
            if self.seen == self.channels
                && let Some(slot) = slots.next()
            {
                *slot = self.sum / f32::from(self.channels);
                mixed.made += 1;
                self.reset();
            }
        }
        mixed
    }

    pub(crate) fn reset(&mut self) {
        self.seen = 0;
        self.sum = 0.0;
    }
}

/// What [`DownMix::take`] did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mixed {
    /// Interleaved samples taken.
    pub(crate) taken: usize,
    /// Mono samples made of them.
    pub(crate) made: usize,
    /// Whether the sample behind those taken is not valid.
    pub(crate) invalid: bool,
}

/// One channel needs no mixing.
fn copy<S: Sample>(samples: &[S], mono: &mut [f32]) -> Mixed {
    let (mut made, mut invalid) = (0, false);
    for (sample, slot) in samples.iter().zip(mono) {
        if !sample.is_valid() {
            invalid = true;
            break;
        }
        *slot = sample.to_f32();
        made += 1;
    }
    Mixed {
        taken: made,
        made,
        invalid,
    }
}
