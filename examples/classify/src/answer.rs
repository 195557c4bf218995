//! The result for a file: its answer, or the reason for having none.

use std::ffi::OsString;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use timbrel_core::host::piece::Heard;

/// The result for one input.
#[derive(Debug)]
pub(crate) struct Record {
    /// The name to show, as the user or the file system has it.
    pub(crate) name: OsString,
    pub(crate) outcome: Result<Answer, String>,
    /// Notes on the file for standard error.
    pub(crate) warnings: Vec<String>,
}

/// An answer, as the line of JSON that every program of this project prints, and in parts.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Answer {
    /// The line, without its end.
    #[serde(skip)]
    pub(crate) line: String,
    #[serde(default)]
    pub(crate) state: Option<String>,
    pub(crate) genre: String,
    pub(crate) confidence: f32,
    /// Genres and probabilities in the model's order.
    #[serde(deserialize_with = "in_order")]
    pub(crate) probabilities: Vec<(String, f32)>,
    pub(crate) windows: u32,
    /// Length of the audio in seconds.
    pub(crate) seconds: f64,
    /// The share that was decoded, where it is less than 90 %.
    #[serde(default)]
    pub(crate) heard: Option<f64>,
    /// Mean embedding of the windows, if it was asked for.
    #[serde(skip)]
    pub(crate) embedding: Vec<f32>,
}

impl Answer {
    /// Read a line of JSON.
    ///
    /// # Errors
    /// The line is not an answer.
    pub(crate) fn parse(line: &str) -> Result<Self, String> {
        let answer: Self = serde_json::from_str(line).map_err(|error| error.to_string())?;
        Ok(Self {
            line: line.trim_end().into(),
            ..answer
        })
    }

    /// Take the answer for the file `name`, with its embedding if `embedding` is set.
    ///
    /// # Errors
    /// The answer is not one that can be written, which would be a fault of the library.
    pub(crate) fn new(heard: Heard, name: &str, embedding: bool) -> Result<Self, String> {
        let answer = Self::parse(&heard.to_json(name))?;
        Ok(Self {
            embedding: match embedding {
                true => heard.embedding,
                false => Vec::new(),
            },
            ..answer
        })
    }

    /// Return whether the genre is an answer to count on: music, and the model does not say that it is unsure.
    pub(crate) fn is_sure(&self) -> bool {
        self.state.as_deref().is_none_or(|state| state == "music")
    }
}

/// Read an object's entries in their order.
fn in_order<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(String, f32)>, D::Error> {
    struct Entries;
    impl<'de> Visitor<'de> for Entries {
        type Value = Vec<(String, f32)>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object of numbers")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some(entry) = map.next_entry()? {
                entries.push(entry);
            }
            Ok(entries)
        }
    }
    from.deserialize_map(Entries)
}
