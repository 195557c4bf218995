//! The shipped model through tract: the same logits as the int8 engine, and errors for bad files.
#![cfg(feature = "tract")]

mod common;

use std::path::Path;

use common::Random;
use timbrel_core::Error;
use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::Classifier;
use timbrel_core::engine::{Engine, Int8Engine};
use timbrel_core::host::tract::TractEngine;
use timbrel_core::model::{Limits, Model};

fn shipped(name: &str) -> Vec<u8> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    std::fs::read(models.join(name)).expect("the shipped model is in the repository")
}

/// Make a length-delimited field of a protocol buffer.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    assert!(content.len() < 128);
    [&[number << 3 | 2, content.len() as u8], content].concat()
}

/// Return the shipped model with an output `name` that is another name for the value `source`: messages of a protocol
/// buffer are merged, so a second graph adds its nodes and outputs to the first one.
fn with_output(name: &str, source: &str, dims: [u8; 2], elements: u8) -> Vec<u8> {
    let node = [
        field(1, source.as_bytes()),
        field(2, name.as_bytes()),
        field(4, b"Identity"),
    ];
    let dims = dims.map(|dim| field(1, &[8, dim])).concat();
    let tensor = [vec![8, elements], field(2, &dims)].concat();
    let output = [field(1, name.as_bytes()), field(2, &field(1, &tensor))];
    let graph = [field(1, &node.concat()), field(12, &output.concat())];
    [without_embedding(), field(7, &graph.concat())].concat()
}

/// Return the shipped model with another name for its embedding, so that it has none.
fn without_embedding() -> Vec<u8> {
    without(b"embedding")
}

/// Return the shipped model with the first letter of an output's name changed.
fn without(name: &[u8]) -> Vec<u8> {
    let mut file = shipped("compact.onnx");
    let places: Vec<usize> = (0..file.len() - name.len())
        .filter(|at| file[*at..].starts_with(name))
        .collect();
    assert!(
        places.len() >= 3,
        "a node's output, another's input, the graph's output"
    );
    for at in places {
        file[at] ^= 0x20;
    }
    file
}

#[test]
fn the_embedding_is_that_of_the_int8_engine() {
    let bytes = shipped("compact.timbrel");
    let model = Model::parse(&bytes).unwrap();
    let mut memory = vec![0; Int8Engine::required_bytes(&model)];
    let mut int8 = Int8Engine::new(model, &mut memory).unwrap();
    let mut tract = TractEngine::from_bytes(&shipped("compact.onnx")).unwrap();
    assert_eq!(int8.info(), tract.info());
    let mut random = Random(7);
    for _ in 0..4 {
        let len = int8.info().window_len();
        let window: Vec<u8> = (0..len).map(|_| random.next() as u8).collect();
        assert_eq!(logits(&mut int8, &window), logits(&mut tract, &window));
        assert!(int8.embedding().iter().any(|value| *value > 0));
        assert_eq!(int8.embedding(), tract.embedding());
    }
}

#[test]
fn an_output_that_cannot_be_an_embedding_is_refused() {
    const INT32: u8 = 6;
    let wrong = with_output("embedding", "sums", [1, 10], INT32);
    assert!(refused(&wrong).contains("embedding"));
    // any other output is ignored
    for other in [
        without_embedding(),
        with_output("features", "sums", [1, 10], INT32),
    ] {
        let engine = TractEngine::from_bytes(&other).unwrap();
        assert_eq!((engine.info().embedding, engine.embedding()), (0, &[][..]));
    }
}

