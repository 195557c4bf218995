//! The large model: its answers are those of ONNX Runtime, its rejection is the compact model's.

mod common;

use std::path::Path;

use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::Classifier;
use timbrel_core::engine::{Engine, Int8Engine, Kernels};
use timbrel_core::model::Model;

/// Bytes of the largest file that a model of this tier may be, and of the most working memory.
const MOST_BYTES: usize = 1_000_000;
const MOST_MEMORY: usize = 512 * 1024;

fn shipped(name: &str) -> Vec<u8> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    std::fs::read(models.join(name)).expect("the shipped model is in the repository")
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

/// What an engine says of a window.
#[derive(Debug, PartialEq)]
struct Said {
    logits: Vec<i32>,
    not_music: Option<i32>,
    embedding: Vec<u8>,
}

fn run(engine: &mut impl Engine, window: &[u8]) -> Said {
    let mut logits = vec![0; engine.info().classes];
    engine.input().copy_from_slice(window);
    engine.run(&mut logits).unwrap();
    Said {
        logits,
        not_music: engine.not_music(),
        embedding: engine.embedding().to_vec(),
    }
}

/// Read what ONNX Runtime said of each window: the logits, the rejection and the embedding.
fn expected() -> Vec<Said> {
    let numbers =
        |line: &str| -> Vec<i32> { line.split(' ').map(|n| n.parse().unwrap()).collect() };
    let lines: Vec<Vec<i32>> = include_str!("reference/large.txt")
        .lines()
        .map(numbers)
        .collect();
    let said = |lines: &[Vec<i32>]| Said {
        logits: lines[0].clone(),
        not_music: Some(lines[1][0]),
        embedding: lines[2].iter().map(|value| *value as u8).collect(),
    };
    lines.chunks_exact(3).map(said).collect()
}

#[test]
fn every_set_of_inner_loops_gives_what_onnx_runtime_gives() {
    let file = shipped("large.timbrel");
    let model = Model::parse(&file).unwrap();
    let expected = expected();
    assert_eq!(expected.len(), 2);
    for kernels in Kernels::available() {
        for size in [
            Int8Engine::required_bytes(&model),
            Int8Engine::fast_bytes_with(&model, kernels),
        ] {
            let mut memory = vec![0; size];
            let mut engine = Int8Engine::with_kernels(model, kernels, &mut memory).unwrap();
            for (number, expected) in expected.iter().enumerate() {
                assert_eq!(
                    &run(&mut engine, &window(number)),
                    expected,
                    "{}",
                    kernels.name()
                );
            }
        }
    }
}

#[cfg(feature = "tract")]
#[test]
fn tract_gives_the_same() {
    let file = shipped("large.onnx");
    assert!(file.len() <= MOST_BYTES, "{} bytes", file.len());
    let mut tract = timbrel_core::host::tract::TractEngine::from_bytes(&file).unwrap();
    for (number, expected) in expected().iter().enumerate() {
        assert_eq!(&run(&mut tract, &window(number)), expected);
    }
}

#[test]
fn it_has_the_front_end_and_the_rejection_of_the_compact_model() {
    let (large, compact) = (shipped("large.timbrel"), shipped("compact.timbrel"));
    let models = [&large, &compact].map(|file| Model::parse(file).unwrap());
    let mut memories = models.map(|model| vec![0; Int8Engine::required_bytes(&model)]);
    let [first, second] = &mut memories;
    let mut engine = Int8Engine::new(models[0], first).unwrap();
    let mut compact = Int8Engine::new(models[1], second).unwrap();
    let (info, other) = (engine.info(), compact.info());
    assert_eq!(info.front_end, other.front_end);
    assert_eq!(info.window.columns, other.window.columns);
    assert_eq!(info.rejection_exponent, other.rejection_exponent);
    for class in 0..info.classes {
        assert_eq!(engine.label(class), compact.label(class));
    }
    let (said, also) = (run(&mut engine, &window(2)), run(&mut compact, &window(2)));
    assert_eq!(said.not_music, also.not_music);
    // the compact model's values come first
    assert!(said.embedding.starts_with(&also.embedding));
    assert_eq!(said.embedding.len(), also.embedding.len() + 200);
}

#[test]
fn a_classifier_answers_with_it_in_half_a_megabyte() {
    let file = shipped("large.timbrel");
    assert!(file.len() <= MOST_BYTES, "{} bytes", file.len());
    let model = Model::parse(&file).unwrap();
    let size = Classifier::required_bytes(&model);
    assert!(size <= MOST_MEMORY, "{size} bytes");
    let mut memory = vec![0; size];
    let format = InputFormat::mono(22_050);
    let mut classifier = Classifier::int8(model, format, &mut memory).unwrap();
    let samples = common::music(1, 22_050 * 5, 22_050);
    let mut rest = samples.as_slice();
    while !rest.is_empty() {
        rest = &rest[classifier.push(rest).unwrap().consumed..];
    }
    classifier.finish().unwrap();
    let result = classifier.result().unwrap();
    assert_eq!(result.windows, 2);
    let sum: f32 = result.probabilities.iter().sum();
    assert!((sum - 1.0).abs() < 1e-5, "{sum}");
}
