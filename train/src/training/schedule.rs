//! Learning rate over a run.

use std::f64::consts::PI;

/// One cycle (Smith 2018): the rate rises linearly from a twenty-fifth of the peak, then falls along
/// half a cosine to nearly nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneCycle {
    peak: f64,
    rising: usize,
    steps: usize,
}

impl OneCycle {
    /// A cycle of `steps` steps of which the share `warmup` rises to `peak`.
    #[must_use]
    pub fn new(peak: f64, warmup: f64, steps: usize) -> Self {
        Self {
            peak,
            rising: (warmup * steps as f64) as usize,
            steps,
        }
    }

    /// Learning rate of a step, counted from 0.
    #[must_use]
    pub fn rate(&self, step: usize) -> f64 {
        const START: f64 = 1.0 / 25.0;
        const END: f64 = 1e-3;
        if step < self.rising {
            let done = step as f64 / self.rising as f64;
            return self.peak * (START + (1.0 - START) * done);
        }
        let falling = (self.steps - self.rising).max(1);
        let done = ((step - self.rising) as f64 / falling as f64).min(1.0);
        self.peak * (END + (1.0 - END) * (1.0 + (PI * done).cos()) / 2.0)
    }
}
