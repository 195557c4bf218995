//! Cutting windows out of a track, as the device will see them.
//!
//! The cache is relative to the maximum of a whole track. A device that hears a few seconds knows only
//! their own maximum, so each window is made relative to that before anything else sees it.

use timbrel_core::frontend::{Affine, DctTable, Feature, FrontEnd, WindowSpec};

/// Steps of the cache in one decibel.
pub(crate) const STEPS_PER_DB: f32 = Affine::DB80.scale;

/// Cut `count` columns from `start` on out of a `[mel, column]` spectrogram of `columns` columns.
#[must_use]
pub fn columns_of(spectrogram: &[u8], columns: usize, start: usize, count: usize) -> Vec<u8> {
    spectrogram
        .chunks_exact(columns)
        .flat_map(|bin| &bin[start..start + count])
        .copied()
        .collect()
}

/// Make a window of the cache relative to its own maximum: in decibels, minus the maximum, clamped to 80 dB
/// below it, and through `normalisation` (one map, or one per bin) to the network's u8.
#[must_use]
pub fn renormalise(window: &[u8], bins: usize, normalisation: &[Affine]) -> Vec<u8> {
    quantise(&decibels(window), bins, normalisation)
}

fn decibels(window: &[u8]) -> Vec<f32> {
    window
        .iter()
        .map(|&step| f32::from(step) / STEPS_PER_DB - 80.0)
        .collect()
}

/// Convert the decibels of a `[mel, column]` window to the network's u8, relative to the window's maximum.
pub(crate) fn quantise(db: &[f32], bins: usize, normalisation: &[Affine]) -> Vec<u8> {
    mapped(&relative(db), bins, normalisation)
}

fn relative(db: &[f32]) -> Vec<f32> {
    let maximum = db.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    db.iter()
        .map(|value| (value - maximum).clamp(-80.0, 0.0))
        .collect()
}

/// Quantise a `[bin, column]` window through one map, or one per bin.
fn mapped(values: &[f32], bins: usize, normalisation: &[Affine]) -> Vec<u8> {
    let columns = values.len() / bins;
    let steps = values.iter().enumerate().map(|(index, &value)| {
        let bin = if normalisation.len() == 1 {
            0
        } else {
            index / columns
        };
        normalisation[bin].quantise(value)
    });
    steps.collect()
}

/// Map from a window to the input of a model's network: its mel bands or their first coefficients, through the
/// model's normalisation.
#[derive(Clone, Debug)]
pub struct View {
    front_end: FrontEnd,
    normalisation: Vec<Affine>,
}

impl View {
    /// Make it for a front end, with one map or one per bin.
    #[must_use]
    pub const fn new(front_end: FrontEnd, normalisation: Vec<Affine>) -> Self {
        Self {
            front_end,
            normalisation,
        }
    }

    /// Map a `[mel, column]` window of the cache.
    #[must_use]
    pub fn of_cache(&self, window: &[u8]) -> Vec<u8> {
        self.of_decibels(&decibels(window))
    }

    /// Map a `[mel, column]` window in decibels relative to anything.
    #[must_use]
    pub fn of_decibels(&self, db: &[f32]) -> Vec<u8> {
        self.of_relative(&relative(db))
    }

    /// Map a window that [`renormalise`] has quantised in 80/255 dB, as the networks of floats take them.
    #[must_use]
    pub fn of_renormalised(&self, window: &[u8]) -> Vec<u8> {
        self.of_relative(&decibels(window))
    }

    fn of_relative(&self, db: &[f32]) -> Vec<u8> {
        let bands = usize::from(self.front_end.n_mels);
        match self.front_end.feature {
            Feature::LogMel => mapped(db, bands, &self.normalisation),
            Feature::Mfcc { coefficients } => {
                let count = usize::from(coefficients);
                mapped(&cepstra(db, bands, count), count, &self.normalisation)
            }
            other => unimplemented!("a window of {other:?}"),
        }
    }
}

/// Compute the first `count` coefficients of a `[mel, column]` window of decibels, `[coefficient, column]`.
pub(crate) fn cepstra(db: &[f32], bands: usize, count: usize) -> Vec<f32> {
    let columns = db.len() / bands;
    let mut memory = vec![0.0; count * bands];
    let table = DctTable::new(&mut memory, bands);
    let transposed: Vec<f32> = (0..columns)
        .flat_map(|column| db.iter().skip(column).step_by(columns))
        .copied()
        .collect();
    let coefficient = |index: usize| {
        transposed
            .chunks_exact(bands)
            .map(move |column| table.coefficient(index, column))
    };
    (0..count).flat_map(coefficient).collect()
}

/// Compute the same for a window that [`renormalise`] has quantised in 80/255 dB.
pub(crate) fn cepstra_of_renormalised(window: &[u8], bands: usize, count: usize) -> Vec<f32> {
    cepstra(&decibels(window), bands, count)
}

/// Return the first columns of the windows of a track: every `hop` columns as long as a whole window fits.
pub fn starts(columns: usize, window: WindowSpec) -> impl ExactSizeIterator<Item = usize> {
    let (length, hop) = (usize::from(window.columns), usize::from(window.hop));
    let count = columns.checked_sub(length).map_or(0, |rest| rest / hop + 1);
    (0..count).map(move |index| index * hop)
}

/// Return all windows of a track's `[mel, column]` spectrogram, quantised as the network sees them.
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
