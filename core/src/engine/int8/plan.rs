//! Where activations lie: each layer reads from one end of the arena and writes to the other.

use core::ops::Range;

use super::packed::Packable;
use super::{depthwise, pairs};
use crate::engine::Kernels;
use crate::engine::arch::Packing;
use crate::model::{Layer, Model, Op};

/// Boundary of repacked weights: the longest vector, so that no load crosses a cache line.
const ALIGNMENT: usize = 64;

/// Sizes of an engine's memory, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Both activations of the layer for which they are largest together; in a network with branches, as its file says.
    pub(crate) arena: usize,
    /// Inputs of one output position, gathered for a convolution over weights in place.
    pub(crate) patch: usize,
    /// The same for two positions, spread, in words of four for each four inputs; behind it, or for a depthwise
    /// convolution alone, widened weights.
    pub(crate) spread: usize,
    /// Inputs with their padding, for a convolution over repacked weights.
    pub(crate) padded: usize,
    /// Repacked weights, with what may be lost to reach their boundary.
    pub(crate) packed: usize,
}

impl Plan {
    /// Plan the least memory for a model: the weights in place.
    pub(crate) fn least(model: &Model<'_>) -> Self {
        Self::new(model, None, false)
    }

    /// Plan the memory with which a set of inner loops is fastest.
    pub(crate) fn fast(model: &Model<'_>, kernels: Kernels) -> Self {
        Self::new(model, kernels.packing(), kernels.takes_pairs())
    }

    /// Plan the memory of inner loops that take two positions at a time over weights in place.
    #[cfg(feature = "std")]
    pub(crate) fn paired(model: &Model<'_>) -> Self {
        Self::new(model, None, true)
    }

    fn new(model: &Model<'_>, packing: Option<&'static Packing>, in_halves: bool) -> Self {
        let mut plan = Self::default();
        let mut packed = 0;
        for (layer, is_last) in layers(model) {
            plan.arena = plan.arena.max(input_bytes(&layer) + output_bytes(&layer));
            match Packable::new(&layer, packing).filter(|_| !is_last) {
                Some(layer) => {
                    plan.padded = plan.padded.max(layer.padded_bytes());
                    packed += layer.packed_bytes();
                }
                None if matches!(layer.op, Op::Conv { .. }) => {
                    plan.patch = plan.patch.max(layer.op.taps(layer.input) as usize);
                }
                None => {}
            }
            if in_halves && !is_last {
                let units = pairs::units(&layer).max(depthwise::units(&layer));
                plan.spread = plan.spread.max(units);
            }
        }
        plan.arena = model.arena().unwrap_or(plan.arena);
        if packed > 0 {
            plan.packed = packed + ALIGNMENT - 1;
        }
        plan
    }

    /// Return a layer's input.
    pub(crate) fn input<'a>(
        &self,
        model: &Model<'_>,
        arena: &'a [u8],
        index: usize,
        layer: &Layer<'_>,
    ) -> &'a [u8] {
        let [input, _] = self.places(model, index, layer);
        arena.get(input).unwrap_or_default()
    }

    /// Split the arena into what layer `index` reads and what it writes.
    pub(crate) fn split<'a>(
        &self,
        model: &Model<'_>,
        arena: &'a mut [u8],
        index: usize,
        layer: &Layer<'_>,
    ) -> (&'a [u8], &'a mut [u8]) {
        let [input, output] = self.places(model, index, layer);
        disjoint(arena, input, output)
    }

    /// Return where a layer with one source reads and writes: in a chain even inputs lie at the front of the arena, odd ones
    /// at its back.
    fn places(&self, model: &Model<'_>, index: usize, layer: &Layer<'_>) -> [Range<usize>; 2] {
        if model.arena().is_some() {
            return [model.sources(index).first(), index + 1].map(|k| model.place(k));
        }
        let front = |bytes: usize| 0..bytes;
        let back = |bytes: usize| self.arena.saturating_sub(bytes)..self.arena;
        let (input, output) = (input_bytes(layer), output_bytes(layer));
        if index.is_multiple_of(2) {
            [front(input), back(output)]
        } else {
            [back(input), front(output)]
        }
    }
}

/// Return one part of the arena to read and another one to write. A plan has room for both beside each other, so that
/// neither is ever empty.
pub(super) fn disjoint(
    arena: &mut [u8],
    input: Range<usize>,
    output: Range<usize>,
) -> (&[u8], &mut [u8]) {
    let input_first = input.start < output.start;
    let middle = input.start.max(output.start);
    let (front, back) = arena.split_at_mut_checked(middle).unwrap_or_default();
    if input_first {
        (
            front.get(input).unwrap_or_default(),
            back.get_mut(..output.len()).unwrap_or_default(),
        )
    } else {
        (
            back.get(..input.len()).unwrap_or_default(),
            front.get_mut(output).unwrap_or_default(),
        )
    }
}

/// Return the layers in order, with whether each is the last.
pub(super) fn layers<'a>(model: &Model<'a>) -> impl Iterator<Item = (Layer<'a>, bool)> {
    let count = model.layers().len();
    let layers = model.layers().enumerate();
    layers.map(move |(index, layer)| (layer, index + 1 == count))
}

/// Return the part of a block that begins on [`ALIGNMENT`].
pub(super) fn aligned(block: &mut [u8]) -> &mut [u8] {
    let skip = block.as_ptr().align_offset(ALIGNMENT).min(block.len());
    block.get_mut(skip..).unwrap_or_default()
}

fn input_bytes(layer: &Layer<'_>) -> usize {
    layer.input.len() as usize
}

/// Return the bytes of a layer's output in the arena; the last layer's logits are i32 and go to the caller, but one
/// byte each is kept for them so that no layer is a special case.
fn output_bytes(layer: &Layer<'_>) -> usize {
    layer.output.len() as usize
}
