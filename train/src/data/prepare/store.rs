//! The files that `prepare` writes while it works, so that it can be killed at any moment.
//!
//! `logmel.safetensors.part` is the cache that grows: a header of fixed size that is filled in at the end,
//! then one spectrogram after another. `prepare.jsonl` is the journal: a line with the settings, then one per
//! file, written only when its spectrogram is on disk. Anything that the journal does not know of is cut off the
//! cache when the work continues. Any earlier finished cache stays until the new one is complete.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::files::{Files, HEADER, MANIFEST, SKIPPED};
use crate::data::Source;
use crate::file::write_with;

/// Outcome for a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) track: String,
    pub(super) genre: String,
    pub(super) split: String,
    pub(super) artist: String,
    pub(super) file: String,
    /// 0 for the recording itself, then its augmented variants.
    pub(super) variant: usize,
    /// Reason for a missing spectrogram; `None` if there is one.
    pub(super) fault: Option<String>,
    /// Samples that there are, where the fault is that these are too few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) lasted: Option<usize>,
}

impl Entry {
    pub(super) fn new(source: &Source, variant: usize, fault: Option<String>) -> Self {
        let track = match variant {
            0 => source.track.clone(),
            variant => format!("{}#{variant}", source.track),
        };
        Self {
            track,
            genre: source.genre.clone(),
            split: source.split.clone(),
            artist: source.artist.clone(),
            file: source.path.display().to_string(),
            variant,
            fault,
            lasted: None,
        }
    }
}

/// The cache in the making.
pub(super) struct Store {
    files: Files,
    cache: File,
    journal: File,
    /// Bytes of a spectrogram.
    size: usize,
    pub(super) entries: Vec<Entry>,
}

impl Store {
    /// Begin a cache, or continue the one that was begun with the same settings. With `restart`, an unfinished cache is
    /// dropped, and a finished one stays until the new one takes its place.
    pub(super) fn open(
        folder: &Path,
        size: usize,
        settings: &Value,
        restart: bool,
    ) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let files = Files::new(folder);
        files.check_origin()?;
        let complete = files.finished.exists() && !files.part.exists();
        let there = || {
            format!(
                "{} is there already; choose another folder, or replace it with --restart",
                files.finished.display()
            )
        };
        ensure!(restart || !complete || files.journal.exists(), there());
        let open = |path: &Path| {
            let mut options = OpenOptions::new();
            let options = options.read(true).write(true).create(true).truncate(false);
            let file = options.open(path);
            file.with_context(|| format!("cannot write {}", path.display()))
        };
        let mut lock = open(&files.journal)?;
        if lock.try_lock().is_err() {
            bail!("another `timbrel prepare` is writing {}", folder.display());
        }
        files.check_journal(&mut lock)?;
        if complete && !restart {
            // killed after the last rename
            written(&files.journal, fs::remove_file(&files.journal))?;
            bail!(there());
        }
        let begun = files.part.exists() && !restart;
        let entries = if begun {
            read_journal(&mut lock, &files.journal, settings)?
        } else {
            None
        };
        let mut store = Self {
            cache: open(&files.part)?,
            files,
            journal: lock,
            size,
            entries: entries.unwrap_or_default(),
        };
        store.trim(settings)?;
        Ok(store)
    }

    /// Cut both files to the whole lines of the journal.
    fn trim(&mut self, settings: &Value) -> Result<()> {
        let length = HEADER + self.rows() as u64 * self.size as u64;
        let found = self.cache.metadata()?.len();
        ensure!(
            self.entries.is_empty() || found >= length,
            "{} has {found} bytes, its journal knows of {length}; begin again with --restart",
            self.files.part.display()
        );
        let part = &self.files.part;
        written(part, self.cache.set_len(length))?;
        written(part, self.cache.seek(SeekFrom::End(0)))?;
        let mut text = format!("{settings}\n");
        for entry in &self.entries {
            text += &serde_json::to_string(entry)?;
            text.push('\n');
        }
        let mut write = || {
            self.journal.seek(SeekFrom::Start(0))?;
            self.journal.write_all(text.as_bytes())?;
            self.journal.set_len(text.len() as u64)?;
            self.journal.sync_data()
        };
        written(&self.files.journal, write())
    }

    /// Return the number of spectrograms written.
    pub(super) fn rows(&self) -> usize {
        self.entries
            .iter()
            .filter(|entry| entry.fault.is_none())
            .count()
    }

    /// Write spectrograms and faults, in this order; from then on they survive a kill.
    pub(super) fn append(&mut self, batch: Vec<(Entry, Vec<u8>)>) -> Result<()> {
        let (cache, journal) = (&self.files.part, &self.files.journal);
        let mut lines = String::new();
        for (entry, values) in &batch {
            let expected = if entry.fault.is_none() { self.size } else { 0 };
            ensure!(
                values.len() == expected,
                "{}: {} values",
                entry.track,
                values.len()
            );
            written(cache, self.cache.write_all(values))?;
            lines += &serde_json::to_string(entry)?;
            lines.push('\n');
        }
        written(cache, self.cache.sync_data())?;
        written(journal, self.journal.write_all(lines.as_bytes()))?;
        written(journal, self.journal.sync_data())?;
        self.entries
            .extend(batch.into_iter().map(|(entry, _)| entry));
        Ok(())
    }

    /// Write labels, header, manifest and list of faults, and give the files their names.
    pub(super) fn finish(
        mut self,
        genres: &[String],
        shape: [usize; 2],
        about: &Value,
    ) -> Result<()> {
        let rows = self.rows();
        let mut labels = Vec::with_capacity(rows);
        for entry in self.entries.iter().filter(|entry| entry.fault.is_none()) {
            let label = genres.iter().position(|genre| *genre == entry.genre);
            labels.push(u8::try_from(label.context("a genre without label")?)?);
        }
        let values = rows * self.size;
        let mut metadata = about.clone();
        metadata["genres"] = json!(serde_json::to_string(genres)?);
        let header = json!({
            "__metadata__": metadata,
            "logmel": {"dtype": "U8", "shape": [rows, shape[0], shape[1]], "data_offsets": [0, values]},
            "label": {"dtype": "U8", "shape": [rows], "data_offsets": [values, values + rows]},
        });
        let header = header.to_string();
        let room = HEADER as usize - 8;
        ensure!(
            header.len() <= room,
            "the names of {} genres are too long",
            genres.len()
        );
        let mut padded = header.into_bytes();
        padded.resize(room, b' ');
        let mut write = || {
            self.cache.seek(SeekFrom::Start(HEADER + values as u64))?;
            self.cache.write_all(&labels)?;
            self.cache.seek(SeekFrom::Start(0))?;
            self.cache.write_all(&(room as u64).to_le_bytes())?;
            self.cache.write_all(&padded)?;
            self.cache.sync_all()
        };
        written(&self.files.part, write())?;
        self.write_tables()?;
        let Files {
            part,
            finished,
            journal,
            ..
        } = &self.files;
        written(finished, fs::rename(part, finished))?;
        written(journal, fs::remove_file(journal))
    }

    /// Remove the unfinished cache, so that the next call may have other settings.
    pub(super) fn abandon(self) -> Result<()> {
        let Files { part, journal, .. } = &self.files;
        written(part, fs::remove_file(part))?;
        written(journal, fs::remove_file(journal))
    }

    fn write_tables(&self) -> Result<()> {
        let good = self.entries.iter().filter(|entry| entry.fault.is_none());
        let rows = good.enumerate().map(|(row, e)| {
            let variant = e.variant.to_string();
            [
                &row.to_string(),
                &e.track,
                &e.genre,
                &e.split,
                &e.artist,
                &e.file,
                &variant,
            ]
            .map(String::clone)
        });
        write_csv(&self.files.manifest, MANIFEST, rows)?;
        let faults = self.entries.iter().filter_map(|entry| {
            let fault = entry.fault.clone()?;
            Some([entry.file.clone(), entry.genre.clone(), fault])
        });
        write_csv(&self.files.skipped, SKIPPED, faults)
    }
}

