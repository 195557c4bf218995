//! The answer, and whether there is one.

use super::outputs::Tally;
use crate::model::{Confidence, MAX_CLASSES};

/// The answer so far.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Prediction<'a> {
    /// Index of the most probable class. It is always there; [`Self::state`] tells whether it means anything.
    pub class: usize,
    /// Its name.
    pub label: &'a str,
    /// Its probability, `0.0..=1.0`.
    pub confidence: f32,
    /// Probability of every class, in the order of the model's labels: the softmax of the mean logits of the windows
    /// that have a vote, times the model's [`Confidence::scale`]. Silent windows have none, nor those that the model is
    /// sure are not music ([`ModelInfo::has_vote`](crate::model::ModelInfo::has_vote)). If no window has one it is that of
    /// all windows that are not silent, and if all are silent every class has the same probability.
    pub probabilities: &'a [f32],
    /// Windows so far, silent ones included.
    pub windows: u32,
    /// Whether the audio is music whose genre the model knows.
    pub state: State,
    /// Root mean square of the audio, its channels mixed, in dB relative to full scale ±1.0; at least -120.
    pub level_dbfs: f32,
    /// Share of the samples at or beyond full scale, `0.0..=1.0`.
    pub clipped: f32,
    /// Share of the audio that is silent, below -84 dBFS, `0.0..=1.0`.
    pub silent: f32,
    /// Share of the windows that the model rejects as not music, among those that are not silent, `0.0..=1.0`.
    pub not_music: f32,
    /// Share of the audio whose channels cancel each other, such as a channel and its inverse, `0.0..=1.0`. The loudest
    /// channel replaces the mean there.
    pub cancelled: f32,
}

/// The answer for one window alone, in which the windows before it have no part.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct WindowAnswer {
    /// State of audio that is this window: never [`State::Unsure`] or [`State::NotMusic`] if it is silent.
    pub state: State,
    /// Index of the most probable class.
    pub class: usize,
    /// Its probability, `0.0..=1.0`.
    pub confidence: f32,
    pub(super) values: [f32; MAX_CLASSES],
    pub(super) classes: usize,
}

impl WindowAnswer {
    /// Return the probability of each class, in the model's order; all are the same if the window is silent.
    #[must_use]
    pub fn probabilities(&self) -> &[f32] {
        self.values.get(..self.classes).unwrap_or_default()
    }
}

/// Whether the audio is music whose genre the model knows.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// It is.
    Music,
    /// All windows are silent, or all but one in 32.
    Silence,
    /// The model rejects more than half of the windows that are not silent: speech, noise, tones.
    NotMusic,
    /// The most probable class is less probable than the model's [`Confidence::unsure_below`].
    Unsure,
}

impl State {
    /// Return the state's name: `music`, `silence`, `not_music` or `unsure`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Music => "music",
            Self::Silence => "silence",
            Self::NotMusic => "not_music",
            Self::Unsure => "unsure",
        }
    }

    /// Conclude from the windows and the largest probability.
    pub(super) fn of(tally: Tally, confidence: f32, calibration: &Confidence) -> Self {
        if tally.run <= tally.windows / 32 {
            Self::Silence
        } else if tally.not_music() > 0.5 {
            Self::NotMusic
        } else if confidence < calibration.unsure_below {
            Self::Unsure
        } else {
            Self::Music
        }
    }
}

impl core::fmt::Display for State {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_told_apart() {
        let sure = Confidence {
            scale: 1.0,
            unsure_below: 0.5,
        };
        let of = |windows, run, rejected, confidence| {
            let tally = Tally {
                windows,
                run,
                rejected,
            };
            State::of(tally, confidence, &sure).as_str()
        };
        assert_eq!(of(1, 0, 0, 0.1), "silence");
        assert_eq!(of(64, 2, 0, 0.9), "silence");
        assert_eq!(of(64, 3, 0, 0.9), "music");
        assert_eq!(of(1, 1, 1, 0.9), "not_music");
        assert_eq!(of(9, 4, 2, 0.9), "music");
        assert_eq!(of(9, 5, 3, 0.1), "not_music");
        assert_eq!(of(9, 5, 2, 0.49), "unsure");
        assert_eq!(of(9, 5, 2, 0.5), "music");
    }
}
