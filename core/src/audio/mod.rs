//! Audio as it comes in: its form, the mix of its channels, and its sample rate. The decoder, the classifier and the
//! training tool all stand on it.

mod format;
mod resample;

pub(crate) use format::DownMix;
pub use format::{InputFormat, MAX_AMPLITUDE, MAX_CHANNELS, Sample};
pub use resample::{Resampler, SUPPORTED_RATES, UnsupportedRate};
