//! One piece, one answer: the same as from its parts put together by hand.
#![cfg(feature = "decode")]

mod common;

use std::error::Error as _;
use std::path::Path;

use timbrel_core::Error;
use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::Classifier;
use timbrel_core::host::decode::{AudioReader, DecodeError};
use timbrel_core::host::piece::{Heard, Listener, PieceError};
use timbrel_core::host::{Loaded, Network};
use timbrel_core::model::Model;
#[cfg(not(feature = "tract"))]
use timbrel_core::model::ModelError;

fn compact() -> Vec<u8> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    std::fs::read(models.join("compact.timbrel")).unwrap()
}

fn fixture(name: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    folder.join(name)
}

/// Classify a file with a decoder and a classifier put together by hand.
fn by_hand(path: &Path) -> (Vec<f32>, Vec<f32>, u32, usize) {
    let file = compact();
    let model = Model::parse(&file).unwrap();
    let mut memory = vec![0; Classifier::required_bytes(&model)];
    let mut reader = AudioReader::open(path).unwrap();
    let mut classifier = Classifier::int8(model, reader.format(), &mut memory).unwrap();
    let mut samples = 0;
    while let Some(block) = reader.next_block().unwrap() {
        let mut block = block.samples;
        samples += block.len();
        while !block.is_empty() {
            block = &block[classifier.push(block).unwrap().consumed..];
        }
    }
    classifier.finish().unwrap();
    let result = classifier.result().unwrap();
    let embedding = classifier.embedding().unwrap().collect();
    let probabilities = result.probabilities.to_vec();
    (probabilities, embedding, result.windows, samples)
}

#[test]
fn a_file_equals_its_parts() {
    let model = Loaded::from_bytes(compact()).unwrap();
    assert!(matches!(model.network(), Network::Int8(_)));
    assert_eq!(model.info().classes, model.labels().len());
    let mut listener = Listener::new(&model);
    for name in ["second.mp3", "second.flac", "second.ogg", "second.m4a"] {
        let (probabilities, embedding, windows, samples) = by_hand(&fixture(name));
        let heard = listener.file(fixture(name)).unwrap();
        let labels: Vec<&str> = heard
            .probabilities
            .iter()
            .map(|(l, _)| l.as_str())
            .collect();
        assert_eq!(labels, model.labels());
        assert!(
            heard
                .probabilities
                .iter()
                .map(|(_, p)| p)
                .eq(&probabilities)
        );
        assert_eq!((&heard.embedding, heard.windows), (&embedding, windows));
        assert_eq!(embedding.len(), 96);
        // the fixtures are mono at 22,050 Hz
        assert_eq!(heard.seconds, samples as f64 / 22_050.0);
        let largest = probabilities.iter().copied().fold(0.0, f32::max);
        assert_eq!(heard.confidence(), largest);
        assert_eq!(heard.genre(), model.labels()[heard.class]);
        let bytes = std::fs::read(fixture(name)).unwrap();
        assert_eq!(listener.bytes(bytes, None).unwrap(), heard);
    }
}

#[test]
fn memory_that_was_used_before_changes_nothing() {
    let model = Loaded::from_bytes(compact()).unwrap();
    let samples = common::music(3, 70_000, 22_050);
    let i16s: Vec<i16> = samples.iter().map(|x| (x * 20_000.0) as i16).collect();
    let fresh = |format, samples: &[i16]| -> Heard {
        Listener::new(&model).samples(format, samples).unwrap()
    };
    let mut listener = Listener::new(&model);
    let stereo = InputFormat {
        sample_rate: 48_000,
        channels: 2,
    };
    for (format, samples) in [
        (InputFormat::mono(22_050), &i16s[..]),
        (stereo, &i16s[..60_001]),
        (InputFormat::mono(22_050), &i16s[..12_000]),
    ] {
        let heard = listener.samples(format, samples).unwrap();
        assert_eq!(heard, fresh(format, samples));
    }
}

