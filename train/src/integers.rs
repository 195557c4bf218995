//! The arithmetic of a quantised network: all scales are powers of two.
//!
//! A scale is kept as its exponent `e`: an integer `q` stands for `q · 2^-e`. Activations are u8 with zero point 0,
//! weights i8 with one scale per tensor, biases i32 in units of input scale times weight scale, so that requantising
//! a layer is a right shift by `e_input + e_weight − e_output`. Networks that train as integers and the quantisation
//! of trained networks are both built on this.

use serde::{Deserialize, Serialize};

/// The network's input is `q / 256`: exponent 8.
pub const INPUT_EXPONENT: i32 = 8;

/// Largest shift that the exported ONNX file computes exactly: runtimes turn the i32 sum into an f32,
/// which rounds it from 2^24 on; with a shift of at most 16 such a sum is far beyond 255 anyway.
pub const MAX_SHIFT: i32 = 16;

/// The exponents that quantisation chooses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exponents {
    /// Exponent of each block's output.
    pub activations: Vec<i32>,
    /// Exponent of the mean over all places; unused in a network that keeps all of them.
    pub mean: i32,
    /// Exponent of each block's weights.
    pub weights: Vec<i32>,
    /// Exponent of each hidden layer's output.
    #[serde(default)]
    pub hidden_activations: Vec<i32>,
    /// Exponent of each hidden layer's weights.
    #[serde(default)]
    pub hidden_weights: Vec<i32>,
    /// Exponent of the last dense layer's weights.
    pub dense: i32,
}

/// Compute `value · 2^exponent`, rounded half to even.
pub(crate) fn scaled(value: f32, exponent: i32) -> f64 {
    (f64::from(value) * 2f64.powi(exponent)).round_ties_even()
}

/// Return the exponent of the smallest power of two that holds `largest` within `steps`.
#[must_use]
pub fn holding(largest: f32, steps: f32) -> i32 {
    if largest <= 0.0 {
        return 0; // all values are 0: any scale will do
    }
    (f64::from(steps) / f64::from(largest)).log2().floor() as i32
}

/// Approximate `1 / area` as `multiplier / 2^places`, within 0.8 %.
pub(crate) fn reciprocal(area: u32) -> (i8, i32) {
    if area.is_power_of_two() {
        return (1, area.trailing_zeros() as i32);
    }
    // the largest multiplier of at most 127, for the finest resolution
    let places = (127.0 * f64::from(area)).log2().floor() as i32;
    ((2f64.powi(places) / f64::from(area)).round() as i8, places)
}
