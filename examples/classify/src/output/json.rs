//! A line of JSON per file.

use std::io::{self, Write};

use timbrel_core::host::piece::error_to_json;

use super::Output;
use super::destination::Destination;
use crate::answer::Record;

/// A writer of the line that every program of this project prints.
pub(super) struct Json {
    out: Destination,
}

impl Json {
    pub(super) fn new(out: Destination) -> Self {
        Self { out }
    }
}

impl Output for Json {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        let line = match &record.outcome {
            Ok(answer) if answer.embedding.is_empty() => format!("{}\n", answer.line),
            Ok(answer) => {
                let embedding = serde_json::to_string(&answer.embedding)?;
                let object = answer.line.trim_end_matches('}');
                format!("{object}, \"embedding\": {embedding}}}\n")
            }
            Err(error) => error_to_json(&record.name.to_string_lossy(), error),
        };
        self.out.write_all(line.as_bytes())?;
        self.out.show()
    }

    fn end(self: Box<Self>) -> io::Result<Destination> {
        Ok(self.out)
    }
}
