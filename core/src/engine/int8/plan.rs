//! Where activations lie: each layer reads from one end of the arena and writes to the other.

use crate::model::{Layer, Model, Op};

/// Sizes of an engine's memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Both activations of the layer for which they are largest together.
    pub(crate) arena: usize,
    /// Inputs of one output position, gathered for a convolution.
    pub(crate) patch: usize,
}

impl Plan {
    pub(crate) fn new(model: &Model<'_>) -> Self {
        let mut plan = Self { arena: 0, patch: 0 };
        for layer in model.layers() {
            plan.arena = plan.arena.max(input_bytes(&layer) + output_bytes(&layer));
            if matches!(layer.op, Op::Conv { .. }) {
                plan.patch = plan.patch.max(layer.op.taps(layer.input) as usize);
            }
        }
        plan
    }

    /// What layer `index` reads: even ones from the front of the arena, odd ones from its back.
    pub(crate) fn input<'a>(&self, arena: &'a [u8], index: usize, layer: &Layer<'_>) -> &'a [u8] {
        let bytes = input_bytes(layer);
        let range = if index.is_multiple_of(2) {
            0..bytes
        } else {
            self.arena.saturating_sub(bytes)..self.arena
        };
        arena.get(range).unwrap_or_default()
    }

    /// Splits the arena into what layer `index` reads and what it writes.
    pub(crate) fn split<'a>(
        &self,
        arena: &'a mut [u8],
        index: usize,
        layer: &Layer<'_>,
    ) -> (&'a [u8], &'a mut [u8]) {
        let (input, output) = (input_bytes(layer), output_bytes(layer));
        let from_front = index.is_multiple_of(2);
        let back = if from_front { output } else { input };
        // the plan has room for both, so that neither default is ever taken
        let (front, back) = arena
            .split_at_mut_checked(self.arena.saturating_sub(back))
            .unwrap_or_default();
        if from_front {
            (front.get(..input).unwrap_or_default(), back)
        } else {
            (back, front.get_mut(..output).unwrap_or_default())
        }
    }
}

fn input_bytes(layer: &Layer<'_>) -> usize {
    layer.input.len() as usize
}

/// Bytes of a layer's output in the arena; the last layer's logits are i32 and go to the caller, but a
/// byte each is kept for them so that no layer is a special case.
fn output_bytes(layer: &Layer<'_>) -> usize {
    layer.output.len() as usize
}
