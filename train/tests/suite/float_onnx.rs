//! Float networks of every make give burn's logits as ONNX: in tract, and in the ONNX Runtime of `TIMBREL_PYTHON`.

use std::path::Path;
use std::process::Command;

use crate::common::{Numbers, RECIPE, mfcc_recipe, trained};
use burn::tensor::{Tensor, TensorData};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use timbrel_train::device::DeviceKind;
use timbrel_train::export::{LOGITS_EXPONENT, float_onnx};
use timbrel_train::network::Network;
use timbrel_train::quantise::Identity;
use timbrel_train::recipe::Recipe;

const CLASSES: usize = 3;

fn with_network(network: &str) -> Recipe {
    let begin = RECIPE.find("[network]").unwrap();
    let end = RECIPE.find("[augment]").unwrap();
    let text = format!(
        "{}[network]\n{network}\n{}",
        &RECIPE[..begin],
        &RECIPE[end..]
    );
    Recipe::parse(&text).unwrap()
}

/// Return networks that together have every part, small enough for a debug build.
fn makes() -> Vec<(&'static str, Recipe)> {
    let block = "{ channels = 4, kernel = 3, stride = 2, norm = \"NORM\", pool = [2, 1] }";
    let of = |norm: &str, rest: &str| {
        with_network(&format!(
            "blocks = [{}]\n{rest}",
            block.replace("NORM", norm)
        ))
    };
    vec![
        ("plain", Recipe::parse(RECIPE).unwrap()),
        (
            "branches",
            with_network(
                "blocks = [{ channels = 4, kernel = 5, stride = 2, branches = true },\n\
                 { channels = 4, kernel = 3, branches = true },\n\
                 { channels = 4, kernel = 3, branches = true, depthwise = true }]",
            ),
        ),
        (
            "flatten",
            of(
                "none",
                "reduce = \"flatten\"\nhidden = [{ units = 5, dropout = 0.5 }]",
            ),
        ),
        (
            "adaptive",
            of(
                "after-relu",
                "reduce = \"adaptive\"\nplaces = [3, 5]\ndropout = 0.2",
            ),
        ),
        ("lstm", of("before-relu", "reduce = \"lstm\"\nunits = 6")),
        ("gru", of("before-relu", "reduce = \"gru\"\nunits = 6")),
        ("cepstra", of("before-relu", "cepstra = 13")),
        ("normalised", Recipe::parse(&mfcc_recipe()).unwrap()),
        (
            "resized",
            of("before-relu", "resize = [24, 40]\nstandardise = true"),
        ),
        (
            "dense",
            with_network("blocks = []\nreduce = \"flatten\"\nhidden = [{ units = 7 }]"),
        ),
    ]
}

fn shipped() -> Vec<(String, Recipe)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/recipes");
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let recipe = Recipe::read(&entry.unwrap().path()).unwrap();
        (recipe.name.clone(), recipe)
    };
    std::fs::read_dir(folder).unwrap().map(read).collect()
}

/// A recipe's network with weights, its file, and what burn answers to a few windows.
struct Case {
    onnx: Vec<u8>,
    windows: Vec<Vec<u8>>,
    logits: Vec<f32>,
}

impl Case {
    fn new(recipe: &Recipe, count: usize) -> Self {
        let device = DeviceKind::Cpu.open(false).unwrap();
        let weights = trained(recipe, CLASSES);
        let [bins, columns] = recipe.input();
        let mut numbers = Numbers(17);
        let windows: Vec<Vec<u8>> = (0..count)
            .map(|_| (0..bins * columns).map(|_| numbers.next() as u8).collect())
            .collect();
        let values: Vec<f32> = windows.iter().flatten().map(|q| f32::from(*q)).collect();
        let input = TensorData::new(values, [count, 1, bins, columns]);
        let network = Network::new(recipe, CLASSES, &device).unwrap();
        let logits = network
            .with_weights(&weights)
            .unwrap()
            .forward(Tensor::from_data(input, &device));
        let identity = Identity {
            labels: ["a", "b", "c"].map(String::from).into(),
            provenance: "test".into(),
        };
        Self {
            onnx: float_onnx(recipe, &weights, &identity).unwrap(),
            windows,
            logits: logits.into_data().try_into_vec::<f32>().unwrap(),
        }
    }

    #[cfg(feature = "tract")]
    fn check_tract(&self, name: &str) {
        let model = timbrel_train::evaluate::Inference::tract(self.onnx.clone());
        let found = model.unwrap().logits(&self.windows).unwrap().concat();
        for (found, expected) in found.into_iter().zip(&self.logits) {
            let found = found as f32 / f32::from(LOGITS_EXPONENT).exp2();
            assert!(
                (found - expected).abs() < 1e-4,
                "{name}: {found} {expected}"
            );
        }
    }

