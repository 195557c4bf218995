//! The metadata of `.onnx` files: each field is read, and refused by name where it holds what it must not hold.
#![cfg(feature = "tract")]

use std::path::Path;

use timbrel_core::Error;
use timbrel_core::audio::InputFormat;
use timbrel_core::engine::Engine;
use timbrel_core::frontend::{Affine, Feature, MelNorm, MelScale, Padding};
use timbrel_core::host::piece::Listener;
use timbrel_core::host::tract::TractEngine;
use timbrel_core::host::{Loaded, Network};
use timbrel_core::model::{Limits, Model};

const FRONT_END: &str = r#"{"amin":1e-10,"f_max":11025.0,"f_min":0.0,"hop":512,"mel_norm":"slaney",
"mel_scale":"slaney","n_fft":2048,"n_mels":128,"padding":"zeros","sample_rate":22050,"top_db":80.0}"#;

fn shipped(name: &str) -> Vec<u8> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    std::fs::read(models.join(name)).unwrap()
}

/// Make a length-delimited field of a protocol buffer.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut length = content.len();
    while length > 127 {
        field.push(length as u8 | 128);
        length >>= 7;
    }
    field.push(length as u8);
    field.extend(content);
    field
}

/// Return the shipped model with another value of a key: the last one of a key counts.
fn with(key: &str, value: &str) -> Vec<u8> {
    let key = field(1, format!("timbrel.{key}").as_bytes());
    let entry = field(14, &[key, field(2, value.as_bytes())].concat());
    [shipped("compact.onnx"), entry].concat()
}

fn front_end(from: &str, to: &str) -> Vec<u8> {
    assert!(FRONT_END.contains(from));
    with("front_end", &FRONT_END.replace(from, to))
}

fn refused(file: &[u8]) -> String {
    TractEngine::from_bytes(file).unwrap_err().to_string()
}

