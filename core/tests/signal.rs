//! The state of the answer and what is measured on the signal: silence, offsets, clipping, channels that cancel each
//! other, and windows that the model rejects.

#[path = "common/classified.rs"]
mod classified;
mod common;

use classified::{LOG_MEL, Said, classify, spec, whole};
use common::Random;
use proptest::prelude::*;
use timbrel_core::Error;
use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::{Classifier, State};
use timbrel_core::engine::Engine;
use timbrel_core::frontend::Affine;
use timbrel_core::model::{Confidence, ModelInfo};

const MONO: InputFormat = InputFormat::mono(22_050);
const STEREO: InputFormat = InputFormat {
    sample_rate: 22_050,
    channels: 2,
};

/// Interleave a signal and its scaled copy.
fn beside(samples: &[f32], scale: f32) -> Vec<f32> {
    samples.iter().flat_map(|x| [*x, scale * x]).collect()
}

fn level(said: &Said) -> f32 {
    f32::from_bits(said.signal[0])
}

/// The shares that are clipped, silent, not music and cancelled.
fn shares(said: &Said) -> [f32; 4] {
    let [_, shares @ ..] = said.signal;
    shares.map(f32::from_bits)
}

/// The largest difference of two answers' probabilities.
fn apart(one: &Said, other: &Said) -> f32 {
    let pairs = one.probabilities.iter().zip(&other.probabilities);
    let differences = pairs.map(|(a, b)| (f32::from_bits(*a) - f32::from_bits(*b)).abs());
    differences.fold(0.0, f32::max)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_cut_of_an_unhealthy_signal_gives_the_same_bits(
        seed: u64,
        rate in prop::sample::select(vec![22_050_u32, 44_100]),
        offset in prop::sample::select(vec![0.0_f32, 0.05]),
        scale in prop::sample::select(vec![0.0_f32, -1.0, -0.9, 1.0]),
        silence in 0..20_000_usize,
    ) {
        let mut mono = vec![0.0; silence];
        mono.extend(common::music(seed, 30_000, rate).iter().map(|x| (2.5 * x).clamp(-1.0, 1.0)));
        let samples: Vec<f32> = beside(&mono, scale).iter().map(|x| x + offset).collect();
        let format = InputFormat { sample_rate: rate, channels: 2 };
        let mut random = Random(seed);
        let pieces = std::iter::repeat_with(|| {
            let largest = 1 << random.below(13);
            random.below(largest)
        });
        let expected = whole(format, &samples);
        prop_assert_eq!(classify(&spec(), format, &samples, pieces), expected);
    }
}

#[test]
fn the_level_is_that_of_the_samples_without_their_offset() {
    let music = common::music(1, 60_000, 22_050);
    for (scale, offset) in [(1.0, 0.0), (1.0, 0.3), (0.001, 0.0), (0.5, -0.02)] {
        let samples: Vec<f32> = music.iter().map(|x| scale * x + offset).collect();
        let mean = samples.iter().map(|x| f64::from(*x)).sum::<f64>() / 60_000.0;
        let squares = samples.iter().map(|x| (f64::from(*x) - mean).powi(2));
        let expected = 10.0 * (squares.sum::<f64>() / 60_000.0).log10();
        let found = f64::from(level(&whole(MONO, &samples).unwrap()));
        assert!((found - expected).abs() < 0.1, "{found} {expected}");
    }
    // a sine of full scale
    let sine: Vec<f32> = (0..44_100)
        .map(|i| (std::f32::consts::TAU * 1_000.0 * i as f32 / 22_050.0).sin())
        .collect();
    assert!((level(&whole(MONO, &sine).unwrap()) + 3.01).abs() < 0.01);
}

