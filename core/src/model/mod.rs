//! The `.timbrel` model file: one flat little-endian file that describes itself.
//!
//! [`Model::parse`] validates everything once and borrows the bytes, so that weights are used in place
//! from flash or a memory map; nothing after it can fail on the file's content. The format is specified
//! byte by byte in `docs/model-format.md`. With feature `std`, [`ModelSpec`] writes such files.
//!
//! The limits of a model are the constants of this module; [`ModelInfo::validate`] checks against them. A model within
//! them may still take minutes for a window: [`Model::cost`] says so before anything runs, and [`Limits::check`] refuses it.

mod bytes;
mod codes;
mod cost;
mod error;
mod extension;
mod graph;
mod info;
mod layer;
#[cfg(feature = "std")]
mod plan;
mod read;
mod record;
#[cfg(feature = "std")]
mod write;

pub use cost::{Cost, Limits, TooCostly};
pub use error::ModelError;
pub use extension::Rejection;
pub use graph::Sources;
pub use info::{Confidence, ModelInfo};
pub use layer::{Biases, Cells, Geometry, Interpolation, Layer, Op, Resampling, Shape};
#[cfg(feature = "std")]
pub use plan::{GraphSpec, NodeSpec};
#[cfg(feature = "std")]
pub use write::{LayerSpec, ModelSpec, RejectionSpec};

pub use crate::limits::{
    AMIN, CONFIDENCE_SCALE, FFT_LENGTHS, Field, InvalidField, MAX_ARENA, MAX_BYTES, MAX_CLASSES,
    MAX_COLUMNS, MAX_EMBEDDING, MAX_GRAPH_LAYERS, MAX_LABEL_BYTES, MAX_LOGITS_EXPONENT, MAX_MELS,
    MAX_NORMALISATION, MAX_REJECTION_EXPONENT, MAX_SHIFT, MAX_SOURCES, MAX_TOP_DB, SAMPLE_RATES,
};

use crate::frontend::{Affine, FrontEnd, WindowSpec};
use bytes::Bytes;
use codes::layer::BYTES as LAYER_BYTES;

/// A validated model, borrowed from its bytes. Copying it copies references only.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    info: ModelInfo,
    normalisation: Normalisation<'a>,
    labels: &'a str,
    layers: &'a [u8],
    weights: &'a [u8],
    /// Offset of the graph's section in the file, 0 for a chain. Microcontrollers keep a model in little memory.
    graph_at: usize,
    provenance: &'a str,
    rejection: Option<Rejection<'a>>,
    file: &'a [u8],
}

impl<'a> Model<'a> {
    /// Validate a `.timbrel` file and borrow it. No alignment is needed.
    ///
    /// # Errors
    /// [`ModelError`] says what is wrong and at which byte. No input makes this panic.
    pub fn parse(file: &'a [u8]) -> Result<Self, ModelError> {
        read::parse(file)
    }

    /// Return the model's metadata.
    #[must_use]
    pub fn info(&self) -> ModelInfo {
        self.info
    }

    /// Return the front end that makes the columns.
    #[must_use]
    pub fn front_end(&self) -> &FrontEnd {
        &self.info.front_end
    }

    /// Return the columns of a window and from window to window.
    #[must_use]
    pub fn window(&self) -> WindowSpec {
        self.info.window
    }

    /// Return the maps from the feature to the network's input.
    #[must_use]
    pub fn normalisation(&self) -> Normalisation<'a> {
        self.normalisation
    }

    /// Return the number of classes, `1..=`[`MAX_CLASSES`].
    #[must_use]
    pub fn classes(&self) -> usize {
        self.info.classes
    }

    /// Return the exponent of the logits: a logit's value is its i32 times `2^-logits_exponent`.
    #[must_use]
    pub fn logits_exponent(&self) -> u8 {
        self.info.logits_exponent
    }

    /// Return the name of a class, `None` for an index without one.
    #[must_use]
    pub fn label(&self, class: usize) -> Option<&'a str> {
        self.labels().nth(class)
    }

    /// Iterate over the names of the classes in the order of the logits.
    pub fn labels(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        read::Labels::new(self.labels)
    }

    /// Return the text on where the model comes from, lines of `key: value`.
    #[must_use]
    pub fn provenance(&self) -> &'a str {
        self.provenance
    }

    /// Return the output that tells windows which are not music; `None` for a model that rejects nothing.
    #[must_use]
    pub fn rejection(&self) -> Option<Rejection<'a>> {
        self.rejection
    }

    /// Return the calibration of the probabilities; [`Confidence::NEUTRAL`] for a model that states none.
    #[must_use]
    pub fn confidence(&self) -> Confidence {
        self.info.confidence
    }

    /// Return the shape of the network's input: `[bins, columns, 1]`, with [`FrontEnd::bins`].
    #[must_use]
    pub fn input(&self) -> Shape {
        Shape::new(self.info.front_end.bins(), self.info.window.columns, 1)
    }

    /// Iterate over the layers in order of execution; there is at least one, and the last is a dense one.
    pub fn layers(&self) -> impl ExactSizeIterator<Item = Layer<'a>> + use<'a> {
        let weights = self.weights;
        let records = self.layers.as_chunks::<LAYER_BYTES>().0;
        records.iter().map(move |data| {
            // parse() has read every record once, and the bytes are borrowed, so they are the same: there is no
            // fault whose place matters
            record::read(Bytes { data, at: 0 }, weights).unwrap_or(record::EMPTY_LAYER)
        })
    }

    /// Return the shape of a layer's output.
    fn layer_shape(&self, layer: usize) -> Shape {
        let records = self.layers.as_chunks::<LAYER_BYTES>().0;
        let record = records.get(layer).map(|data| Bytes { data, at: 0 });
        let shape = record.and_then(|record| record::shape(record, codes::layer::OUTPUT).ok());
        shape.unwrap_or(Shape::new(0, 0, 0))
    }

    /// Return the whole file.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.file
    }
}

/// The [`Affine`] maps of a model, one for all bins or one per bin, borrowed from its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Normalisation<'a>(&'a [u8]);

impl<'a> Normalisation<'a> {
    /// Iterate over the maps in the file: one, or one per bin.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Affine> + use<'a> {
        self.0.as_chunks::<8>().0.iter().map(|pair| Affine {
            scale: f32::from_le_bytes([pair[0], pair[1], pair[2], pair[3]]),
            offset: f32::from_le_bytes([pair[4], pair[5], pair[6], pair[7]]),
        })
    }

    /// Return the map of a bin; `None` for an index without one, unless one map serves all bins.
    #[must_use]
    pub fn bin(self, bin: usize) -> Option<Affine> {
        let mut maps = self.iter();
        if maps.len() == 1 {
            maps.next()
        } else {
            maps.nth(bin)
        }
    }
}
