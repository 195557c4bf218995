//! The figures of an evaluation.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::data::Dataset;
use crate::evaluate::Answers;
use crate::evaluate::score::{Score, argmax, caution, of_track};

/// Intervals of confidence in which answers are counted.
const BINS: usize = 10;
/// Tracks of a class from which on its figures are shown without a caution.
pub(super) const ENOUGH_OF_CLASS: usize = 10;

/// One class among the tracks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Class {
    /// Its name.
    pub label: String,
    /// Tracks of the class.
    pub tracks: usize,
    /// Tracks with this answer.
    pub answered: usize,
    /// Share of these that are in the class; 0 where there are none.
    pub precision: f64,
    /// Share of its tracks that were found; 0 where there are none.
    pub recall: f64,
    /// Harmonic mean of both; 0 where both are.
    pub f1: f64,
}

/// Tracks of one class that were taken for another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confused {
    /// Their class.
    pub label: String,
    /// The answer.
    pub answer: String,
    /// Number of such tracks.
    pub tracks: usize,
    /// Their share of the class.
    pub share: f64,
}

/// Answers with similar confidence, which is the probability of the class that is named.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Least confidence, exclusive (but 0).
    pub low: f64,
    /// Greatest confidence, inclusive.
    pub high: f64,
    /// Tracks.
    pub tracks: usize,
    /// Their mean confidence.
    pub confidence: f64,
    /// Share of them that is right.
    pub accuracy: f64,
}

/// The surest answers: those with at least some confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Surest {
    /// Least confidence among them.
    pub confidence: f64,
    /// Their share of all tracks.
    pub coverage: f64,
    /// Share of them that is right.
    pub accuracy: f64,
}

/// All figures of an evaluation. A track's answer is the softmax of its windows' mean logits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Name of the split.
    pub split: String,
    /// Class names in label order.
    pub labels: Vec<String>,
    /// Tracks answered.
    pub tracks: usize,
    /// Share of them that is right.
    pub track_accuracy: f64,
    /// 95 % interval of that (Wilson).
    pub track_accuracy_interval_95: [f64; 2],
    /// Windows (segments) answered.
    pub windows: usize,
    /// Share of them that is right. A track's windows are not independent, so no interval is given.
    pub window_accuracy: f64,
    /// Mean of minus the logarithm (nats) of the probability of a track's class.
    pub track_loss: f64,
    /// Mean over the classes that have tracks.
    pub macro_precision: f64,
    /// Mean over the classes that have tracks.
    pub macro_recall: f64,
    /// Mean over the classes that have tracks.
    pub macro_f1: f64,
    /// Expected calibration error: mean distance of accuracy and confidence over the bins, by their tracks.
    pub calibration_error: f64,
    /// Classes in label order.
    pub classes: Vec<Class>,
    /// Tracks by class (row) and answer (column).
    pub confusion: Vec<Vec<usize>>,
    /// Windows likewise.
    pub window_confusion: Vec<Vec<usize>>,
    /// Pairs that are confused, the most frequent first.
    pub most_confused: Vec<Confused>,
    /// Tracks by confidence.
    pub reliability: Vec<Bin>,
    /// The surest answer, the two surest and so on, answers of equal confidence together.
    #[serde(default)]
    pub risk_coverage: Vec<Surest>,
}

impl Figures {
    /// Count answers.
    #[must_use]
    pub fn new(answers: &Answers, dataset: &Dataset, split: &str) -> Self {
        let labels = &dataset.genres;
        let mut score = Score::new(labels.len());
        let mut window_confusion = vec![vec![0; labels.len()]; labels.len()];
        let mut certain = Vec::new();
        for (row, windows) in answers.tracks() {
            let Some(label) = dataset.tracks[row].label else {
                continue; // no stated genre
            };
            for window in &windows {
                window_confusion[label][argmax(window)] += 1;
            }
            score.add(label, &windows);
            let probabilities = of_track(&windows);
            let answer = argmax(&probabilities);
            certain.push((f64::from(probabilities[answer]), answer == label));
        }
        let classes = classes(labels, &score.confusion);
        let reliability = reliability(&certain);
        let weighted = |bin: &Bin| bin.tracks as f64 * (bin.accuracy - bin.confidence).abs();
        Self {
            split: split.to_owned(),
            labels: labels.clone(),
            tracks: score.tracks,
            track_accuracy: score.track_accuracy(),
            track_accuracy_interval_95: score.track_interval(),
            windows: score.windows,
            window_accuracy: score.window_accuracy(),
            track_loss: score.track_loss(),
            macro_precision: macro_mean(&classes, |class| class.precision),
            macro_recall: macro_mean(&classes, |class| class.recall),
            macro_f1: macro_mean(&classes, |class| class.f1),
            calibration_error: reliability.iter().map(weighted).sum::<f64>()
                / score.tracks.max(1) as f64,
            most_confused: most_confused(labels, &score.confusion),
            classes,
            confusion: score.confusion,
            window_confusion,
            reliability,
            risk_coverage: risk_coverage(certain),
        }
    }

