//! Batch normalisation taken into the convolution before it.

use anyhow::{Result, ensure};

use crate::network::NORM_EPSILON;
use crate::recipe::{BlockKeys, NetworkKeys};
use crate::weights::{Array, Weights, name};

/// A convolution with bias, followed by ReLU and pooling as its keys say.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldedConv {
    /// Geometry.
    pub keys: BlockKeys,
    /// Input channels.
    pub inputs: usize,
    /// `[out, height, width, in]`, of a depthwise convolution `[height, width, channel]`.
    pub weights: Vec<f32>,
    /// A bias for each output channel.
    pub biases: Vec<f32>,
}

/// A network without batch normalisation, in the model file's weight layout.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldedNetwork {
    /// The blocks.
    pub convs: Vec<FoldedConv>,
    /// Dense weights, `[out, in]`.
    pub dense_weights: Vec<f32>,
    /// Dense biases.
    pub dense_biases: Vec<f32>,
}

impl FoldedNetwork {
    /// Folds the weights of a network of this make.
    ///
    /// # Errors
    /// A tensor is missing or has another shape than the recipe says.
    pub fn new(keys: &NetworkKeys, weights: &Weights) -> Result<Self> {
        let mut inputs = 1;
        let mut convs = Vec::with_capacity(keys.blocks.len());
        for (index, block) in keys.blocks.iter().enumerate() {
            convs.push(fold(*block, inputs, index, weights)?);
            inputs = block.channels.get();
        }
        let dense = weights.get(name::DENSE_WEIGHT)?;
        let biases = weights.get(name::DENSE_BIAS)?;
        let classes = biases.values.len();
        expect(name::DENSE_WEIGHT, dense, &[inputs, classes])?;
        let transposed =
            (0..classes).flat_map(|o| (0..inputs).map(move |i| dense.values[i * classes + o]));
        Ok(Self {
            convs,
            dense_weights: transposed.collect(),
            dense_biases: biases.values.clone(),
        })
    }
}

fn fold(keys: BlockKeys, inputs: usize, index: usize, weights: &Weights) -> Result<FoldedConv> {
    let (outputs, kernel) = (keys.channels.get(), keys.kernel.get());
    let depth = if keys.depthwise { 1 } else { inputs };
    let conv = weights.get(&name::conv(index))?;
    expect(&name::conv(index), conv, &[outputs, depth, kernel, kernel])?;
    let channel = |name: String| {
        let array = weights.get(&name)?;
        expect(&name, array, &[outputs])?;
        anyhow::Ok(&array.values)
    };
    let (gamma, beta) = (channel(name::gamma(index))?, channel(name::beta(index))?);
    let (mean, variance) = (channel(name::mean(index))?, channel(name::variance(index))?);
    let factors: Vec<f32> = gamma
        .iter()
        .zip(variance)
        .map(|(g, v)| (f64::from(*g) / (f64::from(*v) + NORM_EPSILON).sqrt()) as f32)
        .collect();
    let mut folded = Vec::with_capacity(conv.values.len());
    let at = |o: usize, i: usize, place: usize| {
        factors[o] * conv.values[(o * depth + i) * kernel * kernel + place]
    };
    if keys.depthwise {
        for place in 0..kernel * kernel {
            folded.extend((0..outputs).map(|channel| at(channel, 0, place)));
        }
    } else {
        for output in 0..outputs {
            for place in 0..kernel * kernel {
                folded.extend((0..inputs).map(|input| at(output, input, place)));
            }
        }
    }
    let biases = (0..outputs)
        .map(|o| beta[o] - factors[o] * mean[o])
        .collect();
    Ok(FoldedConv {
        keys,
        inputs,
        weights: folded,
        biases,
    })
}

fn expect(name: &str, array: &Array, shape: &[usize]) -> Result<()> {
    ensure!(
        array.shape == shape,
        "tensor `{name}` has shape {:?}, the recipe says {shape:?}",
        array.shape
    );
    Ok(())
}
