//! The streaming classifier: the same audio gives the same bits however it arrives.

mod common;

use common::Random;
use proptest::prelude::*;
use timbrel_core::Error;
use timbrel_core::audio::{InputFormat, Sample};
use timbrel_core::classifier::{Classifier, feature_bytes};
use timbrel_core::engine::{Engine, Int8Engine};
use timbrel_core::frontend::{Affine, FrontEnd, LogMel, WindowSpec};
use timbrel_core::model::{Geometry, Model, ModelSpec, Op, Shape};

/// Describe a small model: 512/256, 16 bands, windows of 20 columns every 7, so 5,120 samples at 22,050 Hz.
fn spec() -> ModelSpec {
    over(LOG_MEL)
}

const LOG_MEL: FrontEnd = FrontEnd::librosa(512, 256, 16);

fn over(front_end: FrontEnd) -> ModelSpec {
    let mut random = Random(5);
    let window = WindowSpec {
        columns: 20,
        hop: 7,
    };
    let conv = Op::Conv {
        geometry: Geometry::square(3, 2, 1),
        pool: [1, 1],
    };
    let input = Shape::new(front_end.bins(), 20, 1);
    let layer = common::layer(&mut random, conv, input, 6).unwrap();
    common::model(&mut random, front_end, window, vec![layer], 4)
}

/// All answers of a classifier, bit for bit.
#[derive(Debug, PartialEq)]
struct Said {
    windows: Vec<Vec<i32>>,
    probabilities: Vec<u32>,
    class: usize,
    count: u32,
}

/// Push `samples` in pieces of the given sizes, the last one taking the rest, and finish.
fn classify<S: Sample>(
    spec: &ModelSpec,
    format: InputFormat,
    samples: &[S],
    mut pieces: impl Iterator<Item = usize>,
) -> Result<Said, Error> {
    let bytes = spec.to_bytes().unwrap();
    let model = Model::parse(&bytes).unwrap();
    let mut memory = vec![0x5A; Classifier::required_bytes(&model)];
    let mut classifier = Classifier::int8(model, format, &mut memory)?;
    let mut windows = Vec::new();
    let mut rest = samples;
    while !rest.is_empty() {
        let size = pieces.next().unwrap_or(rest.len()).min(rest.len());
        let pushed = classifier.push(&rest[..size])?;
        assert!(pushed.window || pushed.consumed == size);
        if pushed.window {
            windows.push(classifier.logits().to_vec());
        }
        rest = &rest[pushed.consumed..];
    }
    classifier.finish()?;
    windows.push(classifier.logits().to_vec());
    let result = classifier.result()?;
    Ok(Said {
        windows,
        probabilities: result.probabilities.iter().map(|p| p.to_bits()).collect(),
        class: result.class,
        count: result.windows,
    })
}

fn whole<S: Sample>(format: InputFormat, samples: &[S]) -> Result<Said, Error> {
    classify(&spec(), format, samples, std::iter::empty())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_cut_gives_the_same_bits(
        seed: u64,
        length in 1..14_000_usize,
        rate in prop::sample::select(vec![8_000_u32, 22_050, 44_100, 48_000]),
        channels in 1..4_u16,
        front_end in prop::sample::select(vec![LOG_MEL, LOG_MEL.mfcc(7)]),
    ) {
        let spec = over(front_end);
        let format = InputFormat { sample_rate: rate, channels };
        let samples = common::music(seed, length * usize::from(channels), rate);
        let mut random = Random(seed);
        let pieces = std::iter::repeat_with(|| {
            let largest = 1 << random.below(12);
            random.below(largest)
        });
        let whole = classify(&spec, format, &samples, std::iter::empty());
        prop_assert_eq!(classify(&spec, format, &samples, pieces), whole);
    }
}

#[test]
fn i16_and_f32_give_the_same_bits() {
    let f32s = common::music(1, 12_000, 22_050);
    let i16s: Vec<i16> = f32s.iter().map(|x| (x * 32_768.0) as i16).collect();
    let exact: Vec<f32> = i16s.iter().map(|x| f32::from(*x) / 32_768.0).collect();
    let format = InputFormat::mono(22_050);
    assert_eq!(whole(format, &i16s), whole(format, &exact));
}

#[test]
fn level_does_not_matter() {
    let samples = common::music(2, 12_000, 22_050);
    let quiet: Vec<f32> = samples.iter().map(|x| x / 64.0).collect();
    let format = InputFormat::mono(22_050);
    let (loud, quiet) = (
        whole(format, &samples).unwrap(),
        whole(format, &quiet).unwrap(),
    );
    // columns are kept in steps of 1/128 dB and a window's in 80/255 dB, so that a few cells may differ
    for (a, b) in loud.probabilities.iter().zip(&quiet.probabilities) {
        assert!((f32::from_bits(*a) - f32::from_bits(*b)).abs() < 0.02);
    }
}

