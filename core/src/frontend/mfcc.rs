//! Mel-frequency cepstral coefficients.

/// Orthonormal DCT-II from `M` log-mel bands to the first `C` coefficients (scipy's
/// `dct(x, type=2, norm="ortho")`, as librosa's `feature.mfcc` uses it).
#[derive(Clone, Debug)]
pub struct Mfcc<const M: usize, const C: usize> {
    basis: [[f32; M]; C],
}

impl<const M: usize, const C: usize> Mfcc<M, C> {
    /// Computes the basis: `√(2 / M) · cos(π c (m + ½) / M)`, for `c = 0` `√(1 / M)`.
    #[must_use]
    pub fn new() -> Self {
        let mut basis = [[0.0; M]; C];
        for (c, row) in basis.iter_mut().enumerate() {
            let norm = libm::sqrt(if c == 0 { 1.0 } else { 2.0 } / M as f64);
            for (m, value) in row.iter_mut().enumerate() {
                let phase = core::f64::consts::PI * c as f64 * (m as f64 + 0.5) / M as f64;
                *value = (norm * libm::cos(phase)) as f32;
            }
        }
        Self { basis }
    }

    /// Coefficients of one column of decibels.
    #[must_use]
    pub fn transform(&self, decibels: &[f32; M]) -> [f32; C] {
        self.basis
            .each_ref()
            .map(|row| row.iter().zip(decibels).map(|(b, x)| b * x).sum())
    }
}

impl<const M: usize, const C: usize> Default for Mfcc<M, C> {
    fn default() -> Self {
        Self::new()
    }
}
