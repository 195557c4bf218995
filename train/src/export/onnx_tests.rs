//! The contents of an exported graph.

use timbrel_core::frontend::{Affine, FrontEnd, WindowSpec};
use timbrel_core::model::{Confidence, GraphSpec, LayerSpec, Shape};

use prost::Message;

use super::*;
use crate::export::proto;

fn layer(op: Op, shift: u8, input: Shape, channels: u16) -> LayerSpec {
    let output = op.output(input, channels).unwrap();
    let count = op.weights(input, output);
    LayerSpec {
        op,
        shift,
        input,
        output,
        weights: (0..count).map(|n| (n * 37 % 255) as u8 as i8).collect(),
        biases: (0..op.biases(output))
            .map(|n| n as i32 * 1000 - 500)
            .collect(),
    }
}

/// Return a model with every operator once.
fn spec() -> ModelSpec {
    let geometry = Geometry::square(3, 1, 1);
    let mut layers: Vec<LayerSpec> = Vec::new();
    let mut shape = Shape::new(16, 16, 1);
    for (op, shift, channels) in [
        (
            Op::Conv {
                geometry: Geometry::square(5, 2, 2),
                pool: [1, 1],
            },
            7,
            4,
        ),
        (
            Op::Depthwise {
                geometry,
                pool: [2, 2],
            },
            6,
            4,
        ),
        (
            Op::Conv {
                geometry,
                pool: [1, 1],
            },
            8,
            6,
        ),
        (
            Op::MaxPool {
                geometry: Geometry::square(2, 2, 0),
            },
            0,
            6,
        ),
        (Op::Dense, 9, 5),
        (
            Op::AveragePool {
                geometry: Geometry::square(1, 1, 0),
                multiplier: 3,
            },
            1,
            5,
        ),
        (Op::Dense, 0, 2),
    ] {
        layers.push(layer(op, shift, shape, channels));
        shape = layers.last().unwrap().output;
    }
    ModelSpec {
        front_end: FrontEnd::librosa(512, 256, 16),
        window: WindowSpec {
            columns: 16,
            hop: 4,
        },
        normalisation: vec![Affine::DB80],
        labels: vec!["a".into(), "b\"".into()],
        logits_exponent: 12,
        layers,
        provenance: "a: test".into(),
        rejection: None,
        confidence: Confidence::NEUTRAL,
        graph: None,
    }
}

fn model() -> proto::Model {
    proto::Model::decode(onnx(&spec()).unwrap().as_slice()).unwrap()
}

#[test]
fn the_graph_is_made_of_standard_integer_operators() {
    let graph = model().graph.unwrap();
    let ops: Vec<&str> = graph
        .node
        .iter()
        .map(|node| node.op_type.as_str())
        .collect();
    let expected = "QLinearConv QLinearConv MaxPool QLinearConv MaxPool QLinearConv QLinearConv Flatten \
                    MatMulInteger Add";
    assert_eq!(ops.join(" "), expected);
    let mut known: Vec<&str> = graph.initializer.iter().map(|t| t.name.as_str()).collect();
    known.push("window");
    for node in &graph.node {
        for input in &node.input {
            assert!(
                known.contains(&input.as_str()),
                "{input} comes from nowhere"
            );
        }
        known.extend(node.output.iter().map(String::as_str));
    }
    let mut names: Vec<&str> = graph.initializer.iter().map(|t| t.name.as_str()).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
}

#[test]
fn every_scale_is_a_power_of_two() {
    let graph = model().graph.unwrap();
    let floats = graph
        .initializer
        .iter()
        .filter(|tensor| tensor.data_type == data_type::FLOAT);
    let mut scales = 0;
    for tensor in floats {
        let value = f32::from_le_bytes(tensor.raw_data.as_slice().try_into().unwrap());
        assert!(value.log2().fract() == 0.0, "{} is {value}", tensor.name);
        scales += 1;
    }
    assert_eq!(scales, 6, "five quantised layers and the activations");
}

/// Return a weight as u8 with zero point 128.
fn stored(weight: i8) -> u8 {
    (i16::from(weight) + 128) as u8
}

#[test]
fn weights_are_unsigned_with_zero_point_128() {
    let graph = model().graph.unwrap();
    let tensor = |name: &str| graph.initializer.iter().find(|t| t.name == name).unwrap();
    assert_eq!(tensor("weight_zero").raw_data, [128]);
    for node in &graph.node {
        let weights = match node.op_type.as_str() {
            "QLinearConv" => [&node.input[3], &node.input[5]],
            "MatMulInteger" => [&node.input[1], &node.input[3]],
            _ => continue,
        };
        for name in weights {
            assert_eq!(tensor(name).data_type, data_type::UINT8, "{name}");
        }
        assert_eq!(weights[1], "weight_zero");
    }
}

