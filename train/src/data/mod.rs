//! Spectrograms to learn from: collections of audio files, the cache made from them, its division into parts,
//! and the windows that a network sees.

mod cache;
pub mod collection;
mod manifest;
pub mod prepare;
mod provenance;
pub mod split;
mod window;

pub use cache::{Dataset, MadeWith, Track};
pub(crate) use collection::hash;
pub use collection::{Collection, Layout, Source};
pub use manifest::ManifestRow;
pub use provenance::{Provenance, Stated};
pub(crate) use window::{STEPS_PER_DB, cepstra_of_renormalised, quantise};
pub use window::{View, columns_of, renormalise, starts, windows};
