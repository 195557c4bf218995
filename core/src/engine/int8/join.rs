//! Concatenation of the channels of some activations.

use super::plan::disjoint;
use crate::model::Model;

/// Copy the activations that layer `index` reads into its output, one after another at each position.
pub(super) fn join(model: &Model<'_>, index: usize, arena: &mut [u8]) {
    let channels = usize::from(model.shape(index + 1).channels).max(1);
    let mut first = 0;
    for source in model.sources(index).iter() {
        let width = usize::from(model.shape(source).channels).max(1);
        let (input, output) = disjoint(arena, model.place(source), model.place(index + 1));
        let cells = output.chunks_exact_mut(channels);
        for (cell, values) in cells.zip(input.chunks_exact(width)) {
            // the shapes have been checked, so that there is room in every cell
            if let Some(cell) = cell.get_mut(first..first + values.len()) {
                cell.copy_from_slice(values);
            }
        }
        first += width;
    }
}
