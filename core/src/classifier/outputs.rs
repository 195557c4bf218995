//! The answer over all windows: probabilities from their logits, and the mean of their embeddings.

use heapless::Vec;

use crate::model::{MAX_CLASSES, ModelInfo};

/// Windows so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// All of them.
    pub(super) windows: u32,
    /// Those that were run, because they are not silent.
    pub(super) run: u32,
    /// Those of them that the model rejects.
    pub(super) rejected: u32,
}

impl Tally {
    /// Return the share of the windows that were run which the model rejects.
    pub(super) fn not_music(self) -> f32 {
        self.rejected as f32 / self.run.max(1) as f32
    }
}

/// What the model says of a window besides its logits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judgement {
    /// It is likelier not to be music.
    pub(super) rejected: bool,
    /// It has a vote: see [`ModelInfo::has_vote`].
    pub(super) votes: bool,
}

/// Whether a window counts in the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vote {
    /// It does, and those before it do not: it is the first one with a vote.
    First,
    /// It does.
    Counts,
    /// It does not.
    None,
}

/// Softmax of the windows' mean logits, which is the geometric mean of their probabilities, normalised to a sum of
/// one. Windows without a vote count until the first one with a vote comes.
///
/// The sums are of integers and therefore exact, whatever the number of windows.
#[derive(Clone, Debug)]
pub(super) struct Mean {
    sum: Vec<i64, MAX_CLASSES>,
    probabilities: Vec<f32, MAX_CLASSES>,
    tally: Tally,
    /// Windows in the sums.
    counted: u32,
    /// Whether one of them has a vote.
    voted: bool,
}

/// Return the value of a step of a model's logits, in which the softmax is taken.
pub(super) fn logit_step(info: &ModelInfo) -> f32 {
    info.confidence.scale / (1_u32 << info.logits_exponent) as f32
}

impl Mean {
    /// Begin for a model.
    pub(super) fn new(info: &ModelInfo) -> Self {
        let classes = info.classes.min(MAX_CLASSES);
        let mut this = Self {
            sum: (0..classes).map(|_| 0).collect(),
            probabilities: (0..classes).map(|_| 0.0).collect(),
            tally: Tally::default(),
            counted: 0,
            voted: false,
        };
        this.reset();
        this
    }

    pub(super) fn reset(&mut self) {
        self.sum.fill(0);
        let equal = 1.0 / self.probabilities.len().max(1) as f32;
        self.probabilities.fill(equal);
        self.tally = Tally::default();
        self.counted = 0;
        self.voted = false;
    }

    pub(super) fn tally(&self) -> Tally {
        self.tally
    }

    pub(super) fn probabilities(&self) -> &[f32] {
        &self.probabilities
    }

    /// Count a silent window.
    pub(super) fn skip(&mut self) {
        self.tally.windows = self.tally.windows.saturating_add(1);
    }

    /// Count a window, and add its logits if it has a vote or none before it had one.
    pub(super) fn add(&mut self, logits: &[i32], judgement: Judgement, step: f32) -> Vote {
        self.skip();
        self.tally.run = self.tally.run.saturating_add(1);
        if judgement.rejected {
            self.tally.rejected = self.tally.rejected.saturating_add(1);
        }
        if self.voted && !judgement.votes {
            return Vote::None;
        }
        let first = judgement.votes && !self.voted;
        self.voted |= judgement.votes;
        if first {
            self.sum.fill(0);
            self.counted = 0;
        }
        self.counted = self.counted.saturating_add(1);
        for (sum, logit) in self.sum.iter_mut().zip(logits) {
            *sum = sum.saturating_add(i64::from(*logit));
        }
        self.normalise(step);
        if first { Vote::First } else { Vote::Counts }
    }

    /// Compute the probabilities from the sums.
    fn normalise(&mut self, step: f32) {
        let step = step / self.counted as f32;
        softmax(self.sum.iter().copied(), step, &mut self.probabilities);
    }
}

/// Compute the probabilities of a window from its logits, as if it were the only one.
pub(super) fn alone(logits: &[i32], step: f32, probabilities: &mut [f32]) {
    softmax(logits.iter().copied().map(i64::from), step, probabilities);
}

/// Compute the softmax of integers in units of `step`.
fn softmax(values: impl Iterator<Item = i64> + Clone, step: f32, probabilities: &mut [f32]) {
    let largest = values.clone().max().unwrap_or(0);
    let mut total = 0.0;
    for (probability, value) in probabilities.iter_mut().zip(values) {
        *probability = libm::expf(value.saturating_sub(largest) as f32 * step);
        total += *probability;
    }
    for probability in probabilities {
        *probability /= total;
    }
}

