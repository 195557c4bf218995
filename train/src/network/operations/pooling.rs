//! Maximum pooling of places that do not overlap.

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
use burn::tensor::{IntDType, Tensor};

/// The largest of every `extent` rows and columns of `[N, channel, row, column]`; an incomplete row or column at the end
/// is dropped. Its gradient goes to the first of several that are equally large.
#[backend_extension(
    Flex: cfg(feature = "cpu"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "gpu"),
    Autodiff
)]
trait Pooling: Backend {
    fn largest(x: FloatTensor<Self>, extent: [usize; 2]) -> FloatTensor<Self> {
        Self::max_pool2d(x, extent, extent, [0; 2], [1; 2], false)
    }

    fn largest_gradient(
        x: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        extent: [usize; 2],
    ) -> FloatTensor<Self> {
        let (padding, dilation) = ([0; 2], [1; 2]);
        let found = Self::max_pool2d_with_indices(
            x.clone(),
            extent,
            extent,
            padding,
            dilation,
            false,
            IntDType::I32,
        );
        Self::max_pool2d_with_indices_backward(
            x,
            extent,
            extent,
            padding,
            dilation,
            false,
            gradient,
            found.indices,
        )
        .x_grad
    }
}

#[cfg(feature = "ndarray")]
impl Pooling for NdArray {}
#[cfg(feature = "gpu")]
impl Pooling for Cube {}

/// Return the largest of every `extent` rows and columns.
pub(in crate::network) fn largest(x: Tensor<4>, extent: [usize; 2]) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::largest(x.into_dispatch(), extent))
}

/// The step back through pooling.
#[derive(Debug)]
struct Back;

impl<B: Pooling> Backward<B, 1> for Back {
    type State = (NodeId, [usize; 2]);

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        gradients: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let [input] = ops.parents;
        let gradient = gradients.consume::<B>(&ops.node);
        let (x, extent) = ops.state;
        let x = checkpointer.retrieve_node_output::<B::FloatTensorPrimitive>(x);
        if let Some(node) = input {
            gradients.register::<B>(node.id, B::largest_gradient(x, gradient, extent));
        }
    }
}

impl<B: Pooling, C: CheckpointStrategy> Pooling for Autodiff<B, C> {
    fn largest(x: FloatTensor<Self>, extent: [usize; 2]) -> FloatTensor<Self> {
        match Back.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let state = (prepared.checkpoint(&x), extent);
                prepared.finish(state, B::largest(x.into_primitive(), extent))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::largest(x.into_primitive(), extent)),
        }
    }
}

#[cfg(feature = "cpu")]
mod flex {
    use burn::backend::flex::FlexTensor;
    use burn::backend::{Flex, TensorMetadata};
    use rayon::prelude::*;

    use super::super::flex::{contiguous, tensor, values};
    use super::Pooling;

    impl Pooling for Flex {
        fn largest(x: FlexTensor, extent: [usize; 2]) -> FlexTensor {
            let x = contiguous(x);
            let [count, channels, rows, columns] = x.shape().dims::<4>();
            let [high, wide] = [rows / extent[0], columns / extent[1]];
            let mut y = vec![f32::NEG_INFINITY; count * channels * high * wide];
            y.par_chunks_exact_mut((channels * high * wide).max(1))
                .zip(values(&x).par_chunks_exact((channels * rows * columns).max(1)))
                .for_each(|(y, x)| {
                    let planes = x.chunks_exact(rows * columns);
                    for (y, x) in y.chunks_exact_mut(high * wide).zip(planes) {
                        let lines = x.chunks(extent[0] * columns);
                        for (y, lines) in y.chunks_exact_mut(wide).zip(lines) {
                            each(lines, columns, extent, |place, _, x| {
                                y[place] = if is_larger(x, y[place]) { x } else { y[place] };
                            });
                        }
                    }
                });
            tensor(y, [count, channels, high, wide])
        }

