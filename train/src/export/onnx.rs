//! The same integers as the `.timbrel` file, as standard ONNX operators.
//!
//! `u8 window [1, 1, mels, columns] → [QLinearConv → MaxPool]* → QLinearConv (the mean) → Flatten →
//! MatMulInteger → Add → i32 logits [1, classes]`
//!
//! A requantisation only depends on the ratio of its scales, so every activation is written with the
//! input's scale 1/256 and a weight tensor's scale is `2^-shift`: exact powers of two, with which every
//! runtime computes the same bits. `QLinearConv` clamps at its zero point 0, which is the ReLU.
//!
//! `metadata_props`:
//! - `timbrel.format`: `1`
//! - `timbrel.labels`: JSON array of names in the order of the logits
//! - `timbrel.front_end`: JSON object with the fields of [`timbrel_core::frontend::FrontEnd`]; `mel_scale`
//!   is `slaney` or `htk`, `mel_norm` `none` or `slaney`, `padding` `none`, `zeros` or `reflect`
//! - `timbrel.window`: JSON object with `columns` and `hop`
//! - `timbrel.normalisation`: JSON array of `[scale, offset]`, one for all bins or one a bin
//! - `timbrel.logits_exponent`: a logit's value is its i32 times 2 to the minus this
//! - `timbrel.provenance`: lines of `key: value`

use anyhow::{Result, bail};
use prost::Message;
use serde_json::json;
use timbrel_core::frontend::{FrontEnd, MelNorm, MelScale, Padding};
use timbrel_core::model::{Geometry, LayerSpec, ModelSpec, Op};

use super::proto::{self, Attribute, Node, attribute_type, data_type};

/// Encodes a model as the bytes of an `.onnx` file (opset 17).
///
/// # Errors
/// The last layer is not a dense one.
pub fn onnx(spec: &ModelSpec) -> Result<Vec<u8>> {
    let mut graph = Graph::default();
    let columns = i64::from(spec.window.columns);
    let input = [1, 1, i64::from(spec.front_end.n_mels), columns];
    graph.float("activation_scale", 1.0 / 256.0);
    graph.tensor("activation_zero", &[], data_type::UINT8, vec![0]);
    graph.tensor("weight_zero", &[], data_type::INT8, vec![0]);
    let Some((last, hidden)) = spec.layers.split_last() else {
        bail!("a model needs a layer");
    };
    let mut value = String::from("window");
    for (index, layer) in hidden.iter().enumerate() {
        value = graph.hidden(index, layer, &value)?;
    }
    if last.op != Op::Dense {
        bail!("the last layer is {:?}, expected a dense one", last.op);
    }
    graph.logits(last, &value);
    let graph = proto::Graph {
        name: "timbrel".into(),
        node: graph.nodes,
        initializer: graph.tensors,
        input: vec![value_info("window", data_type::UINT8, &input)],
        output: vec![value_info(
            "logits",
            data_type::INT32,
            &[1, spec.labels.len() as i64],
        )],
    };
    let model = proto::Model {
        ir_version: 8,
        producer_name: "timbrel".into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        graph: Some(graph),
        opset_import: vec![proto::OperatorSet {
            domain: String::new(),
            version: 17,
        }],
        metadata_props: metadata(spec),
    };
    Ok(model.encode_to_vec())
}

/// Nodes and constants as they are added.
#[derive(Default)]
struct Graph {
    nodes: Vec<Node>,
    tensors: Vec<proto::Tensor>,
}

impl Graph {
    fn tensor(&mut self, name: &str, dims: &[i64], data_type: i32, raw_data: Vec<u8>) {
        self.tensors.push(proto::Tensor {
            dims: dims.to_vec(),
            data_type,
            name: name.into(),
            raw_data,
        });
    }

    fn float(&mut self, name: &str, value: f32) {
        self.tensor(name, &[], data_type::FLOAT, value.to_le_bytes().to_vec());
    }

    fn node(
        &mut self,
        op: &str,
        inputs: &[&str],
        output: &str,
        attribute: Vec<Attribute>,
    ) -> String {
        self.nodes.push(Node {
            input: inputs.iter().map(ToString::to_string).collect(),
            output: vec![output.into()],
            name: output.into(),
            op_type: op.into(),
            attribute,
        });
        output.into()
    }

