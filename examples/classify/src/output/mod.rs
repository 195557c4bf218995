//! Answers in the forms that people and programs read.

mod csv;
pub(crate) mod destination;
mod json;
#[cfg(feature = "parquet")]
mod parquet;
pub(crate) mod playlists;
mod text;

use std::io;

use crate::answer::Record;
use crate::args::{Format, Listen};
use destination::Destination;

/// A place that takes records in one form.
pub(crate) trait Output {
    /// Write a record.
    ///
    /// # Errors
    /// The destination cannot be written.
    fn record(&mut self, record: &Record) -> io::Result<()>;

    /// Complete the form, and give the destination back.
    ///
    /// # Errors
    /// The destination cannot be written.
    fn end(self: Box<Self>) -> io::Result<Destination>;
}

/// Begin the output that the command line asks for; `labels` are the model's.
///
/// # Errors
/// The destination cannot be written, or the form is not built in.
pub(crate) fn new(
    arguments: &Listen,
    labels: &[String],
    destination: Destination,
) -> io::Result<Box<dyn Output>> {
    Ok(match arguments.format() {
        Format::Text => Box::new(text::Text::new(destination, usize::from(arguments.top))),
        Format::Json => Box::new(json::Json::new(destination)),
        Format::Csv => Box::new(csv::Csv::new(destination, labels)?),
        #[cfg(feature = "parquet")]
        Format::Parquet => Box::new(parquet::Parquet::new(
            destination,
            labels,
            arguments.embeddings,
        )?),
        #[cfg(not(feature = "parquet"))]
        Format::Parquet => {
            return Err(io::Error::other(
                "Parquet needs a build with `--features parquet`",
            ));
        }
    })
}
