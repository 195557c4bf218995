//! Sums of products of activations and weights, where nearly all of an inference's time goes.

#[cfg(all(feature = "dsp", target_arch = "arm"))]
mod arm;
mod portable;

#[cfg(all(feature = "dsp", target_arch = "arm"))]
pub(super) use arm::{dot, dot4};
pub(super) use portable::product;
#[cfg(not(all(feature = "dsp", target_arch = "arm")))]
pub(super) use portable::{dot, dot4};
