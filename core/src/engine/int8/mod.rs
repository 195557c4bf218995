//! The integer engine: u8 activations × i8 weights in i32 sums, requantised by a shift that rounds half to even.
//!
//! The layers are ONNX's `QLinearConv` (its `group` 1 or the number of channels), `MaxPool`, `AveragePool`, `Concat`,
//! `MatMulInteger` and a linear `Resize`, with scales that are powers of two and zero points of 0, in the order `[H, W, C]`.

mod conv;
mod dense;
mod depthwise;
mod join;
mod packed;
mod pairs;
mod plan;
mod pool;
mod requantise;
mod resample;
mod sliding;

pub(super) use requantise::Requantise;

use super::arch::{Job, KernelSet};
use super::{Engine, Kernels};
use crate::Error;
use crate::frontend::Affine;
use crate::memory::{Memory, Size, Span};
use crate::model::{Layer, Model, ModelInfo, Op};
use conv::Gather;
use packed::Packable;
use plan::Plan;

/// An engine that runs a `.timbrel` model in borrowed memory: no allocation, no floating point, and no failure
/// after its construction.
///
/// In [`Self::required_bytes`] of memory the weights stay in the model's bytes. In [`Self::fast_bytes`] they are
/// repacked once for the machine's vector instructions, which is several times as fast and gives the same bits.
#[derive(Debug)]
pub struct Int8Engine<'w> {
    model: Model<'w>,
    kernels: Kernels,
    plan: Plan,
    arena: &'w mut [u8],
    patch: &'w mut [u8],
    spread: &'w mut [[u32; 4]],
    padded: &'w mut [u8],
    /// The repacked layers' weights in their order; none where weights are used in place.
    packed: &'w [u8],
}

/// The slices of an engine in a block of memory.
pub(crate) struct Layout {
    kernels: Kernels,
    plan: Plan,
    arena: Span<u8>,
    patch: Span<u8>,
    spread: Span<[u32; 4]>,
    padded: Span<u8>,
    packed: Span<u8>,
}

impl Layout {
    /// Reserve the least that a model needs.
    pub(crate) fn reserve(size: &mut Size, model: &Model<'_>) -> Self {
        Self::of(size, Kernels::best(), Plan::least(model))
    }

    /// Reserve what the machine's best instructions make use of.
    pub(crate) fn reserve_fast(size: &mut Size, model: &Model<'_>) -> Self {
        let kernels = Kernels::best();
        Self::of(size, kernels, Plan::fast(model, kernels))
    }

    /// Reserve what any microcontroller's instructions make use of, for a program that another machine will run.
    #[cfg(feature = "std")]
    pub(crate) fn reserve_paired(size: &mut Size, model: &Model<'_>) -> Self {
        Self::of(size, Kernels::portable(), Plan::paired(model))
    }

