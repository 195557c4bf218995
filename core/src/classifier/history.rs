//! The last columns of the signal, and the window that the network sees of them.

use super::cepstrum::Cepstrum;
use crate::engine::Engine;
use crate::frontend::WindowSpec;
use crate::model::ModelInfo;

/// Steps a decibel in which columns are kept: 1/128 dB, ±256 dB in an i16.
const STEPS_PER_DB: f32 = 128.0;

/// Ring of the last columns, as many as a window has.
#[derive(Debug)]
pub(super) struct Ring<'w> {
    /// Column after column, `n_mels` values each.
    cells: &'w mut [i16],
    n_mels: usize,
    window: WindowSpec,
    /// Columns seen since the start.
    seen: u32,
    /// Columns since the last window.
    since_window: u32,
}

impl<'w> Ring<'w> {
    pub(super) fn new(info: &ModelInfo, cells: &'w mut [i16]) -> Self {
        Self {
            cells,
            n_mels: usize::from(info.front_end.n_mels),
            window: info.window,
            seen: 0,
            since_window: 0,
        }
    }

    pub(super) fn reset(&mut self) {
        self.seen = 0;
        self.since_window = 0;
    }

    /// Columns of a window, at least 1.
    fn columns(&self) -> u32 {
        u32::from(self.window.columns).max(1)
    }

    /// Keeps a column of decibels; true when a window is complete: the first time when the ring is full,
    /// then every window hop.
    pub(super) fn push(&mut self, column: &[f32]) -> bool {
        let at = (self.seen % self.columns()) as usize * self.n_mels;
        let cells = self.cells.iter_mut().skip(at).take(self.n_mels);
        for (cell, value) in cells.zip(column) {
            // rounds half away from zero; `as` saturates
            let steps = value * STEPS_PER_DB;
            *cell = (steps + if steps < 0.0 { -0.5 } else { 0.5 }) as i16;
        }
        self.advance()
    }

    fn advance(&mut self) -> bool {
        // `seen` is kept below twice the window so that it never overflows, at the same ring position
        if self.seen + 1 == 2 * self.columns() {
            self.seen = self.columns();
        } else {
            self.seen += 1;
        }
        self.since_window += 1;
        let due = if self.is_first_window_open() {
            self.columns()
        } else {
            u32::from(self.window.hop)
        };
        self.since_window == due
    }

    /// The column that was kept last.
    pub(super) fn newest(&self) -> Option<&[i16]> {
        let at = (self.seen.checked_sub(1)? % self.columns()) as usize * self.n_mels;
        self.cells.get(at..at + self.n_mels)
    }

    fn is_first_window_open(&self) -> bool {
        self.since_window == self.seen
    }

    /// Whether what came after the last window is worth one more at the end of the signal: anything if
    /// there was no window yet, else at least half a hop.
    pub(super) fn has_unseen_end(&self) -> bool {
        let enough = if self.is_first_window_open() {
            1
        } else {
            u32::from(self.window.hop).div_ceil(2)
        };
        self.since_window >= enough
    }

    /// Writes the window that ends with the newest column into the engine's input: relative to its own
    /// maximum, clamped at `top_db`, transformed where the model wants MFCCs, quantised. Fewer columns than a
    /// window are played forwards and backwards in turn until the window is full.
    pub(super) fn fill(
        &mut self,
        info: &ModelInfo,
        cepstrum: Option<&mut Cepstrum<'_>>,
        engine: &mut impl Engine,
    ) {
        self.since_window = 0;
        let columns = self.columns() as usize;
        let valid = (self.seen as usize).min(columns);
        let filled = self.cells.iter().take(valid * self.n_mels);
        let maximum = i32::from(filled.copied().max().unwrap_or(0));
        let decibels = |source: usize, band: usize| {
            let cell = self.cells.get(source * self.n_mels + band);
            let below = i32::from(cell.copied().unwrap_or(0)) - maximum;
            (below as f32 / STEPS_PER_DB).max(-info.front_end.top_db)
        };
        if let Some(cepstrum) = cepstrum {
            for (column, source) in self.sources().enumerate() {
                let bands = (0..self.n_mels).map(|band| decibels(source, band));
                for (bin, value) in cepstrum.transform(bands).enumerate() {
                    let step = engine.normalisation(bin).quantise(value);
                    if let Some(out) = engine.input().get_mut(bin * columns + column) {
                        *out = step;
                    }
                }
            }
            return;
        }
        for band in 0..self.n_mels {
            let affine = engine.normalisation(band);
            let row = engine.input().iter_mut().skip(band * columns);
            for (out, source) in row.zip(self.sources()) {
                *out = affine.quantise(decibels(source, band));
            }
        }
    }

    /// Where in the ring each of the window's columns lies.
    fn sources(&self) -> impl Iterator<Item = usize> + use<> {
        let columns = self.columns() as usize;
        let valid = (self.seen as usize).min(columns);
        let whole = valid == columns;
        let mut next = if whole {
            self.seen as usize % columns
        } else {
            0
        };
        (0..columns).map(move |column| {
            let source = if whole { next } else { bounce(column, valid) };
            next = if next + 1 < columns { next + 1 } else { 0 };
            source
        })
    }
}

/// Place `index` of a walk over `0..length` that turns around at both ends: 0 1 2 1 0 1 …
fn bounce(index: usize, length: usize) -> usize {
    let period = 2 * length.max(2) - 2;
    let phase = index % period.max(1);
    phase.min(period - phase).min(length.saturating_sub(1))
}
