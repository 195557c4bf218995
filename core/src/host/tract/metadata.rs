//! Metadata of a Timbrel ONNX file, its `metadata_props` (`docs/model-format.md` lists the keys).

use std::collections::HashMap;
use std::format;
use std::string::String;
use std::vec::Vec;

use serde::Deserialize;

use crate::Error;
use crate::frontend::{Affine, Feature, FrontEnd, MelNorm, MelScale, Padding, WindowSpec};
use crate::model::{Confidence, ModelInfo};

/// The parsed metadata.
#[derive(Clone, Debug)]
pub(super) struct Metadata {
    pub(super) info: ModelInfo,
    pub(super) labels: Vec<String>,
    pub(super) normalisation: Vec<Affine>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontEndText {
    sample_rate: u32,
    n_fft: u16,
    hop: u16,
    n_mels: u16,
    /// Number of coefficients, present only for MFCC.
    n_mfcc: Option<u16>,
    f_min: f32,
    f_max: f32,
    mel_scale: String,
    mel_norm: String,
    padding: String,
    amin: f32,
    top_db: f32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowText {
    columns: u16,
    hop: u16,
}

impl Metadata {
    pub(super) fn parse(properties: &HashMap<&str, &str>) -> Result<Self, Error> {
        let labels: Vec<String> = json(properties, "timbrel.labels")?;
        let front_end = front_end(json(properties, "timbrel.front_end")?)?;
        let window: WindowText = json(properties, "timbrel.window")?;
        let window = WindowSpec {
            columns: window.columns,
            hop: window.hop,
        };
        let logits_exponent = json(properties, "timbrel.logits_exponent")?;
        let pairs: Vec<[f32; 2]> = json(properties, "timbrel.normalisation")?;
        let pairs = pairs.into_iter();
        let normalisation: Vec<Affine> = pairs
            .map(|[scale, offset]| Affine { scale, offset })
            .collect();
        let info = ModelInfo {
            rejection_exponent: optional(properties, "timbrel.rejection_exponent")?,
            confidence: Confidence {
                scale: optional(properties, "timbrel.confidence_scale")?
                    .unwrap_or(Confidence::NEUTRAL.scale),
                unsure_below: optional(properties, "timbrel.unsure_below")?
                    .unwrap_or(Confidence::NEUTRAL.unsure_below),
            },
            ..ModelInfo::new(front_end, window, labels.len(), logits_exponent)
        };
        info.validate()
            .and_then(|()| info.validate_labels(labels.iter().map(String::as_str)))
            .and_then(|()| info.validate_normalisation(normalisation.iter().copied()))
            .map_err(|invalid| Error::Onnx(format!("metadata {invalid}")))?;
        Ok(Self {
            info,
            labels,
            normalisation,
        })
    }
}

fn front_end(text: FrontEndText) -> Result<FrontEnd, Error> {
    Ok(FrontEnd {
        feature: match text.n_mfcc {
            None => Feature::LogMel,
            Some(coefficients) => Feature::Mfcc { coefficients },
        },
        sample_rate: text.sample_rate,
        n_fft: text.n_fft,
        hop: text.hop,
        n_mels: text.n_mels,
        f_min: text.f_min,
        f_max: text.f_max,
        mel_scale: match text.mel_scale.as_str() {
            "slaney" => MelScale::Slaney,
            "htk" => MelScale::Htk,
            other => return Err(bad("mel_scale", other)),
        },
        mel_norm: match text.mel_norm.as_str() {
            "slaney" => MelNorm::Slaney,
            "none" => MelNorm::None,
            other => return Err(bad("mel_norm", other)),
        },
        padding: match text.padding.as_str() {
            "zeros" => Padding::Zeros,
            "reflect" => Padding::Reflect,
            "none" => Padding::None,
            other => return Err(bad("padding", other)),
        },
        amin: text.amin,
        top_db: text.top_db,
    })
}

fn json<T: serde::de::DeserializeOwned>(
    properties: &HashMap<&str, &str>,
    key: &str,
) -> Result<T, Error> {
    optional(properties, key)?.ok_or_else(|| Error::Onnx(format!("no {key} in its metadata")))
}

fn optional<T: serde::de::DeserializeOwned>(
    properties: &HashMap<&str, &str>,
    key: &str,
) -> Result<Option<T>, Error> {
    let parse = |text: &&str| {
        serde_json::from_str(text).map_err(|error| Error::Onnx(format!("metadata {key}: {error}")))
    };
    properties.get(key).map(parse).transpose()
}

fn bad(what: &str, found: &str) -> Error {
    Error::Onnx(format!("metadata {what} cannot be {found}"))
}
