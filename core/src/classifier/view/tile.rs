//! Several bands of a window at a time. The ring has a column's bands side by side and the network's input a band's columns, so
//! that four columns meet in a word of each band.

use super::View;
use crate::arch::{Loops, truncated};
use crate::frontend::Affine;

/// Bands of a tile.
pub(super) const BANDS: usize = 16;

/// Columns whose values make a word.
const COLUMNS: usize = size_of::<u32>();

/// Writes [`BANDS`] bands of a view.
pub(super) struct Tile<'a, 'r> {
    pub(super) view: &'a View<'r>,
    /// The first band.
    pub(super) first: usize,
    pub(super) maps: [Affine; BANDS],
    /// The bands' rows, a window of columns each.
    pub(super) rows: &'a mut [u8],
}

impl Loops for Tile<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self {
            view,
            first,
            maps,
            rows,
        } = self;
        let (scales, offsets) = (maps.map(|map| map.scale), maps.map(|map| map.offset));
        let window = view.columns.window;
        let mut sources = view.sources();
        for column in (0..window).step_by(COLUMNS) {
            let mut words = [0; BANDS];
            for (byte, source) in sources.by_ref().take(COLUMNS).enumerate() {
                let cells = view
                    .columns
                    .cells
                    .get(source * view.columns.n_mels + first..);
                let cells = cells.and_then(<[i16]>::first_chunk::<BANDS>);
                let cells = cells.unwrap_or(&[0; BANDS]);
                for band in 0..BANDS {
                    let value = scales[band] * view.relative(cells[band]) + offsets[band] + 0.5;
                    // `Affine::quantise` in a form that becomes one instruction for each limit; NaN becomes 0
                    let value = if value > 0.0 { value } else { 0.0 };
                    let value = if value < 255.0 { value } else { 255.0 };
                    words[band] |= (truncated(value) as u32) << (8 * byte);
                }
            }
            for (row, word) in rows.chunks_exact_mut(window).zip(words) {
                let row = row.get_mut(column..).unwrap_or_default();
                let bytes = word.to_le_bytes();
                match row.first_chunk_mut() {
                    Some(whole) => *whole = bytes,
                    None => row.iter_mut().zip(bytes).for_each(|(to, from)| *to = from),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::super::super::history::Columns;
    use super::*;

    #[test]
    fn tiles_hold_what_each_cell_quantises_to() {
        const BANDS_IN_ALL: usize = 40;
        // whole words and not, a full ring and one that is played forwards and backwards
        for (window, valid, oldest) in [(8, 8, 3), (9, 9, 0), (10, 4, 0), (3, 1, 0)] {
            let cells: Vec<i16> = (0..window * BANDS_IN_ALL)
                .map(|at| (at * at * 31 + 977 * at) as i16)
                .collect();
            let columns = Columns {
                cells: &cells,
                n_mels: BANDS_IN_ALL,
                window,
                valid,
                oldest,
                loud: valid,
            };
            let view = View::new(columns, 80.0);
            let first = BANDS;
            let maps = core::array::from_fn(|band| match band {
                7 => Affine {
                    scale: f32::NAN,
                    offset: 0.0,
                },
                8 => Affine {
                    scale: -3e38,
                    offset: 3e38,
                },
                _ => Affine {
                    scale: 1.5 + band as f32,
                    offset: 100.0 + 20.0 * band as f32,
                },
            });
            let mut rows = vec![1; BANDS * window];
            crate::arch::widest(Tile {
                view: &view,
                first,
                maps,
                rows: &mut rows,
            });
            let expected = (0..BANDS).flat_map(|band| {
                let decibels = move |source| view.decibels(source, first + band);
                let values = view.sources().map(decibels);
                values.map(move |value| maps[band].quantise(value))
            });
            assert_eq!(rows, expected.collect::<Vec<u8>>(), "{window} {valid}");
        }
    }
}
