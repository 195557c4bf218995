//! What a model is, apart from its weights, and the limits of what a model may be.

use crate::frontend::{FrontEnd, WindowSpec};

/// Most classes a model may have: what the classifier keeps a probability for.
pub const MAX_CLASSES: usize = 64;

/// What a model says of itself, apart from its names.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ModelInfo {
    /// Front end that makes the columns.
    pub front_end: FrontEnd,
    /// Columns of a window and from window to window.
    pub window: WindowSpec,
    /// Number of classes, `1..=`[`MAX_CLASSES`](crate::model::MAX_CLASSES).
    pub classes: usize,
    /// A logit's value is its i32 times `2^-logits_exponent`.
    pub logits_exponent: u8,
}

impl ModelInfo {
    /// Bytes of a window: `bins · columns`, with [`FrontEnd::bins`].
    #[must_use]
    pub fn window_len(&self) -> usize {
        usize::from(self.front_end.bins()) * usize::from(self.window.columns)
    }
}
