//! Code that the programs for the boards share.
#![no_std]
#![deny(unsafe_code)]

pub mod audio;
pub mod console;
#[cfg(feature = "measure")]
#[allow(unsafe_code)]
pub mod probe;

// the README states this size
const _: () = assert!(timbrel_core::audio::Resampler::REQUIRED_BYTES == 2_396);
