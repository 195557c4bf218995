//! Incoming audio: its format, the mix of its channels, and its sample rate. The decoder, the classifier and the
//! training tool are all built on it.

mod cancel;
mod convert;
mod format;
mod mix;
mod pdm;
mod resample;
mod sinc;

pub(crate) use convert::{Converted, convert};
pub use format::{InputFormat, MAX_AMPLITUDE, MAX_CHANNELS, Sample};
pub(crate) use mix::DownMix;
pub use pdm::{BitOrder, Pdm, UnsupportedClock};
#[cfg(feature = "decode")]
pub(crate) use resample::check_rate;
pub use resample::{HIGHEST_RATIO, Progress, Resampler, SUPPORTED_RATES, UnsupportedRate};
