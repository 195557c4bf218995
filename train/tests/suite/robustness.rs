//! Robustness measures a device's answers, and effects that a device cannot notice change nothing.

use std::path::Path;

use crate::common::{tone, write_wav};
use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::Classifier;
use timbrel_core::model::Model;
use timbrel_train::data::{Collection, Layout, Source};
use timbrel_train::evaluate::Inference;
use timbrel_train::report::{Condition, robustness};
use timbrel_train::waveform::Effect;

/// Samples that the compact model's windows fill without a rest: three of 128 columns, 64 from one to the next.
const SAMPLES: usize = (127 + 2 * 64) * 512;

fn model() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/compact.timbrel");
    std::fs::read(path).unwrap()
}

/// Make a chord with a beat, a little different each second.
fn music(seed: usize) -> Vec<f32> {
    let seconds = SAMPLES as f32 / 22_050.0 + 0.01;
    let notes = [1.0, 1.26, 1.5].map(|step| tone((110.0 + 40.0 * seed as f32) * step, seconds));
    let mut numbers = crate::common::Numbers(seed as u64);
    (0..SAMPLES)
        .map(|n| {
            let beat = 1.0 - (n % 11_025) as f32 / 11_025.0;
            let drum = if n % 11_025 < 1500 {
                0.3 * numbers.float()
            } else {
                0.01 * numbers.float()
            };
            let chord: f32 = notes.iter().map(|note| note[n]).sum();
            (0.2 * beat * chord + drum).clamp(-1.0, 1.0) * 0.5
        })
        .collect()
}

fn sources(folder: &Path) -> Vec<Source> {
    for (seed, genre) in ["blues", "metal", "pop", "rock"].into_iter().enumerate() {
        write_wav(&folder.join(genre).join("a.wav"), &music(seed));
    }
    let collection = Collection {
        folder: folder.to_path_buf(),
        layout: Layout::Folder,
        subset: String::new(),
        valid: 0.0,
        test: 0.0,
        seed: 1,
    };
    collection.sources().unwrap()
}

#[test]
fn it_classifies_as_the_device_does() {
    let folder = tempfile::tempdir().unwrap();
    let file = model();
    let inference = Inference::int8(file.clone()).unwrap();
    for source in sources(folder.path()) {
        let found = robustness(
            &inference,
            std::slice::from_ref(&source),
            &[Condition::Clean],
            60.0,
        )
        .unwrap();
        let score = &found.outcomes[0].score;
        assert_eq!(score.tracks, 1);

        let model = Model::parse(&file).unwrap();
        let mut memory = vec![0; Classifier::required_bytes(&model)];
        let mut classifier =
            Classifier::int8(model, InputFormat::mono(22_050), &mut memory).unwrap();
        let samples = timbrel_core::host::decode::read_mono(&source.path, 22_050).unwrap();
        let mut rest = samples.as_slice();
        while !rest.is_empty() {
            rest = &rest[classifier.push(rest).unwrap().consumed..];
        }
        classifier.finish().unwrap();
        let label = inference
            .labels()
            .iter()
            .position(|label| *label == source.genre)
            .unwrap();
        let device = f64::from(classifier.result().unwrap().probabilities[label]);
        let own = (-score.track_loss()).exp();
        assert!(
            (own - device).abs() < 1e-6,
            "{}: {own} is not {device}",
            source.genre
        );
    }
}

#[test]
fn level_alone_changes_nothing_and_noise_does() {
    let folder = tempfile::tempdir().unwrap();
    let mut sources = sources(folder.path());
    let conditions = [
        Condition::Clean,
        Condition::Effect(Effect::Gain(-12.0)),
        Condition::Effect(Effect::Noise(0.0)),
    ];
    let inference = Inference::int8(model()).unwrap();
    let mut gone = sources[0].clone();
    gone.path = folder.path().join("gone.wav");
    sources.push(gone);
    let found = robustness(&inference, &sources, &conditions, 60.0).unwrap();
    assert_eq!(found.skipped.len(), 1);
    let [clean, quiet, noisy] = [0, 1, 2].map(|index| &found.outcomes[index]);
    assert_eq!(
        [clean.score.tracks, clean.unchanged, quiet.unchanged],
        [4; 3]
    );
    assert_eq!(clean.score.confusion, quiet.score.confusion);
    assert!((clean.score.track_loss() - noisy.score.track_loss()).abs() > 0.05);
    // the same noise in every run
    assert_eq!(
        robustness(&inference, &sources, &conditions, 60.0).unwrap(),
        found
    );
    sources[0].genre = "polka".to_owned();
    let error = robustness(&inference, &sources, &conditions, 60.0).unwrap_err();
    assert!(error.to_string().contains("polka"), "{error}");
}

#[test]
#[ignore = "needs the program lame"]
fn mp3_is_close_to_what_was_encoded() {
    let there = std::process::Command::new("lame").arg("--version").output();
    assert!(
        there.is_ok_and(|output| output.status.success()),
        "install the program `lame`"
    );
    let folder = tempfile::tempdir().unwrap();
    let inference = Inference::int8(model()).unwrap();
    let conditions = [
        Condition::Clean,
        Condition::Mp3(320),
        Condition::Effect(Effect::Noise(0.0)),
    ];
    let mut sources = sources(folder.path());
    for source in &mut sources {
        // the model's answer to all of them: the loss of an unlikely genre is that of its noise
        source.genre = "reggae".to_owned();
    }
    let found = robustness(&inference, &sources, &conditions, 60.0).unwrap();
    let [clean, mp3, noisy] = [0, 1, 2].map(|index| &found.outcomes[index].score);
    assert_eq!((mp3.tracks, found.outcomes[1].unchanged), (4, 4));
    let [distance, far] = [mp3, noisy].map(|it| (clean.track_loss() - it.track_loss()).abs());
    assert!(distance < far / 2.0, "{distance} of {far} nats");
}