#[test]
fn a_format_that_changes_keeps_the_piece_together() {
    let file = compact();
    let mono = common::music(4, 150_000, 22_050);
    let (first, second) = mono.split_at(66_001);
    let twice: Vec<f32> = second.iter().flat_map(|sample| [*sample; 2]).collect();
    let stereo = InputFormat {
        sample_rate: 22_050,
        channels: 2,
    };
    let run = |parts: &[(InputFormat, &[f32])]| {
        let model = Model::parse(&file).unwrap();
        let mut memory = vec![0; Classifier::required_bytes(&model)];
        let mut classifier = Classifier::int8(model, parts[0].0, &mut memory).unwrap();
        for (format, mut samples) in parts.iter().copied() {
            classifier.change_format(format).unwrap();
            while !samples.is_empty() {
                samples = &samples[classifier.push(samples).unwrap().consumed..];
            }
        }
        classifier.finish().unwrap();
        let late = classifier.change_format(stereo);
        assert_eq!(late, Err(Error::Finished));
        classifier.result().unwrap().probabilities.to_vec()
    };
    let whole = run(&[(InputFormat::mono(22_050), &mono)]);
    let parts = run(&[(InputFormat::mono(22_050), first), (stereo, &twice)]);
    assert_eq!(parts, whole);
    // another rate: as long as before, and close to it
    let half: Vec<f32> = second.iter().copied().step_by(2).collect();
    let parts = run(&[
        (InputFormat::mono(22_050), first),
        (InputFormat::mono(11_025), &half),
    ]);
    assert_eq!(parts.len(), whole.len());
    assert!(parts.iter().all(|p| p.is_finite()));
}

#[test]
fn a_sample_that_is_not_valid_has_its_index_in_the_piece() {
    let model = Loaded::from_bytes(compact()).unwrap();
    let mut samples = vec![0.1_f32; 300_000];
    samples[222_222] = f32::INFINITY;
    let heard = Listener::new(&model).samples(InputFormat::mono(22_050), &samples);
    let expected = PieceError::Classify(Error::Sample { index: 222_222 });
    assert_eq!(heard.unwrap_err(), expected);
}

#[test]
fn a_file_of_two_formats_gives_one_answer() {
    let model = Loaded::from_bytes(compact()).unwrap();
    let mut listener = Listener::new(&model);
    let tone = std::fs::read(fixture("second.mp3")).unwrap();
    // silent frames in mono before it: 64 kbit/s, no data
    let mut frame = vec![0xff, 0xfb, 0x50, 0xc4];
    frame.resize(208, 0);
    let joined = [frame.repeat(100), tone.clone()].concat();
    let alone = listener.bytes(tone, None).unwrap();
    let heard = listener.bytes(joined, None).unwrap();
    let expected = alone.seconds + 115_200.0 / 44_100.0;
    assert!((heard.seconds - expected).abs() < 1e-9, "{}", heard.seconds);
    assert_eq!((heard.partial(), heard.replaced), (None, None));
}

#[test]
fn failures_keep_their_kind_and_their_words() {
    let model = Loaded::from_bytes(compact()).unwrap();
    let mut listener = Listener::new(&model);
    let error = listener.bytes(b"no music".repeat(99), None).unwrap_err();
    assert_eq!(error, PieceError::Decode(DecodeError::NotAudio));
    assert_eq!(error.to_string(), DecodeError::NotAudio.to_string());
    let missing = listener.file("missing.wav").unwrap_err();
    assert!(matches!(missing, PieceError::Decode(DecodeError::Io(_))));
    assert!(missing.source().is_some());
    let error = listener.samples(InputFormat::mono(3_999), &[0.0_f32]);
    let error = error.unwrap_err();
    assert!(matches!(error, PieceError::Classify(Error::Rate(_))));
    // the text is the inner error's, so that error is not repeated as the source
    assert!(error.to_string().contains("3999") && error.source().is_none());
    let format = InputFormat::mono(22_050);
    let silent = listener.samples::<f32>(format, &[]).unwrap_err();
    assert_eq!(silent, PieceError::Classify(Error::NoAudio));
    let bad = listener.samples(format, &[0.0, f32::NAN]).unwrap_err();
    assert_eq!(bad, PieceError::Classify(Error::Sample { index: 1 }));
    // and the listener goes on
    assert!(listener.file(fixture("second.ogg")).is_ok());
}

#[cfg(not(feature = "tract"))]
#[test]
fn a_file_that_is_not_a_model_is_refused() {
    let error = Loaded::from_bytes(&b"this is text"[..]).unwrap_err();
    assert_eq!(error, Error::Model(ModelError::NotAModel));
    let mut damaged = compact();
    damaged[5_000] ^= 1;
    let error = Loaded::from_bytes(damaged).unwrap_err();
    assert!(matches!(error, Error::Model(ModelError::Checksum { .. })));
}

