//! The `.timbrel` model file: one flat little-endian file that describes itself.
//!
//! [`Model::parse`] validates everything once and borrows the bytes, so that weights are used in place
//! from flash or a memory map; nothing after it can fail on the file's content. The format is specified
//! byte by byte in `docs/model-format.md`. With feature `std`, [`ModelSpec`] writes such files.

mod error;
mod format;
mod info;
mod layer;
mod read;
#[cfg(feature = "std")]
mod write;

pub use error::ModelError;
pub use info::{MAX_CLASSES, ModelInfo};
pub use layer::{Biases, Geometry, Layer, Op, Shape};
#[cfg(feature = "std")]
pub use write::{LayerSpec, ModelSpec};

use crate::frontend::{Affine, FrontEnd, WindowSpec};
use format::{Bytes, LAYER_BYTES};

/// A validated model, borrowed from its bytes. Copying it copies references only.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    front_end: FrontEnd,
    window: WindowSpec,
    normalisation: Normalisation<'a>,
    classes: usize,
    logits_exponent: u8,
    labels: &'a str,
    layers: &'a [u8],
    layers_at: usize,
    weights: &'a [u8],
    provenance: &'a str,
    file: &'a [u8],
}

impl<'a> Model<'a> {
    /// Validates a `.timbrel` file and borrows it. No alignment is needed.
    ///
    /// # Errors
    /// [`ModelError`] says what is wrong and at which byte. No input makes this panic.
    pub fn parse(file: &'a [u8]) -> Result<Self, ModelError> {
        read::parse(file)
    }

    /// Front end, window, classes and the logits' scale.
    #[must_use]
    pub fn info(&self) -> ModelInfo {
        ModelInfo {
            front_end: self.front_end,
            window: self.window,
            classes: self.classes,
            logits_exponent: self.logits_exponent,
        }
    }

    /// Front end that makes the columns.
    #[must_use]
    pub fn front_end(&self) -> &FrontEnd {
        &self.front_end
    }

    /// Columns of a window and from window to window.
    #[must_use]
    pub fn window(&self) -> WindowSpec {
        self.window
    }

    /// Map from the feature to the network's input.
    #[must_use]
    pub fn normalisation(&self) -> Normalisation<'a> {
        self.normalisation
    }

    /// Number of classes, `1..=MAX_CLASSES`.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// A logit's value is its i32 times `2^-logits_exponent`.
    #[must_use]
    pub fn logits_exponent(&self) -> u8 {
        self.logits_exponent
    }

    /// Name of a class, `None` where there is no such class.
    #[must_use]
    pub fn label(&self, class: usize) -> Option<&'a str> {
        self.labels().nth(class)
    }

    /// Names of the classes in the order of the logits.
    pub fn labels(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        read::Labels::new(self.labels)
    }

    /// Free text on where the model comes from, lines of `key: value`.
    #[must_use]
    pub fn provenance(&self) -> &'a str {
        self.provenance
    }

    /// Shape of the network's input: `[bins, columns, 1]`, with [`FrontEnd::bins`].
    #[must_use]
    pub fn input(&self) -> Shape {
        Shape::new(self.front_end.bins(), self.window.columns, 1)
    }

    /// The layers in order; at least one, the last a dense one.
    pub fn layers(&self) -> impl ExactSizeIterator<Item = Layer<'a>> + use<'a> {
        let (weights, at) = (self.weights, self.layers_at);
        let records = self.layers.as_chunks::<LAYER_BYTES>().0;
        records.iter().enumerate().map(move |(index, record)| {
            let record = Bytes {
                data: record,
                at: at + index * LAYER_BYTES,
            };
            // parse() has read every record once, and the bytes are borrowed, so they are the same
            read::layer(record, weights).unwrap_or(read::EMPTY_LAYER)
        })
    }

    /// The whole file.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.file
    }
}

/// The [`Affine`] maps of a model, one for all bins or one a bin, borrowed from its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Normalisation<'a>(&'a [u8]);

impl<'a> Normalisation<'a> {
    /// The maps in the file: 1 or one a bin.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Affine> + use<'a> {
        self.0.as_chunks::<8>().0.iter().map(|pair| Affine {
            scale: f32::from_le_bytes([pair[0], pair[1], pair[2], pair[3]]),
            offset: f32::from_le_bytes([pair[4], pair[5], pair[6], pair[7]]),
        })
    }

    /// The map of one bin, `None` where there is no such bin and not one for all.
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
