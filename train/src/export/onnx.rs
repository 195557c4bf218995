//! The same integers as the `.timbrel` file, as standard ONNX operators.
//!
//! `u8 window [1, 1, bins, columns] → [QLinearConv → MaxPool]* → QLinearConv (the mean) → Flatten → u8 embedding
//! [1, values] → MatMulInteger → Add → i32 logits [1, classes]`, and, in a model that rejects what is not music, a second
//! `MatMulInteger → Add → i32 not_music [1, 1]`. A join is a `Concat`, and [`super::resampling`] has the resampling.
//!
//! Weights are written as u8 with zero point 128. On x86-64 without VNNI, runtimes multiply u8 by i8 with `vpmaddubsw`,
//! which saturates the sum of two products in 16 bits; ONNX Runtime's kernels for u8 by u8 do not.
//!
//! A requantisation only depends on the ratio of its scales, so every activation is written with the
//! input's scale 1/256 and a weight tensor's scale is `2^-shift`: exact powers of two, with which every
//! runtime computes the same bits. `QLinearConv` clamps at its zero point 0, which is the ReLU.
//!
//! `metadata_props` are [`super::metadata`]'s.

use anyhow::{Result, bail, ensure};
use timbrel_core::model::{Geometry, LayerSpec, MAX_EMBEDDING, ModelSpec, Op, RejectionSpec};

use super::graph::{Graph, integer, integers, value_info};
use super::metadata::{About, front_end};
use super::proto::{Attribute, data_type};
use super::resampling::Resampled;

/// Zero point of the weights.
const WEIGHT_ZERO: u8 = 128;

/// Encode a model as the bytes of an `.onnx` file (opset 17).
///
/// # Errors
/// The last layer is not a dense one, or the layers do not fit together.
pub fn onnx(spec: &ModelSpec) -> Result<Vec<u8>> {
    let mut graph = Graph::default();
    let columns = i64::from(spec.window.columns);
    let input = [1, 1, i64::from(spec.front_end.bins()), columns];
    graph.float("activation_scale", 1.0 / 256.0);
    graph.tensor("activation_zero", &[], data_type::UINT8, vec![0]);
    graph.tensor("weight_zero", &[], data_type::UINT8, vec![WEIGHT_ZERO]);
    let Some((last, hidden)) = spec.layers.split_last() else {
        bail!("a model needs a layer");
    };
    let mut values = vec![String::from("window")];
    let mut resampled = Resampled::default();
    for (index, layer) in hidden.iter().enumerate() {
        let inputs = inputs(spec, index, &values)?;
        let value = match layer.op {
            Op::Resample { .. } => {
                let name = format!("resampling_{index}");
                resampled.layer(&mut graph, &name, layer)?
            }
            _ => graph.hidden(index, layer, &inputs)?,
        };
        values.push(value);
    }
    if last.op != Op::Dense {
        bail!("the last layer is {:?}, expected a dense one", last.op);
    }
    let [value] = inputs(spec, hidden.len(), &values)?[..] else {
        bail!("the last layer has more than one source");
    };
    graph.logits(last, value);
    let classes = spec.labels.len() as i64;
    // the logits first: engines of core's read output 0
    let mut outputs = vec![value_info("logits", data_type::INT32, &[1, classes])];
    let values: usize = extents(last).iter().product();
    if values <= MAX_EMBEDDING {
        let shape = [1, values as i64];
        outputs.push(value_info("embedding", data_type::UINT8, &shape));
    }
    if let Some(rejection) = &spec.rejection {
        ensure!(
            rejection.weights.len() == values && values <= MAX_EMBEDDING,
            "the rejection has {} weights, the embedding {values} values",
            rejection.weights.len()
        );
        graph.not_music(rejection);
        outputs.push(value_info("not_music", data_type::INT32, &[1, 1]));
    }
    let about = About {
        labels: &spec.labels,
        front_end: front_end(&spec.front_end),
        window: spec.window,
        normalisation: &spec.normalisation,
        logits_exponent: spec.logits_exponent,
        rejection_exponent: spec.rejection.as_ref().map(|rejection| rejection.exponent),
        confidence: spec.confidence,
        provenance: &spec.provenance,
    };
    Ok(graph.encode(
        vec![value_info("window", data_type::UINT8, &input)],
        outputs,
        about.entries(),
    ))
}