#[test]
fn an_output_that_cannot_be_the_rejection_is_refused() {
    const INT32: u8 = 6;
    const FLOAT: u8 = 1;
    // ten values, or the window's sums as another type
    for (source, dims, elements) in [("logits", [1, 10], INT32), ("Not_music", [1, 1], FLOAT)] {
        let node = [
            field(1, source.as_bytes()),
            field(2, b"not_music"),
            field(
                4,
                if elements == FLOAT {
                    b"Cast"
                } else {
                    b"Identity"
                },
            ),
        ];
        let to = [field(1, b"to"), vec![0x18, FLOAT, 0xa0, 1, 2]].concat();
        let mut node = node.concat();
        if elements == FLOAT {
            node.extend(field(5, &to));
        }
        let dims = dims.map(|dim| field(1, &[8, dim])).concat();
        let tensor = [vec![8, elements], field(2, &dims)].concat();
        let output = [field(1, b"not_music"), field(2, &field(1, &tensor))];
        let graph = [field(1, &node), field(12, &output.concat())];
        let said = refused(&[without(b"not_music"), field(7, &graph.concat())].concat());
        assert!(said.contains("its not_music is"), "{said}");
    }
}

fn logits(engine: &mut impl Engine, window: &[u8]) -> Vec<i32> {
    let mut logits = vec![0; engine.info().classes];
    engine.input().copy_from_slice(window);
    engine.run(&mut logits).unwrap();
    logits
}

#[test]
fn both_engines_give_the_same_logits() {
    let bytes = shipped("compact.timbrel");
    let model = Model::parse(&bytes).unwrap();
    let mut memory = vec![0; Int8Engine::required_bytes(&model)];
    let mut int8 = Int8Engine::new(model, &mut memory).unwrap();
    let mut tract = TractEngine::from_bytes(&shipped("compact.onnx")).unwrap();
    assert_eq!(int8.info(), tract.info());
    for class in 0..=model.classes() {
        assert_eq!(int8.label(class), tract.label(class));
    }
    assert_eq!(int8.normalisation(5), tract.normalisation(5));
    let mut random = Random(1);
    for case in 0..12 {
        // noise, constants, and smooth ramps with a little noise
        let value = |i: usize, random: &mut Random| match case % 4 {
            0 => random.next() as u8,
            1 => (case * 20) as u8,
            2 => (i / 128) as u8 * 2,
            _ => (255 - i % 256) as u8 / 2 + random.below(128) as u8,
        };
        let window: Vec<u8> = (0..int8.info().window_len())
            .map(|i| value(i, &mut random))
            .collect();
        assert_eq!(
            logits(&mut int8, &window),
            logits(&mut tract, &window),
            "case {case}"
        );
    }
}

#[test]
fn the_classifier_gives_the_same_result_over_both() {
    let bytes = shipped("compact.timbrel");
    let model = Model::parse(&bytes).unwrap();
    let format = InputFormat::mono(22_050);
    let samples = common::music(1, 22_050 * 14, 22_050);
    let mut memory = vec![0; Classifier::required_bytes(&model)];
    let mut int8 = Classifier::int8(model, format, &mut memory).unwrap();
    let tract = TractEngine::from_bytes(&shipped("compact.onnx")).unwrap();
    let mut memory = vec![0; Classifier::<TractEngine>::feature_bytes(&tract.info())];
    let mut tract = Classifier::new(tract, format, &mut memory).unwrap();
    let mut rest = samples.as_slice();
    while !rest.is_empty() {
        let pushed = int8.push(rest).unwrap();
        assert_eq!(tract.push(rest).unwrap(), pushed);
        assert_eq!(int8.logits(), tract.logits());
        rest = &rest[pushed.consumed..];
    }
    int8.finish().unwrap();
    tract.finish().unwrap();
    assert_eq!(int8.result().unwrap(), tract.result().unwrap());
    assert!(int8.result().unwrap().windows >= 2);
}

fn refused(bytes: &[u8]) -> String {
    match TractEngine::from_bytes(bytes) {
        Err(Error::Onnx(what)) => what,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("accepted"),
    }
}

