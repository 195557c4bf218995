//! Networks of every make.

use crate::common::{RECIPE, trained};
use burn::tensor::{Device, Tensor, TensorData};
use timbrel_train::device::DeviceKind;
use timbrel_train::network::Network;
use timbrel_train::quantise::FoldedNetwork;
use timbrel_train::recipe::Recipe;
use timbrel_train::weights::{Array, Weights, name};

const CLASSES: usize = 3;

fn device() -> Device {
    DeviceKind::Cpu.open(false).unwrap()
}

fn logits(recipe: &Recipe, weights: &Weights) -> Vec<f32> {
    let network = Network::new(recipe, CLASSES, &device()).unwrap();
    let values: Vec<f32> = (0..4)
        .flat_map(crate::common::spectrogram)
        .take(4 * 32 * 32)
        .map(f32::from)
        .collect();
    let input = Tensor::from_data(TensorData::new(values, [4, 1, 32, 32]), &device());
    let output = network.with_weights(weights).unwrap().forward(input);
    output.into_data().try_into_vec::<f32>().unwrap()
}

#[test]
fn branches_fold_into_one_convolution() {
    let _own = crate::common::generator();
    let blocks = |branches: bool| {
        let text = RECIPE.replace(
            "{ channels = 8, kernel = 1 },",
            "{ channels = 8, kernel = 3, BRANCHES }, { channels = 8, kernel = 3, BRANCHES },",
        );
        let text = text.replace("depthwise = true }", "depthwise = true, BRANCHES }");
        let text = text.replace(
            "kernel = 5, stride = 2,",
            "kernel = 5, stride = 2, BRANCHES,",
        );
        let keys = if branches {
            "branches = true"
        } else {
            "norm = \"none\""
        };
        let text = text.replace("BRANCHES", keys);
        let text = if branches {
            text
        } else {
            text.replace("[network]", "[network]\nquantised = true")
        };
        Recipe::parse(&text).unwrap()
    };
    let (branched, plain) = (blocks(true), blocks(false));
    let weights = trained(&branched, CLASSES);
    assert!(
        weights.get(&name::pointwise(3)).is_ok(),
        "there are no branches"
    );
    let folded = FoldedNetwork::new(&branched.network, &weights).unwrap();
    let (expected, found) = (
        logits(&branched, &weights),
        logits(&plain, &folded.weights()),
    );
    for (expected, found) in expected.iter().zip(&found) {
        assert!((expected - found).abs() < 1e-4, "{expected} {found}");
    }
}

#[test]
fn cepstra_are_cores() {
    let _own = crate::common::generator();
    use timbrel_core::frontend::Dct;

    // a network that only passes the coefficients of the first column on: one dense unit each
    let text = RECIPE.replace("n_mels = 32", "n_mels = 128");
    let begin = text.find("[network]").unwrap();
    let end = text.find("[augment]").unwrap();
    let recipe = format!(
        "{}[network]\ncepstra = 3\nblocks = []\nreduce = \"flatten\"\n{}",
        &text[..begin],
        &text[end..]
    );
    let recipe = Recipe::parse(&recipe).unwrap();
    let mut weights = Weights::default();
    let mut values = vec![0.0; 3 * 32 * CLASSES];
    for class in 0..CLASSES {
        values[class * 32 * CLASSES + class] = 256.0;
    }
    let shape = vec![3 * 32, CLASSES];
    weights.insert(name::DENSE_WEIGHT.into(), Array { shape, values });
    let (shape, values) = (vec![CLASSES], vec![0.0; CLASSES]);
    weights.insert(name::DENSE_BIAS.into(), Array { shape, values });
    let network = Network::new(&recipe, CLASSES, &device()).unwrap();
    let column: Vec<f32> = (0..128).map(|bin| ((bin * 37) % 256) as f32).collect();
    let window: Vec<f32> = column.iter().flat_map(|v| [*v; 32]).collect();
    let input = Tensor::from_data(TensorData::new(window, [1, 1, 128, 32]), &device());
    let found = network.with_weights(&weights).unwrap().forward(input);
    let found = found.into_data().try_into_vec::<f32>().unwrap();
    let expected = Dct::<128, 3>::new(0).transform(&column);
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-2, "{found} {expected}");
    }
}
