//! The working memory of a classifier, apart from its engine's.

use crate::frontend::{Feature, FrontEnd, Interval, WindowSpec};
use crate::memory::{Size, Span};

/// The slices of front end, history and embedding in a block of memory.
#[derive(Debug)]
pub(super) struct Layout {
    /// `n_fft` samples, in which the spectrum is computed.
    pub(super) frame: Span<f32>,
    /// `n_fft − hop` samples that neighbouring frames share.
    pub(super) overlap: Span<f32>,
    /// The mel bank, one interval per band.
    pub(super) bands: Span<Interval>,
    /// One value per band.
    pub(super) column: Span<f32>,
    /// The last columns, as many as a window has.
    pub(super) cells: Span<i16>,
    /// One bit for each of them: whether it is not silent.
    pub(super) sound: Span<u8>,
    /// Transform of a model with MFCCs: its basis and a column of bands. Empty for other models.
    pub(super) cepstrum: (Span<f32>, Span<f32>),
    /// Sums of the windows' embeddings, one per value. Empty for a model without one.
    pub(super) embedding: Span<u32>,
}

impl Layout {
    /// Reserve what a front end, its windows and an embedding of some values need.
    pub(super) const fn reserve(
        size: &mut Size,
        front_end: &FrontEnd,
        window: &WindowSpec,
        embedding: usize,
    ) -> Self {
        let (n_fft, n_mels) = (front_end.n_fft as usize, front_end.n_mels as usize);
        let (coefficients, transformed) = match front_end.feature {
            Feature::LogMel => (0, 0),
            Feature::Mfcc { coefficients } => (coefficients as usize, n_mels),
        };
        Self {
            frame: size.reserve(n_fft),
            overlap: size.reserve(n_fft.saturating_sub(front_end.hop as usize)),
            bands: size.reserve(n_mels),
            column: size.reserve(n_mels),
            cells: size.reserve(n_mels * window.columns as usize),
            sound: size.reserve((window.columns as usize).div_ceil(8)),
            cepstrum: (
                size.reserve(coefficients * n_mels),
                size.reserve(transformed),
            ),
            embedding: size.reserve(embedding),
        }
    }
}
