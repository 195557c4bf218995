//! Common to the boards and the desktop: the tune, the model, and fingerprints
//! of the feature columns, by which a single differing bit of the floating-point arithmetic would show.
#![no_std]
#![forbid(unsafe_code)]

mod fingerprint;
mod tune;

pub use fingerprint::{COLUMN_SAMPLES, FrontEndMemory, columns, resampled};
pub use tune::{RATE_HZ, SAMPLES, Tune};

/// The shipped model. On a microcontroller it stays in flash: nothing of it is copied.
pub static MODEL: &[u8] = include_bytes!("../../../../models/compact.timbrel");