#[test]
fn much_clipping_has_a_note() {
    let model = Loaded::from_bytes(compact()).unwrap();
    let mut listener = Listener::new(&model);
    let music = common::music(6, 120_000, 22_050);
    let loudest = music.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let format = InputFormat::mono(22_050);
    // peaks just below full scale, and 20 dB more
    for (gain, notes) in [(0.99, 0), (10.0, 1)] {
        let sound: Vec<f32> = music
            .iter()
            .map(|x| (x * gain / loudest).clamp(-1.0, 1.0))
            .collect();
        let heard = listener.samples(format, &sound).unwrap();
        let warnings = heard.warnings();
        assert_eq!(warnings.len(), notes, "{warnings:?}");
        assert!(warnings.iter().all(|note| note.contains("clipped")));
    }
}

#[test]
fn an_answer_is_one_line_of_json() {
    let model = Loaded::from_bytes(compact()).unwrap();
    let music = common::music(6, 60_000, 22_050);
    let mut heard = Listener::new(&model)
        .samples(InputFormat::mono(22_050), &music)
        .unwrap();
    let parse = |line: &str| -> serde_json::Value {
        assert!(line.ends_with("}\n") && line.lines().count() == 1, "{line}");
        serde_json::from_str(line).unwrap()
    };
    let name = "a \"b\\c\"\td\u{e9}.wav";
    let json = parse(&heard.to_json(name));
    assert_eq!(json["file"], name);
    assert_eq!(json["state"], heard.state.to_string());
    assert_eq!(json["genre"], heard.genre());
    assert_eq!(json["windows"], heard.windows);
    assert_eq!(json["seconds"], 2.721);
    let near = |value: &serde_json::Value, expected: f32| {
        (value.as_f64().unwrap() - f64::from(expected)).abs() < 1e-6
    };
    assert!(near(&json["confidence"], heard.confidence()));
    assert_eq!(json["probabilities"].as_object().unwrap().len(), 10);
    for (label, p) in &heard.probabilities {
        assert!(near(&json["probabilities"][label], *p), "{label}");
    }
    // what is missing of a file is said only where something is
    assert_eq!((json.get("heard"), json.get("cut_off")), (None, None));
    (heard.share, heard.cut_off) = (Some(0.25), true);
    let json = parse(&heard.to_json(name));
    assert_eq!(
        (&json["heard"], &json["cut_off"]),
        (&0.25.into(), &true.into())
    );
    let failed = parse(&timbrel_core::host::piece::error_to_json(
        name,
        "no \"music\"\n",
    ));
    assert_eq!(failed["file"], name);
    assert_eq!(failed["error"], "no \"music\"\n");
}

#[test]
fn each_fault_of_a_piece_has_its_sentence() {
    let model = Loaded::from_bytes(compact()).unwrap();
    let music = common::music(6, 60_000, 22_050);
    let heard = Listener::new(&model)
        .samples(InputFormat::mono(22_050), &music)
        .unwrap();
    assert_eq!((heard.partial(), heard.warnings()), (None, vec![]));
    let said = |change: fn(&mut Heard)| {
        let mut faulty = heard.clone();
        change(&mut faulty);
        faulty.warnings().join(" | ")
    };
    assert_eq!(said(|h| h.share = Some(0.9)), "");
    assert_eq!(
        said(|h| h.share = Some(0.5)),
        "only 50 % of the audio could be decoded"
    );
    assert!(said(|h| h.cut_off = true).contains("cut off"));
    assert!(said(|h| h.replaced = Some((1, 7))).starts_with("1 sample is not a number"));
    let several = said(|h| h.replaced = Some((3, 7)));
    assert!(several.starts_with("3 samples are") && several.ends_with("index 7"));
    assert!(said(|h| h.core_only = true).starts_with("HE-AAC"));
    assert_eq!(said(|h| h.cancelled = 0.1), "");
    assert!(said(|h| h.cancelled = 0.2).contains("cancel each other in 20 %"));
    assert!(said(|h| h.clipped = 0.06).starts_with("6 % of the samples"));
    // one for each, in this order
    let all = said(|h| {
        (h.share, h.cut_off, h.replaced) = (Some(0.1), true, Some((2, 0)));
        (h.core_only, h.cancelled, h.clipped) = (true, 1.0, 1.0);
    });
    assert_eq!(all.split(" | ").count(), 6, "{all}");
}