    fn spreads(&self, name: &str) {
        let spread = self.logits.iter().fold(0.0f32, |most, v| most.max(v.abs()));
        assert!(
            spread > 1e-2,
            "{name}: all logits are next to 0, which proves nothing"
        );
    }

    fn write(&self, folder: &Path, name: &str, recipe: &Recipe) {
        let [bins, columns] = recipe.input();
        let count = self.windows.len();
        let input = self.windows.concat();
        let logits: Vec<u8> = self.logits.iter().flat_map(|v| v.to_le_bytes()).collect();
        let tensors = [
            (
                "input",
                TensorView::new(Dtype::U8, vec![count, bins, columns], &input).unwrap(),
            ),
            (
                "logits",
                TensorView::new(Dtype::F32, vec![count, CLASSES], &logits).unwrap(),
            ),
        ];
        let file = safetensors::serialize(tensors, None).unwrap();
        std::fs::write(folder.join(format!("{name}.safetensors")), file).unwrap();
        std::fs::write(folder.join(format!("{name}.onnx")), &self.onnx).unwrap();
    }
}

/// Check in tract.
fn check(windows: usize, cases: impl IntoIterator<Item = (String, Recipe)>) {
    for (name, recipe) in cases {
        let case = Case::new(&recipe, windows);
        // core has no front end without mel bands
        #[cfg(feature = "tract")]
        if recipe.front_end.n_mels.is_some() {
            case.check_tract(&name);
        }
        case.spreads(&name);
    }
}

/// Check in ONNX Runtime.
fn check_runtime(windows: usize, cases: impl IntoIterator<Item = (String, Recipe)>) {
    let python = crate::common::python();
    let folder = tempfile::tempdir().unwrap();
    for (name, recipe) in cases {
        let case = Case::new(&recipe, windows);
        case.spreads(&name);
        case.write(folder.path(), &name, &recipe);
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/check_float_onnx.py");
    let output = Command::new(python)
        .arg(script)
        .arg(folder.path())
        .output()
        .unwrap();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complained}");
    println!("{}", String::from_utf8_lossy(&output.stdout));
}

fn parts() -> impl Iterator<Item = (String, Recipe)> {
    makes()
        .into_iter()
        .map(|(name, recipe)| (name.to_owned(), recipe))
}

#[test]
fn every_part_is_burns() {
    let _own = crate::common::generator();
    check(2, parts());
}

#[test]
#[ignore = "needs TIMBREL_PYTHON"]
fn every_part_is_burns_in_onnx_runtime() {
    let _own = crate::common::generator();
    check_runtime(2, parts());
}

// large networks, of which one window says enough

#[test]
fn every_shipped_recipe_is_burns() {
    let _own = crate::common::generator();
    check(1, shipped());
}

#[test]
#[ignore = "needs TIMBREL_PYTHON"]
fn every_shipped_recipe_is_burns_in_onnx_runtime() {
    let _own = crate::common::generator();
    check_runtime(1, shipped());
}

/// The streaming classifier runs the systems that are floats alone from samples to genre: those with recurrent layers,
/// and S2, whose transform to MFCCs is then the network's.
#[cfg(feature = "tract")]
#[test]
fn systems_of_floats_hear_audio() {
    let _own = crate::common::generator();
    use timbrel_core::audio::InputFormat;
    use timbrel_core::classifier::Classifier;
    use timbrel_core::engine::Engine;
    use timbrel_core::host::tract::TractEngine;

    for text in [
        include_str!("../../recipes/s4-cnn-lstm.toml"),
        include_str!("../../recipes/s4-cnn-gru.toml"),
        include_str!("../../recipes/s2-mfcc-3s.toml"),
    ] {
        let case = Case::new(&Recipe::parse(text).unwrap(), 1);
        let engine = TractEngine::from_bytes(&case.onnx).unwrap();
        let bytes = Classifier::<TractEngine>::feature_bytes(&engine.info());
        let mut memory = vec![0; bytes];
        let format = InputFormat::mono(22_050);
        let mut classifier = Classifier::new(engine, format, &mut memory).unwrap();
        let mut answers = Vec::new();
        for pitch in [0.02f32, 0.2] {
            classifier.reset();
            let tune: Vec<f32> = (0..140_000)
                .map(|n| (n as f32 * pitch).sin() * (n as f32 * 3e-4).cos())
                .collect();
            let mut left = tune.as_slice();
            while !left.is_empty() {
                let pushed = classifier.push(left).unwrap();
                left = &left[pushed.consumed..];
            }
            let result = classifier.result().unwrap();
            // 140,000 samples are 546 columns, two windows of 257, or 273, two windows of 129
            assert_eq!(result.windows, 2);
            assert!(["a", "b", "c"].contains(&result.label));
            let sum: f32 = result.probabilities.iter().sum();
            assert!((sum - 1.0).abs() < 1e-5, "{sum}");
            answers.push(result.probabilities.to_vec());
        }
        assert!(answers[0] != answers[1], "two tunes, one answer");
    }
}
