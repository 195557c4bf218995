//! Augmentation of a training crop, drawn only from the generator it is given.

use rand::{Rng, RngExt};
use timbrel_core::frontend::Affine;

use crate::data::{STEPS_PER_DB, quantise};
use crate::recipe::{AugmentKeys, Real};

/// Turn `[bin, column]` steps of the cache into the network's input in training: shifted along the
/// mel axis, its spectrum tilted, its range of levels stretched, through a low pass, in noise, relative to its own
/// maximum, quantised, masked.
pub fn augment(crop: &[u8], bins: usize, keys: &AugmentKeys, rng: &mut impl Rng) -> Vec<u8> {
    let mut db = shifted_and_tilted(crop, bins, keys, rng);
    let contrast = contrast(rng, keys);
    let loudest = db.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for value in &mut db {
        *value = contrast * (*value - loudest);
    }
    // a share of 0 draws nothing, so that recipes without give the runs that they gave before there was one
    if happens(rng, keys.low_pass) {
        low_pass(&mut db, bins, rng);
    }
    if happens(rng, keys.noise_floor) {
        noise_floor(&mut db, bins, rng);
    }
    let mut out = quantise(&db, bins, &[Affine::DB80]);
    mask(&mut out, bins, keys, rng);
    out
}

fn shifted_and_tilted(
    crop: &[u8],
    bins: usize,
    keys: &AugmentKeys,
    rng: &mut impl Rng,
) -> Vec<f32> {
    let shift = symmetric(rng, keys.shift_bins.get());
    let tilt = [shelf(rng, keys), shelf(rng, keys)];
    let rows: Vec<&[u8]> = crop.chunks_exact(crop.len() / bins).collect();
    let mut db = Vec::with_capacity(crop.len());
    for bin in 0..bins {
        // bins that would come from beyond the edge repeat it
        let row = rows[bin.saturating_add_signed(shift).min(bins - 1)];
        let place = bin as f32 / bins as f32;
        let offset = tilt[0] * (1.0 - place) + tilt[1] * place - 80.0;
        db.extend(
            row.iter()
                .map(|&step| f32::from(step) / STEPS_PER_DB + offset),
        );
    }
    db
}

/// Let the bins fall off from somewhere in the upper half on, as in an old or a much compressed recording.
fn low_pass(db: &mut [f32], bins: usize, rng: &mut impl Rng) {
    let corner = rng.random_range(0.47..0.97);
    // dB over the whole mel axis, 0.5 to 4 for each of 128 bins
    let slope = rng.random_range(64.0..512.0);
    let columns = db.len() / bins;
    for (bin, row) in db.chunks_exact_mut(columns).enumerate() {
        let beyond = (bin as f32 / bins as f32 - corner).max(0.0);
        row.iter_mut().for_each(|value| *value -= slope * beyond);
    }
}

/// Add noise 35 to 75 dB below the maximum, up to 10 dB louder or softer at the upper end of the mel axis. The power
/// of a band of noise is distributed exponentially.
fn noise_floor(db: &mut [f32], bins: usize, rng: &mut impl Rng) {
    let level = rng.random_range(-75.0..-35.0);
    let slope = rng.random_range(-10.0..10.0);
    let columns = db.len() / bins;
    for (bin, row) in db.chunks_exact_mut(columns).enumerate() {
        let level = level + slope * bin as f32 / bins as f32;
        for value in row {
            let noise = -(1.0 - rng.random::<f32>()).ln() * power(level);
            *value = 10.0 * (power(*value) + noise).log10();
        }
    }
}

fn power(decibels: f32) -> f32 {
    10.0_f32.powf(decibels / 10.0)
}

pub(crate) fn happens(rng: &mut impl Rng, share: Real<1>) -> bool {
    share.get() > 0.0 && rng.random::<f64>() < share.get()
}

