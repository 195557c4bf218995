//! From a trained float network to the integers of [`crate::integers`].

mod build;
mod calibrate;
mod fits;
mod fold;
mod ranges;
mod search;

pub use build::{Identity, build};
pub use calibrate::{ActivationErrors, calibration_windows};
pub use fits::fits;
pub use fold::{FoldedConv, FoldedDense, FoldedNetwork};
pub use ranges::ranges;
pub use search::{Quantised, quantise};
