//! Batch normalisation folded into the convolution before it.

use anyhow::{Result, bail, ensure};
use timbrel_core::frontend::Affine;

use crate::network::NORM_EPSILON;
use crate::recipe::{BlockKeys, NetworkKeys, Norm, Reduce};
use crate::weights::{Array, Weights, name};

/// A convolution with bias, followed by ReLU and pooling as its keys say.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldedConv {
    /// Geometry.
    pub keys: BlockKeys,
    /// Input channels.
    pub inputs: usize,
    /// `[out, height, width, in]`, for a depthwise convolution `[height, width, channel]`.
    pub weights: Vec<f32>,
    /// A bias for each output channel.
    pub biases: Vec<f32>,
}

/// A dense layer.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldedDense {
    /// `[out, in]`.
    pub weights: Vec<f32>,
    /// A bias for each output.
    pub biases: Vec<f32>,
}

/// A network without batch normalisation, in the model file's weight layout.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldedNetwork {
    /// The blocks.
    pub convs: Vec<FoldedConv>,
    /// Maps of cepstral coefficients to the input's range; the cache's own map for mel bands.
    pub normalisation: Vec<Affine>,
    /// Whether the blocks' output is averaged over all places; otherwise all of it is kept.
    pub mean: bool,
    /// Hidden dense layers with ReLU.
    pub hidden: Vec<FoldedDense>,
    /// Dense weights, `[out, in]`.
    pub dense_weights: Vec<f32>,
    /// Dense biases.
    pub dense_biases: Vec<f32>,
}

impl FoldedNetwork {
    /// Fold the weights of a network of this make.
    ///
    /// # Errors
    /// The integer engine cannot run such a network, or a tensor is missing or has another shape than the recipe
    /// states.
    pub fn new(keys: &NetworkKeys, weights: &Weights) -> Result<Self> {
        if let Some(reason) = keys.floats_only() {
            bail!("the network cannot be made integers: {reason}");
        }
        let mut inputs = 1;
        let mut convs = Vec::with_capacity(keys.blocks.len());
        for (index, block) in keys.blocks.iter().enumerate() {
            convs.push(fold(*block, inputs, index, weights)?);
            inputs = block.channels.get();
        }
        let mean = keys.reduce == Reduce::Mean;
        // burn flattens [channel, place], an engine's activation is [place, channel]
        let mut first = (!mean).then_some(inputs);
        let mut hidden = Vec::with_capacity(keys.hidden.len());
        for index in 0..keys.hidden.len() {
            let known = first.is_none().then_some(inputs);
            let layer = dense(&name::hidden(index), known, first.take(), weights)?;
            inputs = layer.biases.len();
            hidden.push(layer);
        }
        let known = first.is_none().then_some(inputs);
        let last = dense(name::DENSE, known, first, weights)?;
        Ok(Self {
            convs,
            normalisation: normalisation(keys, weights)?,
            mean,
            hidden,
            dense_weights: last.weights,
            dense_biases: last.biases,
        })
    }

    /// Return the weights of a network of the same geometry whose blocks have norm = "none", if `quantised` allows it.
    #[must_use]
    pub fn weights(&self) -> Weights {
        let mut out = Weights::default();
        for (index, conv) in self.convs.iter().enumerate() {
            let [outputs, depth, kernel] = conv.extents();
            let values = (0..outputs)
                .flat_map(|output| (0..depth).map(move |input| (output, input)))
                .flat_map(|(output, input)| {
                    (0..kernel * kernel).map(move |place| conv.at(output, input, place))
                })
                .collect();
            let shape = vec![outputs, depth, kernel, kernel];
            out.insert(name::conv(index), Array { shape, values });
            let (shape, values) = (vec![outputs], conv.biases.clone());
            out.insert(name::conv_bias(index), Array { shape, values });
        }
        let classes = self.dense_biases.len();
        let inputs = self.dense_weights.len() / classes;
        let values = (0..inputs)
            .flat_map(|i| (0..classes).map(move |o| self.dense_weights[o * inputs + i]))
            .collect();
        let shape = vec![inputs, classes];
        out.insert(name::DENSE_WEIGHT.into(), Array { shape, values });
        let (shape, values) = (vec![classes], self.dense_biases.clone());
        out.insert(name::DENSE_BIAS.into(), Array { shape, values });
        out
    }
}

impl FoldedConv {
    /// Return the output channels, the input channels of a kernel, and the kernel.
    fn extents(&self) -> [usize; 3] {
        let depth = if self.keys.depthwise { 1 } else { self.inputs };
        [self.biases.len(), depth, self.keys.kernel.get()]
    }

    /// Return a weight of a kernel by its place.
    fn at(&self, output: usize, input: usize, place: usize) -> f32 {
        let [outputs, depth, kernel] = self.extents();
        self.weights[if self.keys.depthwise {
            place * outputs + output
        } else {
            (output * kernel * kernel + place) * depth + input
        }]
    }
}

