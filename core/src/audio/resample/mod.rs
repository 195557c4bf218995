//! From one sample rate to another, in blocks of any length.
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

mod arch;
mod convolve;
mod fraction;
mod history;
mod kernel;
mod route;
mod sharp;
mod taps;

use core::fmt;
use core::ops::RangeInclusive;

use convolve::BLOCK;
use route::Route;
use taps::gcd;

/// Sample rates (Hz) that [`Resampler`] converts from and to: any integer in this range.
pub const SUPPORTED_RATES: RangeInclusive<u32> = 4_000..=768_000;

/// Most times that the rate [`Resampler`] converts from may be higher than the one it converts to: 48, or 12 without feature
/// `std`, where its buffers are to be small.
pub const HIGHEST_RATIO: u32 = if cfg!(feature = "std") { 48 } else { 12 };

/// The sample rate is not in [`SUPPORTED_RATES`], or more than [`HIGHEST_RATIO`] times as high as the one that it is to
/// be converted to.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UnsupportedRate {
    /// The rate that was given (Hz).
    pub rate: u32,
    /// The lowest rate that is possible in its place (Hz).
    pub lowest: u32,
    /// The highest rate that is possible in its place (Hz).
    pub highest: u32,
}

impl fmt::Display for UnsupportedRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "sample rate {} Hz is not in the range of {} to {} Hz",
            self.rate, self.lowest, self.highest
        )
    }
}

impl core::error::Error for UnsupportedRate {}

/// Check that [`Resampler::new`] takes two rates.
pub(super) fn check_rates(from_hz: u32, to_hz: u32) -> Result<(), UnsupportedRate> {
    let highest = *SUPPORTED_RATES.end();
    check(to_hz, highest)?;
    check(from_hz, highest.min(to_hz.saturating_mul(HIGHEST_RATIO)))
}

/// Check that a rate can be converted to some other one.
#[cfg(feature = "decode")]
pub(crate) fn check_rate(rate: u32) -> Result<(), UnsupportedRate> {
    check(rate, *SUPPORTED_RATES.end())
}

fn check(rate: u32, highest: u32) -> Result<(), UnsupportedRate> {
    let lowest = *SUPPORTED_RATES.start();
    if (lowest..=highest).contains(&rate) {
        return Ok(());
    }
    Err(UnsupportedRate {
        rate,
        lowest,
        highest,
    })
}

/// Streaming resampler: about 2.5 KB with all its buffers (3.6 KB with feature `std`). [`process`](Self::process) and
/// [`process_all`](Self::process_all) take blocks; [`push`](Self::push) and [`pull`](Self::pull) do the same one sample
/// at a time, at several times the cost.
///
/// Below 0.9 of the lower rate's Nyquist frequency it is flat to 0.01 dB; what would fold back into the
/// audible band is at least 80 dB down. The delay is compensated: `n` inputs give `ceil(n · to / from)`
/// outputs, and output 0 is in the place of input 0. Before the signal and after [`finish`](Self::finish) it is
/// taken to be silent. Equal rates pass the samples through unchanged. The same input gives the same bits on
/// every target and however it is cut into blocks.
///
/// With feature `std` the taps of a ratio other than two are computed once per process and kept in a table of at
/// most 36 KB, which all resamplers of that ratio share. Without it they are evaluated for
/// each output.
///
/// NaN and infinite samples spoil the outputs of the next few milliseconds.
///
/// ```
/// use timbrel_core::audio::Resampler;
///
/// let mut resampler = Resampler::new(48_000, 22_050)?;
/// let mut resampled = Vec::new();
/// let mut block = [0.0; 256];
/// let mut input = &[0.5; 4_800][..];
/// loop {
///     let progress = resampler.process(input, &mut block);
///     input = &input[progress.consumed..];
///     resampled.extend_from_slice(&block[..progress.produced]);
///     if progress.produced < block.len() {
///         break; // all samples were consumed, and all outputs were written
///     }
/// }
/// resampler.finish();
/// while let Some(sample) = resampler.pull() {
///     resampled.push(sample);
/// }
/// assert_eq!(resampled.len(), 2_205);
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

/// The samples that a call of [`Resampler::process`] consumed and produced.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Progress {
    /// Samples taken from the front of the input.
    pub consumed: usize,
    /// Samples written to the front of the output.
    pub produced: usize,
}

impl Resampler {
    /// Size of the value in bytes; without feature `std` it needs no other memory.
    pub const REQUIRED_BYTES: usize = size_of::<Self>();

    /// Make a resampler between two of the [`SUPPORTED_RATES`] (Hz), of which the first is at most [`HIGHEST_RATIO`] times
    /// the second.
    ///
    /// # Errors
    /// [`UnsupportedRate`] names the one that cannot be converted, and what is possible in its place.
    pub fn new(from_hz: u32, to_hz: u32) -> Result<Self, UnsupportedRate> {
        check_rates(from_hz, to_hz)?;
        let divisor = gcd(from_hz, to_hz);
        Ok(Self {
            from: (from_hz / divisor) as i32,
            to: (to_hz / divisor) as i32,
            owed: 0,
            finishing: false,
            route: Route::new(from_hz, to_hz),
        })
    }

    /// Return whether both rates are the same, so that nothing has to go through it.
    pub(crate) fn is_identity(&self) -> bool {
        matches!(self.route, Route::Same(_))
    }

