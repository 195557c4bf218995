//! Layers that train quickly on the CPU.
//!
//! burn's flex backend composes these of general operations on tensors, and spends more time on moving numbers than on
//! computing with them. Here each is one operation with a gradient of its own. All other backends keep burn's. `README.md`
//! beside this file states which part of burn each replaces, the gain, and when it can go.

#![cfg_attr(
    feature = "ndarray",
    expect(
        deprecated,
        reason = "burn-ndarray is kept selectable to compare with flex"
    )
)]

mod convolution;
#[cfg(feature = "cpu")]
mod flex;
mod normalisation;
#[cfg(feature = "cpu")]
mod patches;
mod pooling;

pub(super) use self::convolution::convolve;
pub(super) use self::normalisation::normalise;
pub(super) use self::pooling::largest;
