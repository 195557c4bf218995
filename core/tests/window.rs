//! The columns that the streaming classifier keeps, and the windows of them that its network sees.

#[path = "common/classified.rs"]
mod classified;
mod common;

use classified::{LOG_MEL, classify, over, spec, whole, with_window};
use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::Classifier;
use timbrel_core::engine::{Engine, Int8Engine};
use timbrel_core::frontend::LogMel;
use timbrel_core::model::{Model, ModelSpec};

/// Compute the columns of a signal in the steps of 1/128 dB in which the classifier keeps them, with or without those
/// that only its end completes.
fn columns(samples: &[f32], to_the_end: bool) -> Vec<Vec<f32>> {
    let mut log_mel = LogMel::<512, 16>::new(&spec().front_end).unwrap();
    let steps = |column: &[f32]| {
        column
            .iter()
            .map(|db| (db * 128.0).round() / 128.0)
            .collect()
    };
    let mut columns: Vec<Vec<f32>> = Vec::new();
    for sample in samples {
        columns.extend(log_mel.push(*sample).map(steps));
    }
    while to_the_end && let Some(column) = log_mel.finish() {
        columns.push(steps(column));
    }
    columns
}

/// Return the steps of a window of columns in a network's input, `[bin, column]`, for a model with mel bands.
fn mel_window(columns: &[Vec<f32>]) -> Vec<u8> {
    let step = |db: f32| (db * 255.0 / 80.0 + 255.0).round() as u8;
    let columns = relative(columns);
    let bins = 0..columns[0].len();
    bins.flat_map(|bin| columns.iter().map(move |column| step(column[bin])))
        .collect()
}

/// Return the same for coefficients, whose transform is written out again here, in f64.
fn mfcc_window(columns: &[Vec<f32>], coefficients: u16) -> Vec<u8> {
    let columns = relative(columns);
    let coefficient = |c: u16, column: &[f32]| {
        let bands = column.len() as f64;
        let terms = column.iter().enumerate().map(|(m, db)| {
            let angle = std::f64::consts::PI * f64::from(c) * (2 * m + 1) as f64 / (2.0 * bands);
            f64::from(*db) * angle.cos()
        });
        let norm = if c == 0 { 1.0 } else { 2.0_f64 } / bands;
        terms.sum::<f64>() * norm.sqrt()
    };
    let step = |c: u16, column: &[f32]| {
        let map = common::of_coefficient(c);
        let exact = f64::from(map.scale) * coefficient(c, column) + f64::from(map.offset);
        exact.clamp(0.0, 255.0).round() as u8
    };
    (0..coefficients)
        .flat_map(|c| columns.iter().map(move |column| step(c, column)))
        .collect()
}

/// Subtract the loudest cell, and clamp 80 dB below it.
fn relative(columns: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let loudest = columns.iter().flatten().copied().fold(f32::MIN, f32::max);
    let relative = |column: &Vec<f32>| column.iter().map(|db| (db - loudest).max(-80.0)).collect();
    columns.iter().map(relative).collect()
}

fn logits_of(spec: &ModelSpec, window: &[u8]) -> Vec<i32> {
    let bytes = spec.to_bytes().unwrap();
    let model = Model::parse(&bytes).unwrap();
    let mut memory = vec![0; Int8Engine::required_bytes(&model)];
    let mut engine = Int8Engine::new(model, &mut memory).unwrap();
    engine.input().copy_from_slice(window);
    let mut logits = vec![0; 4];
    engine.run(&mut logits).unwrap();
    logits
}

#[test]
fn columns_can_be_watched() {
    let samples = common::music(14, 9_000, 22_050);
    let bytes = spec().to_bytes().unwrap();
    let model = Model::parse(&bytes).unwrap();
    let mut memory = vec![0; Classifier::required_bytes(&model)];
    let mut classifier = Classifier::int8(model, InputFormat::mono(22_050), &mut memory).unwrap();
    assert_eq!(
        (classifier.columns(), classifier.newest_column()),
        (0, None)
    );
    let mut seen = Vec::new();
    for block in samples.chunks(256) {
        let mut rest = block;
        while !rest.is_empty() {
            let before = classifier.columns();
            rest = &rest[classifier.push(rest).unwrap().consumed..];
            if classifier.columns() != before {
                seen.push(classifier.newest_column().unwrap().to_vec());
            }
        }
    }
    let expected = columns(&samples, false);
    assert_eq!(seen.len(), expected.len());
    for (cell, db) in seen.iter().flatten().zip(expected.iter().flatten()) {
        assert!((f32::from(*cell) / 128.0 - db).abs() <= 0.5 / 128.0 + 1e-4);
    }
    classifier.reset();
    assert_eq!(
        (classifier.columns(), classifier.newest_column()),
        (0, None)
    );
}

#[test]
fn the_window_follows_the_front_end() {
    let samples = common::music(6, 256 * 19 + 256, 22_050);
    let columns = columns(&samples, false);
    assert_eq!(columns.len(), 20);
    let expected = logits_of(&spec(), &mel_window(&columns));
    let said = whole(InputFormat::mono(22_050), &samples).unwrap();
    assert_eq!(said.windows[0], expected);
    for coefficients in [1, 7, 16] {
        let spec = over(LOG_MEL.mfcc(coefficients));
        let window = mfcc_window(&columns, coefficients);
        let distinct: std::collections::BTreeSet<u8> = window.iter().copied().collect();
        assert!(distinct.len() >= 10, "{distinct:?}");
        let said = classify(
            &spec,
            InputFormat::mono(22_050),
            &samples,
            std::iter::empty(),
        );
        assert_eq!(said.unwrap().windows[0], logits_of(&spec, &window));
    }
}

#[test]
fn short_audio_is_played_forwards_and_backwards_until_it_fills_a_window() {
    let format = InputFormat::mono(22_050);
    // a window of 2.3 s
    let spec = with_window(LOG_MEL, 200);
    for length in [11_025, 11_264, 13_000, 25_000, 50_900] {
        let samples = common::music(7, length, 22_050);
        let said = classify(&spec, format, &samples, std::iter::empty()).unwrap();
        assert_eq!(said.count, 1, "{length} samples");
        let mut columns = columns(&samples, true);
        let there = columns.len();
        while columns.len() < 200 {
            // each turn begins with the column before the last one
            let last_turn = columns[columns.len() - there..].iter().rev();
            let turn: Vec<_> = last_turn.skip(1).cloned().collect();
            columns.extend(turn);
        }
        columns.truncate(200);
        assert_eq!(
            said.windows[0],
            logits_of(&spec, &mel_window(&columns)),
            "{length} samples"
        );
    }
}
