//! What the programs for the boards share.
#![no_std]
#![deny(unsafe_code)]

pub mod audio;
pub mod console;
#[cfg(feature = "measure")]
#[allow(unsafe_code)]
pub mod probe;
