//! The last columns of the signal, as many as a window has.

use crate::arch::{Loops, truncated, widest};
use crate::frontend::WindowSpec;
use crate::model::ModelInfo;

/// Steps per decibel in which columns are kept: 1/128 dB, ±256 dB in an i16.
pub(super) const STEPS_PER_DB: f32 = 128.0;

/// Ring of the last columns.
#[derive(Debug)]
pub(super) struct Ring<'w> {
    /// Column after column, `n_mels` values each.
    cells: &'w mut [i16],
    /// One bit per column: whether there is sound in it.
    sound: &'w mut [u8],
    n_mels: usize,
    window: WindowSpec,
    /// Columns since the start.
    seen: u32,
    /// Columns since the last window.
    since_window: u32,
}

/// The columns of the ring, for a view of the window that ends with the newest one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns<'r> {
    /// Column after column, `n_mels` values each.
    pub(super) cells: &'r [i16],
    pub(super) n_mels: usize,
    /// Columns of a window.
    pub(super) window: usize,
    /// Columns stored so far, at most a window.
    pub(super) valid: usize,
    /// Place of the oldest column.
    pub(super) oldest: usize,
    /// Columns with sound.
    pub(super) loud: usize,
}

impl Columns<'_> {
    /// Return whether the window is silent: there is sound in less than an eighth of it, such as in a window of silence
    /// at whose very end music begins.
    pub(super) fn is_silent(&self) -> bool {
        8 * self.loud < self.valid
    }
}

impl<'w> Ring<'w> {
    /// Begin with zeroed memory.
    pub(super) fn new(info: &ModelInfo, cells: &'w mut [i16], sound: &'w mut [u8]) -> Self {
        Self {
            cells,
            sound,
            n_mels: usize::from(info.front_end.n_mels),
            window: info.window,
            seen: 0,
            since_window: 0,
        }
    }

    pub(super) fn reset(&mut self) {
        self.sound.fill(0);
        self.seen = 0;
        self.since_window = 0;
    }

    /// Return the columns of a window, at least 1.
    fn columns(&self) -> u32 {
        u32::from(self.window.columns).max(1)
    }

    /// Store a column of decibels and whether it is silent; true when a window is complete: the first time when the
    /// ring is full, then every window hop.
    pub(super) fn push(&mut self, column: &[f32], silent: bool) -> bool {
        let place = (self.seen % self.columns()) as usize;
        if let Some(byte) = self.sound.get_mut(place / 8) {
            let bit = 1 << (place % 8);
            *byte = if silent { *byte & !bit } else { *byte | bit };
        }
        let at = place * self.n_mels;
        let cells = self.cells.get_mut(at..at + self.n_mels);
        let cells = cells.unwrap_or_default();
        widest(Rounded { column, cells });
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
        self.since_window == self.due()
    }

    /// Return the columns after the last window that make another one.
    fn due(&self) -> u32 {
        if self.is_first_window_open() {
            self.columns()
        } else {
            u32::from(self.window.hop)
        }
    }

    /// Return the number of columns that complete a window, at least 1.
    pub(super) fn missing(&self) -> usize {
        self.due().saturating_sub(self.since_window).max(1) as usize
    }

    /// Return the column that was stored last.
    pub(super) fn newest(&self) -> Option<&[i16]> {
        let at = (self.seen.checked_sub(1)? % self.columns()) as usize * self.n_mels;
        self.cells.get(at..at + self.n_mels)
    }

    fn is_first_window_open(&self) -> bool {
        self.since_window == self.seen
    }

    /// Return whether the columns after the last window make one more at the end of the signal: any number of them
    /// before the first window, else at least half a hop.
    pub(super) fn has_unseen_end(&self) -> bool {
        let enough = if self.is_first_window_open() {
            1
        } else {
            u32::from(self.window.hop).div_ceil(2)
        };
        self.since_window >= enough
    }

    /// End a window with the newest column and lend its columns.
    pub(super) fn take_window(&mut self) -> Columns<'_> {
        self.since_window = 0;
        let (seen, window) = (self.seen as usize, self.columns() as usize);
        let full = seen >= window;
        Columns {
            cells: self.cells,
            n_mels: self.n_mels,
            window,
            valid: seen.min(window),
            oldest: if full { seen % window } else { 0 },
            loud: self
                .sound
                .iter()
                .map(|byte| byte.count_ones() as usize)
                .sum(),
        }
    }
}

/// Rounds a column's decibels to steps, halves away from zero.
struct Rounded<'c> {
    column: &'c [f32],
    cells: &'c mut [i16],
}

impl Loops for Rounded<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        const LIMIT: f32 = i16::MAX as f32;
        for (cell, value) in self.cells.iter_mut().zip(self.column) {
            let steps = value * STEPS_PER_DB;
            let steps = steps + if steps < 0.0 { -0.5 } else { 0.5 };
            // not `clamp`, which has more instructions; NaN becomes the least
            let steps = if steps > -LIMIT { steps } else { -LIMIT };
            let steps = if steps < LIMIT { steps } else { LIMIT };
            *cell = truncated(steps) as i16;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_position_stays_below_twice_a_window() {
        let (mut cells, mut sound) = ([0; 5], [0; 1]);
        let mut ring = Ring {
            cells: &mut cells,
            sound: &mut sound,
            n_mels: 1,
            window: WindowSpec { columns: 5, hop: 3 },
            seen: 0,
            since_window: 0,
        };
        for column in 1..=10_000_u32 {
            let due = ring.push(&[column as f32 / STEPS_PER_DB], false);
            assert!(ring.seen < 10 && ring.since_window <= 5);
            assert_eq!(due, column >= 5 && (column - 5).is_multiple_of(3));
            assert_eq!(ring.newest(), Some(&[column as i16][..]));
            if due {
                let oldest = ring.take_window().oldest;
                assert_eq!(ring.cells[oldest], column as i16 - 4);
            }
        }
    }
}
