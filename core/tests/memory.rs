//! The README's table of sizes, recomputed from the shipped model.

use std::path::Path;

use timbrel_core::classifier::Classifier;
use timbrel_core::engine::Int8Engine;
use timbrel_core::model::{Model, Op};

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[test]
fn the_readme_states_the_sizes_of_the_shipped_model() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let file = std::fs::read(root.join("models/compact.timbrel")).unwrap();
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let model = Model::parse(&file).unwrap();
    let info = model.info();
    let total = Classifier::required_bytes(&model);
    let ring = 2 * info.window_len();
    let features = Classifier::<Int8Engine<'_>>::feature_bytes(&info);
    let engine = Int8Engine::required_bytes(&model);
    let macs: u64 = model
        .layers()
        .map(|layer| {
            let [height, width] = match layer.op {
                Op::Conv { geometry, .. } | Op::Depthwise { geometry, .. } => {
                    geometry.output(layer.input).unwrap()
                }
                Op::Dense => [1, 1],
                Op::MaxPool { .. } | Op::AveragePool { .. } => [0, 0],
            };
            u64::from(height)
                * u64::from(width)
                * u64::from(layer.output.channels)
                * layer.op.taps(layer.input)
        })
        .sum();
    for (what, value) in [
        ("model file (flash)", thousands(file.len())),
        ("working memory (RAM)", thousands(total)),
        ("— ring of columns", thousands(ring)),
        ("— front end", thousands(features - ring)),
        ("— network", thousands(engine)),
        (
            "multiply-adds a window",
            format!("{:.1} million", macs as f64 / 1e6),
        ),
    ] {
        let row = format!("| {what} | {value} |");
        assert!(readme.contains(&row), "the README lacks this row:\n{row}");
    }
    // the limits that the project sets itself
    assert!(
        file.len() <= 100_000 && total <= 96 * 1024 && Int8Engine::arena_bytes(&model) <= 64 * 1024
    );
}
