//! From the backbone's vector to logits: hidden dense layers and the last one.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig, Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use super::Network;
use crate::recipe::{HiddenKeys, NetworkKeys};

/// A dense layer, ReLU, dropout.
#[derive(Module, Debug)]
pub(super) struct Hidden {
    dense: Linear,
    dropout: Dropout,
}

/// Make fresh hidden layers that read so many inputs, and return them with the number of their outputs.
pub(super) fn hidden(
    keys: &NetworkKeys,
    mut inputs: usize,
    device: &Device,
) -> (Vec<Hidden>, usize) {
    let mut hidden = Vec::with_capacity(keys.hidden.len());
    for HiddenKeys { units, dropout } in &keys.hidden {
        hidden.push(Hidden {
            dense: LinearConfig::new(inputs, units.get()).init(device),
            dropout: DropoutConfig::new(dropout.get()).init(),
        });
        inputs = units.get();
    }
    (hidden, inputs)
}

impl Network {
    /// Compute the logits of the network of real numbers, with the output of each block `[N, channel, row, column]`,
    /// the reduced vector and the output of each hidden layer `[N, value, 1, 1]` on the way. The last of these is the
    /// window's embedding.
    #[must_use]
    pub fn observe(&self, input: Tensor<4>) -> (Vec<Tensor<4>>, Tensor<2>) {
        let (mut outputs, mut vector) = self.backbone(input);
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
}
