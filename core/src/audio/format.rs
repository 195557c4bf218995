//! The format of the incoming audio: sample types, rate and channels.

use super::DownMix;
use super::resample::check_rates;
use crate::Error;

/// Most channels that are mixed down.
pub const MAX_CHANNELS: u16 = 8;

/// Largest absolute value of a sample. Full scale is 1.0; signals in the range of 16-bit integers pass
/// too, since only levels relative to a window's maximum count.
pub const MAX_AMPLITUDE: f32 = 1e6;

/// Format of the audio that is pushed.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InputFormat {
    /// Samples per second and channel (Hz), in [`SUPPORTED_RATES`](crate::audio::SUPPORTED_RATES), and at most
    /// [`HIGHEST_RATIO`](crate::audio::HIGHEST_RATIO) times the model's rate.
    pub sample_rate: u32,
    /// Interleaved channels, `1..=`[`MAX_CHANNELS`].
    pub channels: u16,
}

impl InputFormat {
    /// Return the format of one channel at a rate in Hz.
    #[must_use]
    pub const fn mono(sample_rate: u32) -> Self {
        Self {
            sample_rate,
            channels: 1,
        }
    }

    /// Check that audio of this form can be pushed to a model whose front end works at `model_rate` Hz.
    ///
    /// # Errors
    /// [`Error::Channels`] or [`Error::Rate`], as making a classifier would return.
    pub fn validate(self, model_rate: u32) -> Result<(), Error> {
        DownMix::new(self.channels)?;
        check_rates(self.sample_rate, model_rate)?;
        Ok(())
    }
}

/// A sample that can be pushed: `f32` with full scale ±1.0, `i16`, or `i32` with 24 or 32 bits at the top, as I2S microphones
/// give them.
pub trait Sample: Copy + private::Sealed {
    /// Return the value with full scale ±1.0.
    fn to_f32(self) -> f32;

    /// Return the value in 16 bits with full scale 2^15, limited to them.
    fn to_i16(self) -> i16;

    /// Return whether it is a number of at most [`MAX_AMPLITUDE`].
    fn is_valid(self) -> bool;

    /// Return whether it is at or beyond full scale, as the samples of a clipped peak are.
    fn is_clipped(self) -> bool;
}

impl Sample for f32 {
    fn to_f32(self) -> f32 {
        self
    }

    fn to_i16(self) -> i16 {
        // limited by the conversion, which makes 0 of NaN
        (self * 32_768.0) as i16
    }

    fn is_valid(self) -> bool {
        self.abs() <= MAX_AMPLITUDE
    }

    fn is_clipped(self) -> bool {
        // the largest 16-bit sample
        self.abs() >= 32_767.0 / 32_768.0
    }
}

impl Sample for i16 {
    fn to_f32(self) -> f32 {
        f32::from(self) * (1.0 / 32_768.0)
    }

    fn to_i16(self) -> i16 {
        self
    }

    fn is_valid(self) -> bool {
        true
    }

    fn is_clipped(self) -> bool {
        self.unsigned_abs() >= 32_767
    }
}

impl Sample for i32 {
    fn to_f32(self) -> f32 {
        self as f32 * (1.0 / 2_147_483_648.0)
    }

    fn to_i16(self) -> i16 {
        (self >> 16) as i16
    }

    fn is_valid(self) -> bool {
        true
    }

    fn is_clipped(self) -> bool {
        // the largest 16-bit sample
        self.unsigned_abs() >= 32_767 << 16
    }
}

mod private {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for i16 {}
    impl Sealed for i32 {}
}

#[cfg(test)]
mod tests {
    use super::Sample;

    #[test]
    fn sixteen_bits_at_the_top_of_32_are_the_same_sample() {
        for sample in i16::MIN..=i16::MAX {
            let wide = i32::from(sample) << 16;
            assert_eq!(wide.to_f32().to_bits(), sample.to_f32().to_bits());
            assert_eq!(wide.is_clipped(), sample.is_clipped());
            assert_eq!((wide | 0xFFFF).to_i16(), sample);
            assert_eq!(sample.to_f32().to_i16(), sample);
        }
        assert_eq!((-1_i32 << 8).to_f32(), -1.0 / 8_388_608.0);
        assert_eq!(i32::MIN.to_f32(), -1.0);
        assert_eq!(
            [1.5, -1.5, f32::NAN].map(Sample::to_i16),
            [32_767, -32_768, 0]
        );
    }
}
