//! Temperature of the probabilities, and the threshold below which an answer is unsure.

use timbrel_core::model::{CONFIDENCE_SCALE, Confidence};

use super::TrackLogits;

/// Share of the answers that shall be right where the model is not unsure.
pub const RIGHT: f64 = 0.8;
/// Standard errors by which the share of right answers exceeds [`RIGHT`] where the threshold is chosen: the threshold is
/// taken where chance is kindest to it, so the bare share would not be reached on other tracks.
const MARGIN: f64 = 1.0;
/// Intervals of confidence for the calibration error.
const BINS: usize = 10;

/// Choose the scale with which the tracks' classes are most probable, and the lowest threshold above which at least
/// [`RIGHT`] of the answers are right by a margin.
pub(super) fn fit(tracks: &[TrackLogits]) -> Confidence {
    let scaled = Confidence {
        scale: scale(tracks),
        unsure_below: 0.0,
    };
    Confidence {
        unsure_below: Calibrated::new(tracks, scaled).threshold(),
        ..scaled
    }
}

/// Find the scale of least surprise, by golden sections of its logarithm; the surprise has one minimum.
fn scale(tracks: &[TrackLogits]) -> f32 {
    let [low, high] = CONFIDENCE_SCALE.map(|limit| f64::from(limit).ln());
    let (mut low, mut high) = (low, high);
    let surprise = |log: f64| -> f64 {
        let of =
            |track: &TrackLogits| -track.probabilities(log.exp())[track.label].max(1e-300).ln();
        tracks.iter().map(of).sum()
    };
    const GOLDEN: f64 = 0.618_033_988_749_895;
    for _ in 0..60 {
        let (a, b) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
        if surprise(a) < surprise(b) {
            high = b;
        } else {
            low = a;
        }
    }
    let [least, most] = CONFIDENCE_SCALE;
    (((low + high) / 2.0).exp() as f32).clamp(least, most)
}

/// A track's answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certain {
    /// Probability of the likeliest class.
    pub confidence: f64,
    /// Whether it is the track's.
    pub right: bool,
    /// Whether it reaches the threshold.
    pub sure: bool,
}

/// Answers with calibrated probabilities.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibrated(Vec<Certain>);

impl Calibrated {
    /// Answer for the tracks with the given scale and threshold.
    #[must_use]
    pub fn new(tracks: &[TrackLogits], with: Confidence) -> Self {
        let certain = |track: &TrackLogits| {
            let probabilities = track.probabilities(f64::from(with.scale));
            let mut best = 0;
            for (class, p) in probabilities.iter().enumerate() {
                if *p > probabilities[best] {
                    best = class;
                }
            }
            Certain {
                confidence: probabilities[best],
                right: best == track.label,
                sure: probabilities[best] >= f64::from(with.unsure_below),
            }
        };
        Self(tracks.iter().map(certain).collect())
    }

    /// Return the answers.
    #[must_use]
    pub fn answers(&self) -> &[Certain] {
        &self.0
    }

    /// Return the lowest confidence from which on the share of right answers is [`RIGHT`] and [`MARGIN`] standard errors
    /// or more; 1 if there is none.
    fn threshold(&self) -> f32 {
        let mut sorted = self.0.clone();
        sorted.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        let (mut right, mut found) = (0.0, 1.0);
        for (index, answer) in sorted.iter().enumerate() {
            right += f64::from(u8::from(answer.right));
            let count = (index + 1) as f64;
            if right >= RIGHT * count + MARGIN * (RIGHT * (1.0 - RIGHT) * count).sqrt() {
                found = answer.confidence;
            }
        }
        // rounding to f32 must not make the last of them unsure
        let rounded = found as f32;
        if f64::from(rounded) > found {
            rounded.next_down()
        } else {
            rounded
        }
    }

    /// Return the share of the answers that are sure.
    #[must_use]
    pub fn coverage(&self) -> f64 {
        self.sure().count() as f64 / self.0.len().max(1) as f64
    }

    /// Return the share of the sure answers that are right.
    #[must_use]
    pub fn accuracy_of_sure(&self) -> f64 {
        let right = self.sure().filter(|answer| answer.right).count();
        right as f64 / self.sure().count().max(1) as f64
    }

