//! FMA: a table of metadata with three header lines, and audio in folders of a thousand numbers.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use super::Source;

/// The subsets, each within the next.
const SUBSETS: [&str; 4] = ["small", "medium", "large", "full"];

/// Columns of `tracks.csv` that are used, by their first two header lines.
const COLUMNS: [(&str, &str); 4] = [
    ("set", "split"),
    ("set", "subset"),
    ("track", "genre_top"),
    ("artist", "id"),
];

/// Return the tracks of a subset that have a top genre, with FMA's own split, whose parts share no artist.
///
/// Audio that is not on disk stays in the list: reading it fails, and it is then listed as skipped.
pub(super) fn sources(folder: &Path, subset: &str) -> Result<Vec<Source>> {
    let Some(level) = SUBSETS.iter().position(|name| *name == subset) else {
        bail!("FMA has the subsets {}, not `{subset}`", SUBSETS.join(", "));
    };
    let audio = ["fma_", ""]
        .map(|prefix| folder.join(format!("{prefix}{subset}")))
        .into_iter()
        .find(|path| path.is_dir())
        .with_context(|| format!("{} has no folder fma_{subset}", folder.display()))?;
    let table = ["fma_metadata/tracks.csv", "tracks.csv"]
        .map(|name| folder.join(name))
        .into_iter()
        .find(|path| path.is_file())
        .with_context(|| format!("{} has no fma_metadata/tracks.csv", folder.display()))?;
    read(&table, level, &audio).with_context(|| table.display().to_string())
}

fn read(table: &Path, level: usize, audio: &Path) -> Result<Vec<Source>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_path(table)?;
    let mut records = reader.records();
    let mut header = || -> Result<csv::StringRecord> {
        Ok(records
            .next()
            .context("the table has no three header lines")??)
    };
    let (groups, names, _) = (header()?, header()?, header()?);
    let places = COLUMNS.map(|(group, name)| {
        let mut columns = groups.iter().zip(&names);
        columns.position(|found| found == (group, name))
    });
    let mut sources = Vec::new();
    for record in records {
        let record = record?;
        let line = || record.position().map_or(0, csv::Position::line);
        let field = |column: usize| -> Result<&str> {
            let (group, name) = COLUMNS[column];
            let place = places[column].with_context(|| format!("no column {group}/{name}"))?;
            record
                .get(place)
                .with_context(|| format!("line {}: no {group}/{name}", line()))
        };
        let (split, subset, genre, artist) = (field(0)?, field(1)?, field(2)?, field(3)?);
        let number = record.get(0).and_then(|id| id.parse::<u32>().ok());
        let number = number.with_context(|| format!("line {}: no track number", line()))?;
        let Some(own) = SUBSETS.iter().position(|name| *name == subset) else {
            bail!("line {}: subset `{subset}`", line());
        };
        if own > level || genre.is_empty() {
            continue;
        }
        let split = match split {
            "training" => "train",
            "validation" => "valid",
            "test" => "test",
            other => bail!("line {}: split `{other}`", line()),
        };
        let track = format!("{number:06}");
        ensure!(track.len() == 6, "line {}: track {number}", line());
        sources.push(Source {
            path: audio.join(&track[..3]).join(format!("{track}.mp3")),
            track,
            genre: genre.to_owned(),
            split: split.to_owned(),
            artist: artist.to_owned(),
        });
    }
    Ok(sources)
}
