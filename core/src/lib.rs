//! Tells the genre of music on the device that hears it: from samples of any rate to a genre, without an
//! operating system, an allocator or `unsafe`.
//!
//! # From samples to a genre
//!
//! ```
//! use timbrel_core::Error;
//! use timbrel_core::classifier::{Classifier, InputFormat};
//! use timbrel_core::model::Model;
//!
//! fn genre(model: &[u8], music: &[i16]) -> Result<(), Error> {
//!     let model = Model::parse(model)?; // borrowed: flash, a memory map, a Vec
//!     // on a microcontroller a static of this size; the number is known before anything runs
//!     let mut memory = vec![0; Classifier::required_bytes(&model)];
//!     let mut classifier = Classifier::int8(model, InputFormat::mono(44_100), &mut memory)?;
//!     let mut rest = music;
//!     while !rest.is_empty() {
//!         let pushed = classifier.push(rest)?;
//!         rest = &rest[pushed.consumed..];
//!     }
//!     classifier.finish()?;
//!     let result = classifier.result()?;
//!     println!("{} ({:.0} %)", result.label, 100.0 * result.confidence);
//!     Ok(())
//! }
//! ```
//!
//! # The way of the data
//!
//! 1. [`classifier`]: samples (f32 or i16, interleaved, any supported rate) are mixed down and resampled to
//!    the model's rate ([`frontend::Resampler`]).
//! 2. [`frontend`]: frames of `n_fft` samples every `hop`, Hann window, real FFT, power, mel bands, decibels:
//!    librosa's definitions, in f32 arithmetic that gives the same bits on every target.
//! 3. The last columns are kept in a ring; each complete window is taken relative to its own maximum and
//!    quantised to u8.
//! 4. [`engine`]: an integer network turns the window into i32 logits, the same on every target and engine.
//! 5. The softmax outputs of the windows are averaged.
//!
//! The model file says everything about steps 2 to 5; nothing is configured on the device.
//!
//! # Features
//!
//! | feature | needs | adds |
//! |---|---|---|
//! | (none) | `core` | everything above |
//! | `dsp` | an Arm core with the DSP extension (Cortex-M4, M7, M33; ARMv6 and later); no effect elsewhere | two multiply-adds an instruction in the integer engine, the same bits; the only `unsafe` of this crate |
//! | `std` (default) | the standard library | [`model::ModelSpec`], which writes model files |
//! | `tract` | `std` | `engine::TractEngine`, which runs the exported `.onnx` |
//! | `decode` | `std` | `decode`, which reads wav, mp3, flac, ogg and m4a files |
#![no_std]
// the one module that may allow itself some is behind the feature `dsp`
#![cfg_attr(not(feature = "dsp"), forbid(unsafe_code))]
#![cfg_attr(feature = "dsp", deny(unsafe_code))]
#![deny(missing_docs)]

#[cfg(feature = "std")]
extern crate std;

pub mod classifier;
#[cfg(feature = "decode")]
pub mod decode;
pub mod engine;
mod error;
pub mod frontend;
mod memory;
pub mod model;

pub use error::Error;
