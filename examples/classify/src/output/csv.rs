//! A table with a row per file.

use std::io;

use csv::Writer;

use super::Output;
use super::destination::Destination;
use crate::answer::Record;

/// Columns before those of the genres.
const COLUMNS: [&str; 8] = [
    "file",
    "state",
    "genre",
    "confidence",
    "windows",
    "seconds",
    "heard",
    "error",
];

/// Writes a header and rows; a column `p_GENRE` has the genre's probability.
pub(super) struct Csv {
    out: Writer<Destination>,
    genres: usize,
}

impl Csv {
    /// Begin with the header.
    ///
    /// # Errors
    /// The destination cannot be written.
    pub(super) fn new(out: Destination, labels: &[String]) -> io::Result<Self> {
        let mut out = Writer::from_writer(out);
        let genres = labels.iter().map(|label| format!("p_{label}"));
        out.write_record(COLUMNS.into_iter().map(str::to_owned).chain(genres))
            .map_err(plain)?;
        Ok(Self {
            out,
            genres: labels.len(),
        })
    }
}

impl Output for Csv {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        let name = record.name.to_string_lossy().into_owned();
        let mut row = vec![name];
        match &record.outcome {
            Ok(answer) => {
                row.extend([
                    answer.state.clone().unwrap_or_default(),
                    answer.genre.clone(),
                    format!("{:.6}", answer.confidence),
                    answer.windows.to_string(),
                    format!("{:.3}", answer.seconds),
                    answer
                        .heard
                        .map_or_else(String::new, |heard| format!("{heard:.3}")),
                    String::new(),
                ]);
                let genres = answer.probabilities.iter();
                row.extend(genres.map(|(_, p)| format!("{p:.6}")));
            }
            Err(error) => {
                row.resize(COLUMNS.len() - 1, String::new());
                row.push(error.clone());
            }
        }
        row.resize(COLUMNS.len() + self.genres, String::new());
        self.out.write_record(row).map_err(plain)?;
        self.out.flush()
    }

    fn end(self: Box<Self>) -> io::Result<Destination> {
        self.out
            .into_inner()
            .map_err(|error| io::Error::new(error.error().kind(), error.error().to_string()))
    }
}

/// Return the error of the destination, whose kind tells a reader that has left.
fn plain(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
