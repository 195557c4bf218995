//! From one sample rate to another, sample by sample.
//!
//! Only the band below the Nyquist frequency of the lower rate may survive, so one filter has to be steep.
//! It works at exactly twice the lower rate, whatever the rates are: there its taps are constants. Down it
//! halves the rate at the end, up it doubles the rate at the beginning. What is between twice the lower rate
//! and the higher rate may be done gently, with a dozen interpolated taps, because what the gentle filter
//! leaves lies where the steep one removes it.
//!
//! ```text
//! down  input ── fraction ──> 2 × output rate ── halve ──> output
//! up    input ── double ──> 2 × input rate ── fraction ──> output
//! ```
//!
//! All filters are symmetric and their delay is taken out: output 0 is at the place of input 0.

mod fraction;
mod kernel;
mod ring;
mod sharp;

use core::fmt;

use fraction::{Fraction, gcd};
use sharp::{Doubler, Halver};

/// Sample rates (Hz) that [`Resampler`] converts from and to.
pub const SUPPORTED_RATES: [u32; 9] = [
    8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000,
];

/// The sample rate is none of [`SUPPORTED_RATES`].
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsupportedRate {
    /// The rate that was given (Hz).
    pub rate: u32,
}

impl fmt::Display for UnsupportedRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sample rate {} Hz is not one of", self.rate)?;
        for (index, rate) in SUPPORTED_RATES.iter().enumerate() {
            write!(f, "{} {rate}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl core::error::Error for UnsupportedRate {}

/// Streaming resampler without heap: about 2.7 KB with all its buffers.
///
/// Below 0.9 of the lower rate's Nyquist frequency it is flat to 0.01 dB; what would fold back into the
/// result from above that frequency is attenuated by at least 80 dB. `n` inputs give `ceil(n × to / from)`
/// outputs, output 0 in the place of input 0. Before the signal and after [`finish`](Self::finish) it is
/// taken to be silent. Equal rates pass the samples through unchanged. The same input gives the same bits on
/// every target; there is no block length that could change them.
///
/// NaN and infinite samples spoil the outputs of the next few milliseconds.
///
/// ```
/// use timbrel_core::audio::Resampler;
///
/// let mut resampler = Resampler::new(48_000, 22_050)?;
/// let mut resampled = Vec::new();
/// for sample in [0.5; 480] {
///     resampler.push(sample);
///     while let Some(sample) = resampler.pull() {
///         resampled.push(sample);
///     }
/// }
/// resampler.finish();
/// while let Some(sample) = resampler.pull() {
///     resampled.push(sample);
/// }
/// assert_eq!(resampled.len(), 221);
/// # Ok::<(), timbrel_core::audio::UnsupportedRate>(())
/// ```
#[derive(Clone, Debug)]
pub struct Resampler {
    /// Input rate, reduced by the common divisor.
    from: i32,
    /// Output rate, reduced by the common divisor.
    to: i32,
    /// Inputs times `to` less outputs times `from`: positive while outputs are owed.
    owed: i32,
    finishing: bool,
    route: Route,
}

#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is no heap to put the large ones on"
)]
enum Route {
    Same(Option<f32>),
    Down(Fraction, Halver),
    Up(Doubler, Fraction),
}

impl Resampler {
    /// Bytes of the value, and all the memory it needs.
    pub const REQUIRED_BYTES: usize = size_of::<Self>();

    /// Makes a resampler between two of the [`SUPPORTED_RATES`] (Hz).
    ///
    /// # Errors
    /// [`UnsupportedRate`] names the one that is not supported.
    pub fn new(from_hz: u32, to_hz: u32) -> Result<Self, UnsupportedRate> {
        for rate in [from_hz, to_hz] {
            if !SUPPORTED_RATES.contains(&rate) {
                return Err(UnsupportedRate { rate });
            }
        }
        let route = if from_hz > to_hz {
            let doubled = 2 * to_hz;
            Route::Down(Fraction::new(from_hz, doubled, doubled), Halver::new())
        } else if from_hz < to_hz {
            let doubled = 2 * from_hz;
            Route::Up(Doubler::new(), Fraction::new(doubled, to_hz, doubled))
        } else {
            Route::Same(None)
        };
        let divisor = gcd(from_hz, to_hz);
        Ok(Self {
            from: (from_hz / divisor) as i32,
            to: (to_hz / divisor) as i32,
            owed: 0,
            finishing: false,
            route,
        })
    }

    /// Whether both rates are the same, so that nothing has to go through it.
    pub(crate) fn is_identity(&self) -> bool {
        matches!(self.route, Route::Same(_))
    }

    /// A number of inputs that gives at most `outputs` outputs and, where it is more than one, fewer.
    pub(crate) fn inputs_for(&self, outputs: usize) -> usize {
        if self.is_identity() {
            return outputs;
        }
        let (from, to) = (self.from as usize, self.to as usize);
        let inputs = (outputs.saturating_sub(2) * from).checked_div(to);
        inputs.unwrap_or(1).max(1)
    }

    /// Takes a sample; then [`pull`](Self::pull) until there is nothing more. Outputs that were not pulled
    /// before the next push are lost. After [`finish`](Self::finish) samples are ignored.
    pub fn push(&mut self, sample: f32) {
        if self.finishing {
            return;
        }
        while self.pull().is_some() {}
        self.owed += self.to;
        self.route.push(sample);
    }

    /// The next output sample, `None` if it takes more input or the signal is over.
    pub fn pull(&mut self) -> Option<f32> {
        loop {
            if self.finishing && self.owed <= 0 {
                return None;
            }
            if let Some(sample) = self.route.pull() {
                self.owed -= self.from;
                return Some(sample);
            }
            if !self.finishing {
                return None;
            }
            self.route.push(0.0);
        }
    }

    /// Ends the signal: from now on [`pull`](Self::pull) gives the outputs that are left.
    pub fn finish(&mut self) {
        self.finishing = true;
    }

    /// Forgets the signal, so that another one can be pushed.
    pub fn reset(&mut self) {
        self.owed = 0;
        self.finishing = false;
        self.route.reset();
    }
}

impl Route {
    fn push(&mut self, sample: f32) {
        match self {
            Self::Same(last) => *last = Some(sample),
            Self::Down(fraction, _) => fraction.push(sample),
            Self::Up(doubler, _) => doubler.push(sample),
        }
    }

    fn pull(&mut self) -> Option<f32> {
        match self {
            Self::Same(last) => last.take(),
            Self::Down(fraction, halver) => loop {
                let output = halver.push(fraction.pull()?);
                if output.is_some() {
                    return output;
                }
            },
            Self::Up(doubler, fraction) => loop {
                let output = fraction.pull();
                if output.is_some() {
                    return output;
                }
                fraction.push(doubler.pull()?);
            },
        }
    }

    fn reset(&mut self) {
        match self {
            Self::Same(last) => *last = None,
            Self::Down(fraction, halver) => {
                fraction.reset();
                *halver = Halver::new();
            }
            Self::Up(doubler, fraction) => {
                *doubler = Doubler::new();
                fraction.reset();
            }
        }
    }
}