/// Return the names of the values that a layer reads.
fn inputs<'a>(spec: &ModelSpec, index: usize, values: &'a [String]) -> Result<Vec<&'a str>> {
    let Some(graph) = &spec.graph else {
        return Ok(values.last().map(String::as_str).into_iter().collect());
    };
    let Some(node) = graph.nodes.get(index) else {
        bail!("layer {index} is not in the graph");
    };
    node.sources
        .iter()
        .map(|source| match values.get(usize::from(*source)) {
            Some(value) => Ok(value.as_str()),
            None => bail!("layer {index} reads {source}, which is not computed before it"),
        })
        .collect()
}

impl Graph {
    /// Add a layer whose result is u8 and return that value's name.
    fn hidden(&mut self, index: usize, layer: &LayerSpec, inputs: &[&str]) -> Result<String> {
        if layer.op == Op::Join {
            let axis = vec![integer("axis", 1)];
            return Ok(self.node("Concat", inputs, &format!("join_{index}"), axis));
        }
        let [input] = *inputs else {
            bail!("layer {index} has {} sources", inputs.len());
        };
        let [height, width, channels] = extents(layer);
        let name = |what: &str| format!("{what}_{index}");
        Ok(match layer.op {
            Op::Conv { geometry, pool } => {
                let weights = channels_first(&layer.weights, area(geometry), channels);
                let value = self.convolution(&name("conv"), layer, geometry, 1, &weights, input);
                self.pooled(&name("pool"), pool, value)
            }
            Op::Depthwise { geometry, pool } => {
                let weights = transpose(&layer.weights, channels);
                let value = self.convolution(
                    &name("depthwise"),
                    layer,
                    geometry,
                    channels,
                    &weights,
                    input,
                );
                self.pooled(&name("pool"), pool, value)
            }
            Op::MaxPool { geometry } => self.node(
                "MaxPool",
                &[input],
                &name("pool"),
                window_attributes(geometry),
            ),
            Op::AveragePool {
                geometry,
                multiplier,
            } => {
                let weights = vec![multiplier; area(geometry) * channels];
                self.convolution(&name("mean"), layer, geometry, channels, &weights, input)
            }
            Op::Dense => {
                // a kernel as large as its input
                let kernel = [u8::try_from(height)?, u8::try_from(width)?];
                let geometry = Geometry {
                    kernel,
                    stride: [1, 1],
                    pad: [0; 4],
                };
                let weights = channels_first(&layer.weights, height * width, channels);
                self.convolution(&name("dense"), layer, geometry, 1, &weights, input)
            }
            other => bail!("{other:?} has no form in ONNX yet"),
        })
    }

    /// Append a convolution; `weights` are `[out, in / groups, height, width]`.
    fn convolution(
        &mut self,
        name: &str,
        layer: &LayerSpec,
        geometry: Geometry,
        groups: usize,
        weights: &[i8],
        input: &str,
    ) -> String {
        let outputs = i64::from(layer.output.channels);
        let depth = i64::from(layer.input.channels) / groups as i64;
        let [kernel_height, kernel_width] = geometry.kernel.map(i64::from);
        let dims = [outputs, depth, kernel_height, kernel_width];
        let [weight, scale, bias] =
            ["weight", "scale", "bias"].map(|what| format!("{name}_{what}"));
        self.tensor(&weight, &dims, data_type::UINT8, offset(weights));
        self.float(&scale, (-f32::from(layer.shift)).exp2());
        let mut inputs = vec![
            input,
            "activation_scale",
            "activation_zero",
            &weight,
            &scale,
            "weight_zero",
            "activation_scale",
            "activation_zero",
        ];
        if !layer.biases.is_empty() {
            let raw = layer
                .biases
                .iter()
                .flat_map(|bias| bias.to_le_bytes())
                .collect();
            self.tensor(&bias, &[outputs], data_type::INT32, raw);
            inputs.push(&bias);
        }
        let mut attributes = window_attributes(geometry);
        attributes.push(integer("group", groups as i64));
        self.node("QLinearConv", &inputs, name, attributes)
    }

