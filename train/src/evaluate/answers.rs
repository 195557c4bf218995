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
    /// Whether each window has a vote in its track's answer; empty if all have.
    pub votes: Vec<bool>,
}

impl Answers {
    /// Return each track's row and the probabilities of the windows that its answer is made of, as core's classifier
    /// takes them: those that have a vote, or all of them if none has.
    pub fn tracks(&self) -> impl Iterator<Item = (usize, Vec<&[f32]>)> {
        let mut at = 0;
        self.all_windows().map(move |(row, windows)| {
            let own = self.votes.get(at..at + windows.len());
            at += windows.len();
            let votes = |index: usize| own.is_none_or(|own| own[index]);
            let any = (0..windows.len()).any(votes);
            let voting = windows.iter().enumerate();
            let voting = voting.filter(|(index, _)| !any || votes(*index));
            (row, voting.map(|(_, window)| window.as_slice()).collect())
        })
    }

    /// Return each track's row and the probabilities of all of its windows.
    pub fn all_windows(&self) -> impl Iterator<Item = (usize, &[Vec<f32>])> {
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
                score.add(label, &windows);
            }
        }
        score
    }
}