#[test]
fn bad_files_are_errors() {
    let good = shipped("compact.onnx");
    assert!(refused(b"").contains("metadata"));
    refused(b"this is a text file and no model");
    for length in [10, 1000, good.len() / 2, good.len() - 1] {
        refused(&good[..length]);
    }
    let at = good
        .windows(14)
        .position(|w| w == b"timbrel.labels")
        .unwrap();
    let mut renamed = good.clone();
    renamed[at + 8] = b'X';
    assert!(refused(&renamed).contains("timbrel.labels"));
}

/// Return the shipped model with one more node and one more output: `operator` over the window and a constant.
fn with_node(operator: &str, inputs: &[&str]) -> Vec<u8> {
    let inputs = inputs.iter().flat_map(|name| field(1, name.as_bytes()));
    let mut node: Vec<u8> = inputs.collect();
    node.extend(field(2, b"more"));
    node.extend(field(4, operator.as_bytes()));
    [shipped("compact.onnx"), field(7, &field(1, &node))].concat()
}

#[test]
fn operators_that_make_something_large_from_nothing_are_refused() {
    for operator in [
        "ConstantOfShape",
        "Expand",
        "Tile",
        "Range",
        "Loop",
        "Nothing",
    ] {
        let said = refused(&with_node(operator, &["window"]));
        assert_eq!(said, format!("operator {operator} is not supported"));
    }
    // the same node with an operator that is allowed is harmless
    TractEngine::from_bytes(&with_node("Identity", &["window"])).unwrap();
    // the weights of the last layer, multiplied with one another
    let weights = ["conv_1_weight", "dense_weight"];
    let said = refused(&with_node("MatMulInteger", &weights));
    assert!(said.contains("computes"), "{said}");
    // tables of the models are of one dimension; rows of a matrix are larger than what looks them up
    for inputs in [["dense_weight", "window"], ["window", "dense_weight"]] {
        let said = refused(&with_node("Gather", &inputs));
        assert!(said.contains("no table of one dimension"), "{said}");
    }
}

#[test]
fn a_chain_that_doubles_its_input_is_refused_before_anything_runs() {
    let mut nodes = Vec::new();
    let mut last = b"window".to_vec();
    for step in 0..40 {
        let name = format!("step{step}").into_bytes();
        let axis = [field(1, b"axis"), vec![0x18, 1, 0xA0, 1, 2]].concat();
        let node = [
            field(1, &last),
            field(1, &last),
            field(2, &name),
            field(4, b"Concat"),
            field(5, &axis),
        ];
        nodes.extend(field(1, &node.concat()));
        last = name;
    }
    let length = [(nodes.len() & 127 | 128) as u8, (nodes.len() >> 7) as u8];
    let graph = [&[7 << 3 | 2], &length[..], &nodes].concat();
    let said = refused(&[shipped("compact.onnx"), graph].concat());
    assert!(said.contains("values"), "{said}");
}

#[test]
fn a_graph_with_two_inputs_is_refused() {
    let dims = [field(1, &[8, 1]), field(1, &[8, 9])].concat();
    let tensor = [vec![8, 2], field(2, &dims)].concat();
    let input = [field(1, b"second"), field(2, &field(1, &tensor))].concat();
    let file = [shipped("compact.onnx"), field(7, &field(11, &input))].concat();
    let said = refused(&file);
    assert_eq!(said, "it has 2 inputs (window, second), expected one");
}

#[test]
fn a_model_that_costs_too_much_is_refused_with_its_cost() {
    let file = shipped("compact.onnx");
    let cost = TractEngine::from_bytes(&file).unwrap().cost();
    let bytes = shipped("compact.timbrel");
    let int8 = Model::parse(&bytes).unwrap().cost();
    // the graph pools in nodes of its own, and rows that the fused pooling drops are computed
    assert!(
        cost.window >= int8.window && cost.window < 2 * int8.window,
        "{cost:?} {int8:?}"
    );
    assert!(cost.activations >= int8.activations);
    let limits = Limits {
        window: cost.window - 1,
        ..Limits::DEFAULT
    };
    match TractEngine::from_bytes_within(&file, &limits) {
        Err(Error::Cost(error)) => assert_eq!(error.cost, cost),
        other => panic!("{other:?}"),
    }
}

