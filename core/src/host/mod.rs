//! What needs the standard library: audio files and tract. Each part has a feature.

#[cfg(feature = "decode")]
pub mod decode;
#[cfg(feature = "tract")]
pub mod tract;
