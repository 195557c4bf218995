//! A network with branches through the C functions.

mod common;

use std::ptr::null_mut;

use common::*;
use timbrel::timbrel_status::*;
use timbrel::*;
use timbrel_core::model::{GraphSpec, LayerSpec, Model, ModelSpec, Op, Shape};

/// Append as many zeros to each `width` weights.
fn with_zeros(weights: &[i8], width: usize) -> Vec<i8> {
    let pairs = weights.chunks_exact(width);
    let pairs = pairs.flat_map(|weights| weights.iter().copied().chain(vec![0; width]));
    pairs.collect()
}

/// Join the embedding of the shipped model with itself, and give the second one weights of 0, so that the answers stay.
fn with_branches() -> Vec<u8> {
    let mut spec = ModelSpec::from(&Model::parse(&model()).unwrap());
    let mut head = spec.layers.pop().unwrap();
    let last = spec.layers.len() as u16;
    let mut sources: Vec<Vec<u16>> = (0..last).map(|k| vec![k]).collect();
    let width = usize::from(head.input.channels);
    assert_eq!(head.input.len(), width as u64);
    head.input.channels *= 2;
    head.weights = with_zeros(&head.weights, width);
    let rejection = spec.rejection.as_mut().unwrap();
    rejection.weights = with_zeros(&rejection.weights, width);
    let (weights, biases) = (Vec::new(), Vec::new());
    spec.layers.push(LayerSpec {
        op: Op::Join,
        shift: 0,
        input: head.input,
        output: head.input,
        weights,
        biases,
    });
    spec.layers.push(head);
    sources.extend([vec![last; 2], vec![last + 1]]);
    let window = Shape::new(spec.front_end.bins(), spec.window.columns, 1);
    spec.graph = GraphSpec::plan(window, &spec.layers, &sources);
    spec.to_bytes().unwrap()
}

#[test]
fn a_network_with_branches_runs_on_the_heap_and_in_the_least_memory() {
    let (bytes, samples) = (with_branches(), music());
    let expected = rust_says(&samples);
    let classifier = new(&bytes, &CONFIG).unwrap();
    assert_eq!(c_says(classifier, &samples), expected);
    free(classifier);

    let (mut needed, mut embedding) = (0, 0);
    let mut cost = timbrel_cost {
        struct_size: size_of::<timbrel_cost>() as u32,
        window: 0,
        second: 0,
        activations: 0,
    };
    // SAFETY: slices and writable values
    let statuses = unsafe {
        [
            timbrel_required_bytes(bytes.as_ptr(), bytes.len(), &mut needed),
            timbrel_model_embedding(bytes.as_ptr(), bytes.len(), &mut embedding),
            timbrel_model_cost(bytes.as_ptr(), bytes.len(), &mut cost),
        ]
    };
    assert_eq!(statuses, [TIMBREL_OK; 3]);
    let parsed = Model::parse(&bytes).unwrap();
    assert_eq!(embedding, parsed.info().embedding);
    assert_eq!(cost.activations, parsed.arena().unwrap() as u64);
    for (len, expected_status) in [(needed, TIMBREL_OK), (needed / 2, TIMBREL_ERROR_MEMORY)] {
        let mut memory = vec![0xEE_u8; len];
        let mut inside = null_mut();
        // SAFETY: model and memory outlive the classifier
        let status = unsafe {
            let memory = memory.as_mut_ptr();
            let (model, model_len) = (bytes.as_ptr(), bytes.len());
            timbrel_classifier_init(memory, len, model, model_len, &CONFIG, &mut inside)
        };
        assert_eq!(status, expected_status);
        if status == TIMBREL_OK {
            assert_eq!(c_says(inside, &samples), expected);
        }
    }
}
