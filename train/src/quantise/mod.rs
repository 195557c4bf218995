//! From a trained float network to integers whose scales are all powers of two.
//!
//! A scale is kept as its exponent `e`: an integer `q` stands for `q · 2^-e`. Activations are u8 with
//! zero point 0, weights i8 with one scale a tensor, biases i32 in units of input times weight scale, so
//! that requantising a layer is a right shift by `e_input + e_weight − e_output`.

mod build;
mod calibrate;
mod fold;
mod ranges;
mod search;

pub(crate) use build::reciprocal;
pub use build::{Exponents, Identity, build};
pub use calibrate::{ActivationErrors, calibration_windows};
pub use fold::{FoldedConv, FoldedDense, FoldedNetwork};
pub use ranges::ranges;
pub use search::{Quantised, quantise};

/// The network's input is `q / 256`: exponent 8.
pub const INPUT_EXPONENT: i32 = 8;

/// Largest shift that the exported ONNX file computes exactly: runtimes turn the i32 sum into an f32,
/// which rounds it from 2^24 on; with a shift of at most 16 such a sum is far beyond 255 anyway.
pub const MAX_SHIFT: i32 = 16;

/// `value · 2^exponent`, rounded half to even.
fn scaled(value: f32, exponent: i32) -> f64 {
    (f64::from(value) * 2f64.powi(exponent)).round_ties_even()
}

/// The exponent of the smallest power of two that holds `largest` within `steps`.
#[must_use]
pub fn holding(largest: f32, steps: f32) -> i32 {
    if largest <= 0.0 {
        return 0; // nothing to hold: any scale does
    }
    (f64::from(steps) / f64::from(largest)).log2().floor() as i32
}
