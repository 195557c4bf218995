//! Feature `serde`: results and metadata as JSON and back, errors as their text.
#![cfg(feature = "serde")]

mod common;

use serde_json::json;
use timbrel_core::Error;
use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::Classifier;
use timbrel_core::frontend::FrontEnd;
use timbrel_core::model::{Model, ModelInfo};

#[test]
fn metadata_are_written_and_read_back() {
    let bytes = std::fs::read("models/compact.timbrel").unwrap();
    let info = Model::parse(&bytes).unwrap().info();
    let text = serde_json::to_string(&info).unwrap();
    assert_eq!(serde_json::from_str::<ModelInfo>(&text).unwrap(), info);
    let front_end = serde_json::to_value(FrontEnd::COMPACT.mfcc(13)).unwrap();
    assert_eq!(front_end["feature"], json!({"mfcc": {"coefficients": 13}}));
    assert_eq!(
        (&front_end["mel_scale"], &front_end["n_fft"]),
        (&json!("slaney"), &json!(2048))
    );
}

#[test]
fn a_prediction_has_its_fields() {
    let bytes = std::fs::read("models/compact.timbrel").unwrap();
    let model = Model::parse(&bytes).unwrap();
    let mut memory = vec![0; Classifier::required_bytes(&model)];
    let mut classifier = Classifier::int8(model, InputFormat::mono(22_050), &mut memory).unwrap();
    let music = common::music(3, 40_000, 22_050);
    let mut rest = &music[..];
    while !rest.is_empty() {
        rest = &rest[classifier.push(rest).unwrap().consumed..];
    }
    classifier.finish().unwrap();
    let prediction = classifier.result().unwrap();
    let value = serde_json::to_value(prediction).unwrap();
    assert_eq!(value["label"], prediction.label);
    assert_eq!(value["windows"], prediction.windows);
    assert_eq!(
        value["probabilities"],
        serde_json::to_value(prediction.probabilities).unwrap()
    );
}

#[test]
fn errors_are_their_text() {
    let error = Error::Engine { what: "no power" };
    assert_eq!(
        serde_json::to_value(&error).unwrap(),
        "the engine failed: no power"
    );
    let refused = Model::parse(b"TIMBREL").unwrap_err();
    assert_eq!(serde_json::to_value(refused).unwrap(), refused.to_string());
}

#[cfg(feature = "std")]
#[test]
fn an_answer_for_a_piece_is_written_and_read_back() {
    use timbrel_core::host::Loaded;
    use timbrel_core::host::piece::{Heard, Listener};

    let model = Loaded::from_bytes(std::fs::read("models/compact.timbrel").unwrap()).unwrap();
    let music = common::music(4, 30_000, 22_050);
    let heard = Listener::new(&model)
        .samples(InputFormat::mono(22_050), &music)
        .unwrap();
    let text = serde_json::to_string(&heard).unwrap();
    assert_eq!(serde_json::from_str::<Heard>(&text).unwrap(), heard);
}
