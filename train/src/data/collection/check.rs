//! Checking that a copy of GTZAN is complete and sound.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use rayon::prelude::*;

use super::Source;
use super::gtzan::{self, BROKEN, GENRES, PARTS, TRACKS};
use crate::data::prepare::read_excerpt;
use crate::features::SAMPLE_RATE;

/// Where GTZAN can be had.
pub const HOW_TO_GET: &str = "\
GTZAN's own site is gone. Copies are kept by others, for research, without clearance of the recordings:
  Hugging Face, marsyas/gtzan: data/genres.tar.gz (1.2 GB; genres/blues/blues.00000.wav ...)
  Kaggle, andradaolteanu/gtzan-dataset-music-genre-classification (genres_original/blues/blues.00000.wav ...)
Unpack one and run
  timbrel dataset gtzan FOLDER
  timbrel prepare FOLDER --layout gtzan --out DATA";

/// Shortest sound track, seconds; the published ones last 29.9 to 30.6 s.
const SHORTEST: usize = 29;
/// Most seconds of a track that are read.
const LONGEST: usize = 60;

/// Findings in a copy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Check {
    /// Tracks found of each genre, in label order.
    pub counts: [usize; GENRES.len()],
    /// Readable tracks in each part of the filtered split, and in none of them.
    pub parts: [usize; PARTS.len() + 1],
    /// Missing tracks.
    pub missing: Vec<String>,
    /// Files that cannot be read or are too short, with the reason.
    pub broken: Vec<(String, String)>,
    /// Tracks with the same samples, group by group.
    pub repeated: Vec<Vec<String>>,
}

impl Check {
    /// Decode every track below `folder`.
    ///
    /// # Errors
    /// The folder cannot be read, or holds no track of GTZAN.
    pub fn run(folder: &Path) -> Result<Self> {
        let mut sources = gtzan::sources(folder)?;
        ensure!(
            !sources.is_empty(),
            "{} holds no file called like blues.00000.wav",
            folder.display()
        );
        sources.sort_by(|a, b| a.track.cmp(&b.track));
        sources.dedup_by(|a, b| a.track == b.track);
        let mut check = Self::default();
        for (row, genre) in GENRES.iter().enumerate() {
            let names: Vec<&str> = (sources.iter())
                .filter(|source| source.genre == *genre)
                .map(|source| source.track.as_str())
                .collect();
            check.counts[row] = names.len();
            let all = (0..TRACKS).map(|number| format!("{genre}.{number:05}"));
            check
                .missing
                .extend(all.filter(|track| !names.contains(&track.as_str())));
        }
        let sums: Vec<Result<u64>> = sources.par_iter().map(fingerprint).collect();
        let mut same: HashMap<u64, Vec<String>> = HashMap::new();
        for (source, sum) in sources.iter().zip(sums) {
            match sum {
                Ok(sum) => {
                    let part = PARTS.iter().position(|part| *part == source.split);
                    check.parts[part.unwrap_or(PARTS.len())] += 1;
                    same.entry(sum).or_default().push(source.track.clone());
                }
                Err(error) => {
                    check
                        .broken
                        .push((source.track.clone(), format!("{error:#}")));
                }
            }
        }
        check.repeated = same.into_values().filter(|group| group.len() > 1).collect();
        check.repeated.sort();
        Ok(check)
    }

    /// Return whether nothing is missing or broken, apart from the track that is broken everywhere.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.missing.is_empty() && self.broken.iter().all(|(track, _)| track == BROKEN)
    }

    /// Return the groups of equal tracks that are in more than one part of the filtered split.
    #[must_use]
    pub fn leaks(&self) -> Vec<&[String]> {
        let across = |group: &&Vec<String>| {
            let mut parts: Vec<_> = (group.iter())
                .filter_map(|track| gtzan::parse(track))
                .map(|(genre, number)| gtzan::split(genre, number))
                .filter(|part| PARTS.contains(part))
                .collect();
            parts.sort_unstable();
            parts.dedup();
            parts.len() > 1
        };
        self.repeated
            .iter()
            .filter(across)
            .map(Vec::as_slice)
            .collect()
    }
}

/// Return a hash of the samples, FNV-1a over 16 bits each.
fn fingerprint(source: &Source) -> Result<u64> {
    let path: &PathBuf = &source.path;
    let samples = read_excerpt(path, SAMPLE_RATE, 0, LONGEST * SAMPLE_RATE as usize)?;
    let seconds = samples.len() as f32 / SAMPLE_RATE as f32;
    ensure!(
        samples.len() >= SHORTEST * SAMPLE_RATE as usize,
        "it lasts {seconds:.1} s"
    );
    let start = 0xcbf2_9ce4_8422_2325_u64;
    Ok(samples.iter().fold(start, |sum, sample| {
        let value = (sample * 32_768.0).round() as i32;
        (sum ^ u64::from(value as u32)).wrapping_mul(0x0100_0000_01b3)
    }))
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [train, valid, test, none] = self.parts;
        write!(f, "tracks:")?;
        for (genre, count) in GENRES.iter().zip(self.counts) {
            write!(f, " {genre} {count}")?;
        }
        writeln!(f, " (of {TRACKS} each)")?;
        writeln!(
            f,
            "filtered split: {train} train of 443 ({BROKEN} is broken), {valid} valid of 197, {test} test of 290, \
             {none} excluded of 70"
        )?;
        if !self.missing.is_empty() {
            let shown: Vec<_> = self.missing.iter().take(10).map(String::as_str).collect();
            let dots = if self.missing.len() > shown.len() {
                " …"
            } else {
                ""
            };
            writeln!(
                f,
                "{} missing: {}{dots}",
                self.missing.len(),
                shown.join(", ")
            )?;
        }
        for (track, why) in &self.broken {
            let known = if track == BROKEN {
                " (known: so it is in every copy)"
            } else {
                ""
            };
            writeln!(f, "broken: {track}: {why}{known}")?;
        }
        for group in &self.repeated {
            writeln!(f, "the same recording: {}", group.join(", "))?;
        }
        match self.leaks().len() {
            0 => write!(f, "no recording stands in two parts of the filtered split"),
            count => write!(
                f,
                "{count} recordings stand in two parts of the filtered split"
            ),
        }
    }
}
