//! From the windows' logits to probabilities.

use heapless::Vec;

use crate::model::MAX_CLASSES;

/// Softmax of the windows' mean logits, which is the geometric mean of their probabilities, brought to a sum of one.
///
/// The sums are of integers and thus exact, whatever the number of windows.
#[derive(Clone, Debug)]
pub(super) struct Mean {
    sum: Vec<i64, MAX_CLASSES>,
    probabilities: Vec<f32, MAX_CLASSES>,
    windows: u32,
}

impl Mean {
    /// For `classes` classes, at most [`MAX_CLASSES`].
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

    /// Adds a window; a logit's value is its i32 times `2^-exponent`.
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