    fn pooled(&mut self, name: &str, pool: [u8; 2], input: String) -> String {
        if pool == [1, 1] {
            return input;
        }
        let geometry = Geometry {
            kernel: pool,
            stride: pool,
            pad: [0; 4],
        };
        self.node("MaxPool", &[&input], name, window_attributes(geometry))
    }

    fn logits(&mut self, layer: &LayerSpec, input: &str) {
        let [height, width, channels] = extents(layer);
        let classes = layer.biases.len();
        let inputs = height * width * channels;
        // [out, in] → [in, out]
        let weights = transpose(&layer.weights, inputs);
        let dims = [inputs as i64, classes as i64];
        self.tensor("dense_weight", &dims, data_type::UINT8, offset(&weights));
        let raw = layer
            .biases
            .iter()
            .flat_map(|bias| bias.to_le_bytes())
            .collect();
        self.tensor("dense_bias", &[1, classes as i64], data_type::INT32, raw);
        // the embedding is in the order of an engine's activations: channels innermost
        let channels_last = if height * width > 1 {
            let order = vec![integers("perm", &[0, 2, 3, 1])];
            self.node("Transpose", &[input], "channels_last", order)
        } else {
            input.to_owned()
        };
        let axis = vec![integer("axis", 1)];
        self.node("Flatten", &[&channels_last], "embedding", axis);
        self.of_embedding("dense", "sums", "logits");
    }

    /// Append the output that tells windows which are not music.
    fn not_music(&mut self, rejection: &RejectionSpec) {
        let dims = [rejection.weights.len() as i64, 1];
        let weights = offset(&rejection.weights);
        self.tensor("rejection_weight", &dims, data_type::UINT8, weights);
        let bias = rejection.bias.to_le_bytes().to_vec();
        self.tensor("rejection_bias", &[1, 1], data_type::INT32, bias);
        self.of_embedding("rejection", "rejection_sum", "not_music");
    }

    /// Append the products of the embedding with the constant `NAME_weight`, plus `NAME_bias`.
    fn of_embedding(&mut self, name: &str, sums: &str, output: &str) {
        let [weight, bias] = ["weight", "bias"].map(|what| format!("{name}_{what}"));
        let inputs = ["embedding", &weight, "activation_zero", "weight_zero"];
        self.node("MatMulInteger", &inputs, sums, Vec::new());
        self.node("Add", &[sums, &bias], output, Vec::new());
    }
}

fn extents(layer: &LayerSpec) -> [usize; 3] {
    let shape = layer.input;
    [shape.height, shape.width, shape.channels].map(usize::from)
}

fn area(geometry: Geometry) -> usize {
    geometry.kernel.map(usize::from).iter().product()
}

/// Reorder `[out, place, channel]` to `[out, channel, place]`.
fn channels_first(weights: &[i8], places: usize, channels: usize) -> Vec<i8> {
    weights
        .chunks_exact(places * channels)
        .flat_map(|output| transpose(output, channels))
        .collect()
}

/// Reorder `[row, column]` to `[column, row]`, for a given number of columns.
fn transpose(weights: &[i8], columns: usize) -> Vec<i8> {
    (0..columns)
        .flat_map(|column| weights.iter().skip(column).step_by(columns))
        .copied()
        .collect()
}

/// Convert i8 with zero point 0 to u8 with zero point [`WEIGHT_ZERO`].
fn offset(values: &[i8]) -> Vec<u8> {
    let shifted = |value: &i8| value.cast_unsigned().wrapping_add(WEIGHT_ZERO);
    values.iter().map(shifted).collect()
}

fn window_attributes(geometry: Geometry) -> Vec<Attribute> {
    vec![
        integers("kernel_shape", &geometry.kernel),
        integers("strides", &geometry.stride),
        integers("pads", &geometry.pad),
    ]
}

#[cfg(test)]
#[path = "onnx_tests.rs"]
mod tests;
