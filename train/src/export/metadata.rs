//! The metadata of an exported ONNX file, its `metadata_props`.
//!
//! - `timbrel.format`: `1`
//! - `timbrel.labels`: JSON array of names in the order of the logits
//! - `timbrel.front_end`: JSON object with the fields of [`timbrel_core::frontend::FrontEnd`]; `mel_scale`
//!   is `slaney` or `htk`, `mel_norm` `none` or `slaney`, `padding` `none`, `zeros` or `reflect`;
//!   for MFCCs also `n_mfcc`. For a front end without mel bands, which core does not run, it has `bins` instead of
//!   the fields of the bands
//! - `timbrel.window`: JSON object with `columns` and `hop`
//! - `timbrel.normalisation`: JSON array of `[scale, offset]`, one for all bins or one per bin
//! - `timbrel.logits_exponent`: a logit's value is its i32 times 2 to the minus this
//! - `timbrel.rejection_exponent`: the same for the output `not_music`; only in a model that has it
//! - `timbrel.confidence_scale`, `timbrel.unsure_below`: factor of the logits before the softmax, and the probability of the
//!   likeliest class below which an answer is unsure; only in a calibrated model
//! - `timbrel.provenance`: lines of `key: value`

use serde_json::json;
use timbrel_core::frontend::{Affine, Feature, FrontEnd, MelNorm, MelScale, Padding, WindowSpec};
use timbrel_core::model::Confidence;

use super::proto;

/// The facts.
pub(super) struct About<'a> {
    pub(super) labels: &'a [String],
    /// JSON object.
    pub(super) front_end: String,
    pub(super) window: WindowSpec,
    pub(super) normalisation: &'a [Affine],
    pub(super) logits_exponent: u8,
    /// None for a model that rejects nothing.
    pub(super) rejection_exponent: Option<u8>,
    pub(super) confidence: Confidence,
    pub(super) provenance: &'a str,
}

impl About<'_> {
    pub(super) fn entries(&self) -> Vec<proto::Entry> {
        let pairs: Vec<[f32; 2]> = self
            .normalisation
            .iter()
            .map(|map| [map.scale, map.offset])
            .collect();
        let window = json!({ "columns": self.window.columns, "hop": self.window.hop });
        let mut entries = vec![
            ("timbrel.format", "1".to_owned()),
            ("timbrel.labels", json!(self.labels).to_string()),
            ("timbrel.front_end", self.front_end.clone()),
            ("timbrel.window", window.to_string()),
            ("timbrel.normalisation", json!(pairs).to_string()),
            ("timbrel.logits_exponent", self.logits_exponent.to_string()),
        ];
        if let Some(exponent) = self.rejection_exponent {
            entries.push(("timbrel.rejection_exponent", exponent.to_string()));
        }
        if self.confidence != Confidence::NEUTRAL {
            let Confidence {
                scale,
                unsure_below,
            } = self.confidence;
            entries.push(("timbrel.confidence_scale", scale.to_string()));
            entries.push(("timbrel.unsure_below", unsure_below.to_string()));
        }
        entries.push(("timbrel.provenance", self.provenance.to_owned()));
        let entries = entries.into_iter().map(|(key, value)| proto::Entry {
            key: key.into(),
            value,
        });
        entries.collect()
    }
}

/// Describe a front end with mel bands as JSON.
pub(super) fn front_end(front_end: &FrontEnd) -> String {
    let mut text = json!({
        "sample_rate": front_end.sample_rate,
        "n_fft": front_end.n_fft,
        "hop": front_end.hop,
        "n_mels": front_end.n_mels,
        "f_min": front_end.f_min,
        "f_max": front_end.f_max,
        "mel_scale": match front_end.mel_scale {
            MelScale::Slaney => "slaney",
            MelScale::Htk => "htk",
        },
        "mel_norm": match front_end.mel_norm {
            MelNorm::None => "none",
            MelNorm::Slaney => "slaney",
        },
        "padding": match front_end.padding {
            Padding::None => "none",
            Padding::Zeros => "zeros",
            Padding::Reflect => "reflect",
        },
        "amin": front_end.amin,
        "top_db": front_end.top_db,
    });
    if let Feature::Mfcc { coefficients } = front_end.feature {
        text["n_mfcc"] = coefficients.into();
    }
    text.to_string()
}

/// Describe a front end of the FFT's own bins as JSON.
pub(super) fn linear_front_end(front_end: &FrontEnd) -> String {
    json!({
        "sample_rate": front_end.sample_rate,
        "n_fft": front_end.n_fft,
        "hop": front_end.hop,
        "bins": front_end.n_mels,
        "padding": "zeros",
        "amin": front_end.amin,
        "top_db": front_end.top_db,
    })
    .to_string()
}
