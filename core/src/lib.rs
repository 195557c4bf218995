//! Music genre recognition on the device: from samples at any rate to a genre, without an operating system
//! or an allocator.
//!
//! # From samples to a genre
//!
//! ```
//! use timbrel_core::Error;
//! use timbrel_core::audio::InputFormat;
//! use timbrel_core::classifier::Classifier;
//! use timbrel_core::model::Model;
//!
//! fn genre(model: &[u8], music: &[i16]) -> Result<(), Error> {
//!     let model = Model::parse(model)?; // borrowed: flash, a memory map, a Vec
//!     // on a microcontroller, a static of this size: memory use is known up front
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
//! # On a microcontroller
//!
//! Without default features this crate needs neither std nor alloc:
//!
//! ```toml
//! timbrel-core = { version = "0.1", default-features = false, features = ["dsp"] } # dsp: Cortex-M4, M7, M33
//! ```
//!
//! The model stays in flash, the working memory is a `static`, and the classifier may be one, too:
//!
//! ```
//! use static_cell::{ConstStaticCell, StaticCell};
//! use timbrel_core::Error;
//! use timbrel_core::audio::InputFormat;
//! use timbrel_core::classifier::Classifier;
//! use timbrel_core::engine::Int8Engine;
//! use timbrel_core::model::Model;
//!
//! static MODEL: &[u8] = include_bytes!("../models/compact.timbrel");
//! static MEMORY: ConstStaticCell<[u8; 80 * 1024]> = ConstStaticCell::new([0; 80 * 1024]);
//! static CLASSIFIER: StaticCell<Classifier<'static, Int8Engine<'static>>> = StaticCell::new();
//!
//! fn start() -> Result<&'static mut Classifier<'static, Int8Engine<'static>>, Error> {
//!     let model = Model::parse(MODEL)?;
//!     // if these are too few, Error::Memory has the number of bytes that are needed
//!     let classifier = Classifier::int8(model, InputFormat::mono(22_050), MEMORY.take())?;
//!     Ok(CLASSIFIER.init(classifier))
//! }
//!
//! # fn main() -> Result<(), Error> {
//! let classifier = start()?;
//! // blocks of any length, as the ADC's interrupt fills them
//! # let blocks = core::iter::repeat_n([0_i16, 8_000, 0, -8_000], 70_000);
//! for block in blocks {
//!     let mut rest = &block[..];
//!     while !rest.is_empty() {
//!         let pushed = classifier.push(rest)?;
//!         rest = rest.get(pushed.consumed..).unwrap_or_default();
//!         if pushed.window {
//!             let result = classifier.result()?; // every 1.5 s, after the first 3 s
//! #           assert!(result.confidence > 0.0);
//!         }
//!     }
//! }
//! # assert!(classifier.ready());
//! # Ok(())
//! # }
//! ```
//!
//! - **Memory.** [`Classifier::required_bytes`](classifier::Classifier::required_bytes) returns the bytes that a model
//!   needs if its weights stay in flash; [`classifier::feature_bytes`] is the part that does not depend on the
//!   network, as a `const fn`. The fixed-size front ends ([`frontend::Stft`], [`frontend::LogMel`],
//!   [`frontend::Mfcc`]) contain all of their memory and have a constant `REQUIRED_BYTES`. The stack needs 16 KB during
//!   construction, and 3 KB afterwards.
//! - **Time.** A window's network runs inside the `push` that completes it. Audio that arrives meanwhile has to wait in
//!   a queue of the caller, filled by an interrupt or by DMA.
//! - **Rate.** At the model's own rate, 22,050 Hz, samples are only copied. Any other rate costs extra: clock the ADC at
//!   that rate if possible.
//! - **No panic.** With optimisation and `panic = "abort"`, no panicking path is left in a program; errors are values.
//! - **Without an FPU** everything works and gives the same bits; the front end's floating point then runs in software
//!   and takes most of the time.
//!
//! `examples/cortex-m` in the repository is a complete firmware, in Rust and in C, for boards that QEMU emulates;
//! `docs/embedded.md` has its instruction counts, flash and RAM on five cores.
//!
//! # From samples to a genre, step by step
//!
//! 1. [`audio`]: samples (f32, i16 or i32, interleaved, any integer rate from 4 to 768 kHz) are mixed down and resampled to the model's rate.
//! 2. [`frontend`]: frames of `n_fft` samples every `hop`, Hann window, real FFT, power, mel bands, decibels: librosa's
//!    definitions, in f32 arithmetic that gives the same bits on every target.
//! 3. [`classifier`]: a ring stores the last columns; each complete window is taken relative to its own maximum,
//!    transformed if the model wants MFCCs, and quantised to u8.
//! 4. [`engine`]: an integer network turns the window into i32 logits, the same on every target and in every engine.
//! 5. [`classifier`] again: the windows' logits are averaged, and their softmax is the answer. The mean of the last
//!    layer's inputs is the embedding.
//!
//! The model file ([`model`]) describes steps 2 to 5 completely; nothing is configured on the device.
//!
//! # Features
//!
//! | feature | needs | adds |
//! |---|---|---|
//! | (none) | `core` | everything above |
//! | `defmt` | a `defmt` logger in the program | `defmt::Format` for errors, results and metadata |
//! | `dsp` | an Arm core with the DSP extension (Cortex-M4, M7, M33; ARMv6 and later); no effect elsewhere | two multiply-adds per instruction in the integer engine, the same bits |
//! | `simd` (with `std`) | x86-64, aarch64 or WebAssembly; no effect elsewhere | vector instructions in the integer engine and (with `std`) the resampler and the front end, without `std` those that the program is compiled for; the same bits |
//! | `table-48k` | 8 KB of flash; no effect with `std` | 48 kHz is resampled to 22,050 Hz in less than half of the instructions; the same bits |
//! | `std` (default) | the standard library | [`model::ModelSpec`], which writes model files; `host`, one answer for a piece of music |
//! | `serde` | `serde`, which needs neither std nor alloc | `Serialize` for results, metadata and (as text) errors; `Deserialize` for metadata and `Heard` |
//! | `tract` | `std` | `host::tract::TractEngine`, which runs the exported `.onnx` |
//! | `decode` | `std` | `host::decode`, which reads wav, mp3, flac, ogg, m4a and other audio files |
#![no_std]
// only the modules named `arch` may allow themselves some
#![deny(unsafe_code)]
#![deny(missing_docs)]

// the formats and the answers are defined in bytes, but no test has run on such a machine
#[cfg(target_endian = "big")]
compile_error!("big-endian machines are not supported");

#[cfg(feature = "std")]
extern crate std;

/// Compiles the programs in the README, which is in the package.
#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;

mod arch;
pub mod audio;
pub mod classifier;
pub mod engine;
mod error;
pub mod frontend;
#[cfg(feature = "std")]
pub mod host;
mod limits;
mod memory;
pub mod model;
#[cfg(feature = "serde")]
mod serialise;
pub mod wake;

pub use error::Error;
