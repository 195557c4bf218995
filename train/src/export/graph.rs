//! Building an ONNX graph.

use prost::Message;

use super::proto::{self, Attribute, Node, attribute_type, data_type};

/// Nodes and constants as they are added.
#[derive(Default)]
pub(super) struct Graph {
    nodes: Vec<Node>,
    tensors: Vec<proto::Tensor>,
}

impl Graph {
    /// Add a constant.
    pub(super) fn tensor(&mut self, name: &str, dims: &[i64], data_type: i32, raw_data: Vec<u8>) {
        self.tensors.push(proto::Tensor {
            dims: dims.to_vec(),
            data_type,
            name: name.into(),
            raw_data,
        });
    }

    /// Add a constant of one float.
    pub(super) fn float(&mut self, name: &str, value: f32) {
        self.tensor(name, &[], data_type::FLOAT, value.to_le_bytes().to_vec());
    }

    /// Add a constant of floats and return its name.
    pub(super) fn floats(&mut self, name: &str, dims: &[usize], values: &[f32]) -> String {
        let dims: Vec<i64> = dims.iter().map(|extent| *extent as i64).collect();
        let raw = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.tensor(name, &dims, data_type::FLOAT, raw);
        name.into()
    }

    /// Add a constant list of whole numbers, as shapes are given, and return its name.
    pub(super) fn shape(&mut self, name: &str, extents: &[usize]) -> String {
        let raw = extents
            .iter()
            .flat_map(|extent| (*extent as i64).to_le_bytes())
            .collect();
        self.tensor(name, &[extents.len() as i64], data_type::INT64, raw);
        name.into()
    }

    /// Add a node with one output, which is also its name, and return that.
    pub(super) fn node(
        &mut self,
        op: &str,
        inputs: &[&str],
        output: &str,
        attribute: Vec<Attribute>,
    ) -> String {
        self.node_of(op, inputs, &[output], output, attribute)
    }

    /// Add a node and return its name.
    pub(super) fn node_of(
        &mut self,
        op: &str,
        inputs: &[&str],
        outputs: &[&str],
        name: &str,
        attribute: Vec<Attribute>,
    ) -> String {
        self.nodes.push(Node {
            input: inputs.iter().map(ToString::to_string).collect(),
            output: outputs.iter().map(ToString::to_string).collect(),
            name: name.into(),
            op_type: op.into(),
            attribute,
        });
        name.into()
    }

    /// Return the bytes of a model file (opset 17) of this graph.
    pub(super) fn encode(
        self,
        inputs: Vec<proto::ValueInfo>,
        outputs: Vec<proto::ValueInfo>,
        metadata: Vec<proto::Entry>,
    ) -> Vec<u8> {
        let graph = proto::Graph {
            name: "timbrel".into(),
            node: self.nodes,
            initializer: self.tensors,
            input: inputs,
            output: outputs,
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
            metadata_props: metadata,
        };
        model.encode_to_vec()
    }
}

pub(super) fn integers(name: &str, values: &[u8]) -> Attribute {
    let ints = values.iter().map(|value| i64::from(*value)).collect();
    Attribute {
        name: name.into(),
        r#type: attribute_type::INTS,
        ints,
        ..Default::default()
    }
}

pub(super) fn integer(name: &str, i: i64) -> Attribute {
    Attribute {
        name: name.into(),
        r#type: attribute_type::INT,
        i,
        ..Default::default()
    }
}

pub(super) fn value_info(name: &str, elem_type: i32, dims: &[i64]) -> proto::ValueInfo {
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
