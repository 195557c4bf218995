//! Batch normalisation (Ioffe and Szegedy 2015) in training.

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
use burn::backend::{AutodiffBackend, Backend, Dispatch, backend_extension};
use burn::nn::BatchNorm;
use burn::tensor::Tensor;

/// Every channel of `[N, channel, row, column]` normalised to mean `beta` and deviation `gamma`.
#[backend_extension(
    Flex: cfg(feature = "cpu"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "gpu"),
    Autodiff
)]
trait Normalisation: Backend {
    /// Compute the output, and each channel's mean and (biased) variance `[channel]`.
    fn normalise(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let all = Self::batch_norm_train(x, gamma, beta, epsilon);
        (all.output, all.mean, all.variance)
    }

    /// Compute the gradients of input, `gamma` and `beta`.
    fn normalise_gradients(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f64,
        gradient: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let all = Self::batch_norm_train_backward(x, gamma, mean, variance, epsilon, gradient);
        (all.x_grad, all.gamma_grad, all.beta_grad)
    }
}

#[cfg(feature = "ndarray")]
impl Normalisation for NdArray {}
#[cfg(feature = "gpu")]
impl Normalisation for Cube {}

/// Normalise as burn's `BatchNorm::forward` does: on a device with gradients with the statistics of the batch, which
/// the running ones then follow; on one without, with those.
pub(in crate::network) fn normalise(norm: &BatchNorm, x: Tensor<4>) -> Tensor<4> {
    if !(x.device().is_autodiff() && norm.training.is_enabled()) {
        return norm.forward(x);
    }
    let [x, gamma, beta] = [
        x.into_dispatch(),
        norm.gamma.val().into_dispatch(),
        norm.beta.val().into_dispatch(),
    ];
    let (y, mean, variance) = Dispatch::normalise(x, gamma, beta, norm.epsilon);
    for (running, of_batch) in [(&norm.running_mean, mean), (&norm.running_var, variance)] {
        let of_batch = Tensor::<1>::from_dispatch(of_batch).detach();
        let before = running.value_sync().to_device(&of_batch.device());
        let after = before * (1.0 - norm.momentum) + of_batch * norm.momentum;
        running.update(after.detach());
    }
    Tensor::from_dispatch(y)
}

/// The step back through normalisation.
#[derive(Debug)]
struct Back;

impl<B: Normalisation> Backward<B, 3> for Back {
    /// Input and `gamma`; mean and variance; what is added to the variance.
    type State = ([NodeId; 2], [FloatTensor<B>; 2], f64);

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        gradients: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<B>(&ops.node);
        let (nodes, [mean, variance], epsilon) = ops.state;
        let [x, gamma] =
            nodes.map(|node| checkpointer.retrieve_node_output::<B::FloatTensorPrimitive>(node));
        let (x, gamma, beta) = B::normalise_gradients(x, gamma, mean, variance, epsilon, gradient);
        for (node, own) in ops.parents.into_iter().zip([x, gamma, beta]) {
            if let Some(node) = node {
                gradients.register::<B>(node.id, own);
            }
        }
    }
}

impl<B: Normalisation, C: CheckpointStrategy> Normalisation for Autodiff<B, C> {
    fn normalise(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let prepared = Back.prepare::<C>([x.node(), gamma.node(), beta.node()]);
        let (y, mean, variance) = match prepared.compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let nodes = [prepared.checkpoint(&x), prepared.checkpoint(&gamma)];
                let [x, gamma, beta] = [x, gamma, beta].map(|t| t.into_primitive());
                let (y, mean, variance) = B::normalise(x, gamma, beta, epsilon);
                let state = (nodes, [mean.clone(), variance.clone()], epsilon);
                (prepared.finish(state, y), mean, variance)
            }
            OpsKind::UnTracked(prepared) => {
                let [x, gamma, beta] = [x, gamma, beta].map(|t| t.into_primitive());
                let (y, mean, variance) = B::normalise(x, gamma, beta, epsilon);
                (prepared.finish(y), mean, variance)
            }
        };
        (y, Self::from_inner(mean), Self::from_inner(variance))
    }
}

#[cfg(feature = "cpu")]
mod flex {
    use burn::backend::flex::FlexTensor;
    use burn::backend::{Flex, TensorMetadata};
    use rayon::prelude::*;

    use super::super::flex::{contiguous, tensor, values};
    use super::Normalisation;

