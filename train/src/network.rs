//! The network as a burn module, built from a recipe.

use anyhow::{Result, ensure};
use burn::module::{Module, Param, ParamId, RunningState};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{
    BatchNorm, BatchNormConfig, Initializer, Linear, LinearConfig, PaddingConfig2d, Relu,
};
use burn::tensor::{Device, Tensor, TensorData};

use crate::recipe::{BlockKeys, NetworkKeys};
use crate::weights::{Weights, name};

/// What batch normalisation adds to a variance.
pub(crate) const NORM_EPSILON: f64 = 1e-5;

/// Convolution, batch normalisation, ReLU and maximum pooling.
#[derive(Module, Debug)]
struct Block {
    conv: Conv2d,
    norm: BatchNorm,
    relu: Relu,
    pool: Option<MaxPool2d>,
}

impl Block {
    fn new(inputs: usize, keys: &BlockKeys, device: &Device) -> Self {
        let (kernel, stride, pool) = (keys.kernel.get(), keys.stride.get(), keys.pool.get());
        let outputs = keys.channels.get();
        let pad = kernel / 2;
        Self {
            conv: Conv2dConfig::new([inputs, outputs], [kernel; 2])
                .with_stride([stride; 2])
                .with_padding(PaddingConfig2d::Explicit(pad, pad, pad, pad))
                .with_groups(if keys.depthwise { inputs } else { 1 })
                // batch normalisation takes any bias out again
                .with_bias(false)
                .with_initializer(Initializer::KaimingNormal {
                    gain: 2f64.sqrt(),
                    fan_out_only: false,
                })
                .init(device),
            norm: BatchNormConfig::new(outputs)
                .with_epsilon(NORM_EPSILON)
                .init(device),
            relu: Relu::new(),
            pool: (pool > 1).then(|| {
                MaxPool2dConfig::new([pool; 2])
                    .with_strides([pool; 2])
                    .init()
            }),
        }
    }

    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let x = self
            .relu
            .forward(self.norm.forward(self.conv.forward(input)));
        match &self.pool {
            Some(pool) => pool.forward(x),
            None => x,
        }
    }
}

/// Blocks, the mean over all places, and a dense layer to the classes.
#[derive(Module, Debug)]
pub struct Network {
    blocks: Vec<Block>,
    dense: Linear,
}

impl Network {
    /// A network with fresh weights, drawn from the device's generator.
    #[must_use]
    pub fn new(keys: &NetworkKeys, classes: usize, device: &Device) -> Self {
        let mut channels = 1;
        let mut blocks = Vec::with_capacity(keys.blocks.len());
        for block in &keys.blocks {
            blocks.push(Block::new(channels, block, device));
            channels = block.channels.get();
        }
        Self {
            blocks,
            dense: LinearConfig::new(channels, classes).init(device),
        }
    }

    /// Logits `[N, class]` of inputs `[N, 1, bin, column]` in LSB (0 to 255).
    ///
    /// Batch statistics are used on a device with gradients, the stored ones on one without.
    #[must_use]
    pub fn forward(&self, input: Tensor<4>) -> Tensor<2> {
        self.observe(input).1
    }

    /// As [`Self::forward`], with the output of each block `[N, channel, row, column]` and the mean over all
    /// places `[N, channel, 1, 1]` on the way.
    #[must_use]
    pub fn observe(&self, input: Tensor<4>) -> (Vec<Tensor<4>>, Tensor<2>) {
        // the model file's network takes q / 256, which is a power of two away from q
        let mut x = input / 256.0;
        let mut outputs = Vec::with_capacity(self.blocks.len() + 1);
        for block in &self.blocks {
            x = block.forward(x);
            outputs.push(x.clone());
        }
        let [count, channels, height, width] = x.dims();
        let mean = x.reshape([count, channels, height * width]).mean_dim(2);
        outputs.push(mean.clone().reshape([count, channels, 1, 1]));
        let logits = self.dense.forward(mean.reshape([count, channels]));
        (outputs, logits)
    }

    /// Copies all weights and running statistics out.
    ///
    /// # Errors
    /// The device does not deliver them as 32-bit floats.
    pub fn weights(&self) -> Result<Weights> {
        let mut out = Weights::default();
        for (index, block) in self.blocks.iter().enumerate() {
            out.insert_tensor(name::conv(index), block.conv.weight.val())?;
            out.insert_tensor(name::gamma(index), block.norm.gamma.val())?;
            out.insert_tensor(name::beta(index), block.norm.beta.val())?;
            out.insert_tensor(name::mean(index), block.norm.running_mean.value_sync())?;
            out.insert_tensor(name::variance(index), block.norm.running_var.value_sync())?;
        }
        out.insert_tensor(name::DENSE_WEIGHT.into(), self.dense.weight.val())?;
        if let Some(bias) = &self.dense.bias {
            out.insert_tensor(name::DENSE_BIAS.into(), bias.val())?;
        }
        Ok(out)
    }

    /// Replaces all weights and running statistics. Parameters keep their identity, so that an
    /// optimiser's state stays theirs.
    ///
    /// # Errors
    /// A tensor is missing or has another shape.
    pub fn with_weights(mut self, weights: &Weights, device: &Device) -> Result<Self> {
        for (index, block) in self.blocks.iter_mut().enumerate() {
            replace(&mut block.conv.weight, weights, &name::conv(index), device)?;
            replace(&mut block.norm.gamma, weights, &name::gamma(index), device)?;
            replace(&mut block.norm.beta, weights, &name::beta(index), device)?;
            // running statistics are never differentiated
            let plain = device.clone().inner();
            let mean = tensor(weights, &name::mean(index), &plain)?;
            let variance = tensor(weights, &name::variance(index), &plain)?;
            block.norm.running_mean = RunningState::new(mean);
            block.norm.running_var = RunningState::new(variance);
        }
        replace(&mut self.dense.weight, weights, name::DENSE_WEIGHT, device)?;
        if let Some(bias) = &mut self.dense.bias {
            replace(bias, weights, name::DENSE_BIAS, device)?;
        }
        Ok(self)
    }
}

fn tensor<const D: usize>(weights: &Weights, name: &str, device: &Device) -> Result<Tensor<D>> {
    let array = weights.get(name)?;
    ensure!(
        array.shape.len() == D,
        "tensor `{name}` has {} axes, expected {D}",
        array.shape.len()
    );
    Ok(Tensor::from_data(
        TensorData::new(array.values.clone(), array.shape.clone()),
        device,
    ))
}

fn replace<const D: usize>(
    param: &mut Param<Tensor<D>>,
    weights: &Weights,
    name: &str,
    device: &Device,
) -> Result<()> {
    let value: Tensor<D> = tensor(weights, name, device)?;
    let expected = param.lazy_shape();
    ensure!(
        value.shape() == expected,
        "tensor `{name}` has shape {:?}, expected {expected:?}",
        value.shape()
    );
    let id: ParamId = param.id;
    let value = if value.is_autodiff() {
        value.require_grad()
    } else {
        value
    };
    *param = Param::initialized(id, value);
    Ok(())
}
