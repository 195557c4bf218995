//! A network as its integers compute it, with gradients as if nothing were rounded (straight-through
//! estimator, Bengio et al. 2013).
//!
//! All scales are powers of two, so that the f32 sums here are the engine's i32 sums as long as these stay
//! below 2^24, and rounding half to even is the engine's.

use burn::nn::Linear;
use burn::nn::conv::Conv2d;
use burn::tensor::module::linear;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Tensor, activation::relu};

use super::Network;
use super::block::Block;
use super::operations::{convolve, largest};
use crate::integers::{Exponents, INPUT_EXPONENT, reciprocal};

/// Round `x` to the grid of `2^-exponent`, within `low` and `high` steps. Values outside get no gradient.
fn rounded<const D: usize>(x: Tensor<D>, exponent: i32, [low, high]: [f32; 2]) -> Tensor<D> {
    let (up, down) = (2f32.powi(exponent), 2f32.powi(-exponent));
    let inside = x.clamp(low * down, high * down);
    let grid = (inside.clone() * up).round() * down;
    inside.clone() + (grid - inside).detach()
}

fn activation<const D: usize>(x: Tensor<D>, exponent: i32) -> Tensor<D> {
    rounded(x, exponent, [0.0, 255.0])
}

fn weight<const D: usize>(x: Tensor<D>, exponent: i32) -> Tensor<D> {
    rounded(x, exponent, [-127.0, 127.0])
}

/// Round a bias, with the limit that files have.
fn bias(x: Tensor<1>, exponent: i32) -> Tensor<1> {
    let limit = (1_u32 << 30) as f32;
    rounded(x, exponent, [-limit, limit])
}

impl Network {
    /// Compute the logits of inputs in units of the full scale, through the integers of `exponents`.
    pub(super) fn forward_quantised(&self, mut x: Tensor<4>, exponents: &Exponents) -> Tensor<2> {
        let mut input = INPUT_EXPONENT;
        for (index, block) in self.blocks.iter().enumerate() {
            let output = exponents.activations[index];
            x = block.forward_quantised(x, [input, exponents.weights[index], output]);
            input = output;
        }
        let [count, channels, height, width] = x.dims();
        let area = height * width;
        let (multiplier, places) = reciprocal(area as u32);
        let sum = x.reshape([count, channels, area]).sum_dim(2);
        let mean = sum.reshape([count, channels]) * f32::from(multiplier) * 2f32.powi(-places);
        let mean = activation(mean, exponents.mean);
        dense(&self.dense, mean, [exponents.mean, exponents.dense])
    }
}

impl Block {
    fn forward_quantised(&self, x: Tensor<4>, [input, weights, output]: [i32; 3]) -> Tensor<4> {
        let x = activation(relu(convolution(&self.conv, x, [input, weights])), output);
        match &self.pool {
            Some(pool) => largest(x, pool.kernel_size),
            None => x,
        }
    }
}

fn convolution(conv: &Conv2d, x: Tensor<4>, [input, weights]: [i32; 2]) -> Tensor<4> {
    let [kernel, _] = conv.kernel_size;
    let options = ConvOptions::new(conv.stride, [kernel / 2; 2], conv.dilation, conv.groups);
    let biases = conv.bias.as_ref().map(|b| bias(b.val(), input + weights));
    convolve(x, weight(conv.weight.val(), weights), biases, options)
}

fn dense(layer: &Linear, x: Tensor<2>, [input, weights]: [i32; 2]) -> Tensor<2> {
    let biases = layer.bias.as_ref().map(|b| bias(b.val(), input + weights));
    linear(x, weight(layer.weight.val(), weights), biases)
}
