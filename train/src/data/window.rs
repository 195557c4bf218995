//! Cutting windows out of a track, as the device will see them.
//!
//! The cache is relative to the maximum of a whole track. A device that hears a few seconds knows only
//! their own maximum, so each window is brought to it before anything else looks at it.

use timbrel_core::frontend::{Affine, WindowSpec};

/// Steps of the cache in one decibel.
pub(crate) const STEPS_PER_DB: f32 = Affine::DB80.scale;

/// Cuts `count` columns from `start` on out of a `[mel, column]` spectrogram of `columns` columns.
#[must_use]
pub fn columns_of(spectrogram: &[u8], columns: usize, start: usize, count: usize) -> Vec<u8> {
    spectrogram
        .chunks_exact(columns)
        .flat_map(|bin| &bin[start..start + count])
        .copied()
        .collect()
}

/// Brings a window of the cache to its own maximum: to decibels, minus the maximum, clamped to 80 dB
/// below it, and through `normalisation` (one map, or one a bin) to the network's u8.
#[must_use]
pub fn renormalise(window: &[u8], bins: usize, normalisation: &[Affine]) -> Vec<u8> {
    let db: Vec<f32> = window
        .iter()
        .map(|&step| f32::from(step) / STEPS_PER_DB - 80.0)
        .collect();
    quantise(&db, bins, normalisation)
}

/// Decibels of a `[mel, column]` window to the network's u8, relative to the window's maximum.
pub(crate) fn quantise(db: &[f32], bins: usize, normalisation: &[Affine]) -> Vec<u8> {
    let maximum = db.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let columns = db.len() / bins;
    db.iter()
        .enumerate()
        .map(|(index, &value)| {
            let map = normalisation[if normalisation.len() == 1 {
                0
            } else {
                index / columns
            }];
            map.quantise((value - maximum).clamp(-80.0, 0.0))
        })
        .collect()
}

/// First columns of the windows of a track: every `hop` columns as long as a whole window fits.
pub fn starts(columns: usize, window: WindowSpec) -> impl ExactSizeIterator<Item = usize> {
    let (length, hop) = (usize::from(window.columns), usize::from(window.hop));
    let count = columns.checked_sub(length).map_or(0, |rest| rest / hop + 1);
    (0..count).map(move |index| index * hop)
}

/// All windows of a track's `[mel, column]` spectrogram, quantised as the network sees them.
pub fn windows<'a>(
    spectrogram: &'a [u8],
    columns: usize,
    window: WindowSpec,
    normalisation: &'a [Affine],
) -> impl ExactSizeIterator<Item = Vec<u8>> + 'a {
    starts(columns, window).map(move |start| {
        let cut = columns_of(spectrogram, columns, start, usize::from(window.columns));
        renormalise(&cut, spectrogram.len() / columns, normalisation)
    })
}