/// Return a dense layer of `inputs` values, if their number is known. The weights of one that reads blocks of so many
/// `channels` are put in the order of an engine.
fn dense(
    part: &str,
    inputs: Option<usize>,
    channels: Option<usize>,
    weights: &Weights,
) -> Result<FoldedDense> {
    let (name, bias) = (format!("{part}.weight"), format!("{part}.bias"));
    let (array, biases) = (weights.get(&name)?, weights.get(&bias)?);
    let outputs = biases.values.len();
    let inputs = inputs.unwrap_or_else(|| array.values.len() / outputs.max(1));
    expect(&name, array, &[inputs, outputs])?;
    let channels = channels.unwrap_or(inputs).max(1);
    ensure!(
        inputs.is_multiple_of(channels),
        "tensor `{name}` has {inputs} inputs, which are not whole channels"
    );
    let places = inputs / channels;
    let order = |input: usize| input % channels * places + input / channels;
    let transposed = (0..outputs).flat_map(|output| {
        (0..inputs).map(move |input| array.values[order(input) * outputs + output])
    });
    Ok(FoldedDense {
        weights: transposed.collect(),
        biases: biases.values.clone(),
    })
}

fn normalisation(keys: &NetworkKeys, weights: &Weights) -> Result<Vec<Affine>> {
    let Some(count) = keys.cepstra else {
        return Ok(vec![Affine::DB80]);
    };
    let [scales, offsets] = [name::COEFFICIENT_SCALE, name::COEFFICIENT_OFFSET].map(|name| {
        let array = weights.get(name)?;
        expect(name, array, &[count.get()])?;
        anyhow::Ok(array.values.iter())
    });
    let pairs = scales?.zip(offsets?);
    Ok(pairs
        .map(|(&scale, &offset)| Affine { scale, offset })
        .collect())
}

fn fold(keys: BlockKeys, inputs: usize, index: usize, weights: &Weights) -> Result<FoldedConv> {
    let (outputs, kernel) = (keys.channels.get(), keys.kernel.get());
    let depth = if keys.depthwise { 1 } else { inputs };
    let area = kernel * kernel;
    let shape = [outputs, depth, kernel, kernel];
    let mut sums = vec![0.0; outputs * depth * area];
    let mut biases = vec![0.0; outputs];
    let conv = weights.get(&name::conv(index))?;
    expect(&name::conv(index), conv, &shape)?;
    let norm = match keys.norm {
        Norm::None => Affines::bias(&name::conv_bias(index), outputs, weights)?,
        _ => Affines::read(&name::norm(index), outputs, weights)?,
    };
    for (output, kernels) in conv.values.chunks_exact(depth * area).enumerate() {
        for (place, weight) in kernels.iter().enumerate() {
            sums[output * depth * area + place] = norm.factors[output] * f64::from(*weight);
        }
        biases[output] = norm.summands[output];
    }
    if keys.branches {
        // a 1 x 1 convolution is a kernel of only its centre
        let centre = |output: usize, input: usize| (output * depth + input) * area + area / 2;
        let pointwise = weights.get(&name::pointwise(index))?;
        expect(&name::pointwise(index), pointwise, &[outputs, depth, 1, 1])?;
        let norm = Affines::read(&name::pointwise_norm(index), outputs, weights)?;
        for output in 0..outputs {
            for input in 0..depth {
                sums[centre(output, input)] +=
                    norm.factors[output] * f64::from(pointwise.values[output * depth + input]);
            }
            biases[output] += norm.summands[output];
        }
    }
    if keys.has_identity(inputs) {
        let norm = Affines::read(&name::identity(index), outputs, weights)?;
        for output in 0..outputs {
            let input = if keys.depthwise { 0 } else { output };
            sums[(output * depth + input) * area + area / 2] += norm.factors[output];
            biases[output] += norm.summands[output];
        }
    }
    let at = |output: usize, input: usize, place: usize| {
        sums[(output * depth + input) * area + place] as f32
    };
    let mut folded = Vec::with_capacity(sums.len());
    if keys.depthwise {
        for place in 0..area {
            folded.extend((0..outputs).map(|channel| at(channel, 0, place)));
        }
    } else {
        for output in 0..outputs {
            for place in 0..area {
                folded.extend((0..inputs).map(|input| at(output, input, place)));
            }
        }
    }
    Ok(FoldedConv {
        keys,
        inputs,
        weights: folded,
        biases: biases.into_iter().map(|bias| bias as f32).collect(),
    })
}

/// Batch normalisation of each channel: `factor · x + summand`.
struct Affines {
    factors: Vec<f64>,
    summands: Vec<f64>,
}

impl Affines {
    /// Return the bias of a convolution without batch normalisation.
    fn bias(name: &str, channels: usize, weights: &Weights) -> Result<Self> {
        let array = weights.get(name)?;
        expect(name, array, &[channels])?;
        Ok(Self {
            factors: vec![1.0; channels],
            summands: array.values.iter().map(|v| f64::from(*v)).collect(),
        })
    }

    fn read(norm: &str, channels: usize, weights: &Weights) -> Result<Self> {
        let channel = |what: &str| {
            let name = format!("{norm}.{what}");
            let array = weights.get(&name)?;
            expect(&name, array, &[channels])?;
            anyhow::Ok(array.values.iter().map(|v| f64::from(*v)))
        };
        let factors: Vec<f64> = channel(name::GAMMA)?
            .zip(channel(name::VARIANCE)?)
            .map(|(gamma, variance)| gamma / (variance + NORM_EPSILON).sqrt())
            .collect();
        let summands = channel(name::BETA)?
            .zip(channel(name::MEAN)?)
            .zip(&factors)
            .map(|((beta, mean), factor)| beta - factor * mean)
            .collect();
        Ok(Self { factors, summands })
    }
}

fn expect(name: &str, array: &Array, shape: &[usize]) -> Result<()> {
    ensure!(
        array.shape == shape,
        "tensor `{name}` has shape {:?}, the recipe says {shape:?}",
        array.shape
    );
    Ok(())
}
