//! An exported file passes ONNX's checker and gives the same logits in ONNX Runtime.
//!
//! Needs an interpreter with onnx, onnxruntime, numpy and safetensors, named by `TIMBREL_PYTHON`.

mod common;

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use safetensors::Dtype;
use safetensors::tensor::TensorView;
use timbrel_train::data::{Dataset, ManifestRow};
use timbrel_train::device::DeviceKind;
use timbrel_train::evaluate::evaluate;
use timbrel_train::export::{Target, export};
use timbrel_train::inference::Inference;
use timbrel_train::training::{Options, RunFolder, train};

#[test]
fn onnx_runtime_agrees() {
    trained_agrees(common::RECIPE);
}

#[test]
fn onnx_runtime_agrees_on_mfccs_and_hidden_layers() {
    trained_agrees(&common::mfcc_recipe());
}

fn trained_agrees(text: &str) {
    let Some(python) = python() else { return };
    let root = tempfile::tempdir().unwrap();
    let recipe = common::write_all(root.path(), 40);
    std::fs::write(&recipe, text).unwrap();
    let dataset = Dataset::read(root.path()).unwrap();
    let device = DeviceKind::Cpu.open(false).unwrap();
    let run = RunFolder::new(&root.path().join("run"));
    let options = Options {
        seed: 1,
        epochs: Some(2),
        data: root.path().into(),
        ..Options::default()
    };
    train(&recipe, &dataset, &run, &device, &options).unwrap();
    let target = Target {
        name: None,
        out: root.path(),
        float: false,
    };
    let files = export(&run, &dataset, target, &device).unwrap().files;
    let [timbrel, onnx, _] = files.as_slice() else {
        panic!("{files:?}")
    };
    agree(&python, [timbrel, onnx], &dataset, "all");
}

#[test]
fn onnx_runtime_agrees_on_the_shipped_model() {
    let Some(python) = python() else { return };
    let models = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../models"));
    let files = ["compact.timbrel", "compact.onnx"].map(|file| models.join(file));
    let (dataset, split) = match common::real_data() {
        Some(folder) => (Dataset::read(&folder).unwrap(), "valid"),
        None => (stripes(&files[0]), "all"),
    };
    agree(
        &python,
        files.each_ref().map(PathBuf::as_path),
        &dataset,
        split,
    );
}

/// Stripes in the shape and with the genres that a model takes.
fn stripes(model: &Path) -> Dataset {
    let model = Inference::read(model, None).unwrap();
    let (info, genres) = (model.info(), model.labels());
    let bins = usize::from(info.front_end.n_mels);
    let columns = usize::from(info.window.columns + info.window.hop);
    let value = |track: usize, place: usize| {
        let (bin, column) = (place / columns, place % columns);
        let level = (bin / (2 + track) + column / (3 + track)) % 2;
        (40 + 150 * level + (bin * 7 + column * 13 + track * 5) % 23) as u8
    };
    let logmel: Vec<u8> = (0..genres.len())
        .flat_map(|track| (0..bins * columns).map(move |place| value(track, place)))
        .collect();
    let label: Vec<u8> = (0..genres.len() as u8).collect();
    let shape = vec![genres.len(), bins, columns];
    let tensors = [
        (
            "logmel",
            TensorView::new(Dtype::U8, shape, &logmel).unwrap(),
        ),
        (
            "label",
            TensorView::new(Dtype::U8, vec![genres.len()], &label).unwrap(),
        ),
    ];
    let names = serde_json::to_string(genres).unwrap();
    let metadata = HashMap::from([("genres".to_owned(), names)]);
    let bytes = safetensors::serialize(tensors, Some(metadata)).unwrap();
    let row = |(row, genre): (usize, &String)| ManifestRow {
        row,
        track: format!("{genre}.0"),
        genre: genre.clone(),
        split: "valid".into(),
    };
    let rows: Vec<ManifestRow> = genres.iter().enumerate().map(row).collect();
    Dataset::parse(&bytes, &rows).unwrap()
}

fn python() -> Option<OsString> {
    let python = std::env::var_os("TIMBREL_PYTHON");
    if python.is_none() {
        println!(
            "skipped: TIMBREL_PYTHON names no interpreter with onnx, onnxruntime, numpy and safetensors"
        );
    }
    python
}

/// Runs the `.timbrel` file in the int8 engine and the `.onnx` file in ONNX Runtime.
fn agree(python: &OsStr, [timbrel, onnx]: [&Path; 2], dataset: &Dataset, split: &str) {
    let folder = tempfile::tempdir().unwrap();
    let logits = folder.path().join("logits.safetensors");
    let model = Inference::read(timbrel, None).unwrap();
    evaluate(&model, dataset, split)
        .unwrap()
        .write(&logits, &model)
        .unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/check_onnx.py");
    let output = Command::new(python)
        .arg(script)
        .arg(onnx)
        .arg(logits)
        .output()
        .unwrap();
    let (said, complained) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{said}{complained}");
    println!("{said}");
}