#[test]
fn fields_that_hold_what_they_must_not_hold_are_named() {
    for (file, said) in [
        (
            front_end("mel_scale\":\"slaney", "mel_scale\":\"bark"),
            "mel_scale cannot be bark",
        ),
        (
            front_end("mel_norm\":\"slaney", "mel_norm\":\"area"),
            "mel_norm cannot be area",
        ),
        (front_end("zeros", "wrap"), "padding cannot be wrap"),
        (front_end("\"hop\":512", "\"hop\":0"), "hop cannot be 0"),
        (
            front_end("\"hop\":512", "\"jump\":512"),
            "unknown field `jump`",
        ),
        (front_end("\"hop\":512,", ""), "missing field `hop`"),
        (
            with("window", r#"{"columns":1025,"hop":64}"#),
            "window columns cannot be 1025",
        ),
        (
            with("window", r#"{"columns":128,"hop":129}"#),
            "window hop cannot be 129",
        ),
        (
            with("normalisation", "[]"),
            "normalisation length cannot be 0",
        ),
        (
            with("normalisation", "[[2e6,0.0]]"),
            "normalisation cannot be 2000000",
        ),
        (with("labels", r#"["one",""]"#), "label length cannot be 0"),
        (
            with("labels", r#"["one","o\u0000"]"#),
            "byte of a label cannot be 0",
        ),
        (
            with("labels", r#"["one","one"]"#),
            "class with a repeated label cannot be 1",
        ),
        (with("labels", "one"), "timbrel.labels"),
        (
            with("logits_exponent", "32"),
            "logits exponent cannot be 32",
        ),
        (
            with("rejection_exponent", "32"),
            "rejection exponent cannot be 32",
        ),
        (
            with("confidence_scale", "0.0"),
            "confidence scale cannot be 0",
        ),
        (
            with("unsure_below", "1.5"),
            "unsure threshold cannot be 1.5",
        ),
    ] {
        let text = refused(&file);
        assert!(
            text.starts_with("ONNX model: ") && text.contains(said),
            "{text}"
        );
    }
}

#[test]
fn a_graph_of_another_shape_than_its_metadata_is_refused() {
    for (file, said) in [
        (front_end("\"n_mels\":128", "\"n_mels\":64"), "its input is"),
        (with("window", r#"{"columns":64,"hop":64}"#), "its input is"),
        (with("labels", r#"["one","two"]"#), "its output is"),
    ] {
        let text = refused(&file);
        assert!(text.contains(said) && text.contains("expected"), "{text}");
    }
    // an output for the rejection without the key that explains it
    let mut without = shipped("compact.onnx");
    let key = b"timbrel.rejection_exponent";
    let at = without.windows(key.len()).position(|part| part == key);
    without[at.unwrap()] = b'T';
    assert!(refused(&without).contains("belong together"));
}

#[test]
fn every_kind_of_front_end_is_read() {
    let info = |file: &[u8]| TractEngine::from_bytes(file).unwrap().info().front_end;
    let htk = info(&front_end("mel_scale\":\"slaney", "mel_scale\":\"htk"));
    assert_eq!(
        (htk.mel_scale, htk.mel_norm),
        (MelScale::Htk, MelNorm::Slaney)
    );
    let flat = info(&front_end("mel_norm\":\"slaney", "mel_norm\":\"none"));
    assert_eq!(
        (flat.mel_scale, flat.mel_norm),
        (MelScale::Slaney, MelNorm::None)
    );
    for (name, padding) in [
        ("reflect", Padding::Reflect),
        ("none", Padding::None),
        ("zeros", Padding::Zeros),
    ] {
        assert_eq!(info(&front_end("zeros", name)).padding, padding);
    }
    // coefficients, each with a map of its own
    let mfcc = FRONT_END.replace("\"n_mels\":128", "\"n_mels\":128,\"n_mfcc\":128");
    let maps: Vec<[f32; 2]> = (0..128).map(|bin| [0.5, bin as f32]).collect();
    let maps = field(
        14,
        &[
            field(1, b"timbrel.normalisation"),
            field(2, format!("{maps:?}").as_bytes()),
        ]
        .concat(),
    );
    let file = [with("front_end", &mfcc), maps].concat();
    let engine = TractEngine::from_bytes(&file).unwrap();
    assert_eq!(
        engine.info().front_end.feature,
        Feature::Mfcc { coefficients: 128 }
    );
    for bin in [0, 5, 127] {
        let offset = bin as f32;
        assert_eq!(engine.normalisation(bin), Affine { scale: 0.5, offset });
    }
}

#[test]
fn what_is_not_stated_is_neutral() {
    let mut file = shipped("compact.onnx");
    for key in [&b"timbrel.confidence_scale"[..], b"timbrel.unsure_below"] {
        let at = file.windows(key.len()).position(|part| part == key);
        file[at.unwrap()] = b'T';
    }
    let stated = TractEngine::from_bytes(&shipped("compact.onnx")).unwrap();
    let silent = TractEngine::from_bytes(&file).unwrap();
    let confidence = silent.info().confidence;
    assert_eq!((confidence.scale, confidence.unsure_below), (1.0, 0.0));
    assert!(stated.info().confidence.unsure_below > 0.5);
}

#[test]
fn a_loaded_model_is_either_kind() {
    let (int8, onnx) = (shipped("compact.timbrel"), shipped("compact.onnx"));
    let model = Model::parse(&int8).unwrap();
    let by_content = Loaded::from_bytes(&onnx[..]).unwrap();
    assert!(matches!(by_content.network(), Network::Tract(_)));
    let both = [
        Loaded::int8(&int8[..]).unwrap(),
        Loaded::tract(&onnx).unwrap(),
    ];
    for loaded in &both {
        assert_eq!(*loaded.info(), model.info());
        assert!(
            loaded
                .labels()
                .iter()
                .map(String::as_str)
                .eq(model.labels())
        );
    }
    assert_eq!(*both[0].cost(), model.cost());
    assert_eq!(both[1].cost(), by_content.cost());
    // both answer alike, and what one kind refuses is no file of the other
    let sound: Vec<f32> = (0..60_000).map(|i| (i % 97) as f32 / 97.0 - 0.5).collect();
    let [first, second] = both.each_ref().map(|loaded| {
        Listener::new(loaded)
            .samples(InputFormat::mono(22_050), &sound)
            .unwrap()
    });
    assert_eq!(first, second);
    assert!(matches!(Loaded::int8(&onnx[..]), Err(Error::Model(_))));
    assert!(matches!(Loaded::tract(&int8), Err(Error::Onnx(_))));
    let limits = Limits {
        window: 1_000,
        ..Limits::DEFAULT
    };
    for file in [&int8, &onnx] {
        let error = Loaded::from_bytes_within(&file[..], &limits).unwrap_err();
        assert!(matches!(error, Error::Cost(_)), "{error}");
    }
    let [int8, onnx] = both.map(Loaded::into_network);
    assert!(matches!(int8, Network::Int8(_)) && matches!(onnx, Network::Tract(_)));
}
