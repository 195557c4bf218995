//! Limits of an ONNX graph, checked before tract runs any of it.
//!
//! tract computes whatever depends on constants alone while it loads a model, and a few bytes can ask for gigabytes: a
//! tensor made from its shape, or a chain in which each operator doubles its input. So a graph consists of the
//! operators of convolutional networks, none of which makes a large value out of small ones by itself (Gather does not
//! where it looks up a table); it computes next to nothing from constants; and it is refused if a value is too large,
//! before any value exists.

use std::collections::HashMap;
use std::format;
use std::string::String;
use std::vec::Vec;

use tract_onnx::pb::{GraphProto, ModelProto, NodeProto};
use tract_onnx::prelude::*;
use tract_onnx::tract_hir::infer::{Factoid, InferenceModel};

use crate::Error;
use crate::model::{Cost, MAX_BYTES, ModelInfo};

/// Most nodes of a graph. The exported models have fewer than 40.
const MAX_NODES: usize = 512;

/// Largest product of the sizes of a node's inputs if all of them are constants.
const MAX_CONSTANT_WORK: u64 = 1 << 20;

/// Operators that a graph may consist of, in alphabetical order.
const OPERATORS: [&str; 63] = [
    "Abs",
    "Add",
    "AveragePool",
    "BatchNormalization",
    "Cast",
    "Ceil",
    "Clip",
    "Concat",
    "Constant",
    "Conv",
    "ConvInteger",
    "DequantizeLinear",
    "Div",
    "Dropout",
    "DynamicQuantizeLinear",
    "Elu",
    "Erf",
    "Exp",
    "Flatten",
    "Floor",
    "GRU",
    "Gather",
    "Gemm",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "LSTM",
    "LayerNormalization",
    "LeakyRelu",
    "Log",
    "LogSoftmax",
    "MatMul",
    "MatMulInteger",
    "Max",
    "MaxPool",
    "Min",
    "Mul",
    "Neg",
    "PRelu",
    "Pow",
    "QLinearConv",
    "QLinearMatMul",
    "QuantizeLinear",
    "Reciprocal",
    "ReduceMax",
    "ReduceMean",
    "ReduceSum",
    "Relu",
    "Reshape",
    "Round",
    "Sigmoid",
    "Sign",
    "Slice",
    "Softmax",
    "Split",
    "Sqrt",
    "Squeeze",
    "Sub",
    "Tanh",
    "Transpose",
    "Unsqueeze",
];

/// A graph whose operators are known.
pub(super) struct Graph<'p> {
    proto: &'p GraphProto,
    /// Shapes of the file's tensors, by their names.
    tensors: HashMap<&'p str, &'p [i64]>,
    /// Number of values of these and of what is computed from them alone, or a bound of it.
    constants: HashMap<&'p str, u64>,
}

impl<'p> Graph<'p> {
    /// Check everything that can be checked without shapes.
    pub(super) fn new(model: &'p ModelProto) -> Result<Self, Error> {
        let proto = model
            .graph
            .as_ref()
            .ok_or_else(|| Error::Onnx("it has no graph".into()))?;
        if !model.functions.is_empty() || !proto.sparse_initializer.is_empty() {
            return refuse("it has functions or sparse tensors".into());
        }
        if proto.node.len() > MAX_NODES {
            let count = proto.node.len();
            return refuse(format!(
                "it has {count} nodes, at most {MAX_NODES} are allowed"
            ));
        }
        let mut this = Self {
            proto,
            tensors: HashMap::new(),
            constants: HashMap::new(),
        };
        for tensor in &proto.initializer {
            this.add_tensor(&tensor.name, &tensor.dims)?;
        }
        this.check_input()?;
        for node in &proto.node {
            this.check_node(node)?;
        }
        Ok(this)
    }

    fn add_tensor(&mut self, name: &'p str, dims: &'p [i64]) -> Result<(), Error> {
        self.constants.insert(name, values(dims)?);
        self.tensors.insert(name, dims);
        Ok(())
    }

    /// Return the index of an output.
    pub(super) fn output(&self, name: &str) -> Option<usize> {
        let mut outputs = self.proto.output.iter();
        outputs.position(|output| output.name == name)
    }

    fn check_input(&self) -> Result<(), Error> {
        let inputs = self.proto.input.iter().map(|input| input.name.as_str());
        let inputs: Vec<&str> = inputs
            .filter(|name| !self.constants.contains_key(name))
            .collect();
        match inputs.as_slice() {
            [_] => Ok(()),
            _ => refuse(format!(
                "it has {} inputs ({}), expected one",
                inputs.len(),
                inputs.join(", ")
            )),
        }
    }

    fn check_node(&mut self, node: &'p NodeProto) -> Result<(), Error> {
        let operator = node.op_type.as_str();
        let standard = matches!(node.domain.as_str(), "" | "ai.onnx");
        if !standard || !OPERATORS.contains(&operator) {
            return refuse(format!("operator {operator} is not supported"));
        }
        if operator == "Gather" && !self.has_table(node) {
            return refuse("operator Gather looks up what is no table of one dimension".into());
        }
        let mut tensors = node
            .attribute
            .iter()
            .filter_map(|attribute| attribute.t.as_ref());
        if operator == "Constant" {
            let dims = tensors.next().map_or(&[][..], |tensor| &tensor.dims);
            for name in &node.output {
                self.add_tensor(name, dims)?;
            }
            return Ok(());
        }
        let inputs = node.input.iter().filter(|name| !name.is_empty());
        let sizes = inputs.map(|name| self.constants.get(name.as_str()).copied());
        // a node that waits for the window is computed when the model runs
        let Some(sizes) = sizes.collect::<Option<Vec<u64>>>() else {
            return Ok(());
        };
        let work = sizes.into_iter().fold(1, u64::saturating_mul);
        if work > MAX_CONSTANT_WORK {
            return refuse(format!("operator {operator} computes {work} constants"));
        }
        // no result is larger than the product of what it is made from
        self.constants
            .extend(node.output.iter().map(|name| (name.as_str(), work)));
        Ok(())
    }