/// Return the most probable class, the first one of several, and its probability.
pub(super) fn best(probabilities: &[f32]) -> (usize, f32) {
    let mut best = (0, f32::NEG_INFINITY);
    for (class, probability) in probabilities.iter().enumerate() {
        if *probability > best.1 {
            best = (class, *probability);
        }
    }
    best
}

/// Mean of the windows' embeddings.
#[derive(Debug)]
pub(super) struct Embedding<'w> {
    sums: &'w mut [u32],
    windows: u32,
}

impl<'w> Embedding<'w> {
    /// Windows whose sums fit 32 bits: more than eight months at 1.4 s per window. Later ones do not count.
    const MOST: u32 = u32::MAX / u8::MAX as u32;

    /// Begin with zeroed sums, one per value of the embedding.
    pub(super) fn new(sums: &'w mut [u32]) -> Self {
        Self { sums, windows: 0 }
    }

    pub(super) fn reset(&mut self) {
        self.sums.fill(0);
        self.windows = 0;
    }

    /// Add a window.
    pub(super) fn add(&mut self, values: &[u8]) {
        if self.windows == Self::MOST {
            return;
        }
        self.windows += 1;
        for (sum, value) in self.sums.iter_mut().zip(values) {
            *sum += u32::from(*value);
        }
    }

    /// Iterate over the means.
    pub(super) fn mean(&self) -> EmbeddingValues<'_> {
        EmbeddingValues {
            sums: self.sums.iter(),
            windows: f64::from(self.windows.max(1)),
        }
    }
}

/// The values of an embedding, in order: see [`Classifier::embedding`](super::Classifier::embedding).
#[derive(Clone, Debug)]
pub struct EmbeddingValues<'a> {
    sums: core::slice::Iter<'a, u32>,
    windows: f64,
}

impl Iterator for EmbeddingValues<'_> {
    type Item = f32;

    fn next(&mut self) -> Option<f32> {
        let sum = self.sums.next()?;
        // an f32 does not hold every sum, and the mean of the largest values must not exceed them
        Some((f64::from(*sum) / self.windows) as f32)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.sums.size_hint()
    }
}

impl ExactSizeIterator for EmbeddingValues<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedding_stops_before_its_sums_overflow() {
        let mut sums = [0; 2];
        let mut embedding = Embedding::new(&mut sums);
        embedding.add(&[255, 3]);
        embedding.windows = Embedding::MOST - 1;
        embedding.sums[0] = 255 * (Embedding::MOST - 1);
        for _ in 0..3 {
            embedding.add(&[255, 0]);
        }
        assert_eq!(embedding.sums[0], u32::MAX);
        assert_eq!(embedding.mean().next(), Some(255.0));
        embedding.reset();
        assert!(embedding.mean().eq([0.0, 0.0]));
    }

    #[test]
    fn counts_of_windows_stop_before_they_overflow() {
        let mut mean = mean_of_two();
        for rejected in [0, u32::MAX - 1] {
            mean.tally = Tally {
                windows: u32::MAX - 1,
                run: u32::MAX - 1,
                rejected,
            };
            mean.counted = u32::MAX - 1;
            // sums of so many windows of the largest logits
            mean.sum[0] = i64::from(u32::MAX - 1) * i64::from(i32::MAX);
            mean.sum[1] = i64::from(u32::MAX - 1) * i64::from(i32::MIN);
            mean.voted = true;
            for _ in 0..3 {
                let judgement = Judgement {
                    rejected: rejected > 0,
                    votes: true,
                };
                assert_eq!(
                    mean.add(&[i32::MAX, i32::MIN], judgement, 1.0),
                    Vote::Counts
                );
                mean.skip();
            }
            assert_eq!(mean.tally.windows, u32::MAX);
            assert_eq!(mean.tally.run, u32::MAX);
            assert_eq!(mean.tally.not_music(), f32::from(u8::from(rejected > 0)));
            assert_eq!(mean.probabilities(), [1.0, 0.0]);
        }
    }

    #[test]
    fn sums_of_logits_stop_before_they_overflow() {
        let mut mean = mean_of_two();
        let music = Judgement {
            rejected: false,
            votes: true,
        };
        // the first window with a vote begins the sums anew
        mean.add(&[0, 0], music, 1.0);
        for _ in 0..3 {
            mean.sum[0] = i64::MAX - 1;
            mean.sum[1] = i64::MIN + 1;
            mean.add(&[i32::MAX, i32::MIN], music, 1.0);
            assert_eq!(mean.sum, [i64::MAX, i64::MIN]);
            assert_eq!(mean.probabilities(), [1.0, 0.0]);
        }
    }

    fn mean_of_two() -> Mean {
        Mean {
            sum: [0, 0].into_iter().collect(),
            probabilities: [0.5, 0.5].into_iter().collect(),
            tally: Tally::default(),
            counted: 0,
            voted: false,
        }
    }
}