    fn sure(&self) -> impl Iterator<Item = &Certain> {
        self.0.iter().filter(|answer| answer.sure)
    }

    /// Return the accuracy of the surest `share` of all answers.
    #[must_use]
    pub fn accuracy_at(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        let count = (share * sorted.len() as f64).round().max(1.0) as usize;
        let right = sorted.iter().take(count).filter(|answer| answer.right);
        right.count() as f64 / count as f64
    }

    /// Return the expected calibration error: the mean distance of accuracy and confidence over ten intervals of
    /// confidence, by their answers.
    #[must_use]
    pub fn calibration_error(&self) -> f64 {
        let mut bins = [(0.0, 0.0); BINS];
        for answer in &self.0 {
            let place = (answer.confidence * BINS as f64).ceil() as usize;
            let bin = &mut bins[place.clamp(1, BINS) - 1];
            bin.0 += answer.confidence;
            bin.1 += f64::from(u8::from(answer.right));
        }
        let distances = bins
            .iter()
            .map(|(confidence, right)| (confidence - right).abs());
        distances.sum::<f64>() / self.0.len().max(1) as f64
    }
}

/// Calibrate each half of the tracks as the other half says: every second track of each class.
pub(super) fn cross_fitted(tracks: &[TrackLogits]) -> Calibrated {
    let classes = tracks
        .iter()
        .map(|track| track.label + 1)
        .max()
        .unwrap_or(0);
    let mut seen = vec![0_usize; classes];
    let half = |track: &TrackLogits| {
        seen[track.label] += 1;
        seen[track.label] % 2
    };
    let sides: Vec<usize> = tracks.iter().map(half).collect();
    let mut answers = Vec::new();
    for side in [0, 1] {
        let of = |wanted: usize| -> Vec<TrackLogits> {
            let own = tracks
                .iter()
                .zip(&sides)
                .filter(|(_, side)| **side == wanted);
            own.map(|(track, _)| track.clone()).collect()
        };
        answers.extend(Calibrated::new(&of(side), fit(&of(1 - side))).0);
    }
    Calibrated(answers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(values: [f64; 2], label: usize) -> TrackLogits {
        TrackLogits {
            values: values.to_vec(),
            label,
        }
    }

    #[test]
    fn the_scale_makes_confidence_the_share_that_is_right() {
        // three of four are right with equal logits: p = 3/4 where scale · 2 is ln 3
        let tracks: Vec<_> = (0..8)
            .map(|n| track([2.0, 0.0], usize::from(n % 4 == 0)))
            .collect();
        let confidence = fit(&tracks);
        assert!(
            (confidence.scale - 3_f32.ln() / 2.0).abs() < 1e-4,
            "{confidence:?}"
        );
        let calibrated = Calibrated::new(&tracks, confidence);
        assert!(calibrated.calibration_error() < 1e-4);
        // never 80 % right: everything is unsure
        assert_eq!(confidence.unsure_below, 1.0);
        assert_eq!(calibrated.coverage(), 0.0);
    }

    #[test]
    fn the_threshold_is_the_lowest_that_holds() {
        // of the surest 16 answers 14 are right, which is 0.8 and three quarters of a standard error; of 17 15, which is
        // 0.8 and 0.85; of 18 16, which is 0.8 and 0.94; of 19 17, which is 0.8 and 1.03; never so many of more
        let wrong = [1, 3, 19, 20, 21, 22, 23];
        let tracks: Vec<_> = (0..24)
            .map(|n| track([24.0 - n as f64, 0.0], usize::from(wrong.contains(&n))))
            .collect();
        let neutral = Confidence {
            scale: 0.1,
            unsure_below: 0.0,
        };
        let chosen = Confidence {
            unsure_below: Calibrated::new(&tracks, neutral).threshold(),
            ..neutral
        };
        let calibrated = Calibrated::new(&tracks, chosen);
        let sure = calibrated.answers().iter().filter(|answer| answer.sure);
        assert_eq!(sure.count(), 19);
        assert!((calibrated.accuracy_of_sure() - 17.0 / 19.0).abs() < 1e-12);
        assert!((calibrated.accuracy_at(0.75) - 16.0 / 18.0).abs() < 1e-12);
    }
}
