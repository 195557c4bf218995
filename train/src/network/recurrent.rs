//! Recurrent layers that read a window column after column.
//!
//! The gates' weights are side by side in one matrix, in ONNX's order, so that a step is one product.

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::{sigmoid, tanh};
use burn::tensor::{Device, Tensor};

use crate::recipe::Reduce;

/// A gated recurrent unit (Cho et al. 2014; the reset gate after the product, as in cuDNN) or a long
/// short-term memory (Hochreiter and Schmidhuber 1997; without peepholes).
#[derive(Module, Debug)]
pub(super) struct Recurrent {
    /// From a column to all gates; GRU's are update, reset, new, LSTM's input, output, forget, cell.
    input: Linear,
    /// From the state to all gates.
    state: Linear,
    units: usize,
    memory: bool,
}

impl Recurrent {
    pub(super) fn new(kind: Reduce, inputs: usize, units: usize, device: &Device) -> Self {
        let memory = kind == Reduce::Lstm;
        let gates = units * if memory { 4 } else { 3 };
        Self {
            input: LinearConfig::new(inputs, gates).init(device),
            // a second bias is useful only inside the GRU's reset gate
            state: LinearConfig::new(units, gates)
                .with_bias(!memory)
                .init(device),
            units,
            memory,
        }
    }

    /// Compute the last state `[N, units]` after all columns of `[N, channel, row, column]`.
    pub(super) fn forward(&self, input: Tensor<4>) -> Tensor<2> {
        let [count, channels, rows, columns] = input.dims();
        let sequence = input
            .permute([3, 0, 1, 2])
            .reshape([columns * count, channels * rows]);
        let gates = self.input.forward(sequence);
        let device = gates.device();
        let mut state = Tensor::zeros([count, self.units], &device);
        let mut memory = Tensor::zeros([count, self.units], &device);
        for column in 0..columns {
            let begin = column * count;
            let from_input = gates.clone().narrow(0, begin, count);
            let from_state = self.state.forward(state.clone());
            if self.memory {
                (state, memory) = self.remember(from_input + from_state, memory);
            } else {
                state = self.update(&from_input, &from_state, state);
            }
        }
        state
    }

    fn gate(&self, gates: &Tensor<2>, index: usize) -> Tensor<2> {
        gates.clone().narrow(1, index * self.units, self.units)
    }

    fn remember(&self, gates: Tensor<2>, memory: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
        let [input, output, forget] = [0, 1, 2].map(|index| sigmoid(self.gate(&gates, index)));
        let memory = forget * memory + input * tanh(self.gate(&gates, 3));
        (output * tanh(memory.clone()), memory)
    }

    fn update(
        &self,
        from_input: &Tensor<2>,
        from_state: &Tensor<2>,
        state: Tensor<2>,
    ) -> Tensor<2> {
        let [update, reset] = [0, 1]
            .map(|index| sigmoid(self.gate(from_input, index) + self.gate(from_state, index)));
        let new = tanh(self.gate(from_input, 2) + reset * self.gate(from_state, 2));
        new.clone() + update * (state - new)
    }
}
