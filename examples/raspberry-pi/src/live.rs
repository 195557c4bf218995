//! From samples to answers: after each window, and for the whole at the end.

use std::collections::VecDeque;
use std::io::Write;

use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::Classifier;
use timbrel_core::engine::Engine;

use crate::show::Show;

/// Reason for an end of listening: the library's error, or that of the output.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// An answer to show.
pub(crate) struct Answer<'a> {
    /// Genres and their probabilities, in the model's order.
    pub(crate) genres: &'a [(String, f32)],
    /// Number of windows in the mean.
    pub(crate) windows: u32,
    /// Length of the audio so far.
    pub(crate) seconds: f64,
    /// Loudness since the last answer, in dB of full scale; none at the end.
    pub(crate) level: Option<f32>,
}

/// A listener that shows its answers.
pub(crate) struct Live<'w, E, W> {
    classifier: Classifier<'w, E>,
    format: InputFormat,
    show: Show<W>,
    /// Logits of the last windows with sound.
    recent: VecDeque<Vec<i32>>,
    memory: usize,
    silence: f32,
    samples: u64,
    loudness: Loudness,
}

impl<'w, E: Engine, W: Write> Live<'w, E, W> {
    /// Begin an answer that is the mean of the last `memory` windows louder than `silence` dB of full scale.
    pub(crate) fn new(
        classifier: Classifier<'w, E>,
        format: InputFormat,
        memory: usize,
        silence: f32,
        show: Show<W>,
    ) -> Self {
        Self {
            classifier,
            format,
            show,
            recent: VecDeque::new(),
            memory,
            silence,
            samples: 0,
            loudness: Loudness::default(),
        }
    }

    /// Take samples, and show the running answer after each window that they complete.
    pub(crate) fn hear(&mut self, mut samples: &[i16]) -> Result<(), Failure> {
        while !samples.is_empty() {
            let pushed = self.classifier.push(samples)?;
            let (taken, rest) = samples.split_at(pushed.consumed);
            self.samples += taken.len() as u64;
            self.loudness.add(taken);
            samples = rest;
            if pushed.window {
                self.window()?;
            }
        }
        Ok(())
    }

    /// Show the answer for everything that was heard.
    pub(crate) fn end(mut self) -> Result<(), Failure> {
        self.classifier.finish()?;
        let whole = self.classifier.result()?;
        let genres = self.named(whole.probabilities);
        let answer = Answer {
            genres: &genres,
            windows: whole.windows,
            seconds: self.seconds(),
            level: None,
        };
        Ok(self.show.whole(&answer)?)
    }

    fn window(&mut self) -> Result<(), Failure> {
        let level = self.loudness.take();
        if level >= self.silence {
            self.recent.push_back(self.classifier.logits().to_vec());
            if self.recent.len() > self.memory {
                self.recent.pop_front();
            }
        } else {
            // another piece begins after it
            self.recent.clear();
        }
        let exponent = self.classifier.info().logits_exponent;
        let genres = self.named(&probabilities(&self.recent, exponent));
        let answer = Answer {
            genres: &genres,
            windows: self.recent.len() as u32,
            seconds: self.seconds(),
            level: Some(level),
        };
        Ok(self.show.running(&answer)?)
    }

    fn named(&self, probabilities: &[f32]) -> Vec<(String, f32)> {
        let label = |class| self.classifier.label(class).unwrap_or_default().to_owned();
        let all = probabilities.iter().enumerate();
        all.map(|(class, p)| (label(class), *p)).collect()
    }

    fn seconds(&self) -> f64 {
        self.samples as f64 / f64::from(self.format.channels) / f64::from(self.format.sample_rate)
    }
}

/// Mean power of samples.
#[derive(Default)]
struct Loudness {
    sum: f64,
    count: u64,
}

impl Loudness {
    fn add(&mut self, samples: &[i16]) {
        self.sum += samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>();
        self.count += samples.len() as u64;
    }

    /// Return the level in dB of full scale (a full-scale square wave has 0), and begin anew. Digital silence is -120.
    fn take(&mut self) -> f32 {
        let power = self.sum / self.count.max(1) as f64 / 32_768_f64.powi(2);
        *self = Self::default();
        (10.0 * power.max(1e-12).log10()) as f32
    }
}

/// Compute the softmax of the windows' mean logits, as the classifier does for all windows; a logit's value is its
/// integer times `2^-exponent`. Empty without windows.
fn probabilities(windows: &VecDeque<Vec<i32>>, exponent: u8) -> Vec<f32> {
    let classes = windows.front().map_or(0, Vec::len);
    let sum = |class: usize| windows.iter().map(|window| i64::from(window[class])).sum();
    let sums: Vec<i64> = (0..classes).map(sum).collect();
    let largest = sums.iter().copied().max().unwrap_or(0);
    let step = 2_f64.powi(-i32::from(exponent)) / windows.len().max(1) as f64;
    let powers = sums.iter().map(|sum| ((sum - largest) as f64 * step).exp());
    let total: f64 = powers.clone().sum();
    powers.map(|power| (power / total) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::{Loudness, probabilities};

    #[test]
    fn loudness_is_in_db_of_full_scale() {
        let mut loudness = Loudness::default();
        loudness.add(&[16_384, -16_384, 16_384]);
        assert!((loudness.take() + 6.0206).abs() < 1e-3);
        assert_eq!(loudness.take(), -120.0);
    }

    #[test]
    fn probabilities_add_up_and_follow_the_mean_logits() {
        let p = probabilities(&[vec![0, 256, i32::MIN]].into(), 8);
        assert!((p[1] / p[0] - 1.0_f32.exp()).abs() < 1e-5);
        assert_eq!(p[2], 0.0);
        assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        let p = probabilities(&[vec![0, 256], vec![0, -768]].into(), 8);
        assert!((p[0] / p[1] - 1.0_f32.exp()).abs() < 1e-5);
        assert!(probabilities(&[].into(), 8).is_empty());
    }
}
