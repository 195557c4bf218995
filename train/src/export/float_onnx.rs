//! A float network as standard ONNX operators.
//!
//! `u8 window [1, 1, bins, columns] → Cast → … → float_logits [1, classes] → Mul → Round → Cast → i32 logits`
//!
//! Input and first output are those of the integer models, so that whatever runs these runs floats too:
//! the logits are rounded to 2 to the minus [`LOGITS_EXPONENT`], finer than single precision computes them.

use anyhow::{Context, Result};
use timbrel_core::frontend::Affine;
use timbrel_core::model::Confidence;

use super::graph::{Graph, integer, integers, value_info};
use super::metadata::{About, front_end, linear_front_end};
use super::proto::{Attribute, data_type};
use crate::network::{Front, Matrix, Steps, VARIANCE_FLOOR};
use crate::quantise::Identity;
use crate::recipe::{BlockKeys, Norm, Recipe, Reduce};
use crate::weights::{Weights, name};

/// Binary places of the i32 logits.
pub const LOGITS_EXPONENT: u8 = 16;

/// Encode a float network as the bytes of an `.onnx` file (opset 17).
///
/// # Errors
/// A tensor is missing, or the network leaves nothing of the recipe's window.
pub fn float_onnx(recipe: &Recipe, weights: &Weights, identity: &Identity) -> Result<Vec<u8>> {
    let [bins, columns] = recipe.input();
    let mut builder = Builder {
        graph: Graph::default(),
        weights,
    };
    let logits = builder.network(recipe)?;
    let mut graph = builder.graph;
    graph.float("logits_scale", f32::from(LOGITS_EXPONENT).exp2());
    let scaled = graph.node("Mul", &[&logits, "logits_scale"], "scaled", Vec::new());
    let rounded = graph.node("Round", &[&scaled], "rounded", Vec::new());
    let to_i32 = vec![integer("to", i64::from(data_type::INT32))];
    graph.node("Cast", &[&rounded], "logits", to_i32);
    let classes = identity.labels.len() as i64;
    let about = About {
        labels: &identity.labels,
        front_end: match recipe.front_end.n_mels {
            Some(_) => front_end(&recipe.front_end()),
            None => linear_front_end(&recipe.front_end()),
        },
        window: recipe.window(),
        normalisation: &[Affine::DB80],
        logits_exponent: LOGITS_EXPONENT,
        rejection_exponent: None,
        confidence: Confidence::NEUTRAL,
        provenance: &identity.provenance,
    };
    let window = [1, 1, bins as i64, columns as i64];
    Ok(graph.encode(
        vec![value_info("window", data_type::UINT8, &window)],
        vec![
            value_info("logits", data_type::INT32, &[1, classes]),
            value_info(&logits, data_type::FLOAT, &[1, classes]),
        ],
        about.entries(),
    ))
}

/// A graph that grows by a network's parts.
struct Builder<'a> {
    graph: Graph,
    weights: &'a Weights,
}

