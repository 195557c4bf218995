//! `manifest.csv`: one line per track.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// One line of the manifest; columns that are not named here are ignored.
#[derive(Clone, Debug, Deserialize)]
pub struct ManifestRow {
    /// Row of the track in `logmel`.
    pub row: usize,
    /// Name of the track.
    pub track: String,
    /// Its genre's name.
    pub genre: String,
    /// The split it belongs to.
    pub split: String,
}

/// Read a manifest in file order.
pub(super) fn read(path: &Path) -> Result<Vec<ManifestRow>> {
    let name = || path.display().to_string();
    let mut reader =
        csv::Reader::from_path(path).with_context(|| format!("cannot read {}", name()))?;
    // csv's own message names the line and the field
    reader
        .deserialize()
        .collect::<Result<_, _>>()
        .with_context(name)
}
