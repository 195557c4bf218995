//! Answers to the windows of tracks.

use super::score::Score;
use crate::data::Dataset;

/// Probabilities of windows; those of a track follow each other.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// Row of each window's track.
    pub rows: Vec<u32>,
    /// First column of each window.
    pub starts: Vec<u32>,
    /// Probability of each class.
    pub probabilities: Vec<Vec<f32>>,
}

impl Answers {
    /// Return each track's row and the probabilities of its windows.
    pub fn tracks(&self) -> impl Iterator<Item = (usize, &[Vec<f32>])> {
        let mut left = self.probabilities.as_slice();
        self.rows.chunk_by(|a, b| a == b).map(move |rows| {
            let (own, rest) = left.split_at(rows.len());
            left = rest;
            (rows[0] as usize, own)
        })
    }

    /// Count right and wrong answers. Tracks without a stated genre do not count.
    #[must_use]
    pub fn score(&self, dataset: &Dataset) -> Score {
        let mut score = Score::new(dataset.genres.len());
        for (row, windows) in self.tracks() {
            if let Some(label) = dataset.tracks[row].label {
                score.add(label, windows);
            }
        }
        score
    }
}
