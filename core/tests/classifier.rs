//! The streaming classifier: the same audio gives the same bits however it arrives.

#[path = "common/classified.rs"]
mod classified;
mod common;

use classified::{LOG_MEL, classify, over, spec, whole, with_window};
use common::Random;
use proptest::prelude::*;
use timbrel_core::Error;
use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::{Classifier, feature_bytes};
use timbrel_core::frontend::Affine;
use timbrel_core::model::Model;

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

#[test]
fn too_little_audio_for_an_answer_is_an_error_and_more_can_follow() {
    let samples = common::music(7, 48_000, 48_000);
    let spec = with_window(LOG_MEL, 200);
    let bytes = spec.to_bytes().unwrap();
    let model = Model::parse(&bytes).unwrap();
    let mut memory = vec![0; Classifier::required_bytes(&model)];
    for (sample_rate, channels, least) in
        [(22_050, 1, 11_025), (44_100, 2, 44_100), (8_000, 1, 4_000)]
    {
        let format = InputFormat {
            sample_rate,
            channels,
        };
        let mut classifier = Classifier::int8(model, format, &mut memory).unwrap();
        let (most, rest) = samples[..least].split_at(least - usize::from(channels));
        assert_eq!(classifier.push(most).unwrap().consumed, most.len());
        let error = classifier.finish().unwrap_err().to_string();
        assert!(error.starts_with("too short: 0.50 s of audio"), "{error}");
        assert_eq!(classifier.push(rest).unwrap().consumed, rest.len());
        classifier.finish().unwrap();
        let whole = classify(&spec, format, &samples[..least], std::iter::empty()).unwrap();
        assert_eq!(classifier.logits(), whole.windows[0]);
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
        common::music(8, 60_001, 44_100),
        common::music(9, 50_000, 44_100),
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
        (InputFormat::mono(3_999), "sample rate 3999"),
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
