//! Where spectrograms come from: written by `prepare` into the cache, kept by every run that is trained on it, and
//! stated in every file that is exported from such a run.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::collection::gtzan;
use super::{Collection, Layout, MadeWith, Track};

/// Key of the cache's metadata that holds it, as JSON.
pub(crate) const KEY: &str = "provenance";

/// Name of a collection that states none.
const UNNAMED: &str = "unnamed collection";
/// Licence of a collection that states none.
const NOT_STATED: &str = "licence not stated";

/// Name and licence of a collection as a person states them, overriding what is known otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stated {
    /// Name of the collection.
    pub name: Option<String>,
    /// Terms on which its recordings may be used.
    pub licence: Option<String>,
}

/// Origin of the spectrograms of a cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Name of the collection.
    pub name: String,
    /// Terms on which its recordings may be used, as far as they are known.
    pub licence: String,
    /// Kind of recordings; empty where that is not known.
    #[serde(default)]
    pub about: String,
    /// Recordings in the cache; augmented copies do not count.
    pub tracks: usize,
    /// Recordings of each genre, in label order.
    pub counts: Vec<usize>,
    /// Front end that made the spectrograms.
    pub front_end: String,
    /// How the manifest divides the recordings.
    pub split: String,
    /// Augmented copies and their seed; empty where there are none.
    #[serde(default)]
    pub copies: String,
    /// Music without labels that is in the cache besides these recordings, and its terms; empty where there is none.
    #[serde(default)]
    pub unlabelled: String,
}

/// A published collection.
struct Known {
    name: &'static str,
    licence: &'static str,
    about: &'static str,
}

/// Collections whose terms the project knows. FMA's subsets have names of their own that begin with this one.
const KNOWN: [Known; 2] = [
    Known {
        name: "GTZAN",
        licence: "no copyright clearance, for research only",
        about: "Western popular and art music recorded before 2002, in excerpts of 30 s",
    },
    Known {
        name: "FMA",
        licence: "a Creative Commons licence for each track, chosen by its artist; some exclude commercial use",
        about: "music published on the Free Music Archive",
    },
];

fn known(name: &str) -> Option<&'static Known> {
    (KNOWN.iter()).find(|known| {
        let rest = name.strip_prefix(known.name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    })
}

impl Stated {
    /// Check the texts.
    ///
    /// # Errors
    /// A text is empty or holds a line break or another control character.
    pub fn validate(&self) -> Result<()> {
        for (what, text) in [("name", &self.name), ("licence", &self.licence)] {
            let Some(text) = text else { continue };
            ensure!(
                !text.trim().is_empty() && !text.chars().any(char::is_control),
                "the data's {what} {text:?} must be one line of text"
            );
        }
        Ok(())
    }
}

impl Provenance {
    /// Describe a collection that is being prepared, without any recording yet.
    #[must_use]
    pub fn new(collection: &Collection, stated: &Stated, front_end: String) -> Self {
        let folder = collection.folder.canonicalize();
        let folder = folder.unwrap_or_else(|_| collection.folder.clone());
        let name = match collection.layout {
            Layout::Gtzan => "GTZAN".to_owned(),
            Layout::Fma => format!("FMA {}", collection.subset),
            Layout::Folder => match folder.file_name() {
                Some(name) => one_line(&name.to_string_lossy()),
                None => UNNAMED.to_owned(),
            },
        };
        // the folder's name is only a name, even where it is that of a published collection
        let own = collection.layout == Layout::Folder;
        let known = known(&name).filter(|_| !own);
        let default = Self {
            licence: known.map_or(NOT_STATED, |known| known.licence).to_owned(),
            about: known.map_or("", |known| known.about).to_owned(),
            name,
            tracks: 0,
            counts: Vec::new(),
            front_end,
            split: collection.split(),
            copies: String::new(),
            unlabelled: String::new(),
        };
        default.with(stated)
    }