    /// Return a number of inputs that gives at most `outputs` outputs and, where it is more than one, fewer.
    pub(crate) fn inputs_for(&self, outputs: usize) -> usize {
        if self.is_identity() {
            return outputs;
        }
        let (from, to) = (self.from as usize, self.to as usize);
        let inputs = (outputs.saturating_sub(2).saturating_mul(from)).checked_div(to);
        inputs.unwrap_or(1).max(1)
    }

    /// Take samples at the input rate and write samples at the output rate until the output is full or the input is
    /// used up and gives nothing more. An output that is not full therefore means that all of the input was consumed. A
    /// full one may leave input over, and outputs that the next call writes.
    ///
    /// After [`finish`](Self::finish) nothing is consumed, and the outputs that are left are written.
    pub fn process(&mut self, input: &[f32], output: &mut [f32]) -> Progress {
        let mut progress = Progress::default();
        loop {
            let rest = input.get(progress.consumed..).unwrap_or_default();
            let consumed = self.feed(rest);
            let slots = output.get_mut(progress.produced..).unwrap_or_default();
            let produced = self.produce(slots);
            if consumed == 0 && produced == 0 {
                return progress;
            }
            progress.consumed += consumed;
            progress.produced += produced;
        }
    }

    /// Take all samples at the input rate, and hand on blocks of samples at the output rate as they come. With no input
    /// after [`finish`](Self::finish) these are the outputs that are left.
    ///
    /// ```
    /// use timbrel_core::audio::Resampler;
    ///
    /// let mut resampler = Resampler::new(48_000, 22_050)?;
    /// let mut resampled = Vec::new();
    /// resampler.process_all(&[0.5; 4_800], |block| resampled.extend_from_slice(block));
    /// resampler.finish();
    /// resampler.process_all(&[], |block| resampled.extend_from_slice(block));
    /// assert_eq!(resampled.len(), 2_205);
    /// # Ok::<(), timbrel_core::audio::UnsupportedRate>(())
    /// ```
    pub fn process_all(&mut self, mut input: &[f32], mut take: impl FnMut(&[f32])) {
        let mut block = [0.0; BLOCK];
        loop {
            let Progress { consumed, produced } = self.process(input, &mut block);
            input = input.get(consumed..).unwrap_or_default();
            take(block.get(..produced).unwrap_or_default());
            if produced < block.len() {
                return;
            }
        }
    }

    /// Take a sample; then [`pull`](Self::pull) until there is nothing more. Outputs that were not pulled before the
    /// next push are lost. After [`finish`](Self::finish) samples are ignored.
    pub fn push(&mut self, sample: f32) {
        if self.finishing {
            return;
        }
        while self.pull().is_some() {}
        self.feed(&[sample]);
    }

    /// Return the next output sample, `None` if it takes more input or the signal is over.
    pub fn pull(&mut self) -> Option<f32> {
        let mut sample = [0.0];
        (self.produce(&mut sample) == 1).then_some(sample[0])
    }

    /// End the signal: from now on [`process`](Self::process) and [`pull`](Self::pull) return the outputs that are
    /// left.
    pub fn finish(&mut self) {
        self.finishing = true;
    }

    /// Forget the signal, so that another one can be pushed.
    pub fn reset(&mut self) {
        self.owed = 0;
        self.finishing = false;
        self.route.reset();
    }

    /// Take as many samples as there is room for, and return their number.
    fn feed(&mut self, input: &[f32]) -> usize {
        if self.finishing {
            return 0;
        }
        let consumed = self.route.feed(input);
        self.owed += self.to * consumed as i32;
        consumed
    }

    /// Write outputs that are ready, at the end of the signal up to its last one, and return their number.
    fn produce(&mut self, output: &mut [f32]) -> usize {
        let produced = if self.finishing {
            self.produce_end(output)
        } else {
            self.route.produce(output)
        };
        self.owed -= self.from * produced as i32;
        produced
    }

    /// Write outputs that are owed, with silence after the signal.
    fn produce_end(&mut self, output: &mut [f32]) -> usize {
        let mut produced = 0;
        for slot in output {
            if self.owed <= self.from * produced {
                break;
            }
            while self.route.produce(core::slice::from_mut(slot)) == 0 {
                self.route.feed(&[0.0]);
            }
            produced += 1;
        }
        produced as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many inputs may be pushed without a look at the outputs, and as many as possible, because each push has its cost.
    #[test]
    fn inputs_for_outputs_are_few_enough_and_hardly_too_few() {
        for (from, to) in [
            (44_100, 22_050),
            (48_000, 22_050),
            (8_000, 22_050),
            (96_000, 22_050),
            (22_051, 22_050),
            (22_050, 22_050),
            (5_512, 22_050),
        ] {
            let mut resampler = Resampler::new(from, to).unwrap();
            let mut slots = [0.0; 2_000];
            for outputs in (1..1_000).step_by(41) {
                let inputs = resampler.inputs_for(outputs);
                let made = resampler
                    .process(&[0.5; 5_000][..inputs], &mut slots)
                    .produced;
                assert!(
                    made <= outputs || inputs == 1,
                    "{from}: {made} for {outputs}"
                );
                let exact = outputs as f64 * f64::from(from) / f64::from(to);
                let lost = exact - inputs as f64;
                assert!(
                    lost <= 2.0 * f64::from(from) / f64::from(to) + 1.0,
                    "{from}: {inputs}"
                );
            }
        }
        let same = Resampler::new(22_050, 22_050).unwrap();
        assert_eq!(
            [0, 1, 77].map(|outputs| same.inputs_for(outputs)),
            [0, 1, 77]
        );
    }
}
