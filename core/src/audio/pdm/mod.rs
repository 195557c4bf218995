//! From the one-bit stream of a digital microphone (PDM) to samples, in fixed point.
//!
//! ```text
//! bits ── CIC, ÷ 8 and ÷ M ──> 4 × rate ── half band ──> 2 × rate ── FIR ──> rate ── DC blocked, gain ──> i16
//! ```
//!
//! A cascaded integrator-comb filter of order 4 removes what would fold back from beyond four times the output rate. Its
//! first division, by 8, reads each byte's contribution from a table. The last filter is the steep one; it also makes up
//! for the droop of the first.

mod cic;
mod fir;

use core::fmt;

use super::Progress;
use cic::Cic;
use fir::{HALF_BAND, HALF_BAND_TAPS, STEEP, STEEP_TAPS};

/// Bits after the point of samples between the stages.
const FRACTION: u32 = 23;

/// Shift of the DC blocker's average: its pole is at `1 − 2^-10`, a corner of 3.4 Hz at 22,050 Hz.
const DC_SHIFT: u32 = 10;

/// Bits of a byte in the order in which the microphone sent them.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BitOrder {
    /// The most significant bit came first, as most SPI peripherals and PIO programs store it.
    #[default]
    MsbFirst,
    /// The least significant bit came first.
    LsbFirst,
}

/// A clock and a rate whose ratio [`Pdm`] does not convert.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsupportedClock {
    /// The clock that was given (Hz).
    pub clock: u32,
    /// The rate that was given (Hz).
    pub rate: u32,
}

impl fmt::Display for UnsupportedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { clock, rate } = self;
        write!(
            f,
            "the PDM clock, {clock} Hz, is not 64, 96, 128, 160 or 192 times {rate} Hz"
        )
    }
}

impl core::error::Error for UnsupportedClock {}

/// Converts the bits of one PDM microphone to samples.
///
/// The band below 0.9 of the Nyquist frequency passes within 0.1 dB; what would fold back into it is at least 70 dB down.
/// A constant is removed with a corner of `rate / 6434` (3.4 Hz at 22,050 Hz). All arithmetic is in integers: every
/// target gives the same samples. Nothing is allocated.
///
/// ```
/// use timbrel_core::audio::Pdm;
///
/// // 1.4112 MHz = 64 · 22,050 Hz: the model's own rate, so that nothing has to be resampled
/// let mut pdm = Pdm::new(1_411_200, 22_050)?.with_gain(16.0);
/// let mut samples = [0; 64];
/// let progress = pdm.process(&[0b0101_0101; 256], &mut samples);
/// assert_eq!((progress.consumed, progress.produced), (256, 32));
/// # Ok::<(), timbrel_core::audio::UnsupportedClock>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pdm {
    cic: Cic,
    half_band: fir::Halver<HALF_BAND_TAPS, { HALF_BAND_TAPS + 41 }>,
    steep: fir::Halver<STEEP_TAPS, { STEEP_TAPS + 93 }>,
    order: BitOrder,
    /// Average of the signal, times `2^DC_SHIFT`.
    average: i64,
    /// Factor of the output, times 256.
    gain: i32,
}

impl Pdm {
    /// Size of the value in bytes, which is all the memory it needs.
    pub const REQUIRED_BYTES: usize = size_of::<Self>();

    /// Make a converter from a microphone's clock to a sample rate (Hz): the clock is 64, 96, 128, 160 or 192 times the
    /// rate. Bits come most significant first, and the gain is 1.
    ///
    /// | rate | clocks from 1 to 3.1 MHz |
    /// |---|---|
    /// | 16,000 Hz | 1.024, 1.536, 2.048, 2.56 and 3.072 MHz |
    /// | 22,050 Hz | 1.4112, 2.1168 and 2.8224 MHz |
    /// | 24,000 Hz | 1.536, 2.304 and 3.072 MHz |
    /// | 44,100 Hz | 2.8224 MHz |
    /// | 48,000 Hz | 3.072 MHz |
    ///
    /// # Errors
    /// [`UnsupportedClock`] for any other ratio.
    pub fn new(clock_hz: u32, rate_hz: u32) -> Result<Self, UnsupportedClock> {
        let factors = 2..=cic::MAX_FACTOR as u32;
        let mut factors = factors.filter(|m| rate_hz.checked_mul(32 * m) == Some(clock_hz));
        let factor = factors.next().filter(|_| rate_hz > 0);
        let Some(factor) = factor else {
            return Err(UnsupportedClock {
                clock: clock_hz,
                rate: rate_hz,
            });
        };
        Ok(Self {
            cic: Cic::new(factor as u8),
            half_band: fir::Halver::new(),
            steep: fir::Halver::new(),
            order: BitOrder::default(),
            average: 0,
            gain: 256,
        })
    }

    /// Take bits in another order.
    #[must_use]
    pub const fn with_order(self, order: BitOrder) -> Self {
        Self { order, ..self }
    }

    /// Multiply samples by `gain`, `0.0..=256.0`, in steps of 1/256; what exceeds 16 bits is limited. Music in a room is
    /// far below a microphone's full scale, so that 8 to 32 are usual.
    #[must_use]
    pub fn with_gain(self, gain: f32) -> Self {
        // a NaN becomes 0
        let gain = (gain.clamp(0.0, 256.0) * 256.0 + 0.5) as i32;
        Self { gain, ..self }
    }

    /// Take bytes of eight bits each and write samples, until the output is full or the input is used up. An output that is
    /// not full means that all of the input was consumed.
    pub fn process(&mut self, bytes: &[u8], output: &mut [i16]) -> Progress {
        let mut progress = Progress::default();
        for slot in output {
            let rest = bytes.get(progress.consumed..).unwrap_or_default();
            let (consumed, sample) = self.next(rest);
            progress.consumed += consumed;
            let Some(sample) = sample else {
                break;
            };
            *slot = sample;
            progress.produced += 1;
        }
        progress
    }

    /// Forget the signal, so that another one can begin.
    pub fn reset(&mut self) {
        self.cic.reset();
        self.half_band = fir::Halver::new();
        self.steep = fir::Halver::new();
        self.average = 0;
    }

    /// Take bytes up to the one that completes a sample, or all of them; return their number and the sample.
    fn next(&mut self, bytes: &[u8]) -> (usize, Option<i16>) {
        let mut consumed = 0;
        loop {
            let rest = bytes.get(consumed..).unwrap_or_default();
            let (taken, sample) = match self.order {
                BitOrder::MsbFirst => self.cic.next(rest, |byte| byte),
                BitOrder::LsbFirst => self.cic.next(rest, u8::reverse_bits),
            };
            consumed += taken;
            let Some(sample) = sample else {
                return (consumed, None);
            };
            let sample = self.half_band.push(sample, &HALF_BAND);
            let sample = sample.and_then(|sample| self.steep.push(sample, &STEEP));
            if let Some(sample) = sample {
                return (consumed, Some(self.finish(sample)));
            }
        }
    }

    /// Remove the average, multiply by the gain and round to 16 bits.
    fn finish(&mut self, sample: i32) -> i16 {
        let sample = i64::from(sample) - (self.average >> DC_SHIFT);
        self.average += sample;
        let shift = FRACTION - 15 + 8;
        let scaled = (sample * i64::from(self.gain) + (1 << (shift - 1))) >> shift;
        scaled.clamp(i64::from(i16::MIN), i64::from(i16::MAX)) as i16
    }
}