    /// Read it from a cache's metadata. A cache without it gets what its other metadata and its tracks tell.
    ///
    /// # Errors
    /// The metadata is not what [`Self::json`] writes.
    pub(super) fn read(
        metadata: &HashMap<String, String>,
        made_with: Option<MadeWith>,
        genres: usize,
        tracks: &[Track],
    ) -> Result<Self> {
        if let Some(text) = metadata.get(KEY) {
            let read: Self = serde_json::from_str(text)
                .with_context(|| format!("its metadata `{KEY}` is not the JSON of a provenance"))?;
            ensure!(
                read.counts.len() == genres,
                "its metadata `{KEY}` counts the tracks of {} genres, there are {genres}",
                read.counts.len()
            );
            return Ok(read.on_one_line());
        }
        let stated = |key: &str, default: &str| {
            (metadata.get(key)).map_or_else(|| default.to_owned(), |text| one_line(text))
        };
        let front_end = match made_with {
            Some(made) => made.to_string(),
            None => "front end not stated".to_owned(),
        };
        let front_end = stated("front_end", &front_end);
        let counts = |genre| (tracks.iter()).filter(|t| t.label == Some(genre)).count();
        let unlabelled = stated("unlabelled", "");
        let counted = |track: &&Track| unlabelled.is_empty() || track.label.is_some();
        let recordings = || tracks.iter().filter(counted);
        let filtered = recordings().all(|track| {
            let own = gtzan::parse(&track.name);
            own.is_some_and(|(genre, number)| gtzan::split(genre, number) == track.split)
        });
        Ok(Self {
            name: stated("name", UNNAMED),
            licence: stated("licence", NOT_STATED),
            about: String::new(),
            tracks: recordings().count(),
            counts: (0..genres).map(counts).collect(),
            front_end,
            split: if filtered && !tracks.is_empty() {
                gtzan::SPLIT_NAME.to_owned()
            } else {
                "the manifest's split".to_owned()
            },
            copies: String::new(),
            unlabelled,
        })
    }

    /// Replace name and licence by what a person states. Another name brings the terms known for it.
    #[must_use]
    pub fn with(mut self, stated: &Stated) -> Self {
        if let Some(name) = stated.name.as_ref().filter(|name| **name != self.name) {
            self.name.clone_from(name);
            let known = known(name);
            self.licence = known.map_or(NOT_STATED, |known| known.licence).to_owned();
            self.about = known.map_or("", |known| known.about).to_owned();
        }
        if let Some(licence) = &stated.licence {
            self.licence.clone_from(licence);
        }
        self
    }

    /// Return the JSON for the cache's metadata.
    ///
    /// # Errors
    /// None in practice: all parts are text and numbers.
    pub(super) fn json(&self) -> Result<String> {
        Ok(serde_json::to_string(self)?)
    }

    /// Return lines of `key: value` for an exported file. `split` is how a recipe divides the recordings, if it does
    /// that itself.
    #[must_use]
    pub fn lines(&self, labels: &[String], split: Option<&str>) -> Vec<String> {
        let counts: Vec<String> = (labels.iter().zip(&self.counts))
            .map(|(label, count)| format!("{label} {count}"))
            .collect();
        let mut lines = vec![
            format!("data: {}, {}", self.name, split.unwrap_or(&self.split)),
            format!(
                "licence of the data: {} (the data is not part of this file)",
                self.licence
            ),
            format!("recordings: {} ({})", self.tracks, counts.join(", ")),
            format!("front end of the data: {}", self.front_end),
        ];
        if !self.copies.is_empty() {
            lines.push(format!("augmented copies: {}", self.copies));
        }
        if !self.unlabelled.is_empty() {
            lines.push(format!("besides, without labels: {}", self.unlabelled));
        }
        lines
    }

    /// Put each text on one line, because a cache may come from anywhere.
    fn on_one_line(mut self) -> Self {
        for text in [
            &mut self.name,
            &mut self.licence,
            &mut self.about,
            &mut self.front_end,
            &mut self.split,
            &mut self.copies,
            &mut self.unlabelled,
        ] {
            *text = one_line(text);
        }
        self
    }
}

/// Return the text with a space in place of each control character.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