    fn of(size: &mut Size, kernels: Kernels, plan: Plan) -> Self {
        Self {
            kernels,
            plan,
            arena: size.reserve(plan.arena),
            patch: size.reserve(plan.patch),
            spread: size.reserve(plan.spread),
            padded: size.reserve(plan.padded),
            packed: size.reserve(plan.packed),
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

    /// Return the bytes with which [`Self::new`] runs a model as fast as this machine can. The number depends on the
    /// machine, and is [`Self::required_bytes`] if it has no instructions that more memory helps.
    #[must_use]
    pub fn fast_bytes(model: &Model<'_>) -> usize {
        Self::fast_bytes_with(model, Kernels::best())
    }

    /// Return the bytes with which [`Self::with_kernels`] is fastest with the given inner loops.
    #[must_use]
    pub fn fast_bytes_with(model: &Model<'_>, kernels: Kernels) -> usize {
        let mut size = Size::new();
        Layout::of(&mut size, kernels, Plan::fast(model, kernels));
        size.bytes()
    }

    /// Prepare a model to run in `memory`, with the machine's best instructions, which are fastest in at
    /// least [`Self::fast_bytes`].
    ///
    /// # Errors
    /// [`Error::Memory`] if there are fewer bytes than [`Self::required_bytes`].
    pub fn new(model: Model<'w>, memory: &'w mut [u8]) -> Result<Self, Error> {
        Self::with_kernels(model, Kernels::best(), memory)
    }

    /// Prepare a model as [`Self::new`] does, with the given inner loops, which are fastest in at least
    /// [`Self::fast_bytes_with`].
    ///
    /// # Errors
    /// [`Error::Memory`] if there are fewer bytes than [`Self::required_bytes`].
    pub fn with_kernels(
        model: Model<'w>,
        kernels: Kernels,
        memory: &'w mut [u8],
    ) -> Result<Self, Error> {
        let fast = Plan::fast(&model, kernels);
        let mut size = Size::new();
        let mut layout = Layout::of(&mut size, kernels, fast);
        if size.bytes() > memory.len() {
            size = Size::new();
            layout = Layout::of(&mut size, kernels, Plan::least(&model));
        }
        Self::carve(model, layout, &mut Memory::new(memory, size)?)
    }

    /// Return the set of inner loops that this engine runs.
    #[must_use]
    pub fn kernels(&self) -> Kernels {
        self.kernels
    }

    /// Return whether this engine has the memory with which it is fastest, and makes use of it.
    #[must_use]
    pub fn is_fast(&self) -> bool {
        !self.packed.is_empty() || !self.spread.is_empty()
    }

    /// Return the bytes of the arena that holds the activations, the largest part of the memory of weights in place.
    #[must_use]
    pub fn arena_bytes(model: &Model<'_>) -> usize {
        Plan::least(model).arena
    }

    pub(crate) fn carve(
        model: Model<'w>,
        layout: Layout,
        memory: &mut Memory<'w>,
    ) -> Result<Self, Error> {
        let mut this = Self {
            model,
            kernels: layout.kernels,
            plan: layout.plan,
            arena: memory.take(layout.arena)?,
            patch: memory.take(layout.patch)?,
            spread: memory.take(layout.spread)?,
            padded: memory.take(layout.padded)?,
            packed: &[],
        };
        let packed = memory.take(layout.packed)?;
        if layout.plan.packed > 0 {
            this.packed = this.pack(plan::aligned(packed));
        }
        Ok(this)
    }

    /// Repack all layers that can be.
    fn pack(&self, packed: &'w mut [u8]) -> &'w [u8] {
        let mut rest = &mut *packed;
        for (layer, is_last) in plan::layers(&self.model) {
            if let Some(layer) = Packable::new(&layer, self.kernels.packing()).filter(|_| !is_last)
            {
                rest = layer.pack(rest);
            }
        }
        packed
    }
}

/// One layer's work over weights in place.
struct LayerJob<'a> {
    layer: &'a Layer<'a>,
    input: &'a [u8],
    output: &'a mut [u8],
    patch: &'a mut [u8],
    spread: &'a mut [[u32; 4]],
}

impl Job for LayerJob<'_> {
    #[inline(always)]
    fn run<K: KernelSet>(self, kernels: K) {
        let Self {
            layer,
            input,
            output,
            patch,
            spread,
        } = self;
        match layer.op {
            Op::Conv { geometry, pool } if K::PAIRS && pairs::fits(layer, spread) => {
                let gather = Gather::new(layer, geometry, input);
                pairs::conv_pairs(kernels, layer, pool, gather, output, patch, spread);
            }
            Op::Conv { geometry, pool } => {
                let gather = Gather::new(layer, geometry, input);
                conv::conv(kernels, layer, pool, gather, output, patch);
            }
            Op::Depthwise { geometry, pool } if K::PAIRS && depthwise::fits(layer, spread) => {
                depthwise::depthwise_wide(kernels, layer, geometry, pool, input, output, spread);
            }
            Op::Depthwise { geometry, pool } => {
                depthwise::depthwise(kernels, layer, geometry, pool, input, output);
            }
            Op::MaxPool { geometry } => pool::max_pool(kernels, layer, geometry, input, output),
            Op::AveragePool {
                geometry,
                multiplier,
            } => pool::average_pool(kernels, layer, geometry, multiplier, input, output),
            Op::Dense => dense::dense(kernels, layer, input, output),
            // neither multiplies by weights, so that they run outside of a set's instructions
            Op::Join | Op::Resample { .. } => {}
        }
    }
}

/// The last layer's work.
struct LogitsJob<'a> {
    layer: &'a Layer<'a>,
    input: &'a [u8],
    logits: &'a mut [i32],
}

impl Job for LogitsJob<'_> {
    #[inline(always)]
    fn run<K: KernelSet>(self, kernels: K) {
        dense::logits(kernels, self.layer, self.input, self.logits);
    }
}

/// A single sum of products over the embedding.
struct SumJob<'a> {
    values: &'a [u8],
    weights: &'a [i8],
    sum: &'a mut i32,
}

impl Job for SumJob<'_> {
    #[inline(always)]
    fn run<K: KernelSet>(self, kernels: K) {
        *self.sum = kernels.dot(self.values, self.weights);
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
        let kernels = self.kernels;
        let packing = kernels.packing().filter(|_| !self.packed.is_empty());
        let mut packed = self.packed;
        for (index, (layer, is_last)) in plan::layers(&self.model).enumerate() {
            if is_last {
                let input = self.plan.input(&self.model, self.arena, index, &layer);
                kernels.run(LogitsJob {
                    layer: &layer,
                    input,
                    logits: &mut *logits,
                });
                continue;
            }
            if layer.op == Op::Join {
                join::join(&self.model, index, self.arena);
                continue;
            }
            let (input, output) = self.plan.split(&self.model, self.arena, index, &layer);
            if let Op::Resample { .. } = layer.op {
                resample::resample(&layer, input, output);
                continue;
            }
            if let Some(layer) = Packable::new(&layer, packing) {
                packed = layer.run(kernels, packed, input, self.padded, output);
                continue;
            }
            kernels.run(LayerJob {
                layer: &layer,
                input,
                output,
                patch: self.patch,
                spread: self.spread,
            });
        }
        Ok(())
    }

    fn embedding(&self) -> &[u8] {
        if self.model.info().embedding == 0 {
            return &[];
        }
        // the last layer writes to the caller's logits, so that its input is still in the arena
        let last = self.model.layers().enumerate().last();
        last.map(|(index, layer)| self.plan.input(&self.model, self.arena, index, &layer))
            .unwrap_or_default()
    }

    fn not_music(&self) -> Option<i32> {
        let rejection = self.model.rejection()?;
        let mut sum = 0;
        self.kernels.run(SumJob {
            values: self.embedding(),
            weights: rejection.weights,
            sum: &mut sum,
        });
        // the model's check excludes an overflow
        Some(rejection.bias.wrapping_add(sum))
    }
}