/// Blank bands of bins and stretches of columns with the window's mean (SpecAugment, Park et al. 2019).
fn mask(window: &mut [u8], bins: usize, keys: &AugmentKeys, rng: &mut impl Rng) {
    let columns = window.len() / bins;
    let sum: u64 = window.iter().map(|&v| u64::from(v)).sum();
    let mean = (sum / window.len() as u64) as u8;
    for _ in 0..keys.frequency_masks.get() {
        let (start, end) = stretch(rng, bins, keys.frequency_mask_bins.get());
        window[start * columns..end * columns].fill(mean);
    }
    for _ in 0..keys.time_masks.get() {
        let (start, end) = stretch(rng, columns, keys.time_mask_columns.get());
        for bin in window.chunks_exact_mut(columns) {
            bin[start..end].fill(mean);
        }
    }
}

/// Return a random stretch of at most `longest` out of `extent`.
fn stretch(rng: &mut impl Rng, extent: usize, longest: usize) -> (usize, usize) {
    let length = rng.random_range(0..=longest.min(extent));
    let start = rng.random_range(0..=extent - length);
    (start, start + length)
}

fn symmetric(rng: &mut impl Rng, greatest: usize) -> isize {
    let span = rng.random_range(0..=2 * greatest);
    span as isize - greatest as isize
}

fn shelf(rng: &mut impl Rng, keys: &AugmentKeys) -> f32 {
    let greatest = keys.tilt_db.get() as f32;
    greatest * rng.random_range(-1.0..=1.0)
}

/// Return a factor for the decibels, as compressing or expanding the dynamics would apply it: from `1 / (1 + contrast)`
/// to `1 + contrast`, with the same probability for a factor as for its inverse.
fn contrast(rng: &mut impl Rng, keys: &AugmentKeys) -> f32 {
    let greatest = keys.contrast.get() as f32;
    if greatest == 0.0 {
        return 1.0; // draws nothing, so that recipes without it give the runs they gave before there was one
    }
    (greatest.ln_1p() * rng.random_range(-1.0..=1.0)).exp()
}

/// Give every bin of `crop` a mean and a deviation over time between its own and those of `other`, and leave the
/// course of the bin as it is: the music of the one, produced a little like the other (MixStyle,
/// Zhou et al. 2021, of bins as in Schmid et al. 2022). `weight` is that of the crop's own; values are steps.
pub fn mixstyle(crop: &mut [f32], other: &[f32], bins: usize, weight: f32) {
    let columns = crop.len() / bins;
    let rows = crop.chunks_exact_mut(columns);
    for (row, other) in rows.zip(other.chunks_exact(columns)) {
        let ((mean, deviation), (others_mean, others)) = (moments(row), moments(other));
        let factor = (weight * deviation + (1.0 - weight) * others) / deviation;
        let centre = weight * mean + (1.0 - weight) * others_mean;
        for value in row {
            *value = ((*value - mean) * factor + centre).clamp(0.0, 255.0);
        }
    }
}

/// Return the mean, and deviation plus one step, so that silence does not divide by zero.
fn moments(row: &[f32]) -> (f32, f32) {
    let count = row.len() as f32;
    let mean = row.iter().sum::<f32>() / count;
    let variance = row.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>() / count;
    (mean, variance.sqrt() + 1.0)
}

/// Draw mixup's weight of the first of two crops from Beta(α, α), folded to at least one half
/// (Zhang et al. 2018), 1 where α is 0.
pub fn mixup_weight(alpha: f64, rng: &mut impl Rng) -> f32 {
    if alpha <= 0.0 {
        return 1.0;
    }
    // Jöhnk: for α ≤ 1 few tries are needed; above it the uniform mixture is near enough to fall back on
    for _ in 0..64 {
        let x = rng.random::<f64>().powf(alpha.recip());
        let y = rng.random::<f64>().powf(alpha.recip());
        if x + y > 0.0 && x + y <= 1.0 {
            let weight = x / (x + y);
            return weight.max(1.0 - weight) as f32;
        }
    }
    0.5 + rng.random::<f32>() / 2.0
}