        fn largest_gradient(x: FlexTensor, gradient: FlexTensor, extent: [usize; 2]) -> FlexTensor {
            let [x, gradient] = [x, gradient].map(contiguous);
            let shape @ [_, channels, rows, columns] = x.shape().dims::<4>();
            let [high, wide] = [rows / extent[0], columns / extent[1]];
            let mut own = vec![0.0; values(&x).len()];
            own.par_chunks_exact_mut((channels * rows * columns).max(1))
                .zip(values(&x).par_chunks_exact((channels * rows * columns).max(1)))
                .zip(values(&gradient).par_chunks_exact((channels * high * wide).max(1)))
                .for_each(|((own, x), gradient)| {
                    let mut found = vec![(0.0, 0); wide];
                    let planes = x.chunks_exact(rows * columns);
                    let owns = own.chunks_exact_mut(rows * columns);
                    let gradients = gradient.chunks_exact(high * wide);
                    for ((own, x), gradient) in owns.zip(planes).zip(gradients) {
                        let lines = x.chunks(extent[0] * columns);
                        let owns = own.chunks_mut(extent[0] * columns);
                        let gradients = gradient.chunks_exact(wide);
                        for ((own, lines), gradient) in owns.zip(lines).zip(gradients) {
                            found.fill((f32::NEG_INFINITY, 0));
                            each(lines, columns, extent, |place, at, x| {
                                let before = found[place];
                                let larger = is_larger(x, before.0);
                                found[place] = if larger { (x, at as u32) } else { before };
                            });
                            for ((_, at), gradient) in found.iter().zip(gradient) {
                                own[*at as usize] += gradient;
                            }
                        }
                    }
                });
            tensor(own, shape)
        }
    }

    /// Call `work` with every value of the lines that make one line of the output: the place it is pooled to, where
    /// it lies in the lines, and itself.
    #[inline(always)]
    fn each(
        lines: &[f32],
        columns: usize,
        [height, width]: [usize; 2],
        mut work: impl FnMut(usize, usize, f32),
    ) {
        // a width that the compiler knows is several times as fast
        let mut pass = |width: usize| {
            for (row, line) in lines.chunks_exact(columns).take(height).enumerate() {
                for (place, values) in line.chunks_exact(width).enumerate() {
                    for (column, value) in values.iter().enumerate() {
                        work(place, row * columns + place * width + column, *value);
                    }
                }
            }
        };
        match width {
            1 => pass(1),
            2 => pass(2),
            _ => pass(width),
        }
    }

    /// Return whether a value is larger; as in burn, NaN is larger than any number.
    #[inline(always)]
    fn is_larger(value: f32, than: f32) -> bool {
        (value > than) | value.is_nan()
    }
}

#[cfg(all(test, feature = "cpu"))]
mod tests {
    use burn::nn::pool::MaxPool2dConfig;
    use burn::tensor::{Device, Distribution};

    use super::*;

    fn all(
        pool: impl Fn(Tensor<4>) -> Tensor<4>,
        x: &Tensor<4>,
        weights: &Tensor<4>,
    ) -> [Vec<f32>; 2] {
        let x = Tensor::<4>::from_data(x.to_data(), &x.device().autodiff()).require_grad();
        let y = pool(x.clone());
        let weights = Tensor::<4>::from_data(weights.to_data(), &y.device());
        let gradients = (y.clone() * weights).sum().backward();
        [y, x.grad(&gradients).unwrap()].map(|t| t.into_data().try_into_vec().unwrap())
    }

    #[test]
    fn output_and_gradient_are_burns() {
        let device = Device::flex();
        device.seed(2);
        for (shape, extent) in [
            ([3, 2, 8, 6], [2, 2]),
            ([2, 3, 9, 7], [4, 2]),
            ([1, 1, 5, 5], [1, 3]),
            ([2, 1, 4, 4], [4, 1]),
        ] {
            // few different values, so that many are equally large
            let x = Tensor::<4>::random(shape, Distribution::Uniform(-2.0, 2.0), &device).round();
            let [n, c, h, w] = shape;
            let pooled = [n, c, h / extent[0], w / extent[1]];
            let weights = Tensor::<4>::random(pooled, Distribution::Uniform(-1.0, 1.0), &device);
            let own = all(|x| largest(x, extent), &x, &weights);
            let burns = MaxPool2dConfig::new(extent).with_strides(extent).init();
            assert_eq!(
                own,
                all(|x| burns.forward(x), &x, &weights),
                "{shape:?} {extent:?}"
            );
            assert!(own[1].iter().any(|v| *v != 0.0));
        }
    }
}
