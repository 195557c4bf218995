//! The model card.

use std::fmt::Write;

use timbrel_core::engine::Int8Engine;
use timbrel_core::model::{Model, Op};

use crate::data::Provenance;
use crate::evaluate::score::Score;
use crate::quantise::Identity;
use crate::recipe::{Recipe, Select};

/// Sentence on the limits of a model as it is exported.
pub(crate) const KNOWS_NOTHING_ELSE: &str = "Anything else (speech, noise, other genres) also gets one of these names; the \
    confidence does not reveal this.";
/// Sentence that replaces it when the model has been calibrated.
pub(crate) const REJECTS_THE_REST: &str = "Most speech, noise and other sounds are rejected as not music, as far as the \
    tables above say; music of another genre gets one of these names, or is \"unsure\".";

/// Float and integer network on the same split.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Name of the split.
    pub split: String,
    /// The float network.
    pub float: Score,
    /// The exported integers, where there are any.
    pub int8: Option<Score>,
}

/// Everything that a card is written from.
#[derive(Clone, Debug)]
pub struct Card<'a> {
    /// Name of the model.
    pub name: &'a str,
    /// Recipe that it was trained by.
    pub recipe: &'a Recipe,
    /// Labels and origin.
    pub identity: &'a Identity,
    /// Origin of the data that it was trained on.
    pub data: &'a Provenance,
    /// Licence that the model is offered under, where its maker states one.
    pub licence: Option<&'a str>,
    /// Names and bytes of the exported files.
    pub files: &'a [(String, Vec<u8>)],
    /// Number of floats in the network.
    pub floats: usize,
    /// Accuracy.
    pub measured: &'a Measured,
    /// Mean divergence of the integers' answers from the float network's on calibration windows, nats.
    pub divergence: Option<f64>,
}

