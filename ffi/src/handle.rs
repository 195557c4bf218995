//! The classifier that the opaque pointer refers to.

use timbrel_core::Error;
use timbrel_core::audio::{InputFormat, Sample};
use timbrel_core::classifier::{Classifier, EmbeddingValues, Prediction, Pushed, WindowAnswer};
use timbrel_core::engine::Int8Engine;
use timbrel_core::model::Model;

use crate::guard::not_null;
use crate::status::Failure;
use crate::timbrel_status::TIMBREL_ERROR_STRUCT_SIZE;

/// Format of the audio to be pushed.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct timbrel_config {
    /// sizeof(timbrel_config), which tells the library the fields that are there.
    pub struct_size: u32,
    /// Samples per second and channel, 4000 to 768000; at most 48 times the model's rate, and 12 times in a library without
    /// std.
    pub sample_rate: u32,
    /// Interleaved channels, 1 to 8; their mean is classified.
    pub channels: u32,
}

/// A streaming classifier.
///
/// The type is opaque. A classifier may move from thread to thread, but two threads must not use it at once.
pub struct timbrel_classifier {
    pub(crate) kind: Kind,
    /// Memory that timbrel_classifier_free() frees; None for a classifier in the caller's memory.
    #[cfg(feature = "std")]
    pub(crate) heap: Option<Heap>,
}

/// The classifier over either engine. Its lifetimes are those of the memory and the model, which outlive the handle by
/// contract or belong to it; Rust cannot check them.
pub(crate) enum Kind {
    Int8(Classifier<'static, Int8Engine<'static>>),
    #[cfg(feature = "tract")]
    Tract(Classifier<'static, timbrel_core::host::tract::TractEngine>),
}

/// Memory that belongs to a classifier; raw, since the classifier inside the handle points to it too.
#[cfg(feature = "std")]
pub(crate) struct Heap {
    pub(crate) memory: *mut [u8],
    /// None if the model is the caller's.
    pub(crate) model: Option<*mut [u8]>,
}

/// Call the same method of either classifier.
macro_rules! each {
    ($handle:expr, $classifier:ident => $call:expr) => {
        match $handle {
            Kind::Int8($classifier) => $call,
            #[cfg(feature = "tract")]
            Kind::Tract($classifier) => $call,
        }
    };
}

impl Kind {
    pub(crate) fn int8(
        model: Model<'static>,
        format: InputFormat,
        memory: &'static mut [u8],
    ) -> Result<Self, Error> {
        Classifier::int8(model, format, memory).map(Self::Int8)
    }

    pub(crate) fn push<S: Sample>(&mut self, samples: &[S]) -> Result<Pushed, Error> {
        each!(self, classifier => classifier.push(samples))
    }

    pub(crate) fn finish(&mut self) -> Result<(), Error> {
        each!(self, classifier => classifier.finish())
    }

    pub(crate) fn reset(&mut self) {
        each!(self, classifier => classifier.reset());
    }

    pub(crate) fn result(&self) -> Result<Prediction<'_>, Error> {
        each!(self, classifier => classifier.result())
    }

    pub(crate) fn window(&self) -> Result<WindowAnswer, Error> {
        each!(self, classifier => classifier.window())
    }

    pub(crate) fn logits(&self) -> &[i32] {
        each!(self, classifier => classifier.logits())
    }

    pub(crate) fn embedding(&self) -> Result<EmbeddingValues<'_>, Error> {
        each!(self, classifier => classifier.embedding())
    }

    pub(crate) fn label(&self, class: usize) -> Option<&str> {
        each!(self, classifier => classifier.label(class))
    }
}

/// Read the caller's configuration.
///
/// # Safety
/// Unless NULL, `config` points to as many bytes as its first field says.
pub(crate) unsafe fn read_config(config: *const timbrel_config) -> Result<InputFormat, Failure> {
    not_null(config)?;
    // SAFETY: the first field is there in every version of the struct
    let size = unsafe { (&raw const (*config).struct_size).read() };
    if (size as usize) < size_of::<timbrel_config>() {
        return Err(TIMBREL_ERROR_STRUCT_SIZE.into());
    }
    // SAFETY: the caller says that all of it is there
    let config = unsafe { config.read() };
    Ok(InputFormat {
        sample_rate: config.sample_rate,
        // more channels than a u16 holds are refused just as 65,535 are
        channels: u16::try_from(config.channels).unwrap_or(u16::MAX),
    })
}
