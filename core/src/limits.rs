//! The limits of a model, in one list: the reader of model files, the reader of ONNX metadata and whoever makes
//! models check against the same numbers. [`crate::model`] exports them.

use core::fmt;

/// Most classes of a model; the classifier keeps a probability for each.
pub const MAX_CLASSES: usize = 64;

/// Longest class name, in bytes of UTF-8; the shortest has one byte.
pub const MAX_LABEL_BYTES: usize = 127;

/// Most columns in a window: more than a minute at 12.9 columns per second.
pub const MAX_COLUMNS: u16 = 1024;

/// Supported frame and FFT lengths, in samples.
pub const FFT_LENGTHS: [u16; 4] = [512, 1024, 2048, 4096];

/// Most mel bands.
pub const MAX_MELS: u16 = 256;

/// Lowest and highest sample rate of a front end, in Hz.
pub const SAMPLE_RATES: [u32; 2] = [1_000, 384_000];

/// Smallest and largest `amin`, the floor of the power before its logarithm.
pub const AMIN: [f32; 2] = [1e-30, 1.0];

/// Largest `top_db`, in decibels; it must be above 0.
pub const MAX_TOP_DB: f32 = 200.0;

/// Largest magnitude of a scale or an offset that maps the feature to the network's input.
pub const MAX_NORMALISATION: f32 = 1e6;

/// Largest exponent of the logits: their values are integers times `2^-exponent`.
pub const MAX_LOGITS_EXPONENT: u8 = 31;

/// Largest exponent of the rejection logit, as that of the logits.
pub const MAX_REJECTION_EXPONENT: u8 = 31;

/// Smallest and largest factor of the logits before the softmax.
pub const CONFIDENCE_SCALE: [f32; 2] = [0.01, 100.0];

/// Largest right shift of a requantisation.
pub const MAX_SHIFT: u8 = 31;

/// Most bytes of one activation, which keeps every size and sum in 32 bits.
pub const MAX_BYTES: u64 = 1 << 26;

/// Most layers of a network with branches. A chain may have more.
pub const MAX_GRAPH_LAYERS: usize = 256;

/// Most activations that a join takes.
pub const MAX_SOURCES: usize = 4;

/// Most bytes of the arena of a network with branches: two of the largest activations.
pub const MAX_ARENA: u32 = 1 << 27;

/// Longest embedding, in values. A network whose last layer has more inputs has no embedding.
pub const MAX_EMBEDDING: usize = 1024;

/// A field of a model that has a limit; [`Field::name`] is its name in `docs/model-format.md`.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// Frame length, one of [`FFT_LENGTHS`].
    NFft,
    /// Samples from frame to frame, `1..=n_fft`.
    Hop,
    /// Mel bands, `1..=`[`MAX_MELS`].
    NMels,
    /// Rows of the window, `1..=n_mels`.
    Bins,
    /// Sample rate within [`SAMPLE_RATES`].
    SampleRate,
    /// Lower edge of the bands, from 0 to below `f_max`.
    FMin,
    /// Upper edge of the bands, at most half the sample rate.
    FMax,
    /// Power floor within [`AMIN`].
    Amin,
    /// Clamp in decibels, above 0 and at most [`MAX_TOP_DB`].
    TopDb,
    /// Columns of a window, `1..=`[`MAX_COLUMNS`].
    WindowColumns,
    /// Columns from window to window, `1..=` the window's columns.
    WindowHop,
    /// Number of classes, `1..=`[`MAX_CLASSES`].
    Classes,
    /// Exponent of the logits, at most [`MAX_LOGITS_EXPONENT`].
    LogitsExponent,
    /// Length of the embedding, at most [`MAX_EMBEDDING`].
    Embedding,
    /// Exponent of the rejection logit, at most [`MAX_REJECTION_EXPONENT`].
    RejectionExponent,
    /// Factor of the logits before the softmax, within [`CONFIDENCE_SCALE`].
    ConfidenceScale,
    /// Probability of the likeliest class below which an answer is unsure, 0 to 1.
    UnsureBelow,
    /// Number of maps to the network's input: one for all bins, or one per bin.
    NormalisationLength,
    /// Scale or offset of a map, at most [`MAX_NORMALISATION`] in magnitude.
    Normalisation,
    /// Number of class names: as many as classes.
    Labels,
    /// Bytes of a class name, `1..=`[`MAX_LABEL_BYTES`].
    LabelLength,
    /// A byte of a class name, which is no NUL: C programs would see the name end there.
    LabelByte,
    /// Index of a class whose name an earlier class has.
    RepeatedLabel,
}

impl Field {
    /// Return the field's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NFft => "n_fft",
            Self::Hop => "hop",
            Self::NMels => "n_mels",
            Self::Bins => "bins",
            Self::SampleRate => "sample rate",
            Self::FMin => "f_min",
            Self::FMax => "f_max",
            Self::Amin => "amin",
            Self::TopDb => "top_db",
            Self::WindowColumns => "window columns",
            Self::WindowHop => "window hop",
            Self::Classes => "classes",
            Self::LogitsExponent => "logits exponent",
            Self::Embedding => "embedding",
            Self::RejectionExponent => "rejection exponent",
            Self::ConfidenceScale => "confidence scale",
            Self::UnsureBelow => "unsure threshold",
            Self::NormalisationLength => "normalisation length",
            Self::Normalisation => "normalisation",
            Self::Labels => "labels",
            Self::LabelLength => "label length",
            Self::LabelByte => "byte of a label",
            Self::RepeatedLabel => "class with a repeated label",
        }
    }
}

/// A field outside its limits.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct InvalidField {
    /// The field.
    pub field: Field,
    /// Its value. Every field is an integer of at most 32 bits or an f32, which an f64 holds exactly.
    pub found: f64,
}

impl InvalidField {
    /// Return an error for `field` unless `good`.
    pub(crate) fn unless<T: Into<f64>>(good: bool, field: Field, found: T) -> Result<(), Self> {
        if good {
            Ok(())
        } else {
            Err(Self {
                field,
                found: found.into(),
            })
        }
    }
}

impl fmt::Display for InvalidField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be {}", self.field.name(), self.found)
    }
}

impl core::error::Error for InvalidField {}
