//! A convolutional block.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{
    BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Initializer, PaddingConfig2d, Relu,
};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};

use super::NORM_EPSILON;
use super::operations::{convolve, largest, normalise};
use crate::recipe::{BlockKeys, Norm};

/// Convolution, batch normalisation, ReLU (in the order of its keys), maximum pooling, dropout.
#[derive(Module, Debug)]
pub(super) struct Block {
    pub(super) conv: Conv2d,
    norm: Option<BatchNorm>,
    branches: Option<Branches>,
    relu: Relu,
    pub(super) pool: Option<MaxPool2d>,
    dropout: Dropout,
    norm_after: bool,
}

/// Branches beside a convolution in training, which are folded into it afterwards.
#[derive(Module, Debug)]
struct Branches {
    pointwise: Conv2d,
    norm: BatchNorm,
    /// The input itself, where the output has the same shape.
    identity: Option<BatchNorm>,
}

impl Block {
    pub(super) fn new(inputs: usize, keys: &BlockKeys, device: &Device) -> Self {
        let outputs = keys.channels.get();
        let pool = keys.pool.get();
        Self {
            conv: convolution(inputs, keys, keys.kernel.get(), device),
            norm: (keys.norm != Norm::None).then(|| normalisation(outputs, device)),
            branches: keys.branches.then(|| Branches {
                pointwise: convolution(inputs, keys, 1, device),
                norm: normalisation(outputs, device),
                identity: (keys.has_identity(inputs)).then(|| normalisation(outputs, device)),
            }),
            relu: Relu::new(),
            pool: (pool != [1; 2]).then(|| MaxPool2dConfig::new(pool).with_strides(pool).init()),
            dropout: DropoutConfig::new(keys.dropout.get()).init(),
            norm_after: keys.norm == Norm::AfterRelu,
        }
    }

    pub(super) fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let beside = self.branches.as_ref().map(|b| b.forward(input.clone()));
        let mut x = convolved(&self.conv, input);
        if let (Some(norm), false) = (&self.norm, self.norm_after) {
            x = normalise(norm, x);
        }
        if let Some(beside) = beside {
            x = x + beside;
        }
        x = self.relu.forward(x);
        if let (Some(norm), true) = (&self.norm, self.norm_after) {
            x = normalise(norm, x);
        }
        if let Some(pool) = &self.pool {
            x = largest(x, pool.kernel_size);
        }
        self.dropout.forward(x)
    }
}

impl Branches {
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let pointwise = normalise(&self.norm, convolved(&self.pointwise, input.clone()));
        match &self.identity {
            Some(identity) => pointwise + normalise(identity, input),
            None => pointwise,
        }
    }
}

/// Apply a convolution without dilation, padded by half its kernel.
fn convolved(conv: &Conv2d, input: Tensor<4>) -> Tensor<4> {
    let padding = conv.kernel_size.map(|extent| extent / 2);
    let options = ConvOptions::new(conv.stride, padding, conv.dilation, conv.groups);
    let bias = conv.bias.as_ref().map(|bias| bias.val());
    convolve(input, conv.weight.val(), bias, options)
}

fn convolution(inputs: usize, keys: &BlockKeys, kernel: usize, device: &Device) -> Conv2d {
    let pad = kernel / 2;
    Conv2dConfig::new([inputs, keys.channels.get()], [kernel; 2])
        .with_stride([keys.stride.get(); 2])
        .with_padding(PaddingConfig2d::Explicit(pad, pad, pad, pad))
        .with_groups(if keys.depthwise { inputs } else { 1 })
        // batch normalisation right after it would remove any bias again
        .with_bias(keys.norm != Norm::BeforeRelu)
        .with_initializer(Initializer::KaimingNormal {
            gain: 2f64.sqrt(),
            fan_out_only: false,
        })
        .init(device)
}

fn normalisation(channels: usize, device: &Device) -> BatchNorm {
    BatchNormConfig::new(channels)
        .with_epsilon(NORM_EPSILON)
        .init(device)
}