    /// Adds a layer whose result is u8 and returns that value's name.
    fn hidden(&mut self, index: usize, layer: &LayerSpec, input: &str) -> Result<String> {
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
        })
    }

    /// `weights` are `[out, in / groups, height, width]`.
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
        self.tensor(&weight, &dims, data_type::INT8, bytes(weights));
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
        // [out, place, channel] → [out, channel, place] (what Flatten leaves) → [in, out]
        let weights = channels_first(&layer.weights, height * width, channels);
        let inputs = height * width * channels;
        let weights = transpose(&weights, inputs);
        let dims = [inputs as i64, classes as i64];
        self.tensor("dense_weight", &dims, data_type::INT8, bytes(&weights));
        let raw = layer
            .biases
            .iter()
            .flat_map(|bias| bias.to_le_bytes())
            .collect();
        self.tensor("dense_bias", &[1, classes as i64], data_type::INT32, raw);
        self.node("Flatten", &[input], "flat", vec![integer("axis", 1)]);
        self.node(
            "MatMulInteger",
            &["flat", "dense_weight"],
            "sums",
            Vec::new(),
        );
        self.node("Add", &["sums", "dense_bias"], "logits", Vec::new());
    }
}

fn extents(layer: &LayerSpec) -> [usize; 3] {
    let shape = layer.input;
    [shape.height, shape.width, shape.channels].map(usize::from)
}

fn area(geometry: Geometry) -> usize {
    geometry.kernel.map(usize::from).iter().product()
}

/// `[out, place, channel]` to `[out, channel, place]`.
fn channels_first(weights: &[i8], places: usize, channels: usize) -> Vec<i8> {
    weights
        .chunks_exact(places * channels)
        .flat_map(|output| transpose(output, channels))
        .collect()
}

/// `[row, column]` to `[column, row]`, for a given number of columns.
fn transpose(weights: &[i8], columns: usize) -> Vec<i8> {
    (0..columns)
        .flat_map(|column| weights.iter().skip(column).step_by(columns))
        .copied()
        .collect()
}

fn bytes(values: &[i8]) -> Vec<u8> {
    values.iter().map(|value| value.cast_unsigned()).collect()
}

fn window_attributes(geometry: Geometry) -> Vec<Attribute> {
    vec![
        integers("kernel_shape", &geometry.kernel),
        integers("strides", &geometry.stride),
        integers("pads", &geometry.pad),
    ]
}

fn integers(name: &str, values: &[u8]) -> Attribute {
    let ints = values.iter().map(|value| i64::from(*value)).collect();
    Attribute {
        name: name.into(),
        r#type: attribute_type::INTS,
        ints,
        ..Default::default()
    }
}

fn integer(name: &str, i: i64) -> Attribute {
    Attribute {
        name: name.into(),
        r#type: attribute_type::INT,
        i,
        ..Default::default()
    }
}

fn value_info(name: &str, elem_type: i32, dims: &[i64]) -> proto::ValueInfo {
    let dim = dims
        .iter()
        .map(|&value| proto::Dimension {
            dim_value: Some(value),
        })
        .collect();
    let tensor_type = proto::TensorType {
        elem_type,
        shape: Some(proto::TensorShape { dim }),
    };
    proto::ValueInfo {
        name: name.into(),
        r#type: Some(proto::Type {
            tensor_type: Some(tensor_type),
        }),
    }
}

fn metadata(spec: &ModelSpec) -> Vec<proto::Entry> {
    let pairs: Vec<[f32; 2]> = spec
        .normalisation
        .iter()
        .map(|map| [map.scale, map.offset])
        .collect();
    let window = json!({ "columns": spec.window.columns, "hop": spec.window.hop });
    [
        ("timbrel.format", "1".to_owned()),
        ("timbrel.labels", json!(spec.labels).to_string()),
        ("timbrel.front_end", front_end(&spec.front_end)),
        ("timbrel.window", window.to_string()),
        ("timbrel.normalisation", json!(pairs).to_string()),
        ("timbrel.logits_exponent", spec.logits_exponent.to_string()),
        ("timbrel.provenance", spec.provenance.clone()),
    ]
    .map(|(key, value)| proto::Entry {
        key: key.into(),
        value,
    })
    .into()
}

fn front_end(front_end: &FrontEnd) -> String {
    json!({
        "sample_rate": front_end.sample_rate,
        "n_fft": front_end.n_fft,
        "hop": front_end.hop,
        "n_mels": front_end.n_mels,
        "f_min": front_end.f_min,
        "f_max": front_end.f_max,
        "mel_scale": match front_end.mel_scale {
            MelScale::Slaney => "slaney",
            MelScale::Htk => "htk",
        },
        "mel_norm": match front_end.mel_norm {
            MelNorm::None => "none",
            MelNorm::Slaney => "slaney",
        },
        "padding": match front_end.padding {
            Padding::None => "none",
            Padding::Zeros => "zeros",
            Padding::Reflect => "reflect",
        },
        "amin": front_end.amin,
        "top_db": front_end.top_db,
    })
    .to_string()
}

#[cfg(test)]
#[path = "onnx_tests.rs"]
mod tests;