    /// Sums that run beside each other, so that the compiler may use vectors.
    const LANES: usize = 16;

    type Three = (FlexTensor, FlexTensor, FlexTensor);

    impl Normalisation for Flex {
        fn normalise(x: FlexTensor, gamma: FlexTensor, beta: FlexTensor, epsilon: f64) -> Three {
            let [x, gamma, beta] = [x, gamma, beta].map(contiguous);
            let planes = Planes::new(&x);
            let input = values(&x);
            let moments: Vec<[f64; 2]> = planes.each_channel(|channel| {
                let of = || planes.of(input, channel);
                let mean = of().map(|x| sum(x, x, |x, _| x)).sum::<f64>() / planes.number();
                let centre = mean as f32;
                let square = |x: f32, _| (x - centre) * (x - centre);
                let variance = of().map(|x| sum(x, x, square)).sum::<f64>() / planes.number();
                [mean, variance]
            });
            let scales: Vec<f32> = (values(&gamma).iter().zip(&moments))
                .map(|(gamma, [_, variance])| gamma / (variance + epsilon).sqrt() as f32)
                .collect();
            let mut y = vec![0.0; input.len()];
            planes.each_plane(&mut y, |y, window, channel| {
                let (scale, shift) = (scales[channel], values(&beta)[channel]);
                let mean = moments[channel][0] as f32;
                for (y, x) in y.iter_mut().zip(planes.at(input, window, channel)) {
                    *y = (x - mean) * scale + shift;
                }
            });
            let [mean, variance] = [0, 1].map(|moment| {
                let of_all = moments.iter().map(|both| both[moment] as f32).collect();
                tensor(of_all, [planes.channels])
            });
            (tensor(y, x.shape().dims::<4>()), mean, variance)
        }

        fn normalise_gradients(
            x: FlexTensor,
            gamma: FlexTensor,
            mean: FlexTensor,
            variance: FlexTensor,
            epsilon: f64,
            gradient: FlexTensor,
        ) -> Three {
            let [x, gamma, gradient] = [x, gamma, gradient].map(contiguous);
            let [mean, variance] = [mean, variance].map(contiguous);
            let planes = Planes::new(&x);
            let (input, output) = (values(&x), values(&gradient));
            let inverse: Vec<f64> = (values(&variance).iter())
                .map(|variance| (f64::from(*variance) + epsilon).sqrt().recip())
                .collect();
            // of the gradient, and of the gradient times the normalised input
            let sums: Vec<[f64; 2]> = planes.each_channel(|channel| {
                let mean = values(&mean)[channel];
                let both = || planes.of(output, channel).zip(planes.of(input, channel));
                let plain: f64 = both().map(|(g, x)| sum(g, x, |g, _| g)).sum();
                let product = |g: f32, x: f32| g * (x - mean);
                let product: f64 = both().map(|(g, x)| sum(g, x, product)).sum();
                [plain, product * inverse[channel]]
            });
            let mut own = vec![0.0; input.len()];
            planes.each_plane(&mut own, |own, window, channel| {
                let mean = values(&mean)[channel];
                let scale = (f64::from(values(&gamma)[channel]) * inverse[channel]) as f32;
                let [plain, product] = sums[channel].map(|sum| sum / planes.number());
                let (plain, product) = (plain as f32, (product * inverse[channel]) as f32);
                let gradients = planes.at(output, window, channel);
                let inputs = planes.at(input, window, channel);
                for ((own, g), x) in own.iter_mut().zip(gradients).zip(inputs) {
                    *own = scale * (g - plain - (x - mean) * product);
                }
            });
            let [beta, gamma] = [0, 1].map(|which| {
                let of_all = sums.iter().map(|both| both[which] as f32).collect();
                tensor(of_all, [planes.channels])
            });
            (tensor(own, x.shape().dims::<4>()), gamma, beta)
        }
    }

    /// Where the channels of the windows lie.
    struct Planes {
        windows: usize,
        channels: usize,
        places: usize,
    }

    impl Planes {
        fn new(x: &FlexTensor) -> Self {
            let [windows, channels, rows, columns] = x.shape().dims::<4>();
            Self {
                windows,
                channels,
                places: rows * columns,
            }
        }

        /// Return the values of a channel.
        fn number(&self) -> f64 {
            (self.windows * self.places) as f64
        }