    /// Return whether a node's first input is a tensor of the file with one dimension, so that there are as many results as
    /// places that are looked up.
    fn has_table(&self, node: &NodeProto) -> bool {
        let table = node.input.first();
        let table = table.and_then(|name| self.tensors.get(name.as_str()));
        table.is_some_and(|dims| dims.len() == 1)
    }

    /// Compute the cost of the analysed model.
    ///
    /// # Errors
    /// A value whose size is unknown or too large.
    pub(super) fn cost(&self, model: &InferenceModel, info: &ModelInfo) -> Result<Cost, Error> {
        let outlets = model.outlet_labels.iter();
        let outlets: HashMap<&str, OutletId> = outlets
            .map(|(outlet, label)| (label.as_str(), *outlet))
            .collect();
        let shape = |name: &str| -> Option<Vec<u64>> {
            if let Some(dims) = self.tensors.get(name) {
                return Some(dims.iter().map(|dim| dim.unsigned_abs()).collect());
            }
            let fact = model.outlet_fact(*outlets.get(name)?).ok()?;
            let dims = fact.shape.concretize()?;
            let dims = dims
                .iter()
                .map(|dim| u64::try_from(dim.to_i64().ok()?).ok());
            dims.collect()
        };
        for node in model.nodes() {
            for output in &node.outputs {
                let dims = output.fact.shape.concretize();
                let sizes = dims.map(|dims| dims.iter().map(dim_size).fold(1, u64::saturating_mul));
                match sizes {
                    Some(size) if size <= MAX_BYTES => {}
                    Some(size) => return refuse(format!("{} has {size} values", node.name)),
                    None => return refuse(format!("the size of {} is unknown", node.name)),
                }
            }
        }
        let (mut network, mut activations) = (0_u64, 0_u64);
        for node in &self.proto.node {
            let sizes = |names: &[String]| -> u64 {
                let shapes = names.iter().filter_map(|name| shape(name));
                shapes
                    .map(|dims| volume(&dims))
                    .fold(0, u64::saturating_add)
            };
            let outputs = sizes(&node.output);
            network = network.saturating_add(operations(node, outputs, &shape));
            let inputs: Vec<String> = node
                .input
                .iter()
                .filter(|name| !self.constants.contains_key(name.as_str()))
                .cloned()
                .collect();
            activations = activations.max(sizes(&inputs).saturating_add(outputs));
        }
        Ok(Cost::new(info, network, activations))
    }
}

/// Return a bound of the multiply-adds of a node with `outputs` values.
fn operations(node: &NodeProto, outputs: u64, shape: &impl Fn(&str) -> Option<Vec<u64>>) -> u64 {
    let input = |index: usize| node.input.get(index).and_then(|name| shape(name));
    let taps = match node.op_type.as_str() {
        "Conv" | "ConvInteger" => per_output(input(1)),
        "QLinearConv" => per_output(input(3)),
        "GRU" | "LSTM" => return recurrent([0, 1, 2].map(input)),
        // the extent that is summed over is one of the first factor's
        "Gemm" | "MatMul" | "MatMulInteger" | "QLinearMatMul" => input(0)
            .and_then(|dims| dims.into_iter().max())
            .unwrap_or(1),
        "AveragePool" | "MaxPool" => {
            let mut attributes = node.attribute.iter();
            let kernel = attributes.find(|attribute| attribute.name == "kernel_shape");
            let kernel = kernel.map_or(&[][..], |kernel| &kernel.ints);
            kernel
                .iter()
                .map(|extent| extent.unsigned_abs())
                .fold(1, u64::saturating_mul)
        }
        "GlobalAveragePool" | "GlobalMaxPool" | "ReduceMax" | "ReduceMean" | "ReduceSum" => {
            input(0).map_or(1, |dims| volume(&dims))
        }
        _ => 1,
    };
    outputs.saturating_mul(taps)
}

/// Return the multiply-adds of a recurrent layer from the shapes of its input, its weights and its recurrent weights: in
/// each step each weight is used once.
fn recurrent(shapes: [Option<Vec<u64>>; 3]) -> u64 {
    let [Some(input), Some(weights), Some(recurrence)] = shapes else {
        return u64::MAX;
    };
    let step = input.last().copied().unwrap_or(1).max(1);
    let used = volume(&weights).saturating_add(volume(&recurrence));
    (volume(&input) / step).saturating_mul(used)
}

/// Return the weights of one output channel.
fn per_output(weights: Option<Vec<u64>>) -> u64 {
    weights.map_or(1, |dims| {
        dims.iter().skip(1).copied().fold(1, u64::saturating_mul)
    })
}

fn volume(dims: &[u64]) -> u64 {
    dims.iter().copied().fold(1, u64::saturating_mul)
}

fn dim_size(dim: &TDim) -> u64 {
    dim.to_i64()
        .ok()
        .and_then(|dim| u64::try_from(dim).ok())
        .unwrap_or(u64::MAX)
}

/// Return the number of values of a tensor of the file, which must not be too many.
fn values(dims: &[i64]) -> Result<u64, Error> {
    let size = dims
        .iter()
        .map(|dim| dim.unsigned_abs())
        .fold(1, u64::saturating_mul);
    if size > MAX_BYTES {
        return refuse(format!("a tensor of it has {size} values"));
    }
    Ok(size)
}

fn refuse<T>(why: String) -> Result<T, Error> {
    Err(Error::Onnx(why))
}