    /// Return what a reader must know where the figures stand on few tracks.
    #[must_use]
    pub fn caution(&self) -> Option<String> {
        caution(self.tracks, self.track_accuracy_interval_95)
    }

    /// Return the classes that have tracks, but so few that one more or less right changes the recall by over 10 points.
    pub(super) fn small_classes(&self) -> impl Iterator<Item = &Class> {
        let few = 1..ENOUGH_OF_CLASS;
        (self.classes.iter()).filter(move |class| few.contains(&class.tracks))
    }
}

impl fmt::Display for Figures {
    /// Write the figures that an accuracy and a confusion matrix leave out, for a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const PAIRS: usize = 5;
        writeln!(f, "{:>10} precision    recall        F1    tracks", "")?;
        for class in &self.classes {
            writeln!(
                f,
                "{:>10.10} {:>7.1} % {:>7.1} % {:>9.3} {:>9}",
                class.label,
                100.0 * class.precision,
                100.0 * class.recall,
                class.f1,
                class.tracks
            )?;
        }
        let pairs = (self.most_confused.iter().take(PAIRS))
            .map(|pair| format!("{} as {} {}", pair.label, pair.answer, pair.tracks));
        let pairs: Vec<String> = pairs.collect();
        writeln!(f, "most confused: {}", pairs.join(", "))?;
        write!(
            f,
            "F1 {:.3} (mean over the genres), loss {:.3} nats, calibration error {:.1} %",
            self.macro_f1,
            self.track_loss,
            100.0 * self.calibration_error
        )?;
        match self.caution() {
            Some(caution) => write!(f, "\n\n{caution}"),
            None => Ok(()),
        }
    }
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

fn classes(labels: &[String], confusion: &[Vec<usize>]) -> Vec<Class> {
    let class = |index: usize| {
        let right = confusion[index][index];
        let tracks: usize = confusion[index].iter().sum();
        let answered: usize = confusion.iter().map(|row| row[index]).sum();
        Class {
            label: labels[index].clone(),
            tracks,
            answered,
            precision: share(right, answered),
            recall: share(right, tracks),
            f1: share(2 * right, tracks + answered),
        }
    };
    (0..labels.len()).map(class).collect()
}

/// Return the mean over the classes that have tracks: those without can be neither found nor missed.
fn macro_mean(classes: &[Class], figure: fn(&Class) -> f64) -> f64 {
    let there = classes.iter().filter(|class| class.tracks > 0);
    there.clone().map(figure).sum::<f64>() / there.count().max(1) as f64
}

fn most_confused(labels: &[String], confusion: &[Vec<usize>]) -> Vec<Confused> {
    let mut pairs = Vec::new();
    for (label, row) in confusion.iter().enumerate() {
        let total = row.iter().sum();
        for (answer, &tracks) in row.iter().enumerate() {
            if answer != label && tracks > 0 {
                pairs.push(Confused {
                    label: labels[label].clone(),
                    answer: labels[answer].clone(),
                    tracks,
                    share: share(tracks, total),
                });
            }
        }
    }
    // a stable sort: equals stay in label order
    pairs.sort_by_key(|pair| std::cmp::Reverse(pair.tracks));
    pairs
}

fn risk_coverage(mut certain: Vec<(f64, bool)>) -> Vec<Surest> {
    certain.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut right, mut seen) = (0, 0);
    let groups = certain.chunk_by(|a, b| a.0 == b.0).map(|group| {
        right += group.iter().filter(|(_, right)| *right).count();
        seen += group.len();
        Surest {
            confidence: group[0].0,
            coverage: share(seen, certain.len()),
            accuracy: share(right, seen),
        }
    });
    groups.collect()
}

fn reliability(certain: &[(f64, bool)]) -> Vec<Bin> {
    let bin = |index: usize| {
        let own = certain.iter().filter(|(confidence, _)| {
            let place = (confidence * BINS as f64).ceil() as usize;
            place.clamp(1, BINS) - 1 == index
        });
        let tracks = own.clone().count();
        let right = own.clone().filter(|(_, right)| *right).count();
        let sum: f64 = own.map(|(confidence, _)| confidence).sum();
        Bin {
            low: index as f64 / BINS as f64,
            high: (index + 1) as f64 / BINS as f64,
            tracks,
            confidence: sum / tracks.max(1) as f64,
            accuracy: share(right, tracks),
        }
    };
    (0..BINS).map(bin).collect()
}
