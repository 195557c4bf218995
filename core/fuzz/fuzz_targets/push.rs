//! Samples of any form, value and division into pushes against one push of everything: the same bits, and the same
//! samples refused.
#![no_main]

#[path = "../../tests/common/mod.rs"]
mod common;

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use timbrel_core::Error;
use timbrel_core::audio::{InputFormat, SUPPORTED_RATES, Sample};
use timbrel_core::classifier::{Classifier, State};
use timbrel_core::model::Model;

/// A classifier's answer at the end, and the samples that it refused.
#[derive(Debug, PartialEq)]
struct Said {
    refused: Vec<usize>,
    windows: Option<u32>,
    state: Option<State>,
    /// Level in dBFS, and shares of the sound and of the windows.
    signal: Vec<u32>,
    probabilities: Vec<u32>,
    logits: Vec<i32>,
    embedding: Vec<u8>,
    columns: u32,
}

/// Return a small model with log-mel columns, and one with MFCCs.
fn models() -> &'static [Vec<u8>; 2] {
    static MODELS: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    MODELS.get_or_init(|| [12, 13].map(|seed| common::random_model(seed).to_bytes().unwrap()))
}

fuzz_target!(|bytes: &[u8]| {
    let [which, low, high, channels, float, step, rest @ ..] = bytes else {
        return;
    };
    let model = &models()[usize::from(which % 2)];
    let format = InputFormat {
        // every third one, up to 200 kHz
        sample_rate: SUPPORTED_RATES.start() + 3 * u32::from(u16::from_le_bytes([*low, *high])),
        channels: 1 + u16::from(channels % 8),
    };
    // a hostile file is short, and music is long
    let repeats = 1 + usize::from(step % 16);
    let steps: Vec<usize> = rest
        .iter()
        .map(|byte| usize::from(*byte) * usize::from(*step))
        .collect();
    if float % 2 == 0 {
        let samples: Vec<f32> = rest
            .as_chunks()
            .0
            .iter()
            .map(|four| f32::from_le_bytes(*four))
            .collect();
        compare(model, format, &samples.repeat(repeats), &steps);
    } else {
        let samples: Vec<i16> = rest
            .as_chunks()
            .0
            .iter()
            .map(|two| i16::from_le_bytes(*two))
            .collect();
        compare(model, format, &samples.repeat(repeats), &steps);
    }
});

fn compare<S: Sample>(model: &[u8], format: InputFormat, samples: &[S], steps: &[usize]) {
    let whole = listen(model, format, samples, &[]);
    let parts = listen(model, format, samples, steps);
    assert_eq!(whole, parts);
}

/// Push in steps of the given lengths, the last of them without end.
fn listen<S: Sample>(file: &[u8], format: InputFormat, samples: &[S], steps: &[usize]) -> Said {
    let model = Model::parse(file).unwrap();
    let mut memory = vec![0; Classifier::required_bytes(&model)];
    let mut classifier = Classifier::int8(model, format, &mut memory).unwrap();
    let (mut at, mut refused) = (0, Vec::new());
    let mut steps = steps.iter();
    while at < samples.len() {
        let step = steps.next().copied().unwrap_or(usize::MAX);
        let end = at.saturating_add(step).min(samples.len());
        match classifier.push(&samples[at..end]) {
            Ok(pushed) => {
                assert!(pushed.consumed <= end - at);
                assert!(pushed.window || pushed.consumed == end - at);
                at += pushed.consumed;
            }
            Err(Error::Sample { index }) => {
                refused.push(at + index);
                at += index + 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    let end = classifier.finish();
    assert!(matches!(
        end,
        Ok(()) | Err(Error::NoAudio | Error::TooShort { .. })
    ));
    let result = classifier.result().ok();
    let probabilities = result
        .as_ref()
        .map_or(&[][..], |result| result.probabilities);
    assert!(probabilities.iter().all(|p| (0.0..=1.0).contains(p)));
    let signal = result.as_ref().map_or([0.0; 5], |result| {
        [
            result.level_dbfs,
            result.clipped,
            result.silent,
            result.cancelled,
            result.not_music,
        ]
    });
    assert!(signal[1..].iter().all(|share| (0.0..=1.0).contains(share)));
    Said {
        refused,
        windows: result.as_ref().map(|result| result.windows),
        state: result.as_ref().map(|result| result.state),
        signal: signal.iter().map(|value| value.to_bits()).collect(),
        probabilities: probabilities.iter().map(|p| p.to_bits()).collect(),
        logits: classifier.logits().to_vec(),
        embedding: classifier.window_embedding().to_vec(),
        columns: classifier.columns(),
    }
}
