//! The model card.

use std::fmt::Write;

use timbrel_core::engine::Int8Engine;
use timbrel_core::model::{Model, Op};

use crate::score::Score;

/// Float and integer network on the same split.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Name of the split.
    pub split: String,
    /// The float network.
    pub float: Score,
    /// The exported integers.
    pub int8: Score,
}

/// What a card is written from.
#[derive(Clone, Debug)]
pub struct Card<'a> {
    /// Name of the files.
    pub name: &'a str,
    /// The exported file.
    pub model: Model<'a>,
    /// Bytes of the `.onnx` file.
    pub onnx_bytes: usize,
    /// Accuracy.
    pub measured: &'a Measured,
    /// Mean divergence of the integers' answers from the float network's on calibration windows, nats.
    pub divergence: f64,
}

impl Card<'_> {
    /// The card as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        // writing to a String cannot fail
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let model = &self.model;
        let (front_end, window) = (model.front_end(), model.window());
        let labels: Vec<&str> = model.labels().collect();
        writeln!(out, "# {}\n", self.name)?;
        writeln!(
            out,
            "A music genre classifier for Timbrel: {}.\n",
            labels.join(", ")
        )?;
        writeln!(out, "| | |\n|---|---|")?;
        writeln!(
            out,
            "| `{}.timbrel` | {} bytes |",
            self.name,
            model.as_bytes().len()
        )?;
        writeln!(
            out,
            "| `{}.onnx` (the same integers) | {} bytes |",
            self.name, self.onnx_bytes
        )?;
        writeln!(
            out,
            "| network memory (int8 engine) | {} bytes |",
            Int8Engine::required_bytes(model)
        )?;
        writeln!(
            out,
            "| weights | {} i8, {} i32 biases |",
            self.weights(),
            self.biases()
        )?;
        writeln!(
            out,
            "| multiply-adds a window | {:.1} million |",
            self.products() as f64 / 1e6
        )?;
        let seconds =
            f32::from(window.columns) * f32::from(front_end.hop) / front_end.sample_rate as f32;
        writeln!(
            out,
            "| input | {} mel bands × {} columns ({seconds:.1} s), a window every {} columns |",
            front_end.n_mels, window.columns, window.hop
        )?;
        writeln!(
            out,
            "| front end | {} Hz, n_fft {}, hop {}, dB relative to the window's maximum |\n",
            front_end.sample_rate, front_end.n_fft, front_end.hop
        )?;
        self.write_origin(out)?;
        self.write_accuracy(out, &labels)?;
        writeln!(out, "## Limits\n")?;
        writeln!(
            out,
            "Ten genres of Western popular and art music recorded before 2002, 30 s excerpts. Anything else \
             (speech, silence, other genres) gets one of these ten names too; the confidence is no test for it.\n"
        )?;
        writeln!(out, "## Licence\n")?;
        writeln!(
            out,
            "Offered under the project's licence. It was trained on GTZAN, whose recordings have no copyright \
             clearance; none of them, and no spectrogram of one, is part of these files. Whether a model of such \
             origin may be used for a given purpose is for its user to judge."
        )
    }

    fn write_origin(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "## Where it comes from\n")?;
        for line in self.model.provenance().lines() {
            writeln!(out, "- {line}")?;
        }
        writeln!(out)
    }

    fn write_accuracy(&self, out: &mut String, labels: &[&str]) -> std::fmt::Result {
        let Measured { split, float, int8 } = self.measured;
        writeln!(out, "## Accuracy on the {split} split\n")?;
        writeln!(
            out,
            "A track's answer is the mean of its windows' probabilities. The epoch was chosen on this split, so \
             the figures lean to the good side; the test split was not looked at. One seed.\n"
        )?;
        writeln!(
            out,
            "| | tracks ({}) | 95 % interval | windows ({}) |",
            int8.tracks, int8.windows
        )?;
        writeln!(out, "|---|---|---|---|")?;
        for (name, score) in [("float", float), ("int8", int8)] {
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
        writeln!(
            out,
            "\nThe interval is Wilson's: what other tracks of the same kind would do to the figure. The integers' \
             answers diverge from the float network's by {:.4} nats in the mean.\n",
            self.divergence
        )?;
        writeln!(out, "Tracks by genre (row) and answer (column), int8:\n")?;
        writeln!(out, "| | {} |", labels.join(" | "))?;
        writeln!(out, "|---{}|", "|---".repeat(labels.len()))?;
        for (label, row) in labels.iter().zip(&int8.confusion) {
            let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
            writeln!(out, "| {label} | {} |", cells.join(" | "))?;
        }
        writeln!(out)
    }

    fn weights(&self) -> usize {
        self.model.layers().map(|layer| layer.weights.len()).sum()
    }

    fn biases(&self) -> usize {
        self.model.layers().map(|layer| layer.biases.len()).sum()
    }

    /// Multiply-adds of one window, those that pooling drops included.
    fn products(&self) -> u64 {
        let products = |layer: timbrel_core::model::Layer<'_>| {
            let places = match layer.op {
                Op::Conv { geometry, .. } | Op::Depthwise { geometry, .. } => geometry
                    .output(layer.input)
                    .map_or(0, |[h, w]| u64::from(h) * u64::from(w)),
                Op::MaxPool { .. } | Op::AveragePool { .. } => 0,
                Op::Dense => 1,
            };
            places * layer.op.taps(layer.input) * u64::from(layer.output.channels)
        };
        self.model.layers().map(products).sum()
    }
}
