//! The network as a burn module, built from a recipe.

mod block;
mod front;
mod normalise;
mod operations;
mod quantised;
mod recurrent;
mod tensors;

use anyhow::Result;
use burn::module::Module;
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig};
use burn::nn::{Dropout, DropoutConfig, Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use self::block::Block;
pub(crate) use self::front::{Front, Matrix, VARIANCE_FLOOR};
use self::normalise::Normalise;
pub(crate) use self::normalise::Steps;
use self::recurrent::Recurrent;
use crate::quantise::Exponents;
use crate::recipe::{BlockKeys, HiddenKeys, Recipe, Reduce};

/// What batch normalisation adds to a variance.
pub(crate) const NORM_EPSILON: f64 = 1e-5;

/// What the window is divided by: a power of two, as the model file's network has it.
pub(crate) const FULL_SCALE: f32 = 256.0;

impl BlockKeys {
    /// Whether the input can stand beside the convolution as a branch of its own.
    pub(crate) fn has_identity(&self, inputs: usize) -> bool {
        self.branches && inputs == self.channels.get() && self.stride.get() == 1
    }
}

/// A dense layer, ReLU, dropout.
#[derive(Module, Debug)]
struct Hidden {
    dense: Linear,
    dropout: Dropout,
}

/// Blocks, a reduction to one vector a window, and dense layers to the classes.
#[derive(Module, Debug)]
pub struct Network {
    front: Front,
    normalise: Option<Normalise>,
    blocks: Vec<Block>,
    recurrent: Option<Recurrent>,
    adaptive: Option<AdaptiveAvgPool2d>,
    dropout: Dropout,
    hidden: Vec<Hidden>,
    dense: Linear,
    mean: bool,
    #[module(skip)]
    exponents: Option<Exponents>,
}

impl Network {
    /// A network with fresh weights, drawn from the device's generator.
    ///
    /// # Errors
    /// The network leaves nothing of the recipe's window.
    pub fn new(recipe: &Recipe, classes: usize, device: &Device) -> Result<Self> {
        let keys = &recipe.network;
        let mut channels = 1;
        let mut blocks = Vec::with_capacity(keys.blocks.len());
        for block in &keys.blocks {
            blocks.push(Block::new(channels, block, device));
            channels = block.channels.get();
        }
        let [channels, height, width] = keys.reduced_from(recipe.input())?;
        let units = keys.units.map_or(0, |units| units.get());
        let places = keys.places.unwrap_or_default().get();
        let (mut recurrent, mut adaptive) = (None, None);
        let mut inputs = match keys.reduce {
            Reduce::Mean => channels,
            Reduce::Flatten => channels * height * width,
            Reduce::Adaptive => {
                adaptive = Some(AdaptiveAvgPool2dConfig::new(places).init());
                channels * places[0] * places[1]
            }
            kind @ (Reduce::Lstm | Reduce::Gru) => {
                recurrent = Some(Recurrent::new(kind, channels * height, units, device));
                units
            }
        };
        let mut hidden = Vec::with_capacity(keys.hidden.len());
        for HiddenKeys { units, dropout } in &keys.hidden {
            hidden.push(Hidden {
                dense: LinearConfig::new(inputs, units.get()).init(device),
                dropout: DropoutConfig::new(dropout.get()).init(),
            });
            inputs = units.get();
        }
        Ok(Self {
            front: Front::new(keys, recipe.input()),
            normalise: Normalise::new(keys, recipe.input()[0], device),
            blocks,
            recurrent,
            adaptive,
            dropout: DropoutConfig::new(keys.dropout.get()).init(),
            hidden,
            dense: LinearConfig::new(inputs, classes).init(device),
            mean: keys.reduce == Reduce::Mean,
            exponents: None,
        })
    }

    /// Logits `[N, class]` of inputs `[N, 1, bin, column]` in LSB (0 to 255).
    ///
    /// On a device with gradients batch statistics are used and dropout drops; on one without, the stored
    /// statistics, and nothing is dropped.
    #[must_use]
    pub fn forward(&self, input: Tensor<4>) -> Tensor<2> {
        match &self.exponents {
            Some(exponents) => self.forward_quantised(input / FULL_SCALE, exponents),
            None => self.observe(input).1,
        }
    }

    /// The network that computes what the integers of these scales compute, or with none that of real
    /// numbers. It must be one that `NetworkKeys::quantised` allows.
    #[must_use]
    pub fn with_exponents(mut self, exponents: Option<Exponents>) -> Self {
        self.exponents = exponents;
        self
    }

    /// Logits of the network of real numbers, with the output of each block `[N, channel, row, column]`, the reduced
    /// vector and the output of each hidden layer `[N, value, 1, 1]` on the way.
    #[must_use]
    pub fn observe(&self, input: Tensor<4>) -> (Vec<Tensor<4>>, Tensor<2>) {
        let mut x = self.front.forward(input / FULL_SCALE);
        if let Some(normalise) = &self.normalise {
            x = normalise.forward(x);
        }
        let mut outputs = Vec::with_capacity(self.blocks.len() + 1);
        for block in &self.blocks {
            x = block.forward(x);
            outputs.push(x.clone());
        }
        let mut vector = self.reduce(x);
        let [count, values] = vector.dims();
        outputs.push(vector.clone().reshape([count, values, 1, 1]));
        vector = self.dropout.forward(vector);
        for hidden in &self.hidden {
            vector = relu(hidden.dense.forward(vector));
            let [count, values] = vector.dims();
            outputs.push(vector.clone().reshape([count, values, 1, 1]));
            vector = hidden.dropout.forward(vector);
        }
        (outputs, self.dense.forward(vector))
    }

    fn reduce(&self, x: Tensor<4>) -> Tensor<2> {
        let [count, channels, height, width] = x.dims();
        if let Some(recurrent) = &self.recurrent {
            return recurrent.forward(x);
        }
        if self.mean {
            let mean = x.reshape([count, channels, height * width]).mean_dim(2);
            return mean.reshape([count, channels]);
        }
        match &self.adaptive {
            Some(adaptive) => adaptive.forward(x).flatten(1, 3),
            None => x.flatten(1, 3),
        }
    }
}