#[test]
fn clipped_samples_are_counted() {
    let mut samples = vec![0.0_f32; 20_000];
    for (index, sample) in samples.iter_mut().enumerate() {
        *sample = if index % 10 == 0 {
            1.0
        } else {
            0.99 - 0.001 * (index % 7) as f32
        };
    }
    for format in [MONO, STEREO] {
        assert_eq!(shares(&whole(format, &samples).unwrap())[0], 0.1);
    }
    let i16s: Vec<i16> = samples.iter().map(|x| (32_767.5 * x) as i16).collect();
    assert_eq!(shares(&whole(MONO, &i16s).unwrap())[0], 0.1);
}

#[test]
fn silence_is_a_state_and_runs_no_network() {
    let dither: Vec<f32> = common::music(2, 30_000, 22_050)
        .iter()
        .map(|x| (x * 4.0).round() / 32_768.0)
        .collect();
    for samples in [vec![0.0_f32; 30_000], vec![0.7; 30_000], dither] {
        let mut recorder = common::Recorder::new(LOG_MEL, spec().window, vec![Affine::DB80; 16]);
        let mut memory =
            vec![0; Classifier::<&mut common::Recorder>::feature_bytes(&recorder.info)];
        let mut classifier = Classifier::new(&mut recorder, MONO, &mut memory).unwrap();
        let mut rest = &samples[..];
        while !rest.is_empty() {
            rest = &rest[classifier.push(rest).unwrap().consumed..];
        }
        classifier.finish().unwrap();
        let result = classifier.result().unwrap();
        assert_eq!((result.state, result.silent), (State::Silence, 1.0));
        assert!(result.windows > 10 && result.level_dbfs < -84.0);
        assert!(classifier.window_embedding().is_empty() && recorder.seen.is_empty());
        let said = whole(MONO, &samples).unwrap();
        assert_eq!(said.probabilities, [0.25_f32.to_bits(); 4]);
    }
}

#[test]
fn silence_before_and_after_has_no_vote() {
    let music = common::music(3, 60_000, 22_050);
    let alone = whole(MONO, &music).unwrap();
    let mut padded = vec![0.0; 220_500];
    padded.extend(&music);
    padded.extend([0.0; 220_500]);
    let padded = whole(MONO, &padded).unwrap();
    assert_eq!((padded.state, padded.class), (State::Music, alone.class));
    assert!(apart(&padded, &alone) < 0.05, "{}", apart(&padded, &alone));
    assert!((shares(&padded)[1] - 0.88).abs() < 0.01);
}

#[test]
fn an_offset_is_removed_and_nothing_else_is_changed() {
    let music = common::music(4, 120_000, 22_050);
    let clean = whole(MONO, &music).unwrap();
    for offset in [0.02, -0.1, 0.5] {
        let shifted: Vec<f32> = music.iter().map(|x| x + offset).collect();
        let said = whole(MONO, &shifted).unwrap();
        assert!(
            apart(&said, &clean) < 0.03,
            "{offset}: {}",
            apart(&said, &clean)
        );
        // the offset is known by the last window, where a step of its cells may differ
        assert_eq!(said.class, clean.class);
    }
}

#[test]
fn quiet_audio_has_the_same_answer() {
    let music = common::music(5, 60_000, 22_050);
    let loud = whole(MONO, &music).unwrap();
    let quiet: Vec<f32> = music.iter().map(|x| x * 4e-4).collect();
    let quiet = whole(MONO, &quiet).unwrap();
    assert!(level(&quiet) < -80.0);
    assert_eq!(quiet.state, State::Music);
    assert!(apart(&loud, &quiet) < 0.02, "{}", apart(&loud, &quiet));
}

