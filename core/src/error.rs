use core::fmt;

use crate::audio::UnsupportedRate;
use crate::classifier::LEAST_SECONDS;
use crate::model::{ModelError, TooCostly};

/// Failure on the way from a model's bytes to a genre.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// The model file is refused.
    Model(ModelError),
    /// The model costs more than its limits allow.
    Cost(TooCostly),
    /// The memory that was given is too small.
    Memory {
        /// Bytes needed.
        needed: usize,
        /// Bytes given.
        found: usize,
    },
    /// The sample rate is not supported.
    Rate(UnsupportedRate),
    /// The number of channels is not in `1..=`[`MAX_CHANNELS`](crate::audio::MAX_CHANNELS).
    Channels {
        /// Number of channels.
        found: u16,
    },
    /// A sample is NaN, infinite or far beyond full scale (more than
    /// [`MAX_AMPLITUDE`](crate::audio::MAX_AMPLITUDE)).
    Sample {
        /// Its index in the pushed slice. The samples before it were consumed.
        index: usize,
    },
    /// The signal is finished; nothing can be pushed before a reset.
    Finished,
    /// No window has been classified since the start or the last reset.
    NoResult,
    /// The signal ended without a single sample.
    NoAudio,
    /// The signal ended before its first window and with less than
    /// [`LEAST_SECONDS`](crate::classifier::LEAST_SECONDS): too little for an answer.
    TooShort {
        /// Its length.
        seconds: f32,
    },
    /// The model has no embedding.
    NoEmbedding,
    /// An [`Engine`](crate::engine::Engine) from outside this crate could not run, for the reason it gives.
    Engine {
        /// The reason.
        what: &'static str,
    },
    /// An ONNX model cannot be used; only with feature `tract`.
    #[cfg(feature = "tract")]
    Onnx(std::string::String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model(error) => error.fmt(f),
            Self::Cost(error) => error.fmt(f),
            Self::Memory { needed, found } => {
                write!(f, "{needed} bytes of memory are needed, {found} were given")
            }
            Self::Rate(error) => error.fmt(f),
            Self::Channels { found } => write!(f, "{found} channels are not supported"),
            Self::Sample { index } => {
                write!(
                    f,
                    "sample {index} is not a number, infinite or out of range"
                )
            }
            Self::Finished => write!(f, "the signal is finished: reset before pushing more"),
            Self::NoResult => write!(f, "no result yet: no window is complete"),
            Self::NoAudio => write!(f, "no audio: not one sample was pushed"),
            Self::TooShort { seconds } => write!(
                f,
                "too short: {seconds:.2} s of audio, {LEAST_SECONDS} s are needed"
            ),
            Self::NoEmbedding => write!(f, "the model has no embedding"),
            Self::Engine { what } => write!(f, "the engine failed: {what}"),
            #[cfg(feature = "tract")]
            Self::Onnx(what) => write!(f, "ONNX model: {what}"),
        }
    }
}

impl core::error::Error for Error {}

impl From<ModelError> for Error {
    fn from(error: ModelError) -> Self {
        Self::Model(error)
    }
}

impl From<TooCostly> for Error {
    fn from(error: TooCostly) -> Self {
        Self::Cost(error)
    }
}

impl From<UnsupportedRate> for Error {
    fn from(error: UnsupportedRate) -> Self {
        Self::Rate(error)
    }
}
