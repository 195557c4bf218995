//! Running a network on a window: the portable int8 engine, and tract with its feature.
//!
//! From the same integers every engine computes the same logits, bit for bit.

mod arch;
mod int8;

pub use arch::Kernels;
pub use int8::Int8Engine;
pub(crate) use int8::Layout as Int8Layout;

use crate::Error;
use crate::frontend::Affine;
use crate::model::ModelInfo;

/// A network ready to run, with its memory.
pub trait Engine {
    /// Return the model's metadata.
    fn info(&self) -> ModelInfo;

    /// Return the name of a class, `None` for an index without one.
    fn label(&self, class: usize) -> Option<&str>;

    /// Return the map from the feature (decibels or MFCCs) to the input of a bin.
    fn normalisation(&self, bin: usize) -> Affine;

    /// Lend the window to fill before [`Self::run`]: u8 `[bins, columns]`. Running may overwrite it.
    fn input(&mut self) -> &mut [u8];

    /// Compute the logits of the window, one i32 per class; `logits` has [`ModelInfo::classes`] values.
    ///
    /// # Errors
    /// The int8 engine never fails; tract reports what it could not do. Engines outside this crate return
    /// [`Error::Engine`].
    fn run(&mut self, logits: &mut [i32]) -> Result<(), Error>;

    /// Return the embedding of the window of the last [`Self::run`]: the last layer's input,
    /// [`ModelInfo::embedding`] values. Empty for a network without one.
    fn embedding(&self) -> &[u8] {
        &[]
    }

    /// Return the rejection logit of the window of the last [`Self::run`], in units of
    /// `2^-`[`ModelInfo::rejection_exponent`]: above 0, the window is not music. `None` for a model that rejects
    /// nothing.
    fn not_music(&self) -> Option<i32> {
        None
    }
}

#[cfg(feature = "std")]
impl<E: Engine + ?Sized> Engine for std::boxed::Box<E> {
    fn info(&self) -> ModelInfo {
        (**self).info()
    }

    fn label(&self, class: usize) -> Option<&str> {
        (**self).label(class)
    }

    fn normalisation(&self, bin: usize) -> Affine {
        (**self).normalisation(bin)
    }

    fn input(&mut self) -> &mut [u8] {
        (**self).input()
    }

    fn run(&mut self, logits: &mut [i32]) -> Result<(), Error> {
        (**self).run(logits)
    }

    fn embedding(&self) -> &[u8] {
        (**self).embedding()
    }

    fn not_music(&self) -> Option<i32> {
        (**self).not_music()
    }
}
