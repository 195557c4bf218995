//! The integer engine.

mod kernels;
mod plan;

use super::Engine;
use crate::Error;
use crate::frontend::Affine;
use crate::memory::{Memory, Size, Span};
use crate::model::{Layer, Model, ModelInfo, Op};
use plan::Plan;

/// An engine that runs a `.timbrel` model in borrowed memory: no allocation, no floating point, and no failure
/// after its construction.
#[derive(Debug)]
pub struct Int8Engine<'w> {
    model: Model<'w>,
    plan: Plan,
    arena: &'w mut [u8],
    patch: &'w mut [u8],
}

/// The slices of an engine in a block of memory.
pub(crate) struct Layout {
    plan: Plan,
    arena: Span<u8>,
    patch: Span<u8>,
}

impl Layout {
    /// Reserve what a model needs.
    pub(crate) fn reserve(size: &mut Size, model: &Model<'_>) -> Self {
        let plan = Plan::new(model);
        Self {
            plan,
            arena: size.reserve(plan.arena),
            patch: size.reserve(plan.patch),
        }
    }
}

impl<'w> Int8Engine<'w> {
    /// Return the bytes that [`Self::new`] needs for a model.
    #[must_use]
    pub fn required_bytes(model: &Model<'_>) -> usize {
        let mut size = Size::new();
        Layout::reserve(&mut size, model);
        size.bytes()
    }

    /// Prepare a model to run in `memory`.
    ///
    /// # Errors
    /// [`Error::Memory`] if there are fewer bytes than [`Self::required_bytes`].
    pub fn new(model: Model<'w>, memory: &'w mut [u8]) -> Result<Self, Error> {
        let mut size = Size::new();
        let layout = Layout::reserve(&mut size, &model);
        Self::carve(model, layout, &mut Memory::new(memory, size)?)
    }

    /// Return the bytes of the arena that holds the activations, the largest part of the memory.
    #[must_use]
    pub fn arena_bytes(model: &Model<'_>) -> usize {
        Plan::new(model).arena
    }

    pub(crate) fn carve(
        model: Model<'w>,
        layout: Layout,
        memory: &mut Memory<'w>,
    ) -> Result<Self, Error> {
        Ok(Self {
            model,
            plan: layout.plan,
            arena: memory.take(layout.arena)?,
            patch: memory.take(layout.patch)?,
        })
    }

    fn run_layer(&mut self, index: usize, layer: &Layer<'_>) {
        let (input, output) = self.plan.split(self.arena, index, layer);
        match layer.op {
            Op::Conv { geometry, pool } => {
                kernels::conv(layer, geometry, pool, input, output, self.patch);
            }
            Op::Depthwise { geometry, pool } => {
                kernels::depthwise(layer, geometry, pool, input, output);
            }
            Op::MaxPool { geometry } => kernels::max_pool(layer, geometry, input, output),
            Op::AveragePool {
                geometry,
                multiplier,
            } => kernels::average_pool(layer, geometry, multiplier, input, output),
            Op::Dense => kernels::dense(layer, input, output),
        }
    }
}

impl Engine for Int8Engine<'_> {
    fn info(&self) -> ModelInfo {
        self.model.info()
    }

    fn label(&self, class: usize) -> Option<&str> {
        self.model.label(class)
    }

    fn normalisation(&self, bin: usize) -> Affine {
        self.model.normalisation().bin(bin).unwrap_or(Affine::DB80)
    }

    fn input(&mut self) -> &mut [u8] {
        let len = self.model.input().len() as usize;
        self.arena.get_mut(..len).unwrap_or_default()
    }

    fn run(&mut self, logits: &mut [i32]) -> Result<(), Error> {
        let count = self.model.layers().len();
        for (index, layer) in self.model.layers().enumerate() {
            if index + 1 < count {
                self.run_layer(index, &layer);
                continue;
            }
            let input = self.plan.input(self.arena, index, &layer);
            for (logit, sum) in logits.iter_mut().zip(kernels::dense_sums(&layer, input)) {
                *logit = sum;
            }
        }
        Ok(())
    }
    fn embedding(&self) -> &[u8] {
        if self.model.info().embedding == 0 {
            return &[];
        }
        // the last layer writes to the caller's logits, so that its input is still in the arena
        let last = self.model.layers().enumerate().last();
        last.map(|(index, layer)| self.plan.input(self.arena, index, &layer))
            .unwrap_or_default()
    }
}
