//! Resampling of the window: linear interpolation over both axes, then a table.

use crate::model::{Cells, Layer, Resampling};

/// Compute a resampling.
pub(super) fn resample(layer: &Layer<'_>, input: &[u8], output: &mut [u8]) {
    let Some(Resampling {
        table,
        rows,
        columns,
    }) = layer.resampling()
    else {
        return;
    };
    let width = usize::from(layer.input.width);
    let outputs = output.chunks_exact_mut(usize::from(layer.output.width).max(1));
    for (outputs, row) in outputs.zip(rows.iter()) {
        let (first, share) = match row {
            Cells::Pair { first, share } => (first, share),
            Cells::Padding(value) => {
                outputs.fill(value);
                continue;
            }
        };
        let begin = usize::from(first) * width;
        let above = input.get(begin..begin + width).unwrap_or_default();
        let below = input.get(begin + width..).unwrap_or_default();
        let down = |column: usize| match (above.get(column), below.get(column)) {
            (Some(above), Some(below)) => mean([*above, *below].map(u32::from), share),
            // a validated layer never asks
            _ => 0,
        };
        for (output, column) in outputs.iter_mut().zip(columns.iter()) {
            *output = match column {
                Cells::Pair { first, share } => {
                    let first = usize::from(first);
                    let sum = mean([down(first), down(first + 1)], share);
                    let nearest = (sum + (1 << 15)) >> 16;
                    table.get(nearest as usize).copied().unwrap_or(0)
                }
                Cells::Padding(value) => value,
            };
        }
    }
}

/// Return 256 times the mean of two values, the second of which has a share of `0..=256`.
fn mean([first, second]: [u32; 2], share: u16) -> u32 {
    let share = u32::from(share).min(256);
    first * (256 - share) + second * share
}
