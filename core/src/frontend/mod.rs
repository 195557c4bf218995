//! From samples to feature columns. See the crate page for the way of the data.

mod config;

pub use config::{Affine, FrontEnd, MelNorm, MelScale, Padding, WindowSpec};
