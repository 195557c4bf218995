//! The five files that `prepare` writes into its folder: their places, and how it tells its own from others.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Bytes of the cache before its first spectrogram: safetensors' length field and padded header.
pub(super) const HEADER: u64 = 32_768;
/// Columns of the manifest.
pub(super) const MANIFEST: [&str; 7] = [
    "row", "track", "genre", "split", "artist", "file", "variant",
];
/// Columns of the list of files that were left out.
pub(super) const SKIPPED: [&str; 3] = ["file", "genre", "why"];

/// Places of the files.
pub(super) struct Files {
    /// The finished cache.
    pub(super) finished: PathBuf,
    /// The cache in the making.
    pub(super) part: PathBuf,
    /// Its journal.
    pub(super) journal: PathBuf,
    pub(super) manifest: PathBuf,
    pub(super) skipped: PathBuf,
}

impl Files {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            finished: folder.join("logmel.safetensors"),
            part: folder.join("logmel.safetensors.part"),
            journal: folder.join("prepare.jsonl"),
            manifest: folder.join("manifest.csv"),
            skipped: folder.join("skipped.csv"),
        }
    }

    /// Check that every file that is there was written by `prepare`, so that nothing else is ever overwritten or
    /// removed. The journal's content is left to [`Self::check_journal`].
    ///
    /// # Errors
    /// A file has another origin, is a link or a folder, or cannot be read.
    pub(super) fn check_origin(&self) -> Result<()> {
        let known: [(&Path, Check); 5] = [
            (&self.finished, is_cache),
            (&self.part, is_part),
            (&self.journal, |_| Ok(true)),
            (&self.manifest, |file| begins_with(file, &MANIFEST)),
            (&self.skipped, |file| begins_with(file, &SKIPPED)),
        ];
        for (path, check) in known {
            let Ok(found) = fs::symlink_metadata(path) else {
                continue; // it is not there, or writing it will say why not
            };
            let ours = || check(File::open(path)?);
            let reading = || format!("cannot read {}", path.display());
            if !found.is_file() || !ours().with_context(reading)? {
                bail!(foreign(path));
            }
        }
        Ok(())
    }

    /// Check the journal through the handle that holds its lock (elsewhere some systems let nobody read), and rewind it.
    ///
    /// # Errors
    /// It has another origin, or cannot be read.
    pub(super) fn check_journal(&self, file: &mut File) -> Result<()> {
        if !is_journal(file)? {
            bail!(foreign(&self.journal));
        }
        file.seek(SeekFrom::Start(0))?;
        Ok(())
    }
}

fn foreign(path: &Path) -> String {
    format!(
        "{} was not written by `timbrel prepare` and is left alone; choose another folder",
        path.display()
    )
}

/// Whether the content of a file is that of `prepare`.
type Check = fn(File) -> Result<bool>;

/// A finished cache has a header of the fixed size, with `prepare`'s own keys.
fn is_cache(mut file: File) -> Result<bool> {
    let mut header = Vec::new();
    file.by_ref().take(HEADER).read_to_end(&mut header)?;
    let Some((length, json)) = header.split_first_chunk() else {
        return Ok(false);
    };
    let header: Option<Value> = serde_json::from_slice(json).ok();
    let about = header
        .as_ref()
        .and_then(|header| header.get("__metadata__"));
    Ok(u64::from_le_bytes(*length) == HEADER - 8
        && about.is_some_and(|about| about.get("format").is_some() && about.get("skip").is_some()))
}

/// The header of an unfinished cache is empty until the very end.
fn is_part(mut file: File) -> Result<bool> {
    let mut length = Vec::new();
    file.by_ref().take(8).read_to_end(&mut length)?;
    Ok(length.iter().all(|byte| *byte == 0) || length == (HEADER - 8).to_le_bytes())
}

/// A journal begins with the settings; one that was killed at once is empty.
fn is_journal(file: &mut File) -> Result<bool> {
    let line = first_line(file)?;
    let settings: Option<Value> = serde_json::from_slice(&line).ok();
    Ok(line.is_empty() || settings.is_some_and(|settings| settings.get("front_end").is_some()))
}

fn begins_with(file: File, columns: &[&str]) -> Result<bool> {
    Ok(first_line(file)?.trim_ascii_end() == columns.join(",").as_bytes())
}

/// Read a first line of any length that `prepare` writes.
fn first_line(file: impl Read) -> Result<Vec<u8>> {
    let mut line = Vec::new();
    BufReader::new(file.take(HEADER)).read_until(b'\n', &mut line)?;
    Ok(line)
}
