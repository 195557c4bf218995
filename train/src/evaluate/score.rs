//! Accuracy of a model, per track and per window.

use serde::Serialize;

/// Compute the softmax of float logits.
#[must_use]
pub fn softmax(logits: &[f32]) -> Vec<f32> {
    let maximum = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exponentials: Vec<f32> = logits.iter().map(|logit| (logit - maximum).exp()).collect();
    let sum: f32 = exponentials.iter().sum();
    exponentials.iter().map(|e| e / sum).collect()
}

/// Return the index of the greatest value; the first of equals.
#[must_use]
pub fn argmax(values: &[f32]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}

/// Return the probabilities of a track from those of its windows, as core's classifier has them: their geometric mean,
/// normalised to a sum of one, which is the softmax of the mean logits. Empty without windows.
#[must_use]
pub fn of_track<W: AsRef<[f32]>>(windows: &[W]) -> Vec<f32> {
    let mut mean = vec![0.0; windows.first().map_or(0, |window| window.as_ref().len())];
    for window in windows {
        for (sum, p) in mean.iter_mut().zip(window.as_ref()) {
            // softmax in 32 bits may have rounded to 0, whose logarithm would rule the class out for good
            *sum += p.max(f32::MIN_POSITIVE).ln() / windows.len() as f32;
        }
    }
    softmax(&mean)
}

/// Counts of right and wrong answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// Tracks seen.
    pub tracks: usize,
    /// Tracks answered correctly.
    pub tracks_right: usize,
    /// Windows seen.
    pub windows: usize,
    /// Windows answered correctly.
    pub windows_right: usize,
    /// Sum over the tracks of minus the logarithm (nats) of the true class's probability.
    pub surprise: f64,
    /// Tracks by true class (row) and answer (column).
    pub confusion: Vec<Vec<usize>>,
}

impl Score {
    /// Make an empty score.
    #[must_use]
    pub fn new(classes: usize) -> Self {
        Self {
            tracks: 0,
            tracks_right: 0,
            windows: 0,
            windows_right: 0,
            surprise: 0.0,
            confusion: vec![vec![0; classes]; classes],
        }
    }

    /// Add a track with the probabilities of each of its windows. One without any has no answer and does not count.
    pub fn add<W: AsRef<[f32]>>(&mut self, label: usize, windows: &[W]) {
        if windows.is_empty() {
            return;
        }
        self.windows += windows.len();
        let right = (windows.iter()).filter(|window| argmax(window.as_ref()) == label);
        self.windows_right += right.count();
        let probabilities = of_track(windows);
        let answer = argmax(&probabilities);
        self.surprise -= f64::from(probabilities[label]).max(1e-9).ln();
        self.tracks += 1;
        self.tracks_right += usize::from(answer == label);
        self.confusion[label][answer] += 1;
    }

    /// Return the share of the tracks answered correctly.
    #[must_use]
    pub fn track_accuracy(&self) -> f64 {
        self.tracks_right as f64 / self.tracks.max(1) as f64
    }

    /// Return the mean over the tracks of minus the logarithm (nats) of the true class's probability: smoother than
    /// accuracy where tracks are few.
    #[must_use]
    pub fn track_loss(&self) -> f64 {
        self.surprise / self.tracks.max(1) as f64
    }

    /// Return the share of the windows answered correctly.
    #[must_use]
    pub fn window_accuracy(&self) -> f64 {
        self.windows_right as f64 / self.windows.max(1) as f64
    }

    /// Return the 95 % interval of the track accuracy (Wilson's score interval): the spread of the figure over other
    /// draws of tracks. Windows of one track are not independent, so they have none.
    #[must_use]
    pub fn track_interval(&self) -> [f64; 2] {
        const Z: f64 = 1.959_964;
        let (n, p) = (self.tracks.max(1) as f64, self.track_accuracy());
        let centre = p + Z * Z / (2.0 * n);
        let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        let scale = 1.0 + Z * Z / n;
        [
            ((centre - spread) / scale).max(0.0),
            ((centre + spread) / scale).min(1.0),
        ]
    }
}

/// Number of tracks from which on an accuracy is shown without a caution: its 95 % interval then spans less than 20
/// points, whatever the accuracy.
pub const ENOUGH_TRACKS: usize = 100;

/// Return what a reader must know about an accuracy that stands on few tracks; `None` for
/// [`ENOUGH_TRACKS`]. `interval` is its 95 % interval.
#[must_use]
pub fn caution(tracks: usize, [low, high]: [f64; 2]) -> Option<String> {
    let only = match tracks {
        0 => {
            return Some(
                "No track of a known genre was answered, so the figures mean nothing.".to_owned(),
            );
        }
        1 => "Only 1 track".to_owned(),
        ENOUGH_TRACKS.. => return None,
        tracks => format!("Only {tracks} tracks"),
    };
    Some(format!(
        "{only}: the accuracy on others could be anywhere from {:.1} to {:.1} % (95 % interval). Fewer than \
         {ENOUGH_TRACKS} tracks say little about a model.",
        100.0 * low,
        100.0 * high
    ))
}

/// Return the mean, and the standard deviation of the population that a sample of two or more is drawn from (divided
/// by n − 1).
#[must_use]
pub fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0)).sqrt())
}
