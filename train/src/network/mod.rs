//! The network as a burn module, built from a recipe: a backbone from a window to a vector, a head from the vector
//! to logits.
//!
//! The parts are fields of one flat module, because their names are those of the tensors in every run's files.

mod backbone;
mod block;
mod front;
mod head;
mod normalise;
mod operations;
mod quantised;
mod recurrent;
mod tensors;

use anyhow::Result;
use burn::module::Module;
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig};
use burn::nn::{Dropout, DropoutConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use self::block::Block;
pub(crate) use self::front::{Front, Matrix, VARIANCE_FLOOR};
use self::head::Hidden;
use self::normalise::Normalise;
pub(crate) use self::normalise::Steps;
use self::recurrent::Recurrent;
use crate::integers::Exponents;
use crate::recipe::{BlockKeys, Recipe, Reduce};

/// Summand that keeps a variance from 0 in batch normalisation.
pub(crate) const NORM_EPSILON: f64 = 1e-5;

/// Divisor of the window: a power of two, as in the network of a model file.
pub(crate) const FULL_SCALE: f32 = 256.0;

impl BlockKeys {
    /// Return whether the input can be a branch of its own beside the convolution.
    pub(crate) fn has_identity(&self, inputs: usize) -> bool {
        self.branches && inputs == self.channels.get() && self.stride.get() == 1
    }
}

/// Blocks, a reduction to one vector per window, and dense layers to the classes.
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
    /// Predicts a teacher's values from the window's vector. Only a network in training has it, and no file.
    predictor: Option<Linear>,
    mean: bool,
    #[module(skip)]
    exponents: Option<Exponents>,
}

impl Network {
    /// Make a network with fresh weights, drawn from the device's generator.
    ///
    /// # Errors
    /// The network leaves nothing of the recipe's window.
    pub fn new(recipe: &Recipe, classes: usize, device: &Device) -> Result<Self> {
        let keys = &recipe.network;
        let blocks = backbone::blocks(keys, device);
        let [channels, height, width] = keys.reduced_from(recipe.input())?;
        let units = keys.units.map_or(0, |units| units.get());
        let places = keys.places.unwrap_or_default().get();
        let (mut recurrent, mut adaptive) = (None, None);
        let inputs = match keys.reduce {
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
        let (hidden, inputs) = head::hidden(keys, inputs, device);
        Ok(Self {
            front: Front::new(keys, recipe.input()),
            normalise: Normalise::new(keys, recipe.input()[0], device),
            blocks,
            recurrent,
            adaptive,
            dropout: DropoutConfig::new(keys.dropout.get()).init(),
            hidden,
            dense: LinearConfig::new(inputs, classes).init(device),
            predictor: None,
            mean: keys.reduce == Reduce::Mean,
            exponents: None,
        })
    }

    /// Compute the logits `[N, class]` of inputs `[N, 1, bin, column]` in LSB (0 to 255).
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

    /// Compute the logits as [`Self::forward`] does, and what the network predicts of a teacher's values `[N, value]`
    /// if it has a layer for that.
    #[must_use]
    pub fn learn(&self, input: Tensor<4>) -> (Tensor<2>, Option<Tensor<2>>) {
        let Some(predictor) = &self.predictor else {
            return (self.forward(input), None);
        };
        let (outputs, logits) = self.observe(input);
        let vector = outputs.into_iter().next_back();
        (
            logits,
            vector.map(|vector| predictor.forward(vector.flatten(1, 3))),
        )
    }

    /// Return the network with a fresh layer that predicts so many values of a teacher from the window's vector.
    #[must_use]
    pub fn with_predictor(mut self, values: usize, device: &Device) -> Self {
        let [inputs, _] = self.dense.weight.dims();
        self.predictor = Some(LinearConfig::new(inputs, values).init(device));
        self
    }

    /// Return the network that computes as the integers of these scales do, or with none the network of real
    /// numbers. It must be one that `NetworkKeys::quantised` allows.
    #[must_use]
    pub fn with_exponents(mut self, exponents: Option<Exponents>) -> Self {
        self.exponents = exponents;
        self
    }
}
