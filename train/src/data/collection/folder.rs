//! A collection of one's own: one folder per genre, tracks anywhere below it.

use std::path::Path;

use anyhow::{Context, Result};

use super::{Source, audio_files};

/// Return every audio file below `folder/GENRE`, called by its path from there on.
pub(super) fn sources(folder: &Path) -> Result<Vec<Source>> {
    let files = audio_files(folder)?;
    let mut sources = Vec::with_capacity(files.len());
    for path in files {
        let inner = path.strip_prefix(folder).context("a file lies outside")?;
        let text = inner
            .to_str()
            .with_context(|| format!("the name {} is not Unicode", inner.display()))?;
        // the same names on every system
        let text = text.replace('\\', "/");
        // a file beside the genres' folders belongs to none
        let Some((genre, _)) = text.split_once('/') else {
            continue;
        };
        sources.push(Source {
            genre: genre.to_owned(),
            track: text,
            split: String::new(),
            artist: String::new(),
            path,
        });
    }
    Ok(sources)
}
