//! Convolution. The patches that a window's kernel sees become the columns of a matrix (Chellapilla et al. 2006), so
//! that the output and both gradients are a matrix product each.

#[cfg(feature = "gpu")]
use burn::backend::Cube;
#[cfg(feature = "ndarray")]
use burn::backend::NdArray;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::autodiff::{Autodiff, NodeId};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;
use burn::tensor::ops::ConvOptions;

/// A convolution `[N, out, row, column]` of `[N, in, row, column]` with weights `[out, in, row, column]`, and its
/// gradients from the gradient of its output.
#[backend_extension(
    Flex: cfg(feature = "cpu"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "gpu"),
    Autodiff
)]
trait Convolution: Backend {
    fn convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        Self::conv2d(x, weight, None, options)
    }

    fn input_gradient(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        Self::conv2d_x_backward(x, weight, gradient, options)
    }

    fn weight_gradient(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        Self::conv2d_weight_backward(x, weight, gradient, options)
    }
}

#[cfg(feature = "ndarray")]
impl Convolution for NdArray {}
#[cfg(feature = "gpu")]
impl Convolution for Cube {}

/// Compute the same as burn's `conv2d`.
pub(in crate::network) fn convolve(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    options: ConvOptions<2>,
) -> Tensor<4> {
    let (x, weight) = (x.into_dispatch(), weight.into_dispatch());
    let y = Tensor::<4>::from_dispatch(Dispatch::convolution(x, weight, options));
    match bias {
        Some(bias) => y + bias.reshape([1, -1, 1, 1]),
        None => y,
    }
}

/// The step back through a convolution.
#[derive(Debug)]
struct Back;

impl<B: Convolution> Backward<B, 2> for Back {
    type State = (NodeId, NodeId, ConvOptions<2>);

    fn backward(
        self,
        ops: Ops<Self::State, 2>,
        gradients: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let [input, weight] = ops.parents;
        let gradient = gradients.consume::<B>(&ops.node);
        let (x, w, options) = ops.state;
        let x = checkpointer.retrieve_node_output::<B::FloatTensorPrimitive>(x);
        let w = checkpointer.retrieve_node_output::<B::FloatTensorPrimitive>(w);
        if let Some(node) = input {
            let own = B::input_gradient(x.clone(), w.clone(), gradient.clone(), options.clone());
            gradients.register::<B>(node.id, own);
        }
        if let Some(node) = weight {
            let own = B::weight_gradient(x, w, gradient, options);
            gradients.register::<B>(node.id, own);
        }
    }
}

impl<B: Convolution, C: CheckpointStrategy> Convolution for Autodiff<B, C> {
    fn convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        let prepared = Back.prepare::<C>([x.node(), weight.node()]);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let state = (
                    prepared.checkpoint(&x),
                    prepared.checkpoint(&weight),
                    options.clone(),
                );
                prepared.finish(
                    state,
                    B::convolution(x.into_primitive(), weight.into_primitive(), options),
                )
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::convolution(
                x.into_primitive(),
                weight.into_primitive(),
                options,
            )),
        }
    }
}

#[cfg(feature = "cpu")]
mod flex {
    use burn::backend::flex::FlexTensor;
    use burn::backend::ops::ModuleOps;
    use burn::backend::{DType, Flex, TensorMetadata};

    use super::super::flex::{tensor, values};
    use super::super::patches::Patches;
    use super::{ConvOptions, Convolution};

    impl Convolution for Flex {
        fn convolution(x: FlexTensor, weight: FlexTensor, options: ConvOptions<2>) -> FlexTensor {
            let Some(patches) = patches(&x, &weight, &options) else {
                return Self::conv2d(x, weight, None, options);
            };
            let [x, weight] = [x, weight].map(|t| t.to_contiguous());
            let [count, ..] = x.shape().dims::<4>();
            let [outputs, ..] = weight.shape().dims::<4>();
            let [rows, columns] = patches.places();
            let y = patches.forward(values(&x), values(&weight));
            tensor(y, [count, outputs, rows, columns])
        }

        fn input_gradient(
            x: FlexTensor,
            weight: FlexTensor,
            gradient: FlexTensor,
            options: ConvOptions<2>,
        ) -> FlexTensor {
            let Some(patches) = patches(&x, &weight, &options) else {
                return Self::conv2d_x_backward(x, weight, gradient, options);
            };
            let [weight, gradient] = [weight, gradient].map(|t| t.to_contiguous());
            let own = patches.input_gradient(values(&weight), values(&gradient));
            tensor(own, x.shape().dims::<4>())
        }

