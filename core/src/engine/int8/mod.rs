//! The portable integer engine.

mod kernels;
mod plan;

use super::Engine;
use crate::Error;
use crate::frontend::Affine;
use crate::memory::{Memory, Size};
use crate::model::{Layer, Model, ModelInfo, Op};
use plan::Plan;

/// Runs a `.timbrel` model in borrowed memory: no allocation, no floating point, no failure after it is
/// made.
#[derive(Debug)]
pub struct Int8Engine<'w> {
    model: Model<'w>,
    plan: Plan,
    arena: &'w mut [u8],
    patch: &'w mut [u8],
}

impl<'w> Int8Engine<'w> {
    /// Bytes that [`Self::new`] needs for a model.
    #[must_use]
    pub fn required_bytes(model: &Model<'_>) -> usize {
        Self::size(Size::new(), &Plan::new(model)).bytes()
    }

    /// Prepares a model to run in `memory`.
    ///
    /// # Errors
    /// [`Error::Memory`] if there are fewer than [`Self::required_bytes`].
    pub fn new(model: Model<'w>, memory: &'w mut [u8]) -> Result<Self, Error> {
        let size = Self::size(Size::new(), &Plan::new(&model));
        Self::carve(model, &mut Memory::new(memory, size)?)
    }

    /// Bytes of the arena that holds the activations, the largest part of the memory.
    #[must_use]
    pub fn arena_bytes(model: &Model<'_>) -> usize {
        Plan::new(model).arena
    }

    pub(crate) fn size_for(size: Size, model: &Model<'_>) -> Size {
        Self::size(size, &Plan::new(model))
    }

    fn size(size: Size, plan: &Plan) -> Size {
        size.and::<u8>(plan.arena).and::<u8>(plan.patch)
    }

    pub(crate) fn carve(model: Model<'w>, memory: &mut Memory<'w>) -> Result<Self, Error> {
        let plan = Plan::new(&model);
        Ok(Self {
            model,
            plan,
            arena: memory.take(plan.arena)?,
            patch: memory.take(plan.patch)?,
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
}
