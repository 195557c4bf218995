//! From samples to answers: after each window, and for the whole at the end.

use std::collections::VecDeque;
use std::io::Write;

use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::{Classifier, State};
use timbrel_core::engine::Engine;

use crate::show::Show;

/// Reason for an end of listening: the library's error, or that of the output.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// An answer to show.
pub(crate) struct Answer<'a> {
    /// Whether the genre means anything.
    pub(crate) state: State,
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
    /// The last windows with sound.
    recent: VecDeque<Window>,
    memory: usize,
    silence: f32,
    samples: u64,
    loudness: Loudness,
}

/// A window that the network has run on.
struct Window {
    logits: Vec<i32>,
    is_music: bool,
    /// A window that is not music for certain has none.
    votes: bool,
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
            state: whole.state,
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
            let not_music = self.classifier.window_not_music();
            self.recent.push_back(Window {
                logits: self.classifier.logits().to_vec(),
                is_music: not_music.is_none_or(|logit| logit <= 0),
                votes: self.classifier.info().has_vote(not_music),
            });
            if self.recent.len() > self.memory {
                self.recent.pop_front();
            }
        } else {
            // another piece begins after it
            self.recent.clear();
        }
        let info = self.classifier.info();
        let calibration = info.confidence;
        let step = 2_f64.powi(-i32::from(info.logits_exponent)) * f64::from(calibration.scale);
        let genres = self.named(&probabilities(&voters(&self.recent), step));
        let confidence = genres.iter().map(|(_, p)| *p).fold(0.0, f32::max);
        let answer = Answer {
            state: state(&self.recent, confidence, calibration.unsure_below),
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

/// Return the logits of the windows that the answer is made of, as in the classifier: those that have a vote, or all if
/// none has.
fn voters(windows: &VecDeque<Window>) -> Vec<&[i32]> {
    let any = windows.iter().any(|window| window.votes);
    let voters = windows.iter().filter(|window| window.votes || !any);
    voters.map(|window| window.logits.as_slice()).collect()
}

/// Conclude from the windows with sound and the largest probability, as the classifier does.
fn state(windows: &VecDeque<Window>, confidence: f32, unsure_below: f32) -> State {
    let rejected = windows.iter().filter(|window| !window.is_music).count();
    if windows.is_empty() {
        State::Silence
    } else if 2 * rejected > windows.len() {
        State::NotMusic
    } else if confidence < unsure_below {
        State::Unsure
    } else {
        State::Music
    }
}

/// Return the softmax of the windows' mean logits, of which one unit is worth `step`. Empty if there is no window.
fn probabilities(windows: &[&[i32]], step: f64) -> Vec<f32> {
    let classes = windows.first().map_or(0, |window| window.len());
    let sum = |class: usize| windows.iter().map(|window| i64::from(window[class])).sum();
    let sums: Vec<i64> = (0..classes).map(sum).collect();
    let largest = sums.iter().copied().max().unwrap_or(0);
    let step = step / windows.len().max(1) as f64;
    let powers = sums.iter().map(|sum| ((sum - largest) as f64 * step).exp());
    let total: f64 = powers.clone().sum();
    powers.map(|power| (power / total) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::{Loudness, Window, probabilities, state, voters};
    use timbrel_core::classifier::State;

    #[test]
    fn loudness_is_in_db_of_full_scale() {
        let mut loudness = Loudness::default();
        loudness.add(&[16_384, -16_384, 16_384]);
        assert!((loudness.take() + 6.0206).abs() < 1e-3);
        assert_eq!(loudness.take(), -120.0);
    }

    #[test]
    fn probabilities_add_up_and_follow_the_mean_logits() {
        let p = probabilities(&[&[0, 256, i32::MIN]], 1.0 / 256.0);
        assert!((p[1] / p[0] - 1.0_f32.exp()).abs() < 1e-5);
        assert_eq!(p[2], 0.0);
        assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        let p = probabilities(&[&[0, 256], &[0, -768]], 1.0 / 256.0);
        assert!((p[0] / p[1] - 1.0_f32.exp()).abs() < 1e-5);
        assert!(probabilities(&[], 1.0).is_empty());
    }

    #[test]
    fn windows_that_are_not_music_have_no_vote() {
        let window = |logit, is_music, votes| Window {
            logits: vec![0, logit],
            is_music,
            votes,
        };
        let mixed = [window(9, true, true), window(-9, false, false)].into();
        assert_eq!(voters(&mixed), [&[0, 9]]);
        assert_eq!(state(&mixed, 0.5, 0.4), State::Music);
        assert_eq!(state(&mixed, 0.5, 0.6), State::Unsure);
        let sure = window(9, false, false);
        let speech = [sure, window(-9, false, true), window(1, true, true)].into();
        assert_eq!(voters(&speech), [&[0, -9], &[0, 1]]);
        assert_eq!(state(&speech, 0.9, 0.4), State::NotMusic);
        assert_eq!(voters(&[window(3, false, false)].into()), [&[0, 3]]);
        assert_eq!(state(&[].into(), 0.0, 0.4), State::Silence);
    }
}
