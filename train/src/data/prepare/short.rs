//! Tracks that are shorter than the length that is taken, and advice about them.

use std::fmt;

use super::Options;
use super::store::Entry;

/// Fault of a track that is too short.
#[derive(Clone, Copy, Debug)]
pub(super) struct TooShort {
    /// Samples after those that are skipped.
    pub(super) found: usize,
    /// Their rate, Hz.
    pub(super) rate: u32,
    /// Seconds that are taken of every track.
    pub(super) wanted: f64,
}

impl fmt::Display for TooShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (found, wanted) = (tenths(self.found, self.rate), self.wanted);
        write!(f, "it lasts {found:.1} s, {wanted} s are wanted")
    }
}

impl std::error::Error for TooShort {}

/// The tracks that are too short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Short {
    /// Number of them.
    pub tracks: usize,
    /// Length of the shortest, in samples after those that are skipped.
    pub shortest: usize,
    /// Length of the longest of them, likewise.
    pub longest: usize,
    /// Sample rate of these lengths, Hz.
    pub rate: u32,
}

impl Short {
    /// Find them among the outcomes; `None` if no track is too short.
    pub(super) fn among(entries: &[Entry], rate: u32) -> Option<Self> {
        let lengths = || entries.iter().filter_map(|entry| entry.lasted);
        Some(Self {
            tracks: lengths().count(),
            shortest: lengths().min()?,
            longest: lengths().max()?,
            rate,
        })
    }

    /// Say in one line which options would keep these tracks.
    #[must_use]
    pub fn advice(&self, options: &Options) -> String {
        let [shortest, longest] =
            [self.shortest, self.longest].map(|samples| tenths(samples, self.rate));
        let skip = if options.skip > 0.0 {
            format!(" after the {} s of --skip", options.skip)
        } else {
            String::new()
        };
        let lasts = if shortest < longest {
            format!("{shortest:.1} to {longest:.1} s")
        } else {
            format!("{shortest:.1} s")
        };
        let (tracks, last) = match self.tracks {
            1 => ("1 track is".to_owned(), "it lasts"),
            tracks => (format!("{tracks} tracks are"), "they last"),
        };
        let fill = "--fill plays such tracks forwards and backwards until they are long enough";
        // less than a tenth of a second is no length to take of all others
        let seconds = if shortest > 0.0 {
            format!("; --seconds {shortest:.1} takes no more than the shortest has")
        } else {
            String::new()
        };
        format!("{tracks} too short ({last} {lasts}{skip}): {fill}{seconds}")
    }
}

/// Return a length in seconds, rounded down to a tenth so that a track that lasts so long is long enough.
fn tenths(samples: usize, rate: u32) -> f64 {
    (samples * 10 / rate as usize) as f64 / 10.0
}
