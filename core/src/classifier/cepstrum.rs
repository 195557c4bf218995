//! From a window's mel bands to MFCCs.

use crate::Error;
use crate::frontend::DctTable;
use crate::memory::{Memory, Size};

/// The cosine transform of one column after another.
#[derive(Debug)]
pub(super) struct Cepstrum<'w> {
    dct: DctTable<'w>,
    column: &'w mut [f32],
    coefficients: usize,
}

impl<'w> Cepstrum<'w> {
    /// Adds what [`Self::carve`] takes.
    pub(super) const fn size(size: Size, bands: usize, coefficients: usize) -> Size {
        size.and::<f32>(coefficients * bands).and::<f32>(bands)
    }

    pub(super) fn carve(
        bands: usize,
        coefficients: usize,
        memory: &mut Memory<'w>,
    ) -> Result<Self, Error> {
        Ok(Self {
            dct: DctTable::new(memory.take(coefficients * bands)?, bands),
            column: memory.take(bands)?,
            coefficients,
        })
    }

    /// The coefficients of a column of decibels.
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
