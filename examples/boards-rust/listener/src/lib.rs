//! The main loop of all boards: a microphone, a gate, a classifier, and a report for each window and each piece.
//!
//! A board implements [`Microphone`], or lets a task or an interrupt fill [`Blocks`], and calls [`listen`].
#![no_std]
#![forbid(unsafe_code)]

mod blocks;
#[cfg(feature = "defmt")]
mod log;

pub use blocks::{BLOCK, Blocks, Queued};
#[cfg(feature = "defmt")]
pub use log::log;
use timbrel_core::Error;
use timbrel_core::audio::{InputFormat, Sample};
use timbrel_core::classifier::Classifier;
use timbrel_core::engine::Int8Engine;
use timbrel_core::model::Model;
use timbrel_core::wake::{Gate, GateSettings};

/// The model, in flash: `tiny`, or `compact` with the feature of this name.
///
/// `compact` is right more often, and costs more than twice the instructions with an FPU, more than three times without one.
pub static MODEL: &[u8] = if cfg!(feature = "compact") {
    include_bytes!("../../../../models/compact.timbrel")
} else {
    include_bytes!("../../../../models/tiny.timbrel")
};

/// Working memory of the model, `fast_bytes` rounded up: a `static` of the board.
pub const MEMORY_BYTES: usize = if cfg!(feature = "compact") { 80 } else { 32 } * 1024;

/// A classifier over the integer engine.
pub type Int8Classifier<'a> = Classifier<'a, Int8Engine<'a>>;

/// A source of mono samples.
#[allow(
    async_fn_in_trait,
    reason = "one executor, and no thread to send a future to"
)]
pub trait Microphone {
    /// `i16`, or `i32` with 24 bits at the top as I2S microphones give them.
    type Sample: Sample;
    /// Why there are no samples, for example because some were lost.
    type Error;

    /// Wait for the next samples, any number of them; `None` at the end of a recording.
    async fn next(&mut self) -> Result<Option<&[Self::Sample]>, Self::Error>;
}

/// An answer to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A window was completed; the answer is that of the piece so far.
    Window,
    /// The piece has ended.
    Piece,
}

/// Why listening stopped.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug)]
pub enum Stopped<E> {
    /// The microphone's reason.
    Microphone(E),
    /// The classifier's.
    Classifier(Error),
}

/// Make a classifier of [`MODEL`] for mono samples of a rate in Hz, in [`MEMORY_BYTES`].
///
/// # Errors
/// [`Error::Rate`] for a rate that is not supported, [`Error::Memory`] for too little memory.
// a function of its own, so that its stack is given back
#[inline(never)]
pub fn classifier(sample_rate: u32, memory: &mut [u8]) -> Result<Int8Classifier<'_>, Error> {
    Classifier::int8(Model::parse(MODEL)?, InputFormat::mono(sample_rate), memory)
}

/// Make a gate of the default settings for a rate in Hz, at which a classifier was made.
#[must_use]
pub fn gate(sample_rate: u32) -> Option<Gate> {
    Gate::new(sample_rate, GateSettings::default()).ok()
}

/// Classify what a microphone hears while the gate is open, or everything without one, until the microphone ends or fails.
///
/// # Errors
/// [`Stopped`]: the microphone's error, or the classifier's if a recording is too short for an answer.
pub async fn listen<M: Microphone>(
    microphone: &mut M,
    mut gate: Option<Gate>,
    classifier: &mut Int8Classifier<'_>,
    mut report: impl FnMut(Heard, &Int8Classifier<'_>),
) -> Result<(), Stopped<M::Error>> {
    let mut was_open = false;
    while let Some(samples) = microphone.next().await.map_err(Stopped::Microphone)? {
        let open = gate.as_mut().is_none_or(|gate| gate.push(samples));
        if was_open && !open {
            end(classifier, &mut report).map_err(Stopped::Classifier)?;
            classifier.reset();
        }
        was_open = open;
        let mut rest = if open { samples } else { &[] };
        while !rest.is_empty() {
            let pushed = classifier.push(rest).map_err(Stopped::Classifier)?;
            rest = rest.get(pushed.consumed..).unwrap_or_default();
            if pushed.window {
                report(Heard::Window, classifier);
            }
        }
    }
    if was_open {
        end(classifier, &mut report).map_err(Stopped::Classifier)?;
    }
    Ok(())
}

/// Classify the rest of a piece and report the answer; there is none for a sound of less than half a second.
fn end(
    classifier: &mut Int8Classifier<'_>,
    report: &mut impl FnMut(Heard, &Int8Classifier<'_>),
) -> Result<(), Error> {
    match classifier.finish() {
        Ok(()) => report(Heard::Piece, classifier),
        Err(Error::TooShort { .. } | Error::NoAudio) => {}
        Err(error) => return Err(error),
    }
    Ok(())
}
