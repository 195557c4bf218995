//! Collections of audio files, which `prepare` reads: where the tracks are, their names, genres and splits.

pub mod check;
mod fma;
mod folder;
pub mod gtzan;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;

/// How a collection is laid out on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Layout {
    /// `genre/track.*`, at any depth below the genre.
    Folder,
    /// GTZAN: `genre/genre.00000.wav`, with the published filtered split.
    Gtzan,
    /// FMA: `fma_metadata/tracks.csv` and `fma_SUBSET/000/000002.mp3`, with its own split.
    Fma,
}

/// A track before its audio is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Unique name.
    pub track: String,
    /// Name of its class.
    pub genre: String,
    /// The split the collection puts it in; empty where it states none.
    pub split: String,
    /// The artist; empty where the collection does not state one.
    pub artist: String,
    /// The file.
    pub path: PathBuf,
}

/// Options for reading a collection.
#[derive(Clone, Debug)]
pub struct Collection {
    /// Its folder.
    pub folder: PathBuf,
    /// Its layout.
    pub layout: Layout,
    /// For FMA: small, medium, large or full.
    pub subset: String,
    /// Share of each genre's tracks that goes into `valid` where the collection has no split.
    pub valid: f64,
    /// Share that goes into `test`.
    pub test: f64,
    /// Decides which tracks these are.
    pub seed: u64,
}

impl Collection {
    /// Return its tracks in a fixed order, each with a split.
    ///
    /// # Errors
    /// The folder cannot be read, holds no track, or two tracks have one name.
    pub fn sources(&self) -> Result<Vec<Source>> {
        ensure!(
            self.valid >= 0.0 && self.test >= 0.0 && self.valid + self.test < 1.0,
            "shares of {} for valid and {} for test leave nothing to train on",
            self.valid,
            self.test
        );
        let mut sources = match self.layout {
            Layout::Folder => folder::sources(&self.folder)?,
            Layout::Gtzan => gtzan::sources(&self.folder)?,
            Layout::Fma => fma::sources(&self.folder, &self.subset)?,
        };
        ensure!(
            !sources.is_empty(),
            "{} holds no audio file in the layout `{}`",
            self.folder.display(),
            self.layout
                .to_possible_value()
                .map_or_else(String::new, |v| v.get_name().to_owned())
        );
        sources.sort_by(|a, b| (&a.genre, &a.track).cmp(&(&b.genre, &b.track)));
        for pair in sources.windows(2) {
            ensure!(
                (&pair[0].genre, &pair[0].track) != (&pair[1].genre, &pair[1].track),
                "two files are called {}: {} and {}",
                pair[0].track,
                pair[0].path.display(),
                pair[1].path.display()
            );
        }
        self.assign(&mut sources);
        Ok(sources)
    }

    /// Describe how its tracks are divided.
    #[must_use]
    pub fn split(&self) -> String {
        match self.layout {
            Layout::Gtzan => gtzan::SPLIT_NAME.to_owned(),
            Layout::Fma => "FMA's own split, whose parts share no artist".to_owned(),
            Layout::Folder => format!(
                "random split of the tracks of each genre ({} % valid, {} % test, seed {})",
                100.0 * self.valid,
                100.0 * self.test,
                self.seed
            ),
        }
    }

    /// Give each track without a split one, genre by genre. Which it is depends on its name alone, so that
    /// a track that is added later moves few others.
    fn assign(&self, sources: &mut [Source]) {
        for genre in sources.chunk_by_mut(|a, b| a.genre == b.genre) {
            let mut open: Vec<&mut Source> =
                genre.iter_mut().filter(|s| s.split.is_empty()).collect();
            open.sort_by_cached_key(|source| hash(self.seed, &source.track));
            let count = open.len() as f64;
            let valid = (count * self.valid).round() as usize;
            let test = valid + (count * self.test).round() as usize;
            for (place, source) in open.into_iter().enumerate() {
                let split = match place {
                    _ if place < valid => "valid",
                    _ if place < test => "test",
                    _ => "train",
                };
                split.clone_into(&mut source.split);
            }
        }
    }
}

/// Compute FNV-1a over seed and name, mixed at the end: the same on every machine and in every version.
pub(crate) fn hash(seed: u64, name: &str) -> u64 {
    let bytes = seed.to_le_bytes();
    let mixed = bytes
        .iter()
        .chain(name.as_bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
            (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
    // FNV's high bits hardly depend on the last bytes, which is where names differ
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

/// Return the audio files below a folder, in no particular order; hidden ones are left out.
fn audio_files(folder: &Path) -> Result<Vec<PathBuf>> {
    const EXTENSIONS: [&str; 16] = [
        "wav", "w64", "mp3", "flac", "ogg", "oga", "m4a", "mp4", "aac", "aif", "aiff", "aifc",
        "au", "caf", "mka", "webm",
    ];
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let name = || format!("folder {}", folder.display());
        for entry in std::fs::read_dir(&folder).with_context(name)? {
            let entry = entry.with_context(name)?;
            let path = entry.path();
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            // links are not followed: one that points upwards would never end
            if entry.file_type().with_context(name)?.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .and_then(|extension| extension.to_str())
                .is_some_and(|e| EXTENSIONS.contains(&e.to_ascii_lowercase().as_str()))
            {
                files.push(path);
            }
        }
    }
    Ok(files)
}