/// Make a length-delimited field of any length.
fn message(number: u8, content: &[u8]) -> Vec<u8> {
    [
        vec![number << 3 | 2],
        varint(content.len()),
        content.to_vec(),
    ]
    .concat()
}

fn varint(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 127 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// Make a tensor of a graph: its name, its type and its values' bytes.
fn tensor(name: &str, dims: &[usize], elements: u8, values: &[u8]) -> Vec<u8> {
    let dims = dims.iter().flat_map(|dim| [vec![8], varint(*dim)].concat());
    let mut tensor: Vec<u8> = dims.collect();
    tensor.extend([0x10, elements]);
    tensor.extend(message(8, name.as_bytes()));
    tensor.extend(message(9, values));
    message(5, &tensor)
}

/// Make a node of a graph with an integer as its attribute.
fn node(operator: &str, inputs: &[&str], output: &str, attribute: (&str, u8)) -> Vec<u8> {
    let (name, value) = attribute;
    let attribute = [field(1, name.as_bytes()), vec![0x18, value, 0xa0, 1, 2]].concat();
    let inputs = inputs.iter().flat_map(|name| field(1, name.as_bytes()));
    let mut node: Vec<u8> = inputs.collect();
    node.extend(field(2, output.as_bytes()));
    node.extend(field(4, operator.as_bytes()));
    node.extend(field(5, &attribute));
    message(1, &node)
}

#[test]
fn a_recurrent_layer_costs_its_weights_in_each_step() {
    const FLOAT: u8 = 1;
    const INT64: u8 = 7;
    const INPUTS: usize = 4;
    const HIDDEN: usize = 2;
    let file = shipped("compact.onnx");
    let window = TractEngine::from_bytes(&file).unwrap().info().window_len();
    let steps = window / INPUTS;
    let shape = [steps, 1, INPUTS].map(|size| (size as u64).to_le_bytes());
    let before = [
        tensor("shape", &[3], INT64, &shape.concat()),
        node("Cast", &["window"], "real", ("to", FLOAT)),
        node("Reshape", &["real", "shape"], "sequence", ("allowzero", 0)),
    ]
    .concat();
    let cost = |graph: &[u8]| {
        let file = [&file[..], &message(7, graph)].concat();
        TractEngine::from_bytes(&file).unwrap().cost().window
    };
    // ONNX: three gates in a GRU, four in an LSTM, each of which sees the inputs and what is kept
    for (operator, gates) in [("GRU", 3), ("LSTM", 4)] {
        let floats = |rows: usize, columns: usize| vec![0; rows * columns * 4];
        let rows = gates * HIDDEN;
        let layer = [
            tensor("weights", &[1, rows, INPUTS], FLOAT, &floats(rows, INPUTS)),
            tensor("kept", &[1, rows, HIDDEN], FLOAT, &floats(rows, HIDDEN)),
            node(
                operator,
                &["sequence", "weights", "kept"],
                "recurrent",
                ("hidden_size", HIDDEN as u8),
            ),
        ]
        .concat();
        let more = cost(&[&before[..], &layer].concat()) - cost(&before);
        assert_eq!(
            more,
            (steps * gates * HIDDEN * (INPUTS + HIDDEN)) as u64,
            "{operator}"
        );
    }
}

/// Whatever a damaged file does to tract, the process continues.
#[test]
fn damaged_files_do_not_crash() {
    let good = shipped("compact.onnx");
    let mut random = Random(2);
    for _ in 0..40 {
        let mut damaged = good.clone();
        for _ in 0..1 + random.below(4) {
            let at = random.below(damaged.len());
            damaged[at] ^= 1 << random.below(8);
        }
        if let Ok(mut engine) = TractEngine::from_bytes(&damaged) {
            let mut logits = vec![0; engine.info().classes];
            // an error is as good as an answer
            let _ = engine.run(&mut logits);
        }
    }
}