#[test]
fn the_embedding_is_the_last_layers_input_in_an_engines_order() {
    let embedding = |spec: &ModelSpec| {
        let model = proto::Model::decode(onnx(spec).unwrap().as_slice()).unwrap();
        let graph = model.graph.unwrap();
        let ops: Vec<String> = graph.node.iter().map(|n| n.op_type.clone()).collect();
        let names: Vec<String> = graph.output.iter().map(|o| o.name.clone()).collect();
        let shape = graph.output.last().unwrap().r#type.clone().unwrap();
        let dims = shape.tensor_type.unwrap().shape.unwrap().dim;
        (ops, names, dims.last().unwrap().dim_value.unwrap())
    };
    let (ops, names, values) = embedding(&spec());
    assert_eq!(names, ["logits", "embedding"]);
    assert_eq!(values, 5);
    assert!(!ops.contains(&"Transpose".to_owned()));
    // places beside channels: ONNX has the channels outside, an engine inside
    let mut places = spec();
    let mut shape = Shape::new(16, 16, 1);
    let conv = Op::Conv {
        geometry: Geometry::square(5, 4, 2),
        pool: [1, 1],
    };
    places.layers = Vec::new();
    for (op, shift, channels) in [(conv, 9, 3), (Op::Dense, 0, 2)] {
        places.layers.push(layer(op, shift, shape, channels));
        shape = places.layers.last().unwrap().output;
    }
    let (ops, names, values) = embedding(&places);
    assert_eq!(names, ["logits", "embedding"]);
    assert_eq!(values, 4 * 4 * 3);
    assert_eq!(
        ops,
        [
            "QLinearConv",
            "Transpose",
            "Flatten",
            "MatMulInteger",
            "Add"
        ]
    );
    #[cfg(feature = "tract")]
    same_in_tract(&places);
}

#[test]
fn weights_are_where_onnx_looks_for_them() {
    let (spec, graph) = (spec(), model().graph.unwrap());
    let tensor = |name: &str| graph.initializer.iter().find(|t| t.name == name).unwrap();
    // the 3x3 convolution of 4 to 6 channels: output 2, input 3, row 1, column 2
    let weight = tensor("conv_2_weight");
    assert_eq!(weight.dims, [6, 4, 3, 3]);
    let expected = spec.layers[2].weights[((2 * 3 + 1) * 3 + 2) * 4 + 3];
    assert_eq!(
        weight.raw_data[((2 * 4 + 3) * 3 + 1) * 3 + 2],
        stored(expected)
    );
    let weight = tensor("depthwise_1_weight");
    assert_eq!(weight.dims, [4, 1, 3, 3]);
    assert_eq!(
        weight.raw_data[3 * 9 + 5],
        stored(spec.layers[1].weights[5 * 4 + 3])
    );
    let weight = tensor("dense_weight");
    assert_eq!(weight.dims, [5, 2]);
    assert_eq!(
        weight.raw_data[4 * 2 + 1],
        stored(spec.layers[6].weights[5 + 4])
    );
}

