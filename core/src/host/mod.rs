//! Everything that needs the standard library: model files for either engine, one answer per piece of music, audio
//! files (feature `decode`), ONNX models (feature `tract`), and models as C source.

mod c_source;
#[cfg(any(feature = "decode", feature = "tract"))]
mod caught;
#[cfg(feature = "decode")]
pub mod decode;
mod loaded;
mod notes;
pub mod piece;
mod room;
#[cfg(feature = "tract")]
pub mod tract;

pub use c_source::{CSource, CSourceError};
pub use loaded::{Loaded, Network};
