//! From logits to probabilities, averaged over windows.

use heapless::Vec;

use crate::model::MAX_CLASSES;

/// Mean of the windows' softmax outputs.
#[derive(Clone, Debug)]
pub(super) struct Mean {
    sum: Vec<f32, MAX_CLASSES>,
    mean: Vec<f32, MAX_CLASSES>,
    windows: u32,
}

impl Mean {
    /// For `classes` classes, at most [`MAX_CLASSES`].
    pub(super) fn new(classes: usize) -> Self {
        let zeros: Vec<f32, MAX_CLASSES> = (0..classes.min(MAX_CLASSES)).map(|_| 0.0).collect();
        Self {
            sum: zeros.clone(),
            mean: zeros,
            windows: 0,
        }
    }

    pub(super) fn reset(&mut self) {
        *self = Self::new(self.sum.len());
    }

    pub(super) fn windows(&self) -> u32 {
        self.windows
    }

    pub(super) fn probabilities(&self) -> &[f32] {
        &self.mean
    }

    /// Adds a window; a logit's value is its i32 times `2^-exponent`.
    pub(super) fn add(&mut self, logits: &[i32], exponent: u8) {
        let step = 1.0 / (1_u32 << exponent) as f32;
        let largest = logits.iter().copied().max().unwrap_or(0);
        // as f64 the difference is exact before it is scaled
        let exponential = |logit: &i32| {
            let below = f64::from(*logit) - f64::from(largest);
            libm::expf(below as f32 * step)
        };
        let total: f32 = logits.iter().map(exponential).sum();
        self.windows = self.windows.saturating_add(1);
        let sums = self.sum.iter_mut().zip(&mut self.mean).zip(logits);
        for ((sum, mean), logit) in sums {
            *sum += exponential(logit) / total;
            *mean = *sum / self.windows as f32;
        }
    }
}