#[test]
fn windows_come_when_they_are_due() {
    // padded by half a frame in front, column t is complete with sample 256 t + 256
    let window_ends = [19, 26, 33].map(|column| 256 * column + 256);
    let bytes = spec().to_bytes().unwrap();
    let model = Model::parse(&bytes).unwrap();
    let mut memory = vec![0; Classifier::required_bytes(&model)];
    let mut classifier = Classifier::int8(model, InputFormat::mono(22_050), &mut memory).unwrap();
    let samples = common::music(3, 9_000, 22_050);
    let mut seen = Vec::new();
    for (index, sample) in samples.iter().enumerate() {
        if classifier.push(&[*sample]).unwrap().window {
            seen.push(index + 1);
            assert_eq!(classifier.result().unwrap().windows as usize, seen.len());
        }
    }
    assert_eq!(seen, window_ends);
    // 9,000 samples are 36 columns: two after the last window, less than half a hop, so nothing is added
    classifier.finish().unwrap();
    assert_eq!(classifier.result().unwrap().windows, 3);
}

#[test]
fn probabilities_are_the_softmax_of_the_windows_mean_logits() {
    let said = whole(InputFormat::mono(22_050), &common::music(4, 12_000, 22_050)).unwrap();
    // the last entry repeats the last window where finish() had nothing to add
    let windows = &said.windows[..said.count as usize];
    let mut mean = vec![0.0_f64; windows[0].len()];
    for logits in windows {
        for (mean, logit) in mean.iter_mut().zip(logits) {
            *mean += f64::from(*logit) / 4096.0 / windows.len() as f64;
        }
    }
    let total: f64 = mean.iter().map(|value| value.exp()).sum();
    mean.iter_mut()
        .for_each(|value| *value = value.exp() / total);
    for (bits, expected) in said.probabilities.iter().zip(&mean) {
        assert!((f64::from(f32::from_bits(*bits)) - expected).abs() < 1e-5);
    }
    let largest = mean.iter().copied().fold(0.0, f64::max);
    assert!((mean[said.class] - largest).abs() < 1e-5);
}

#[test]
fn the_embedding_is_the_mean_over_the_windows() {
    let bytes = spec().to_bytes().unwrap();
    let model = Model::parse(&bytes).unwrap();
    // the output of the convolution of `over`: 8 rows, 10 columns, 6 channels
    assert_eq!(model.info().embedding, 480);
    let mut memory = vec![0; Classifier::required_bytes(&model)];
    let mut classifier = Classifier::int8(model, InputFormat::mono(22_050), &mut memory).unwrap();
    let mut run = |samples: &[f32]| {
        classifier.reset();
        assert_eq!(classifier.embedding().err(), Some(Error::NoResult));
        assert!(classifier.window_embedding().is_empty());
        let mut windows: Vec<Vec<u8>> = Vec::new();
        let mut rest = samples;
        while !rest.is_empty() {
            let pushed = classifier.push(rest).unwrap();
            rest = &rest[pushed.consumed..];
            if pushed.window {
                windows.push(classifier.window_embedding().to_vec());
            }
        }
        let before = classifier.result().unwrap().windows;
        classifier.finish().unwrap();
        if classifier.result().unwrap().windows > before {
            windows.push(classifier.window_embedding().to_vec());
        }
        let mean = classifier.embedding().unwrap();
        assert_eq!(mean.len(), 480);
        for (index, value) in mean.enumerate() {
            let sum: u32 = windows.iter().map(|window| u32::from(window[index])).sum();
            assert_eq!(value, sum as f32 / windows.len() as f32);
        }
        windows
    };
    let first = run(&common::music(12, 20_000, 22_050));
    assert!(first.len() >= 5 && first.iter().flatten().any(|value| *value > 0));
    assert_ne!(first[0], first[1]);
    let other = run(&common::music(13, 9_000, 22_050));
    assert_ne!(other[0], first[0]);
    assert_eq!(run(&common::music(12, 20_000, 22_050)), first);
}

