//! Changes of a signal, for augmentation and for measuring a model's sensitivity to them.
//!
//! Signals are mono at any rate, full scale ±1.0. Every function leaves its input unchanged and depends
//! only on its arguments; random ones take a generator.

mod ranges;
mod stretch;

use rand::{Rng, RngExt};

pub use ranges::{Effect, Ranges};
pub use stretch::{pitch_shift, time_stretch};

/// Return the mean of the squares.
#[must_use]
pub fn power(samples: &[f32]) -> f64 {
    let sum: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
    sum / samples.len().max(1) as f64
}

/// Add white Gaussian noise, `snr_db` decibels below the signal's mean power. Silence stays silent.
#[must_use]
pub fn noise(samples: &[f32], snr_db: f32, rng: &mut impl Rng) -> Vec<f32> {
    let deviation = (power(samples) * 10_f64.powf(f64::from(-snr_db) / 10.0)).sqrt() as f32;
    samples
        .iter()
        .map(|sample| sample + deviation * gaussian(rng))
        .collect()
}

/// Return a number from the standard normal distribution (Box and Muller).
fn gaussian(rng: &mut impl Rng) -> f32 {
    // 1 − x, because 0 has no logarithm
    let radius = (-2.0 * (1.0 - rng.random::<f32>()).ln()).sqrt();
    radius * (std::f32::consts::TAU * rng.random::<f32>()).cos()
}

/// Change the level by `db` and clip at full scale, as a converter does.
#[must_use]
pub fn gain(samples: &[f32], db: f32) -> Vec<f32> {
    let factor = 10_f32.powf(db / 20.0);
    samples
        .iter()
        .map(|sample| (sample * factor).clamp(-1.0, 1.0))
        .collect()
}

/// Move the signal `by` samples later (negative: earlier); what leaves at one end comes in at the other.
#[must_use]
pub fn time_shift(samples: &[f32], by: i64) -> Vec<f32> {
    let mut moved = samples.to_vec();
    if !moved.is_empty() {
        let by = by.rem_euclid(moved.len() as i64) as usize;
        moved.rotate_right(by);
    }
    moved
}