impl Card<'_> {
    /// Return the card as Markdown.
    ///
    /// # Errors
    /// The `.timbrel` file among the files is damaged.
    pub fn markdown(&self) -> anyhow::Result<String> {
        let mut out = String::new();
        let integers = self
            .files
            .iter()
            .find(|(name, _)| name.ends_with(".timbrel"));
        let model = integers.map(|(_, bytes)| Model::parse(bytes)).transpose();
        let model = model.map_err(|error| anyhow::anyhow!("{error}"))?;
        self.write(model.as_ref(), &mut out)?;
        Ok(out)
    }

    fn write(&self, model: Option<&Model<'_>>, out: &mut String) -> std::fmt::Result {
        let (front_end, window) = (self.recipe.front_end(), self.recipe.window());
        let labels = &self.identity.labels;
        writeln!(out, "# {}\n", self.name)?;
        writeln!(
            out,
            "A music genre classifier for Timbrel: {}.\n",
            labels.join(", ")
        )?;
        writeln!(out, "| | |\n|---|---|")?;
        for (name, bytes) in self.files {
            let what = match (name.ends_with(".onnx"), model) {
                (true, Some(_)) if !name.ends_with("-float.onnx") => " (the same integers)",
                (true, _) => " (floats)",
                _ => "",
            };
            writeln!(out, "| `{name}`{what} | {} bytes |", bytes.len())?;
        }
        match model {
            Some(model) => write_integers(model, out)?,
            None => writeln!(out, "| weights | {} f32 |", self.floats)?,
        }
        let seconds =
            f32::from(window.columns) * f32::from(front_end.hop) / front_end.sample_rate as f32;
        // floats compute coefficients themselves
        let mfcc = model.and(self.recipe.network.cepstra);
        let bins = match (mfcc, self.recipe.front_end.n_mels) {
            (Some(count), _) => format!("{} MFCCs of {} mel bands", count.get(), front_end.n_mels),
            (None, Some(_)) => format!("{} mel bands", front_end.n_mels),
            (None, None) => format!("{} bins", front_end.n_mels),
        };
        writeln!(
            out,
            "| input | {bins} × {} columns ({seconds:.1} s), one window every {} columns |",
            window.columns, window.hop
        )?;
        writeln!(
            out,
            "| front end | {} Hz, n_fft {}, hop {}, dB relative to the window's maximum |\n",
            front_end.sample_rate, front_end.n_fft, front_end.hop
        )?;
        self.write_origin(out)?;
        self.write_accuracy(out)?;
        self.write_limits(out)?;
        self.write_licence(out)
    }

    fn write_limits(&self, out: &mut String) -> std::fmt::Result {
        let Provenance { name, about, .. } = self.data;
        let labels = &self.identity.labels;
        writeln!(out, "## Limits\n")?;
        write!(
            out,
            "It knows the {} genres {}, as {name} has them",
            labels.len(),
            labels.join(", ")
        )?;
        if !about.is_empty() {
            write!(out, ": {about}")?;
        }
        writeln!(out, ". {KNOWS_NOTHING_ELSE}\n")
    }

    fn write_licence(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "## Licence\n")?;
        if let Some(licence) = self.licence {
            write!(out, "Offered under {licence}. ")?;
        }
        writeln!(
            out,
            "It was trained on {} ({}); no recording, and no spectrogram of one, is part of these files. Whether a \
             model of such origin may be used for a given purpose is for its user to judge.",
            self.data.name, self.data.licence
        )
    }

    fn write_origin(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "## Origin\n")?;
        for line in self.identity.provenance.lines() {
            writeln!(out, "- {line}")?;
        }
        writeln!(out)
    }

    fn write_accuracy(&self, out: &mut String) -> std::fmt::Result {
        let Measured { split, float, int8 } = self.measured;
        let labels = &self.identity.labels;
        let chosen = match self.recipe.training.select {
            Select::Best => "The epoch was chosen on this split, so the figures are optimistic.",
            Select::Last => "The last epoch was taken regardless of these figures.",
        };
        writeln!(out, "## Accuracy on the {split} split\n")?;
        writeln!(
            out,
            "A track's answer is the softmax of its windows' mean logits. {chosen} The test split was not used. \
             One seed.\n"
        )?;
        writeln!(
            out,
            "| | tracks ({}) | 95 % interval | windows ({}) |",
            float.tracks, float.windows
        )?;
        writeln!(out, "|---|---|---|---|")?;
        let rows = [("float", Some(float)), ("int8", int8.as_ref())];
        for (name, score) in rows
            .iter()
            .filter_map(|(name, score)| Some((name, (*score)?)))
        {
            let [low, high] = score.track_interval();
            writeln!(
                out,
                "| {name} | {:.1} % | {:.1} to {:.1} % | {:.1} % |",
                100.0 * score.track_accuracy(),
                100.0 * low,
                100.0 * high,
                100.0 * score.window_accuracy()
            )?;
        }
        write!(
            out,
            "\nThe interval is Wilson's: it covers the choice of other tracks of the same kind."
        )?;
        if let Some(divergence) = self.divergence {
            write!(
                out,
                " The integers' answers diverge from the float network's by {divergence:.4} nats on average."
            )?;
        }
        let (name, score) = int8
            .as_ref()
            .map_or(("float", float), |score| ("int8", score));
        writeln!(
            out,
            "\n\nTracks by genre (row) and answer (column), {name}:\n"
        )?;
        writeln!(out, "| | {} |", labels.join(" | "))?;
        writeln!(out, "|---{}|", "|---".repeat(labels.len()))?;
        for (label, row) in labels.iter().zip(&score.confusion) {
            let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
            writeln!(out, "| {label} | {} |", cells.join(" | "))?;
        }
        writeln!(out)
    }
}

fn write_integers(model: &Model<'_>, out: &mut String) -> std::fmt::Result {
    let weights: usize = model.layers().map(|layer| layer.weights.len()).sum();
    let biases: usize = model.layers().map(|layer| layer.biases.len()).sum();
    let memory = Int8Engine::required_bytes(model);
    writeln!(out, "| network memory (int8 engine) | {memory} bytes |")?;
    writeln!(out, "| weights | {weights} i8, {biases} i32 biases |")?;
    let products = products(model) as f64 / 1e6;
    writeln!(out, "| multiply-adds per window | {products:.1} million |")
}

/// Return the multiply-adds of one window, those that pooling drops included.
fn products(model: &Model<'_>) -> u64 {
    let products = |layer: timbrel_core::model::Layer<'_>| {
        let places = match layer.op {
            Op::Conv { geometry, .. } | Op::Depthwise { geometry, .. } => geometry
                .output(layer.input)
                .map_or(0, |[h, w]| u64::from(h) * u64::from(w)),
            Op::Dense => 1,
            // pooling does not multiply
            _ => 0,
        };
        places * layer.op.taps(layer.input) * u64::from(layer.output.channels)
    };
    model.layers().map(products).sum()
}