/// Name the file that could not be written.
fn written<T>(path: &Path, result: io::Result<T>) -> Result<T> {
    result.with_context(|| format!("cannot write {}", path.display()))
}

/// Write a table, whole or not at all.
fn write_csv<const N: usize>(
    path: &Path,
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> Result<()> {
    write_with(path, |beside| {
        let mut table = csv::Writer::from_path(beside)?;
        table.write_record(head)?;
        for row in rows {
            table.write_record(&row)?;
        }
        Ok(table.flush()?)
    })
}

/// Read the entries of a journal's whole lines; `None` where it was killed before its first.
fn read_journal(file: &mut File, path: &Path, settings: &Value) -> Result<Option<Vec<Entry>>> {
    let mut text = Vec::new();
    // through the handle that holds the lock: elsewhere some systems let nobody read
    file.read_to_end(&mut text)?;
    let whole = text
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |end| end + 1);
    let text = std::str::from_utf8(&text[..whole])
        .with_context(|| format!("{} is damaged; begin again with --restart", path.display()))?;
    let mut lines = text.lines();
    let Some(first) = lines.next() else {
        return Ok(None);
    };
    let begun: Value = serde_json::from_str(first).with_context(|| path.display().to_string())?;
    if begun != *settings {
        bail!(
            "{} was begun with {}; continue with the same options, or begin again with --restart",
            path.display(),
            differences(&begun, settings)
        );
    }
    let entries = lines.map(serde_json::from_str).collect::<Result<_, _>>();
    entries
        .map(Some)
        .with_context(|| path.display().to_string())
}

/// List the options in which a begun cache differs from the wanted one.
fn differences(begun: &Value, wanted: &Value) -> String {
    let none = serde_json::Map::new();
    let [begun, wanted] = [begun, wanted].map(|value| value.as_object().unwrap_or(&none));
    let keys: BTreeSet<&String> = begun.keys().chain(wanted.keys()).collect();
    let differing = keys
        .into_iter()
        .filter(|key| begun.get(*key) != wanted.get(*key));
    let option = |key: &str| match key {
        "split_seed" => "--seed".to_owned(),
        key => format!("--{}", key.replace('_', "-")),
    };
    let value = |value: Option<&Value>| match value {
        None | Some(Value::Bool(false)) => "off".to_owned(),
        Some(Value::Bool(true)) => "on".to_owned(),
        Some(Value::String(text)) if text.is_empty() => "none".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let mut listed: Vec<String> = differing
        .map(|key| {
            let [begun, wanted] = [begun, wanted].map(|settings| value(settings.get(key)));
            format!("{} {begun}, not {wanted}", option(key))
        })
        .collect();
    // the option --seed is two of the settings
    listed.sort();
    listed.dedup();
    listed.join("; ")
}
