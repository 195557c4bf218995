//! Songs that sound alike: neighbours of a song, and recordings that a library holds twice.

#[cfg(test)]
mod cost;
mod file;
mod index;
mod search;

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::json;
use timbrel_core::host::Loaded;

use crate::answer::Record;
use crate::args::Similar;
use crate::complain;
use crate::inputs::Input;
use crate::model::ModelFile;
use crate::run::{self, Ear, End, Progress, stop};
use index::{Entry, Index};

/// Largest difference in length of two files with the same recording, seconds: what encoders add, and silence at the
/// ends.
const DUPLICATES_DIFFER: f32 = 3.0;

/// Find what the command line asks for.
///
/// # Errors
/// The index cannot be read or written, or the answers cannot be written.
pub(crate) fn run(arguments: &Similar, model: &ModelFile) -> io::Result<End> {
    if !has_embedding(&model.loaded) {
        return Err(io::Error::other("the model has no embedding to compare by"));
    }
    let (song, library) = match (arguments.duplicates, arguments.paths.split_first()) {
        (false, Some((song, library))) => (Some(song), library),
        _ => (None, arguments.paths.as_slice()),
    };
    let before = match &arguments.index {
        Some(path) => Index::load(path, &model.fingerprint)?,
        None => Index::default(),
    };
    if let Some(path) = &arguments.index
        && library.is_empty()
        && before.entries.is_empty()
    {
        let path = path.display();
        complain(&format!(
            "{path}: no index with songs that this model has heard; name the library, too"
        ));
        return Ok(End::SomeFailed);
    }
    let (index, failed) = match library.is_empty() {
        true => (before, 0),
        false => hear(arguments, library.to_vec(), before, model)?,
    };
    if let Some(path) = arguments.index.as_ref().filter(|_| !library.is_empty()) {
        index.save(path, &model.fingerprint)?;
    }
    if stop::is_asked() {
        complain(match arguments.index {
            Some(_) => "stopped; the same command goes on from here",
            None => "stopped; with --index FILE what was heard is kept",
        });
        return Ok(End::Stopped);
    }
    let found = match song {
        Some(song) => neighbours(arguments, song, &index, model),
        None => duplicates(arguments, &index).map(|()| true),
    }?;
    Ok(match found && failed == 0 {
        true => End::Complete,
        false => End::SomeFailed,
    })
}

fn has_embedding(model: &Loaded<'_>) -> bool {
    model.info().embedding > 0
}

/// Return the index of the library, of which `before` knows a part, and how many files failed.
fn hear(
    arguments: &Similar,
    library: Vec<PathBuf>,
    before: Index,
    model: &ModelFile,
) -> io::Result<(Index, u64)> {
    let (mut index, mut failed) = (Index::default(), 0);
    // folders of the library may contain one another
    let mut seen = HashSet::new();
    let progress = Progress::new(library.clone());
    let known_before = &before.by_name();
    let worker = || {
        let mut ear = Ear::new(&model.loaded, true);
        move |input: Input| {
            let entry = match &input {
                Input::File(path) => Entry::of(path),
                _ => None,
            };
            match entry.as_ref().and_then(|entry| known_before.find(entry)) {
                Some((entry, vector)) => Ok((entry.clone(), vector.to_vec())),
                None => known(ear.hear(&input), entry),
            }
        }
    };
    run::each(library, arguments.common.jobs(), worker, |heard| {
        match heard {
            Ok((entry, vector)) => {
                if seen.insert(entry.file.clone()) {
                    index.push(entry, &vector);
                }
            }
            Err(error) => {
                failed += 1;
                progress.aside(|| complain(&error));
            }
        }
        progress.step();
        Ok(())
    })?;
    progress.end();
    if stop::is_asked() {
        // what comes later in the library is still known
        index.add_missing(&before);
    }
    Ok((index, failed))
}

/// Return a file's entry and embedding, or its fault.
fn known(record: Record, entry: Option<Entry>) -> Result<(Entry, Vec<f32>), String> {
    let name = record.name.to_string_lossy().into_owned();
    let answer = record.outcome.map_err(|error| format!("{name}: {error}"))?;
    let mut entry =
        entry.ok_or_else(|| format!("{name}: its name is not Unicode, or it is not a file"))?;
    entry.seconds = answer.seconds as f32;
    Ok((entry, answer.embedding))
}

/// Print the library's songs nearest to `song`. False if the song cannot be heard.
fn neighbours(
    arguments: &Similar,
    song: &Path,
    index: &Index,
    model: &ModelFile,
) -> io::Result<bool> {
    let record = Ear::new(&model.loaded, true).hear(&Input::File(song.into()));
    let answer = match record.outcome {
        Ok(answer) => answer,
        Err(error) => {
            complain(&format!("{}: {error}", song.display()));
            return Ok(false);
        }
    };
    let own = song.canonicalize().ok();
    let is_itself = |row: usize| {
        let other = Path::new(&index.entries[row].file);
        other == song || own.is_some() && other.canonicalize().ok() == own
    };
    // one more, in case that the song is among them
    let count = usize::from(arguments.count);
    let query = index::unit(&answer.embedding);
    let nearest = search::nearest(&query, &index.vectors, count + 1);
    let nearest = nearest.into_iter().filter(|(row, _)| !is_itself(*row));
    let mut out = io::stdout().lock();
    for (row, similarity) in nearest.take(count) {
        let file = &index.entries[row].file;
        match arguments.json {
            true => writeln!(
                out,
                "{}",
                json!({"file": file, "similarity": rounded(similarity)})
            )?,
            false => writeln!(out, "{similarity:.4}  {file}")?,
        }
    }
    out.flush()?;
    Ok(true)
}

/// Print the groups of files that hold the same recording.
fn duplicates(arguments: &Similar, index: &Index) -> io::Result<()> {
    let seconds = |row: usize| index.entries[row].seconds;
    let pairs = search::pairs(
        &index.vectors,
        index.dimension(),
        arguments.threshold,
        arguments.common.jobs(),
        |a, b| (seconds(a) - seconds(b)).abs() <= DUPLICATES_DIFFER,
    );
    let mut out = io::stdout().lock();
    for group in search::groups(index.entries.len(), &pairs) {
        let files: Vec<&str> = group
            .iter()
            .map(|row| index.entries[*row].file.as_str())
            .collect();
        match arguments.json {
            true => writeln!(out, "{}", json!({"duplicates": files}))?,
            false => writeln!(out, "{}\n", files.join("\n"))?,
        }
    }
    out.flush()
}

/// Round to two more digits than the text shows.
fn rounded(similarity: f32) -> f64 {
    (f64::from(similarity) * 1e6).round() / 1e6
}