        fn weight_gradient(
            x: FlexTensor,
            weight: FlexTensor,
            gradient: FlexTensor,
            options: ConvOptions<2>,
        ) -> FlexTensor {
            let Some(patches) = patches(&x, &weight, &options) else {
                return Self::conv2d_weight_backward(x, weight, gradient, options);
            };
            let [x, gradient] = [x, gradient].map(|t| t.to_contiguous());
            let own = patches.weight_gradient(values(&x), values(&gradient));
            tensor(own, weight.shape().dims::<4>())
        }
    }

    /// Return the patches of a convolution that has neither groups nor dilation.
    fn patches(x: &FlexTensor, weight: &FlexTensor, options: &ConvOptions<2>) -> Option<Patches> {
        let plain = options.groups == 1
            && options.dilation == [1; 2]
            && !options.is_asymmetric()
            && x.dtype() == DType::F32;
        let [_, channels, rows, columns] = x.shape().dims::<4>();
        let [outputs, _, kernel_rows, kernel_columns] = weight.shape().dims::<4>();
        plain.then(|| Patches {
            channels,
            outputs,
            input: [rows, columns],
            kernel: [kernel_rows, kernel_columns],
            stride: options.stride,
            padding: options.padding_begin(),
        })
    }
}

#[cfg(all(test, feature = "cpu"))]
mod tests {
    use burn::tensor::module::conv2d;
    use burn::tensor::{Device, Distribution};

    use super::*;

    /// Output and gradients of input, weights and bias.
    type All = [Vec<f32>; 4];

    fn all(
        convolution: impl Fn(Tensor<4>, Tensor<4>, Option<Tensor<1>>, ConvOptions<2>) -> Tensor<4>,
        [x, weight]: [&Tensor<4>; 2],
        bias: &Tensor<1>,
        options: &ConvOptions<2>,
    ) -> All {
        let device = x.device().autodiff();
        let [x, weight] =
            [x, weight].map(|t| Tensor::<4>::from_data(t.to_data(), &device).require_grad());
        let bias = Tensor::<1>::from_data(bias.to_data(), &device).require_grad();
        let y = convolution(
            x.clone(),
            weight.clone(),
            Some(bias.clone()),
            options.clone(),
        );
        let gradients = (y.clone() * y.clone()).sum().backward();
        [
            y.into_data(),
            x.grad(&gradients).unwrap().into_data(),
            weight.grad(&gradients).unwrap().into_data(),
            bias.grad(&gradients).unwrap().into_data(),
        ]
        .map(|data| data.try_into_vec().unwrap())
    }

    #[test]
    fn output_and_gradients_are_burns() {
        let device = Device::flex();
        device.seed(1);
        let random = Distribution::Uniform(-1.0, 1.0);
        // windows, channels, rows, columns; outputs, kernel; stride, padding, groups
        for ([n, c, h, w], [o, kh, kw], stride, padding, groups) in [
            ([5, 1, 12, 9], [4, 5, 5], [2, 2], [2, 2], 1),
            ([3, 4, 7, 8], [6, 3, 3], [1, 1], [1, 1], 1),
            ([1, 3, 6, 5], [2, 1, 1], [1, 1], [0, 0], 1),
            ([2, 2, 5, 11], [3, 2, 4], [1, 3], [1, 2], 1),
            ([2, 2, 3, 2], [3, 5, 5], [2, 1], [2, 3], 1),
            ([2, 4, 6, 6], [4, 3, 3], [1, 1], [1, 1], 4),
        ] {
            let x = Tensor::<4>::random([n, c, h, w], random, &device);
            let weight = Tensor::<4>::random([o, c / groups, kh, kw], random, &device);
            let bias = Tensor::<1>::random([o], random, &device);
            let options = ConvOptions::new(stride, padding, [1, 1], groups);
            let own = all(convolve, [&x, &weight], &bias, &options);
            let burns = all(conv2d, [&x, &weight], &bias, &options);
            for (own, burns) in own.iter().zip(&burns) {
                assert_eq!(own.len(), burns.len());
                for (a, b) in own.iter().zip(burns) {
                    assert!(
                        (a - b).abs() < 1e-3 * b.abs().max(1.0),
                        "{options:?}: {a} {b}"
                    );
                }
            }
        }
    }
}
