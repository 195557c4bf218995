//! Size and memory that the shipped recipes promise, whatever their weights.

use timbrel_core::classifier::Classifier;
use timbrel_core::engine::Int8Engine;
use timbrel_core::model::Model;
use timbrel_train::integers::Exponents;
use timbrel_train::quantise::{FoldedNetwork, Identity, build};
use timbrel_train::recipe::Recipe;

/// Return the bytes of the file, of a classifier and of its network.
fn bytes(text: &str) -> [usize; 3] {
    let recipe = Recipe::parse(text).unwrap();
    let weights = crate::common::trained(&recipe, 10);
    let folded = FoldedNetwork::new(&recipe.network, &weights).unwrap();
    let blocks = recipe.network.blocks.len();
    let exponents = Exponents {
        activations: vec![4; blocks],
        mean: 4,
        weights: vec![7; blocks],
        hidden_activations: vec![],
        hidden_weights: vec![],
        dense: 7,
    };
    let identity = Identity {
        labels: (0..10).map(|class| format!("genre {class}")).collect(),
        provenance: "x".repeat(512),
    };
    let spec = build(&recipe, &folded, &exponents, &identity).unwrap();
    let file = spec.to_bytes().expect("a valid model");
    let model = Model::parse(&file).unwrap();
    let engine = Int8Engine::required_bytes(&model);
    [file.len(), Classifier::required_bytes(&model), engine]
}

#[test]
fn tiny_fits_the_smallest_devices() {
    let _own = crate::common::generator();
    for text in [
        include_str!("../../recipes/tiny.toml"),
        include_str!("../../recipes/tiny-distilled.toml"),
    ] {
        let [file, memory, _] = bytes(text);
        assert!(file <= 32 << 10, "the file has {file} bytes");
        assert!(memory <= 32 << 10, "a classifier needs {memory} bytes");
    }
}

#[test]
fn tiny_16k_takes_little_more() {
    let _own = crate::common::generator();
    let [file, memory, _] = bytes(include_str!("../../recipes/tiny-16k.toml"));
    assert!(file <= 32 << 10, "the file has {file} bytes");
    assert!(memory <= 38 << 10, "a classifier needs {memory} bytes");
}

#[test]
fn large_fits_a_telephone() {
    let _own = crate::common::generator();
    for text in [
        include_str!("../../recipes/large-distilled.toml"),
        include_str!("../../recipes/large-quantised.toml"),
    ] {
        let [file, memory, _] = bytes(text);
        assert!(file <= 1 << 20, "the file has {file} bytes");
        assert!(memory <= 512 << 10, "a classifier needs {memory} bytes");
    }
}

#[test]
fn compact_and_its_student_fit_a_microcontroller() {
    let _own = crate::common::generator();
    for text in [
        include_str!("../../recipes/compact.toml"),
        include_str!("../../recipes/compact-student.toml"),
        include_str!("../../recipes/compact-distilled.toml"),
        include_str!("../../recipes/compact-quantised.toml"),
        include_str!("../../recipes/compact-512.toml"),
        include_str!("../../recipes/compact-512-quantised.toml"),
        include_str!("../../recipes/compact-1024.toml"),
    ] {
        let [file, memory, network] = bytes(text);
        assert!(file <= 100 << 10, "the file has {file} bytes");
        assert!(memory <= 96 << 10, "a classifier needs {memory} bytes");
        assert!(network <= 64 << 10, "the network needs {network} bytes");
    }
}
