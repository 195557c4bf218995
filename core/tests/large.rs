//! The large model, which only tract runs: its answers are those of ONNX Runtime, its rejection is the compact model's.
#![cfg(feature = "tract")]

mod common;

use std::path::Path;
use std::sync::OnceLock;

use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::Classifier;
use timbrel_core::engine::{Engine, Int8Engine};
use timbrel_core::host::tract::TractEngine;
use timbrel_core::model::Model;

/// Bytes of the largest file that a model of this tier may be.
const MOST_BYTES: usize = 1_000_000;

fn shipped(name: &str) -> Vec<u8> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    std::fs::read(models.join(name)).expect("the shipped model is in the repository")
}

/// Return an engine; the plan, whose making takes the most time, is shared.
fn large() -> TractEngine {
    static LOADED: OnceLock<TractEngine> = OnceLock::new();
    let load = || TractEngine::from_bytes(&shipped("large.onnx")).unwrap();
    LOADED.get_or_init(load).clone()
}

/// Make the window of `core/tests/reference/make_large.py`.
fn window(number: usize) -> Vec<u8> {
    let beat = 9 + 4 * number;
    let value = |band: usize, column: usize| {
        let fade = column % beat * (3 + band / 32);
        let sounds = (band + column / beat * 5) % (11 + number) < 2;
        let partial = if sounds { 0 } else { 60 + band / 3 };
        255_usize.saturating_sub(fade + partial) as u8
    };
    (0..128 * 128).map(|i| value(i / 128, i % 128)).collect()
}

fn run(engine: &mut impl Engine, window: &[u8]) -> Vec<i32> {
    let mut logits = vec![0; engine.info().classes];
    engine.input().copy_from_slice(window);
    engine.run(&mut logits).unwrap();
    logits
}

#[test]
fn onnx_runtime_gives_the_same_logits() {
    let mut engine = large();
    let reference = include_str!("reference/large.txt");
    assert_eq!(reference.lines().count(), 2);
    for (number, line) in reference.lines().enumerate() {
        let expected: Vec<f32> = line
            .split(' ')
            .map(|value| value.parse().unwrap())
            .collect();
        let found = run(&mut engine, &window(number));
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            let found = *found as f32 / 65_536.0;
            assert!((found - expected).abs() < 1e-3, "{found}, not {expected}");
        }
    }
}

#[test]
fn it_has_the_front_end_and_the_rejection_of_the_compact_model() {
    let file = shipped("large.onnx");
    assert!(file.len() <= MOST_BYTES, "{} bytes", file.len());
    let bytes = shipped("compact.timbrel");
    let model = Model::parse(&bytes).unwrap();
    let mut memory = vec![0; Int8Engine::required_bytes(&model)];
    let mut compact = Int8Engine::new(model, &mut memory).unwrap();
    let mut engine = large();
    let (info, other) = (engine.info(), compact.info());
    assert_eq!(info.front_end, other.front_end);
    assert_eq!(info.window.columns, other.window.columns);
    assert_eq!(info.rejection_exponent, other.rejection_exponent);
    assert_eq!(info.embedding, 200);
    for class in 0..info.classes {
        assert_eq!(engine.label(class), compact.label(class));
    }
    run(&mut engine, &window(2));
    run(&mut compact, &window(2));
    assert_eq!(engine.not_music(), compact.not_music());
    assert!(engine.embedding().iter().any(|value| *value > 0));
}

#[test]
fn a_classifier_answers_with_it() {
    let engine = large();
    let samples = common::music(1, 22_050 * 4, 22_050);
    let mut memory = vec![0; Classifier::<TractEngine>::feature_bytes(&engine.info())];
    let mut classifier = Classifier::new(engine, InputFormat::mono(22_050), &mut memory).unwrap();
    let mut rest = samples.as_slice();
    while !rest.is_empty() {
        rest = &rest[classifier.push(rest).unwrap().consumed..];
    }
    classifier.finish().unwrap();
    let result = classifier.result().unwrap();
    assert_eq!(result.windows, 1);
    let sum: f32 = result.probabilities.iter().sum();
    assert!((sum - 1.0).abs() < 1e-5, "{sum}");
}