        fn at<'a>(&self, all: &'a [f32], window: usize, channel: usize) -> &'a [f32] {
            &all[(window * self.channels + channel) * self.places..][..self.places]
        }

        /// Return a channel of all windows.
        fn of<'a>(&self, all: &'a [f32], channel: usize) -> impl Iterator<Item = &'a [f32]> {
            (0..self.windows).map(move |window| self.at(all, window, channel))
        }

        fn each_channel<T: Send>(&self, work: impl Fn(usize) -> T + Send + Sync) -> Vec<T> {
            (0..self.channels).into_par_iter().map(work).collect()
        }

        /// Call `work` with every plane of `all`, its window and its channel.
        fn each_plane(&self, all: &mut [f32], work: impl Fn(&mut [f32], usize, usize) + Sync) {
            all.par_chunks_exact_mut((self.channels * self.places).max(1))
                .enumerate()
                .for_each(|(window, planes)| {
                    let planes = planes.chunks_exact_mut(self.places);
                    for (channel, plane) in planes.enumerate() {
                        work(plane, window, channel);
                    }
                });
        }
    }

    /// Return the sum of a function of two planes, always added up in the same order.
    fn sum(left: &[f32], right: &[f32], value: impl Fn(f32, f32) -> f32) -> f64 {
        let mut lanes = [0.0f32; LANES];
        let (lefts, rights) = (left.chunks_exact(LANES), right.chunks_exact(LANES));
        let rest = lefts.remainder().iter().zip(rights.remainder());
        let rest: f32 = rest.map(|(a, b)| value(*a, *b)).sum();
        for (a, b) in lefts.zip(rights) {
            for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
                *lane += value(*a, *b);
            }
        }
        lanes.iter().map(|lane| f64::from(*lane)).sum::<f64>() + f64::from(rest)
    }
}

#[cfg(all(test, feature = "cpu"))]
mod tests {
    use burn::nn::BatchNormConfig;
    use burn::tensor::{Device, Distribution};

    use super::*;

    /// Return the output, the gradients of input, gamma and beta, and the running mean and variance.
    fn all(
        forward: impl Fn(&BatchNorm, Tensor<4>) -> Tensor<4>,
        [x, weights]: [&Tensor<4>; 2],
    ) -> [Vec<f32>; 6] {
        let device = x.device().autodiff();
        let channels = x.dims()[1];
        let norm = BatchNormConfig::new(channels).init(&device);
        let ramp = Tensor::<1>::from_data(
            (0..channels)
                .map(|c| 0.5 + c as f32)
                .collect::<Vec<_>>()
                .as_slice(),
            &device,
        );
        let norm = BatchNorm {
            gamma: norm.gamma.map(|_| ramp.clone().require_grad()),
            beta: norm.beta.map(|_| (ramp.clone() * -0.3).require_grad()),
            ..norm
        };
        let [x, weights] = [x, weights].map(|t| Tensor::<4>::from_data(t.to_data(), &device));
        let x = x.require_grad();
        let y = forward(&norm, x.clone());
        let gradients = (y.clone() * weights).sum().backward();
        [
            y.into_data(),
            x.grad(&gradients).unwrap().into_data(),
            norm.gamma.val().grad(&gradients).unwrap().into_data(),
            norm.beta.val().grad(&gradients).unwrap().into_data(),
            norm.running_mean.value_sync().into_data(),
            norm.running_var.value_sync().into_data(),
        ]
        .map(|data| data.try_into_vec().unwrap())
    }

    #[test]
    fn output_gradients_and_statistics_are_burns() {
        let device = Device::flex();
        device.seed(3);
        for shape in [[4, 3, 5, 7], [1, 2, 16, 4], [6, 1, 1, 1]] {
            let x = Tensor::<4>::random(shape, Distribution::Normal(2.0, 3.0), &device);
            let weights = Tensor::<4>::random(shape, Distribution::Uniform(-1.0, 1.0), &device);
            let own = all(normalise, [&x, &weights]);
            let burns = all(BatchNorm::forward, [&x, &weights]);
            for (part, (own, burns)) in own.iter().zip(&burns).enumerate() {
                assert_eq!(own.len(), burns.len());
                for (a, b) in own.iter().zip(burns) {
                    let apart = (a - b).abs();
                    assert!(apart < 1e-5 * b.abs().max(1.0), "{shape:?} {part}: {a} {b}");
                }
            }
        }
    }
}
