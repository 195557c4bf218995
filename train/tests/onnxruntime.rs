//! An exported file passes ONNX's checker and gives the same logits in ONNX Runtime.
//!
//! Needs an interpreter with onnx, onnxruntime, numpy and safetensors, named by `TIMBREL_PYTHON`.

mod common;

use std::process::Command;

use timbrel_train::data::Dataset;
use timbrel_train::device::DeviceKind;
use timbrel_train::evaluate::evaluate;
use timbrel_train::export::{Target, export};
use timbrel_train::inference::Inference;
use timbrel_train::training::{Options, RunFolder, train};

#[test]
fn onnx_runtime_agrees() {
    let Some(python) = std::env::var_os("TIMBREL_PYTHON") else {
        println!(
            "skipped: TIMBREL_PYTHON names no interpreter with onnx, onnxruntime, numpy and safetensors"
        );
        return;
    };
    let root = tempfile::tempdir().unwrap();
    let recipe = common::write_all(root.path(), 40);
    let dataset = Dataset::read(root.path()).unwrap();
    let device = DeviceKind::Cpu.open(false).unwrap();
    let run = RunFolder::new(&root.path().join("run"));
    let options = Options {
        seed: 1,
        epochs: Some(2),
        stop_after: None,
        resume: false,
        data: root.path().into(),
        teachers: Vec::new(),
        approximate_front_end: false,
        init_from: None,
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
    let model = Inference::read(timbrel, None).unwrap();
    let logits = root.path().join("logits.safetensors");
    evaluate(&model, &dataset, "all")
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
