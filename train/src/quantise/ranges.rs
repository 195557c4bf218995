//! The ranges of cepstral coefficients on the train split.

use timbrel_core::frontend::Affine;

use crate::data::cepstra_of_renormalised;

/// Windows that are examined: more do not widen the ranges, and memory is bounded.
const WINDOWS: usize = 4096;
/// One in so many values may lie beyond either end, so that a few silent columns do not cost all others their
/// resolution.
const BEYOND: usize = 1000;

/// Return, for each of the first `count` coefficients of quantised `[mel, column]` windows, the map that spreads its
/// values over 0 to 255.
#[must_use]
pub fn ranges(windows: &[Vec<u8>], bands: usize, count: usize) -> Vec<Affine> {
    let mut values = vec![Vec::new(); count];
    let stride = windows.len().div_ceil(WINDOWS).max(1);
    for window in windows.iter().step_by(stride) {
        let cepstra = cepstra_of_renormalised(window, bands, count);
        let columns = (cepstra.len() / count).max(1);
        for (own, row) in values.iter_mut().zip(cepstra.chunks_exact(columns)) {
            own.extend_from_slice(row);
        }
    }
    values.into_iter().map(range).collect()
}

fn range(mut values: Vec<f32>) -> Affine {
    // a constant coefficient still gets a scale that a file can hold
    const NARROWEST: f32 = 1e-2;
    values.sort_unstable_by(f32::total_cmp);
    let beyond = values.len() / BEYOND;
    let low = values.get(beyond).copied().unwrap_or_default();
    let high = values.iter().rev().nth(beyond).copied().unwrap_or_default();
    let scale = 255.0 / (high - low).max(NARROWEST);
    Affine {
        scale,
        offset: -scale * low,
    }
}
