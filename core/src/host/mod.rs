//! Everything that needs the standard library: model files for either engine, one piece of music at a time, audio
//! files (feature `decode`) and ONNX models (feature `tract`).

#[cfg(feature = "decode")]
pub mod decode;
mod loaded;
pub mod piece;
#[cfg(feature = "tract")]
pub mod tract;

pub use loaded::{Loaded, Network};
