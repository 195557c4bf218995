//! The window that the network sees of the last columns.

#[cfg(feature = "std")]
mod tile;

use super::cepstrum::Cepstrum;
use super::history::{Columns, STEPS_PER_DB};
use crate::engine::Engine;

/// A window of columns in decibels relative to its own maximum, none below `-top_db`. Fewer columns than a window
/// are played alternately forwards and backwards until it is full.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'r> {
    columns: Columns<'r>,
    maximum: i32,
    top_db: f32,
}

impl<'r> View<'r> {
    pub(super) fn new(columns: Columns<'r>, top_db: f32) -> Self {
        let filled = columns.cells.iter().take(columns.valid * columns.n_mels);
        Self {
            columns,
            maximum: i32::from(filled.copied().max().unwrap_or(0)),
            top_db,
        }
    }

    /// Quantise the window into the engine's input: its bands, or the coefficients of its columns.
    pub(super) fn write(&self, cepstrum: Option<&mut Cepstrum<'_>>, engine: &mut impl Engine) {
        match cepstrum {
            None => self.write_bands(engine),
            Some(cepstrum) => self.write_coefficients(cepstrum, engine),
        }
    }

    fn write_bands(&self, engine: &mut impl Engine) {
        for band in self.write_tiles(engine)..self.columns.n_mels {
            let map = engine.normalisation(band);
            let row = engine.input().iter_mut().skip(band * self.columns.window);
            for (out, source) in row.zip(self.sources()) {
                *out = map.quantise(self.decibels(source, band));
            }
        }
    }

    /// Write the bands that vectors take, and return their number: none where the code is to be small.
    #[cfg(not(feature = "std"))]
    fn write_tiles(&self, _: &mut impl Engine) -> usize {
        0
    }

    /// Write the bands that vectors take, and return their number.
    #[cfg(feature = "std")]
    fn write_tiles(&self, engine: &mut impl Engine) -> usize {
        let tiles = self.columns.n_mels / tile::BANDS;
        for tile in 0..tiles {
            let first = tile * tile::BANDS;
            let maps = core::array::from_fn(|band| engine.normalisation(first + band));
            let rows = first * self.columns.window..(first + tile::BANDS) * self.columns.window;
            crate::arch::widest(tile::Tile {
                view: self,
                first,
                maps,
                rows: engine.input().get_mut(rows).unwrap_or_default(),
            });
        }
        tiles * tile::BANDS
    }

    fn write_coefficients(&self, cepstrum: &mut Cepstrum<'_>, engine: &mut impl Engine) {
        for (column, source) in self.sources().enumerate() {
            let bands = (0..self.columns.n_mels).map(|band| self.decibels(source, band));
            for (bin, value) in cepstrum.transform(bands).enumerate() {
                let step = engine.normalisation(bin).quantise(value);
                if let Some(out) = engine.input().get_mut(bin * self.columns.window + column) {
                    *out = step;
                }
            }
        }
    }

    /// Return a cell in decibels.
    fn decibels(&self, source: usize, band: usize) -> f32 {
        let cell = self.columns.cells.get(source * self.columns.n_mels + band);
        self.relative(cell.copied().unwrap_or(0))
    }

    /// Return a cell's value in decibels relative to the maximum.
    #[inline(always)]
    fn relative(&self, cell: i16) -> f32 {
        let below = i32::from(cell) - self.maximum;
        let decibels = below as f32 / STEPS_PER_DB;
        // not `f32::max`, whose answer for NaN takes three instructions
        if decibels > -self.top_db {
            decibels
        } else {
            -self.top_db
        }
    }

    /// Iterate over the places in the ring of the window's columns.
    #[inline(always)]
    fn sources(&self) -> impl Iterator<Item = usize> + use<> {
        let Columns { window, valid, .. } = self.columns;
        let mut next = self.columns.oldest;
        (0..window).map(move |column| {
            let source = if valid == window {
                next
            } else {
                bounce(column, valid)
            };
            next = if next + 1 < window { next + 1 } else { 0 };
            source
        })
    }
}

/// Return place `index` of a walk over `0..length` that turns around at both ends: 0 1 2 1 0 1 …
fn bounce(index: usize, length: usize) -> usize {
    let period = 2 * length.max(2) - 2;
    let phase = index % period.max(1);
    phase.min(period - phase).min(length.saturating_sub(1))
}