impl Builder<'_> {
    fn network(&mut self, recipe: &Recipe) -> Result<String> {
        let keys = &recipe.network;
        let mut value = self.front(&Front::new(keys, recipe.input()));
        if keys.normalise {
            value = self.normalise(recipe.input()[0], &value)?;
        }
        let mut channels = 1;
        for (index, block) in keys.blocks.iter().enumerate() {
            value = self
                .block(index, block, channels, &value)
                .with_context(|| format!("block {index}"))?;
            channels = block.channels.get();
        }
        value = self.reduce(recipe, &value)?;
        for index in 0..keys.hidden.len() {
            let dense = self.dense(&format!("hidden.{index}.dense"), &value)?;
            value = self.op("Relu", &[&dense], &format!("hidden.{index}.relu"));
        }
        let dense = self.dense("dense", &value)?;
        Ok(self.op("Identity", &[&dense], "float_logits"))
    }

    /// Add a node without attributes and return its name.
    fn op(&mut self, op: &str, inputs: &[&str], output: &str) -> String {
        self.graph.node(op, inputs, output, Vec::new())
    }

    /// Add a tensor of the network as a constant and return its name.
    fn constant(&mut self, name: &str) -> Result<String> {
        let array = self.weights.get(name)?;
        Ok(self.graph.floats(name, &array.shape, &array.values))
    }

    fn matrix(&mut self, name: &str, matrix: &Matrix) -> String {
        let [rows, columns] = matrix.shape;
        self.graph
            .floats(name, &[1, 1, rows, columns], &matrix.values)
    }

    fn front(&mut self, front: &Front) -> String {
        let to_float = vec![integer("to", i64::from(data_type::FLOAT))];
        let lsb = self.graph.node("Cast", &["window"], "lsb", to_float);
        self.graph.float("input_scale", 1.0 / 256.0);
        let mut value = self.op("Mul", &[&lsb, "input_scale"], "input");
        if front.standardise {
            self.graph.float("variance_floor", VARIANCE_FLOOR);
            let mean = self.mean(&value, "input_mean");
            let centred = self.op("Sub", &[&value, &mean], "centred");
            let squares = self.op("Mul", &[&centred, &centred], "squares");
            let variance = self.mean(&squares, "variance");
            let raised = self.op("Add", &[&variance, "variance_floor"], "raised_variance");
            let deviation = self.op("Sqrt", &[&raised], "deviation");
            value = self.op("Div", &[&centred, &deviation], "standardised");
        }
        if let Some(matrix) = &front.bins {
            let map = self.matrix("bins_map", matrix);
            value = self.op("MatMul", &[&map, &value], "mapped_bins");
        }
        if let Some(matrix) = &front.columns {
            let map = self.matrix("columns_map", &matrix.transposed());
            value = self.op("MatMul", &[&value, &map], "mapped_columns");
        }
        value
    }

    /// Normalise coefficients of so many bands to the input's range.
    fn normalise(&mut self, bands: usize, input: &str) -> Result<String> {
        let scales = &self.weights.get(name::COEFFICIENT_SCALE)?.values;
        let offsets = &self.weights.get(name::COEFFICIENT_OFFSET)?.values;
        let Steps { factor, floor } = Steps::new(bands);
        let shape = [1, 1, scales.len(), 1];
        let factors: Vec<f32> = scales.iter().map(|scale| scale * factor).collect();
        let mut summands = offsets.clone();
        if let (Some(first), Some(scale)) = (summands.first_mut(), scales.first()) {
            *first -= scale * floor;
        }
        let factors = self.graph.floats("coefficient_factors", &shape, &factors);
        let summands = self.graph.floats("coefficient_summands", &shape, &summands);
        self.graph.float("least_step", 0.0);
        self.graph.float("greatest_step", 255.0);
        let value = self.op("Mul", &[input, &factors], "scaled_coefficients");
        let value = self.op("Add", &[&value, &summands], "coefficient_steps");
        let limits = [value.as_str(), "least_step", "greatest_step"];
        let value = self.op("Clip", &limits, "clamped_coefficients");
        Ok(self.op("Mul", &[&value, "input_scale"], "coefficients"))
    }

    /// Add the mean of a whole window.
    fn mean(&mut self, value: &str, output: &str) -> String {
        let attributes = vec![integers("axes", &[1, 2, 3]), integer("keepdims", 1)];
        self.graph.node("ReduceMean", &[value], output, attributes)
    }

    fn block(
        &mut self,
        index: usize,
        keys: &BlockKeys,
        inputs: usize,
        input: &str,
    ) -> Result<String> {
        let part = |what: &str| format!("blocks.{index}.{what}");
        let mut value = self.convolution(&part("conv"), keys, inputs, keys.kernel.get(), input)?;
        if keys.norm == Norm::BeforeRelu {
            value = self.normalisation(&part("norm"), &value)?;
        }
        if keys.branches {
            let pointwise = part("branches.pointwise");
            let beside = self.convolution(&pointwise, keys, inputs, 1, input)?;
            let beside = self.normalisation(&part("branches.norm"), &beside)?;
            value = self.op("Add", &[&value, &beside], &part("with_pointwise"));
        }
        if keys.has_identity(inputs) {
            let beside = self.normalisation(&part("branches.identity"), input)?;
            value = self.op("Add", &[&value, &beside], &part("with_identity"));
        }
        value = self.op("Relu", &[&value], &part("relu"));
        if keys.norm == Norm::AfterRelu {
            value = self.normalisation(&part("norm"), &value)?;
        }
        let pool = keys.pool.get().map(|extent| extent as u8);
        if pool != [1; 2] {
            let attributes = vec![integers("kernel_shape", &pool), integers("strides", &pool)];
            value = self
                .graph
                .node("MaxPool", &[&value], &part("pool"), attributes);
        }
        Ok(value)
    }

    fn convolution(
        &mut self,
        part: &str,
        keys: &BlockKeys,
        channels: usize,
        kernel: usize,
        input: &str,
    ) -> Result<String> {
        let mut inputs = vec![self.constant(&format!("{part}.weight"))?];
        if keys.norm != Norm::BeforeRelu {
            inputs.push(self.constant(&format!("{part}.bias"))?);
        }
        let mut names = vec![input];
        names.extend(inputs.iter().map(String::as_str));
        let (kernel, stride) = (kernel as u8, keys.stride.get() as u8);
        let attributes = vec![
            integers("kernel_shape", &[kernel; 2]),
            integers("strides", &[stride; 2]),
            integers("pads", &[kernel / 2; 4]),
            integer("group", if keys.depthwise { channels as i64 } else { 1 }),
        ];
        Ok(self.graph.node("Conv", &names, part, attributes))
    }

    /// Append batch normalisation; ONNX's default `epsilon` is the network's, 1e-5.
    fn normalisation(&mut self, part: &str, input: &str) -> Result<String> {
        let mut inputs = vec![input.to_owned()];
        for what in [name::GAMMA, name::BETA, name::MEAN, name::VARIANCE] {
            inputs.push(self.constant(&format!("{part}.{what}"))?);
        }
        let names: Vec<&str> = inputs.iter().map(String::as_str).collect();
        Ok(self.op("BatchNormalization", &names, part))
    }

    fn reduce(&mut self, recipe: &Recipe, input: &str) -> Result<String> {
        let keys = &recipe.network;
        let [channels, height, width] = keys.reduced_from(recipe.input())?;
        Ok(match keys.reduce {
            Reduce::Mean => {
                let attributes = vec![integers("axes", &[2, 3]), integer("keepdims", 0)];
                self.graph.node("ReduceMean", &[input], "mean", attributes)
            }
            Reduce::Flatten => self.flat(input),
            Reduce::Adaptive => {
                let [rows, columns] = keys.places.unwrap_or_default().get();
                let map = self.matrix("cell_rows", &Matrix::adaptive(rows, height));
                let value = self.op("MatMul", &[&map, input], "means_of_rows");
                let map = Matrix::adaptive(columns, width).transposed();
                let map = self.matrix("cell_columns", &map);
                let value = self.op("MatMul", &[&value, &map], "means");
                self.flat(&value)
            }
            kind @ (Reduce::Lstm | Reduce::Gru) => {
                let permutation = vec![integers("perm", &[3, 0, 1, 2])];
                let value = self
                    .graph
                    .node("Transpose", &[input], "columns_first", permutation);
                let shape = self
                    .graph
                    .shape("sequence_shape", &[width, 1, channels * height]);
                let value = self.op("Reshape", &[&value, &shape], "sequence");
                self.recurrent(kind, &value)?
            }
        })
    }

    fn flat(&mut self, input: &str) -> String {
        self.graph
            .node("Flatten", &[input], "flat", vec![integer("axis", 1)])
    }

    /// Add the last state `[1, units]` of a sequence `[columns, 1, value]`.
    fn recurrent(&mut self, kind: Reduce, sequence: &str) -> Result<String> {
        let input = self.weights.get("recurrent.input.weight")?;
        let state = self.weights.get("recurrent.state.weight")?;
        let bias = self.weights.get("recurrent.input.bias")?;
        let (inputs, gates, units) = (input.shape[0], input.shape[1], state.shape[0]);
        let mut biases = bias.values.clone();
        let (op, mut attributes): (_, Vec<Attribute>) = match kind {
            Reduce::Lstm => {
                biases.resize(2 * gates, 0.0);
                ("LSTM", Vec::new())
            }
            _ => {
                let second = self.weights.get("recurrent.state.bias")?;
                biases.extend(&second.values);
                ("GRU", vec![integer("linear_before_reset", 1)])
            }
        };
        attributes.push(integer("hidden_size", units as i64));
        let transposed = |values: &[f32]| -> Vec<f32> {
            (0..gates)
                .flat_map(|gate| values.iter().skip(gate).step_by(gates))
                .copied()
                .collect()
        };
        let graph = &mut self.graph;
        let w = graph.floats(
            "gates_input",
            &[1, gates, inputs],
            &transposed(&input.values),
        );
        let r = graph.floats(
            "gates_state",
            &[1, gates, units],
            &transposed(&state.values),
        );
        let b = graph.floats("gates_bias", &[1, 2 * gates], &biases);
        let outputs = ["", "state"];
        graph.node_of(
            op,
            &[sequence, &w, &r, &b],
            &outputs,
            "recurrent",
            attributes,
        );
        let shape = graph.shape("state_shape", &[1, units]);
        Ok(self.op("Reshape", &["state", &shape], "last_state"))
    }

    fn dense(&mut self, part: &str, input: &str) -> Result<String> {
        let weight = self.constant(&format!("{part}.weight"))?;
        let bias = self.constant(&format!("{part}.bias"))?;
        let product = self.op("MatMul", &[input, &weight], &format!("{part}.product"));
        Ok(self.op("Add", &[&product, &bias], part))
    }
}
