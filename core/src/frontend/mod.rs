//! From samples to feature columns. See the crate page for the way of the data.

mod decibel;
mod fft;
mod frames;
mod log_mel;
mod mel;
mod mfcc;
mod spec;
mod stft;
mod window;

pub use decibel::{power_to_db, relative_to_maximum};
pub use log_mel::{Buffers, Fixed, LogMel, LogMelStream, Parts};
pub(crate) use mel::Interval;
pub use mfcc::{Dct, DctTable, Mfcc};
pub use spec::{Affine, Feature, FrontEnd, MelNorm, MelScale, Padding, WindowSpec};
pub use stft::{Spectrum, Stft};
