//! From a window's mel bands to MFCCs.

use crate::frontend::DctTable;

/// The cosine transform of one column after another.
#[derive(Debug)]
pub(super) struct Cepstrum<'w> {
    dct: DctTable<'w>,
    column: &'w mut [f32],
    coefficients: usize,
}

impl<'w> Cepstrum<'w> {
    /// Compute the transform from `bands` bands; `basis` has `bands` values per coefficient, `column` one per band.
    pub(super) fn new(basis: &'w mut [f32], column: &'w mut [f32]) -> Self {
        let bands = column.len().max(1);
        Self {
            coefficients: basis.len() / bands,
            dct: DctTable::new(basis, bands),
            column,
        }
    }

    /// Compute the coefficients of a column of decibels.
    pub(super) fn transform(
        &mut self,
        decibels: impl Iterator<Item = f32>,
    ) -> impl Iterator<Item = f32> + '_ {
        for (slot, value) in self.column.iter_mut().zip(decibels) {
            *slot = value;
        }
        let (dct, column) = (self.dct, &*self.column);
        (0..self.coefficients).map(move |index| dct.coefficient(index, column))
    }
}
