//! The answer over all windows: probabilities from their logits, and the mean of their embeddings.

use heapless::Vec;

use crate::model::MAX_CLASSES;

/// The answer so far.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Prediction<'a> {
    /// Index of the most probable class.
    pub class: usize,
    /// Its name.
    pub label: &'a str,
    /// Its probability, `0.0..=1.0`.
    pub confidence: f32,
    /// Probability of every class, in the order of the model's labels: the softmax of the
    /// windows' mean logits.
    pub probabilities: &'a [f32],
    /// Windows that were classified.
    pub windows: u32,
}

/// Softmax of the windows' mean logits, which is the geometric mean of their probabilities, normalised to a sum of
/// one.
///
/// The sums are of integers and therefore exact, whatever the number of windows.
#[derive(Clone, Debug)]
pub(super) struct Mean {
    sum: Vec<i64, MAX_CLASSES>,
    probabilities: Vec<f32, MAX_CLASSES>,
    windows: u32,
}

impl Mean {
    /// Begin for `classes` classes, at most [`MAX_CLASSES`].
    pub(super) fn new(classes: usize) -> Self {
        let classes = classes.min(MAX_CLASSES);
        Self {
            sum: (0..classes).map(|_| 0).collect(),
            probabilities: (0..classes).map(|_| 0.0).collect(),
            windows: 0,
        }
    }

    pub(super) fn reset(&mut self) {
        self.sum.fill(0);
        self.probabilities.fill(0.0);
        self.windows = 0;
    }

    pub(super) fn windows(&self) -> u32 {
        self.windows
    }

    pub(super) fn probabilities(&self) -> &[f32] {
        &self.probabilities
    }

    /// Return the most probable class, the first one of several, and its probability.
    pub(super) fn best(&self) -> (usize, f32) {
        let mut best = (0, f32::NEG_INFINITY);
        for (class, probability) in self.probabilities.iter().enumerate() {
            if *probability > best.1 {
                best = (class, *probability);
            }
        }
        best
    }

    /// Add a window; a logit's value is its i32 times `2^-exponent`.
    pub(super) fn add(&mut self, logits: &[i32], exponent: u8) {
        self.windows = self.windows.saturating_add(1);
        for (sum, logit) in self.sum.iter_mut().zip(logits) {
            *sum = sum.saturating_add(i64::from(*logit));
        }
        let largest = self.sum.iter().copied().max().unwrap_or(0);
        let step = 1.0 / (1_u32 << exponent) as f32 / self.windows as f32;
        let mut total = 0.0;
        for (probability, sum) in self.probabilities.iter_mut().zip(&self.sum) {
            *probability = libm::expf(sum.saturating_sub(largest) as f32 * step);
            total += *probability;
        }
        for probability in &mut self.probabilities {
            *probability /= total;
        }
    }
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
}
