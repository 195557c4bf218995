//! Timbrel's core.
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[cfg(feature = "std")]
extern crate std;

pub mod classifier;
pub mod engine;
mod error;
pub mod frontend;
mod memory;
pub mod model;

pub use error::Error;