#[test]
fn channels_that_cancel_each_other_are_heard() {
    let music = common::music(6, 120_000, 22_050);
    let mono = whole(MONO, &music).unwrap();
    for scale in [-1.0, -0.9] {
        let said = whole(STEREO, &beside(&music, scale)).unwrap();
        assert_eq!((said.state, said.class), (State::Music, mono.class));
        let [.., cancelled] = shares(&said);
        assert!(cancelled > 0.98 && cancelled < 1.0);
        assert!(apart(&said, &mono) < 0.02, "{}", apart(&said, &mono));
    }
    // a dead channel and ordinary stereo are mixed as ever: halved or kept exactly, so that cells differ by a step at most
    for scale in [0.0, 1.0, 0.5] {
        let said = whole(STEREO, &beside(&music, scale)).unwrap();
        assert_eq!(shares(&said)[3], 0.0);
        assert!(apart(&said, &mono) < 0.01);
    }
    // channels that no longer cancel each other are mixed again: the second is silent from the middle on
    let (first, rest) = music.split_at(music.len() / 2);
    let changing = [beside(first, -1.0), beside(rest, 0.0)].concat();
    let cancelled = shares(&whole(STEREO, &changing).unwrap())[3];
    assert!((cancelled - 0.5).abs() < 0.03, "{cancelled}");
    // surround sound of which one channel plays: the mean is far below it, and yet nothing cancels
    let format = InputFormat {
        sample_rate: 22_050,
        channels: 8,
    };
    for (second, level, expected) in [(0.0, 1.0, 0.0), (-1.0, 1.0, 0.98), (-1.0, 0.003, 0.98)] {
        let samples: Vec<f32> = music
            .iter()
            .map(|x| level * x)
            .flat_map(|x| [0.0, 0.0, x, second * x, 0.0, 0.0, 0.0, 0.0])
            .collect();
        let said = whole(format, &samples).unwrap();
        assert!((expected..=expected + 0.02).contains(&shares(&said)[3]));
        assert!(apart(&said, &mono) < 0.02, "{}", apart(&said, &mono));
    }
}

/// An engine whose windows have listed rejection logits, and whose logits tell which window it is.
struct Listed<'l> {
    info: ModelInfo,
    window: Vec<u8>,
    rejects: &'l [i32],
    at: usize,
}

impl Engine for Listed<'_> {
    fn info(&self) -> ModelInfo {
        self.info
    }

    fn label(&self, _: usize) -> Option<&str> {
        Some("a genre")
    }

    fn normalisation(&self, _: usize) -> Affine {
        Affine::DB80
    }

    fn input(&mut self) -> &mut [u8] {
        &mut self.window
    }

    fn run(&mut self, logits: &mut [i32]) -> Result<(), Error> {
        logits[0] = 1 << self.at;
        logits[1] = 0;
        self.at += 1;
        Ok(())
    }

    fn not_music(&self) -> Option<i32> {
        self.rejects.get(self.at - 1).copied()
    }
}

