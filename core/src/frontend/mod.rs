//! From samples to feature columns: the second step of the list on the crate's page.

mod decibel;
mod fft;
mod frames;
mod log_mel;
mod mel;
mod mfcc;
mod spec;
mod stft;
mod stream;
mod window;

pub use decibel::{power_to_db, relative_to_maximum};
pub(crate) use log_mel::LogMelIn;
pub use log_mel::{Bank, FixedBank, LogMel};
pub(crate) use mel::Interval;
pub use mfcc::{Cepstra, Dct, DctTable, Mfcc};
/// Complex numbers as [`Spectrum::bin`] returns them: the type of the crate `num-complex`.
pub use num_complex::Complex32;
pub use spec::{Affine, Feature, FrontEnd, MelNorm, MelScale, Padding, WindowSpec};
pub use stft::{Spectrum, Stft, Transform};
pub use stream::{Analysis, Stream};
