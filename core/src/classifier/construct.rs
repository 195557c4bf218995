//! Making a classifier, and the memory that it takes.

use super::Classifier;
use super::cepstrum::Cepstrum;
use super::history::Ring;
use super::layout::Layout;
use super::outputs::{Embedding, Mean};
use super::signal::Signal;
use crate::Error;
use crate::audio::{DownMix, InputFormat, Resampler};
use crate::engine::{Engine, Int8Engine, Int8Layout};
use crate::frontend::{Feature, FrontEnd, LogMelIn};
use crate::memory::{Memory, Size};
use crate::model::{MAX_CLASSES, Model, ModelInfo};

/// Smallest power in the logarithm, in place of the front end's `amin`: cells are clamped relative to their window's
/// maximum, and an absolute floor above that clamp would make the answer depend on the level of quiet audio. It is the
/// smallest of [`AMIN`](crate::model::AMIN).
const QUIETEST: f32 = 1e-30;

/// Room for a classifier itself in a C program's memory, where pointers have 32 bits, wherever that memory begins.
#[cfg(any(feature = "std", target_pointer_width = "32"))]
const HANDLE_ROOM: usize = 4096;

// the classifiers of microcontrollers, where they are compiled
#[cfg(all(target_pointer_width = "32", not(feature = "std")))]
const _: () = {
    type Made = Classifier<'static, Int8Engine<'static>>;
    assert!(size_of::<Made>() + align_of::<Made>() - 1 <= HANDLE_ROOM);
};

impl<'w> Classifier<'w, Int8Engine<'w>> {
    /// Return the bytes that [`Self::int8`] needs for a model, whatever the input format and wherever they begin.
    #[must_use]
    pub fn required_bytes(model: &Model<'_>) -> usize {
        let mut size = Size::new();
        Self::reserve(&mut size, &model.info());
        Int8Layout::reserve(&mut size, model);
        size.bytes()
    }

    /// Return the bytes with which [`Self::int8`] is as fast as this machine can be: with
    /// [`Int8Engine::fast_bytes`] for the engine. The number depends on the machine.
    #[must_use]
    pub fn fast_bytes(model: &Model<'_>) -> usize {
        let mut size = Size::new();
        Self::reserve(&mut size, &model.info());
        Int8Layout::reserve_fast(&mut size, model);
        size.bytes()
    }

    /// Return the bytes with which `timbrel_classifier_init()`, the C library's function, is fastest on every
    /// microcontroller: the classifier itself and its memory, with what the DSP extension of Arm makes use of.
    #[cfg(feature = "std")]
    pub(crate) fn microcontroller_bytes(model: &Model<'_>) -> usize {
        let mut size = Size::new();
        Self::reserve(&mut size, &model.info());
        Int8Layout::reserve_paired(&mut size, model);
        HANDLE_ROOM + size.bytes()
    }

    /// Make a classifier that runs a `.timbrel` model in `memory`, as fast as this machine can if there are
    /// [`Self::fast_bytes`].
    ///
    /// # Errors
    /// [`Error::Memory`], [`Error::Rate`], [`Error::Channels`].
    pub fn int8(
        model: Model<'w>,
        format: InputFormat,
        memory: &'w mut [u8],
    ) -> Result<Self, Error> {
        let mut size = Size::new();
        let layout = Self::reserve(&mut size, &model.info());
        let engine = if memory.len() >= Self::fast_bytes(&model) {
            Int8Layout::reserve_fast(&mut size, &model)
        } else {
            Int8Layout::reserve(&mut size, &model)
        };
        let mut memory = Memory::new(memory, size)?;
        let engine = Int8Engine::carve(model, engine, &mut memory)?;
        Self::carve(engine, format, layout, &mut memory)
    }
}

impl<'w, E: Engine> Classifier<'w, E> {
    /// Return the bytes that [`Self::new`] needs apart from the engine's own: front end, history of columns and
    /// sums of the embedding. Without an embedding it is the same as [`feature_bytes`](super::feature_bytes) of front
    /// end and window.
    #[must_use]
    pub fn feature_bytes(info: &ModelInfo) -> usize {
        let mut size = Size::new();
        Self::reserve(&mut size, info);
        size.bytes()
    }

    /// Make a classifier over an engine that brings its own memory, with [`Self::feature_bytes`] for the rest.
    ///
    /// # Errors
    /// [`Error::Memory`], [`Error::Rate`], [`Error::Channels`].
    pub fn new(engine: E, format: InputFormat, memory: &'w mut [u8]) -> Result<Self, Error> {
        let mut size = Size::new();
        let layout = Self::reserve(&mut size, &engine.info());
        Self::carve(engine, format, layout, &mut Memory::new(memory, size)?)
    }

    fn reserve(size: &mut Size, info: &ModelInfo) -> Layout {
        Layout::reserve(size, &info.front_end, &info.window, info.embedding)
    }

    fn carve(
        engine: E,
        format: InputFormat,
        layout: Layout,
        memory: &mut Memory<'w>,
    ) -> Result<Self, Error> {
        let info = engine.info();
        let front_end = &info.front_end;
        let mix = DownMix::new(format.channels)?;
        let resampler = Resampler::new(format.sample_rate, front_end.sample_rate)?;
        let log_mel = LogMelIn::borrowing(
            &FrontEnd {
                amin: QUIETEST,
                ..*front_end
            },
            memory.take(layout.frame)?,
            memory.take(layout.overlap)?,
            memory.take(layout.bands)?,
            memory.take(layout.column)?,
        );
        let cells = memory.take(layout.cells)?;
        let (basis, column) = layout.cepstrum;
        let (basis, column) = (memory.take(basis)?, memory.take(column)?);
        Ok(Self {
            mix,
            resampler,
            log_mel,
            ring: Ring::new(&info, cells, memory.take(layout.sound)?),
            cepstrum: match front_end.feature {
                Feature::LogMel => None,
                Feature::Mfcc { .. } => Some(Cepstrum::new(basis, column)),
            },
            mean: Mean::new(&info),
            embedding: Embedding::new(memory.take(layout.embedding)?),
            logits: (0..info.classes.min(MAX_CLASSES)).map(|_| 0).collect(),
            signal: Signal::new(format.sample_rate),
            columns: 0,
            finished: false,
            window_silent: false,
            info,
            engine,
        })
    }
}