#[test]
fn rejected_windows_have_no_vote() {
    // windows of 20 columns every 7: five of them
    let music = common::music(7, 256 * (19 + 4 * 7) + 256, 22_050);
    for (rejects, counted, state) in [
        (&[0, 0, -9, 0, 0][..], 0b11111_u32, State::Music),
        (&[2, 0, 0, 2, 0], 0b10110, State::Music),
        (&[2, 2, 2, 0, 0], 0b11000, State::NotMusic),
        (&[2; 5], 0b11111, State::NotMusic),
        // rejected by so little that they have a vote
        (&[1, 2, 0, 1, 2], 0b01101, State::NotMusic),
        (&[1; 5], 0b11111, State::NotMusic),
        (&[], 0b11111, State::Music),
    ] {
        let confidence = Confidence {
            scale: 0.25,
            unsure_below: 0.0,
        };
        let info = ModelInfo::new(LOG_MEL, spec().window, 2, 3).with_confidence(confidence);
        let engine = Listed {
            info,
            window: vec![0; info.window_len()],
            rejects,
            at: 0,
        };
        let mut memory = vec![0; Classifier::<Listed<'_>>::feature_bytes(&info)];
        let mut classifier = Classifier::new(engine, MONO, &mut memory).unwrap();
        let mut rest = &music[..];
        while !rest.is_empty() {
            rest = &rest[classifier.push(rest).unwrap().consumed..];
        }
        classifier.finish().unwrap();
        let result = classifier.result().unwrap();
        let rejected = rejects.iter().filter(|logit| **logit > 0).count();
        assert_eq!((result.windows, result.state), (5, state), "{rejects:?}");
        assert_eq!(result.not_music, rejected as f32 / 5.0);
        // the mean logit of the windows that count, in steps of 1/8, scaled by a quarter
        let mean = f64::from(counted) / f64::from(counted.count_ones()) / 8.0 / 4.0;
        let expected = 1.0 / (1.0 + (-mean).exp());
        assert!((f64::from(result.confidence) - expected).abs() < 1e-6);
        assert_eq!(classifier.window_not_music().is_some(), !rejects.is_empty());
    }
}

#[test]
fn the_last_window_has_an_answer_of_its_own() {
    let rejects = [0, 2, 0, 0, 2];
    let states = [
        State::Unsure,
        State::NotMusic,
        State::Music,
        State::Music,
        State::NotMusic,
    ];
    // probabilities of 1/(1 + exp(-1/8)) = 0.531, 0.562, 0.622, 0.731 and 0.881
    let confidence = Confidence {
        scale: 1.0,
        unsure_below: 0.55,
    };
    let info = ModelInfo::new(LOG_MEL, spec().window, 2, 3).with_confidence(confidence);
    let engine = Listed {
        info,
        window: vec![0; info.window_len()],
        rejects: &rejects,
        at: 0,
    };
    let mut memory = vec![0; Classifier::<Listed<'_>>::feature_bytes(&info)];
    let mut classifier = Classifier::new(engine, MONO, &mut memory).unwrap();
    assert_eq!(classifier.window(), Err(Error::NoResult));
    // silence, of which windows are nothing but silent, and then the same five windows as above
    let mut signal = vec![0.0; 256 * 40];
    signal.extend(common::music(7, 256 * (19 + 4 * 7) + 256, 22_050));
    let mut rest = &signal[..];
    let mut answers = Vec::new();
    while !rest.is_empty() {
        let pushed = classifier.push(rest).unwrap();
        rest = &rest[pushed.consumed..];
        if pushed.window {
            answers.push((classifier.windows_run(), classifier.window().unwrap()));
        }
    }
    let (silent, heard): (Vec<_>, Vec<_>) = answers.iter().partition(|(run, _)| *run == 0);
    assert!(silent.len() >= 3 && heard.len() >= 5);
    for (_, answer) in silent {
        assert_eq!(
            (answer.state, answer.probabilities()),
            (State::Silence, &[0.5; 2][..])
        );
    }
    for ((run, answer), (at, state)) in heard.iter().zip(states.iter().enumerate()) {
        assert_eq!((*run, answer.state), (at as u32 + 1, *state));
        let expected = 1.0 / (1.0 + (-f64::from(1 << at) / 8.0).exp());
        assert_eq!(answer.class, 0);
        assert!((f64::from(answer.confidence) - expected).abs() < 1e-6);
        let [first, second] = answer.probabilities() else {
            panic!("two classes");
        };
        assert_eq!(*first, answer.confidence);
        assert!((first + second - 1.0).abs() < 1e-6);
    }
    classifier.reset();
    assert_eq!(classifier.window(), Err(Error::NoResult));
}

#[test]
fn an_improbable_genre_is_unsure() {
    let music = common::music(8, 60_000, 22_050);
    let mut model = spec();
    model.confidence.scale = 0.01;
    let best = classify(&model, MONO, &music, std::iter::empty()).unwrap();
    let largest = best
        .probabilities
        .iter()
        .map(|p| f32::from_bits(*p))
        .fold(0.0, f32::max);
    for (unsure_below, state) in [(largest, State::Music), (largest + 1e-4, State::Unsure)] {
        model.confidence.unsure_below = unsure_below;
        let said = classify(&model, MONO, &music, std::iter::empty()).unwrap();
        assert_eq!(
            (said.state, &said.probabilities),
            (state, &best.probabilities)
        );
    }
}
