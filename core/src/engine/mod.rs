//! Running a network on a window: the portable int8 engine, and tract behind its feature.
//!
//! On the same integers every engine gives the same logits, bit for bit.

mod arch;
mod int8;

pub use int8::Int8Engine;

use crate::Error;
use crate::frontend::Affine;
use crate::model::ModelInfo;

/// A network ready to run, with its memory.
pub trait Engine {
    /// What the model says of itself.
    fn info(&self) -> ModelInfo;

    /// Name of a class, `None` where there is no such class.
    fn label(&self, class: usize) -> Option<&str>;

    /// Map from the feature (decibels or MFCCs) to the input of a bin.
    fn normalisation(&self, bin: usize) -> Affine;

    /// The window to fill before [`Self::run`]: u8 `[bins, columns]`. Running may overwrite it.
    fn input(&mut self) -> &mut [u8];

    /// Computes the logits of the window, one i32 a class; `logits` has [`ModelInfo::classes`] values.
    ///
    /// # Errors
    /// The int8 engine never fails; tract says what it could not do.
    fn run(&mut self, logits: &mut [i32]) -> Result<(), Error>;
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
}