#[test]
fn the_metadata_describes_the_model() {
    let model = model();
    assert_eq!((model.ir_version, model.opset_import[0].version), (8, 17));
    let value = |key: &str| {
        let entry = model.metadata_props.iter().find(|entry| entry.key == key);
        entry.map(|entry| entry.value.as_str()).unwrap()
    };
    assert_eq!(value("timbrel.format"), "1");
    assert_eq!(value("timbrel.labels"), r#"["a","b\""]"#);
    assert_eq!(value("timbrel.normalisation"), "[[3.1875,255.0]]");
    assert_eq!(value("timbrel.window"), r#"{"columns":16,"hop":4}"#);
    assert_eq!(value("timbrel.logits_exponent"), "12");
    assert_eq!(value("timbrel.provenance"), "a: test");
    let front_end: serde_json::Value = serde_json::from_str(value("timbrel.front_end")).unwrap();
    assert_eq!(front_end["mel_scale"], "slaney");
    assert_eq!(front_end["padding"], "zeros");
    assert_eq!(front_end["amin"].as_f64().unwrap() as f32, 1e-10);
}

#[cfg(feature = "tract")]
#[test]
fn every_operator_gives_the_int8_engines_logits_in_tract() {
    same_in_tract(&spec());
}

#[cfg(feature = "tract")]
fn same_in_tract(spec: &ModelSpec) {
    let int8 = crate::evaluate::Inference::int8(spec.to_bytes().expect("a valid model")).unwrap();
    let tract = crate::evaluate::Inference::tract(onnx(spec).unwrap()).unwrap();
    let windows: Vec<Vec<u8>> = (0..8)
        .map(|w| (0..256).map(|n| (n * (w + 3) * 29 % 256) as u8).collect())
        .collect();
    assert_eq!(
        tract.logits(&windows).unwrap(),
        int8.logits(&windows).unwrap()
    );
}

const WINDOW: Shape = Shape::new(16, 16, 1);
const SMALL: Shape = Shape::new(5, 6, 1);
const PAD: (u16, u16) = (u16::MAX, 9);

/// Return a resampling of [`WINDOW`] to [`SMALL`] with one row of padding and the given columns.
fn resampling(columns: [(u16, u16); 6]) -> LayerSpec {
    let extent = [SMALL.height, SMALL.width];
    let mut layer = layer(Op::Resample { extent }, 0, WINDOW, 1);
    let rows = [(0, 0), (3, 256), (14, 77), (1, 1), PAD];
    let bytes = (rows.into_iter().chain(columns))
        .flat_map(|(first, share)| [first, share])
        .flat_map(u16::to_le_bytes);
    layer.weights.truncate(256);
    layer.weights.extend(bytes.map(u8::cast_signed));
    layer
}

/// Return a model of two branches, the second of which is `second`, and which are joined with the first one again.
fn branches_of(second: LayerSpec, source: u16) -> ModelSpec {
    let mut spec = spec();
    let first = resampling([PAD, (2, 128), (5, 255), PAD, (14, 3), PAD]);
    let channels = 2 + second.output.channels;
    let joined = Shape { channels, ..SMALL };
    spec.layers = vec![
        first,
        second,
        layer(Op::Join, 0, joined, channels),
        layer(Op::Dense, 9, joined, 3),
        layer(Op::Dense, 0, Shape::new(1, 1, 3), 2),
    ];
    let sources = [vec![0], vec![source], vec![1, 2, 1], vec![3], vec![4]];
    spec.graph = GraphSpec::plan(WINDOW, &spec.layers, &sources);
    spec.to_bytes().unwrap();
    spec
}

fn branches() -> ModelSpec {
    let geometry = Geometry::square(3, 1, 1);
    let pool = [1, 1];
    branches_of(layer(Op::Conv { geometry, pool }, 7, SMALL, 4), 1)
}

#[test]
fn joins_and_padding_are_concatenations() {
    let spec = branches();
    let model = proto::Model::decode(onnx(&spec).unwrap().as_slice()).unwrap();
    let nodes = model.graph.unwrap().node;
    let ops: Vec<&str> = nodes.iter().map(|node| node.op_type.as_str()).collect();
    let expected = "Cast MatMul MatMul Mul Add Floor Cast Gather Concat Slice Slice Concat QLinearConv Concat QLinearConv \
                    Flatten MatMulInteger Add";
    assert_eq!(ops.join(" "), expected);
    let [.., columns, conv, join, _, _, _, _] = nodes.as_slice() else {
        panic!("{} nodes", nodes.len())
    };
    assert_eq!(columns.input.len(), 5);
    let [value, convolved] = [columns, conv].map(|node| node.output[0].clone());
    assert_eq!(join.input, [value.clone(), convolved, value]);
}

#[test]
fn interpolations_that_differ_in_their_padding_alone_are_one() {
    let gathers = |columns| {
        let file = onnx(&branches_of(resampling(columns), 0)).unwrap();
        let nodes = proto::Model::decode(file.as_slice())
            .unwrap()
            .graph
            .unwrap()
            .node;
        nodes.iter().filter(|node| node.op_type == "Gather").count()
    };
    assert_eq!(gathers([(2, 128), PAD, PAD, PAD, (5, 255), (14, 3)]), 1);
    assert_eq!(gathers([(2, 128), PAD, PAD, PAD, (5, 255), (14, 4)]), 2);
    // nothing is left to interpolate
    assert_eq!(gathers([PAD; 6]), 1);
}

#[test]
fn a_graph_that_contradicts_itself_is_refused() {
    let refused = |change: &dyn Fn(&mut ModelSpec)| {
        let mut spec = branches();
        change(&mut spec);
        onnx(&spec).unwrap_err().to_string()
    };
    let nodes = |spec: &mut ModelSpec| spec.graph.take().unwrap().nodes;
    let graph = |spec: &mut ModelSpec, nodes| {
        spec.graph = Some(GraphSpec { arena: 0, nodes });
    };
    let error = refused(&|spec| {
        let mut nodes = nodes(spec);
        nodes[1].sources[0] = 2;
        graph(spec, nodes);
    });
    assert_eq!(error, "layer 1 reads 2, which is not computed before it");
    let error = refused(&|spec| {
        let mut nodes = nodes(spec);
        nodes.truncate(3);
        graph(spec, nodes);
    });
    assert_eq!(error, "layer 3 is not in the graph");
    let error = refused(&|spec| {
        let mut nodes = nodes(spec);
        nodes[3].sources.push(1);
        graph(spec, nodes);
    });
    assert_eq!(error, "layer 3 has 2 sources");
    let error = refused(&|spec| spec.layers[0].weights.truncate(200));
    assert_eq!(error, "resampling_0 has too few weights");
    // the first cell of row 0
    let error = refused(&|spec| spec.layers[0].weights[256] = 15);
    assert_eq!(error, "cell 15 is not in the window");
}
