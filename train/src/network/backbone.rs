//! From a window to one vector: the fixed front, convolutional blocks, a reduction.

use burn::tensor::{Device, Tensor};

use super::block::Block;
use super::{FULL_SCALE, Network};
use crate::recipe::NetworkKeys;

/// Make fresh blocks.
pub(super) fn blocks(keys: &NetworkKeys, device: &Device) -> Vec<Block> {
    let mut channels = 1;
    let mut blocks = Vec::with_capacity(keys.blocks.len());
    for block in &keys.blocks {
        blocks.push(Block::new(channels, block, device));
        channels = block.channels.get();
    }
    blocks
}

impl Network {
    /// Compute the reduced vector `[N, value]` of inputs `[N, 1, bin, column]` in LSB, and the output of each block
    /// `[N, channel, row, column]` on the way.
    pub(super) fn backbone(&self, input: Tensor<4>) -> (Vec<Tensor<4>>, Tensor<2>) {
        let mut x = self.front.forward(input / FULL_SCALE);
        if let Some(normalise) = &self.normalise {
            x = normalise.forward(x);
        }
        let mut outputs = Vec::with_capacity(self.blocks.len() + 1);
        for block in &self.blocks {
            x = block.forward(x);
            outputs.push(x.clone());
        }
        (outputs, self.reduce(x))
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
