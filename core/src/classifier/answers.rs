//! Reading what a classifier has found.

use super::outputs::{Tally, alone, best, logit_step};
use super::{Classifier, EmbeddingValues, Prediction, State, WindowAnswer};
use crate::Error;
use crate::engine::Engine;
use crate::model::{MAX_CLASSES, ModelInfo};

impl<E: Engine> Classifier<'_, E> {
    /// Return whether there is a result: at least one window is complete.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.mean.tally().windows > 0
    }

    /// Return the answer over all windows since the start or the last reset.
    ///
    /// # Errors
    /// [`Error::NoResult`] before the first window.
    pub fn result(&self) -> Result<Prediction<'_>, Error> {
        if !self.ready() {
            return Err(Error::NoResult);
        }
        let (class, confidence) = best(self.mean.probabilities());
        let tally = self.mean.tally();
        Ok(Prediction {
            class,
            label: self.engine.label(class).unwrap_or_default(),
            confidence,
            probabilities: self.mean.probabilities(),
            windows: tally.windows,
            state: State::of(tally, confidence, &self.info.confidence),
            level_dbfs: self.signal.level.dbfs(),
            clipped: self.signal.clipped(),
            silent: self.signal.level.silent(),
            not_music: tally.not_music(),
            cancelled: self.signal.cancelled(),
        })
    }

    /// Return the answer for the last window alone. It is what [`Self::result`] gives for audio of that one window.
    ///
    /// # Errors
    /// [`Error::NoResult`] before the first window.
    pub fn window(&self) -> Result<WindowAnswer, Error> {
        if !self.ready() {
            return Err(Error::NoResult);
        }
        let mut answer = WindowAnswer {
            state: State::Silence,
            class: 0,
            confidence: 0.0,
            values: [0.0; MAX_CLASSES],
            classes: self.logits.len(),
        };
        let probabilities = answer
            .values
            .get_mut(..self.logits.len())
            .unwrap_or_default();
        if self.window_silent {
            probabilities.fill(1.0 / self.logits.len().max(1) as f32);
        } else {
            alone(&self.logits, logit_step(&self.info), probabilities);
        }
        (answer.class, answer.confidence) = best(probabilities);
        let tally = Tally {
            windows: 1,
            run: u32::from(!self.window_silent),
            rejected: u32::from(self.window_not_music().is_some_and(|logit| logit > 0)),
        };
        answer.state = State::of(tally, answer.confidence, &self.info.confidence);
        Ok(answer)
    }

    /// Return the logits of the last window that was run, one i32 per class, in units of `2^-logits_exponent`. Zeros
    /// before the first one; silent windows are not run.
    #[must_use]
    pub fn logits(&self) -> &[i32] {
        &self.logits
    }

    /// Iterate over the embedding of the signal so far: the mean of the last layer's input, over the windows that
    /// [`Prediction::probabilities`] are of, [`ModelInfo::embedding`] values of `0.0..=255.0`; zeros if all windows were
    /// silent. They are steps of that layer's scale, a power of two; it
    /// cancels where embeddings of one model are compared by their angle. Windows after the first 16 million do
    /// not count.
    ///
    /// # Errors
    /// [`Error::NoEmbedding`] for a model without one, [`Error::NoResult`] before the first window.
    pub fn embedding(&self) -> Result<EmbeddingValues<'_>, Error> {
        if self.info.embedding == 0 {
            return Err(Error::NoEmbedding);
        }
        if !self.ready() {
            return Err(Error::NoResult);
        }
        Ok(self.embedding.mean())
    }

    /// Return the embedding of the last window that was run, the same integers on every target; empty for a model
    /// without one and before the first such window.
    #[must_use]
    pub fn window_embedding(&self) -> &[u8] {
        if self.mean.tally().run > 0 {
            self.engine.embedding()
        } else {
            &[]
        }
    }

    /// Return the number of windows that were run, because they are not silent. Where a window does not raise it, that
    /// window is silent, and the values of the last window are those of an earlier one.
    #[must_use]
    pub fn windows_run(&self) -> u32 {
        self.mean.tally().run
    }

    /// Return the rejection logit of the last window that was run, the same integer on every target, in units of
    /// `2^-`[`ModelInfo::rejection_exponent`]: above 0, that window is not music. `None` before the first such window
    /// and for a model that rejects nothing.
    #[must_use]
    pub fn window_not_music(&self) -> Option<i32> {
        (self.mean.tally().run > 0)
            .then(|| self.engine.not_music())
            .flatten()
    }

    /// Return the number of log-mel columns since the start or the last reset; it wraps after `u32::MAX`.
    #[must_use]
    pub fn columns(&self) -> u32 {
        self.columns
    }

    /// Return the newest log-mel column, for a display: one value per band in 1/128 dB relative to a power of 1. `None`
    /// before the first column. To see all of them, push at most one hop at a time.
    #[must_use]
    pub fn newest_column(&self) -> Option<&[i16]> {
        self.ring.newest()
    }

    /// Return the name of a class, `None` for an index without one.
    #[must_use]
    pub fn label(&self, class: usize) -> Option<&str> {
        self.engine.label(class)
    }

    /// Return the model's metadata.
    #[must_use]
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }
}
