//! Learning rate over a run.

use std::f64::consts::PI;

use crate::recipe::{Schedule, TrainingKeys};

/// The learning rate of every step of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearningRate {
    kind: Schedule,
    peak: f64,
    rising: usize,
    steps: usize,
}

impl LearningRate {
    /// Return the rates of a run of `steps` steps.
    ///
    /// One cycle (Smith 2018) rises linearly from a twenty-fifth of the peak over the share `warmup` of the
    /// steps, then falls along half a cosine to nearly nothing. A constant rate rises likewise and stays; the
    /// cosine begins at the peak.
    #[must_use]
    pub fn new(keys: &TrainingKeys, steps: usize) -> Self {
        let warmup = match keys.schedule {
            Schedule::OneCycle | Schedule::Constant => keys.warmup.get(),
            Schedule::Cosine => 0.0,
        };
        Self {
            kind: keys.schedule,
            peak: keys.peak_learning_rate.get(),
            rising: (warmup * steps as f64) as usize,
            steps,
        }
    }

    /// Return the learning rate of a step, counted from 0.
    #[must_use]
    pub fn rate(&self, step: usize) -> f64 {
        const START: f64 = 1.0 / 25.0;
        const END: f64 = 1e-3;
        if step < self.rising {
            let done = step as f64 / self.rising as f64;
            return self.peak * (START + (1.0 - START) * done);
        }
        if self.kind == Schedule::Constant {
            return self.peak;
        }
        let falling = (self.steps - self.rising).max(1);
        let done = ((step - self.rising) as f64 / falling as f64).min(1.0);
        self.peak * (END + (1.0 - END) * (1.0 + (PI * done).cos()) / 2.0)
    }
}