#[test]
fn an_engine_without_an_embedding_says_so() {
    let mut recorder = common::Recorder::new(LOG_MEL, spec().window, vec![Affine::DB80; 16]);
    let mut memory = vec![0; Classifier::<&mut common::Recorder>::feature_bytes(&recorder.info)];
    assert_eq!(memory.len(), feature_bytes(&LOG_MEL, &spec().window));
    let format = InputFormat::mono(22_050);
    let mut classifier = Classifier::new(&mut recorder, format, &mut memory).unwrap();
    classifier.push(&[0.5; 6_000]).unwrap();
    assert!(classifier.ready() && classifier.window_embedding().is_empty());
    assert_eq!(classifier.embedding().err(), Some(Error::NoEmbedding));
}

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
    let samples: Vec<f32> = (0..9_000).map(|i| ((i * i) % 113) as f32 / 113.0).collect();
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
fn the_window_is_what_the_front_end_says() {
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
fn short_audio_is_played_to_and_fro_until_it_fills_a_window() {
    let format = InputFormat::mono(22_050);
    for length in [1, 100, 256, 2_000, 5_000] {
        let samples = common::music(7, length, 22_050);
        let said = whole(format, &samples).unwrap();
        assert_eq!(said.count, 1, "{length} samples");
        let mut columns = columns(&samples, true);
        let there = columns.len();
        while columns.len() < 20 {
            // each turn begins with the column before the last one
            let last_turn = columns[columns.len() - there..].iter().rev();
            let turn: Vec<_> = last_turn.skip(usize::from(there > 1)).cloned().collect();
            columns.extend(turn);
        }
        columns.truncate(20);
        assert_eq!(
            said.windows[0],
            logits_of(&spec(), &mel_window(&columns)),
            "{length} samples"
        );
    }
}

#[test]
fn reset_begins_anew() {
    let bytes = spec().to_bytes().unwrap();
    let model = Model::parse(&bytes).unwrap();
    let mut memory = vec![0; Classifier::required_bytes(&model)];
    let format = InputFormat {
        sample_rate: 44_100,
        channels: 2,
    };
    let mut classifier = Classifier::int8(model, format, &mut memory).unwrap();
    let mut run = |samples: &[f32]| {
        classifier.reset();
        assert_eq!(classifier.result().unwrap_err(), Error::NoResult);
        let mut rest = samples;
        while !rest.is_empty() {
            rest = &rest[classifier.push(rest).unwrap().consumed..];
        }
        classifier.finish().unwrap();
        classifier.result().unwrap().probabilities.to_vec()
    };
    let (one, other) = (
        common::music(8, 30_001, 44_100),
        common::music(9, 20_000, 44_100),
    );
    let first = run(&one);
    assert_ne!(run(&other), first);
    assert_eq!(run(&one), first);
}

#[test]
fn bad_input_is_an_error_and_nothing_is_lost() {
    let bytes = spec().to_bytes().unwrap();
    let model = Model::parse(&bytes).unwrap();
    let mut memory = vec![0; Classifier::required_bytes(&model)];
    for (format, expected) in [
        (InputFormat::mono(12_345), "sample rate 12345"),
        (InputFormat::mono(0), "sample rate 0"),
        (
            InputFormat {
                sample_rate: 44_100,
                channels: 0,
            },
            "0 channels",
        ),
        (
            InputFormat {
                sample_rate: 44_100,
                channels: 9,
            },
            "9 channels",
        ),
    ] {
        let error = Classifier::int8(model, format, &mut memory).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    let mut classifier = Classifier::int8(model, InputFormat::mono(22_050), &mut memory).unwrap();
    assert_eq!(classifier.finish(), Err(Error::NoAudio));
    assert_eq!(classifier.push::<f32>(&[]).unwrap().consumed, 0);
    let samples = common::music(10, 6_000, 22_050);
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30] {
        classifier.reset();
        let mut damaged = samples[..4_000].to_vec();
        damaged.push(bad);
        assert_eq!(
            classifier.push(&damaged),
            Err(Error::Sample { index: 4_000 })
        );
        // after the bad sample it continues as if that one had not been pushed
        let mut rest = &samples[4_000..];
        while !rest.is_empty() {
            rest = &rest[classifier.push(rest).unwrap().consumed..];
        }
        classifier.finish().unwrap();
        let bits = classifier
            .result()
            .unwrap()
            .probabilities
            .iter()
            .map(|p| p.to_bits());
        let clean = whole(InputFormat::mono(22_050), &samples).unwrap();
        assert_eq!(bits.collect::<Vec<_>>(), clean.probabilities);
    }
    assert_eq!(classifier.push(&samples), Err(Error::Finished));
    assert_eq!(classifier.finish(), Ok(()));
}

#[test]
fn silence_and_full_scale_are_classified() {
    for samples in [vec![0.0_f32; 10_000], vec![1.0; 10_000], vec![-1e6; 10_000]] {
        let said = whole(InputFormat::mono(22_050), &samples).unwrap();
        let total: f32 = said
            .probabilities
            .iter()
            .map(|bits| f32::from_bits(*bits))
            .sum();
        assert!((total - 1.0).abs() < 1e-5);
    }
}
