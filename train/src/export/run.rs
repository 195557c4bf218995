//! From a run's folder to the files that leave it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use burn::tensor::Device;
use timbrel_core::model::Model;

use super::{Card, Measured, onnx};
use crate::data::Dataset;
use crate::evaluate::evaluate_pieces;
use crate::float;
use crate::inference::Inference;
use crate::network::Network;
use crate::quantise::{Identity, Quantised, calibration_windows, quantise};
use crate::recipe::Recipe;
use crate::split::Parts;
use crate::training::{RunFolder, RunInfo};
use crate::weights::Weights;

/// Split that the exported model is measured on: the one it was chosen on.
const MEASURED_ON: &str = "valid";

/// What an export wrote.
#[derive(Clone, Debug)]
pub struct Exported {
    /// The `.timbrel`, the `.onnx` and the card.
    pub files: [PathBuf; 3],
    /// Accuracy before and after quantisation.
    pub measured: Measured,
}

/// Quantises a run's weights on the train split and writes `NAME.timbrel`, `NAME.onnx` and `NAME.md`
/// into `out`; `name` is the recipe's where it is not given.
///
/// # Errors
/// The run is not finished enough to have weights, does not fit the data, or a file cannot be written.
pub fn export(
    folder: &RunFolder,
    dataset: &Dataset,
    name: Option<&str>,
    out: &Path,
    device: &Device,
) -> Result<Exported> {
    let recipe = folder.read_recipe()?;
    let name = name.unwrap_or(&recipe.name);
    let info = folder.info()?;
    let weights = Weights::read(&folder.best())?;
    dataset.check(&recipe.front_end(), recipe.window().columns)?;
    let parts = Parts::new(&recipe, dataset)?;
    let windows = calibration_windows(dataset, &parts.train, recipe.window());
    let identity = Identity {
        labels: info.labels.clone(),
        provenance: provenance(&recipe, &info, windows.len()),
    };
    let Quantised {
        spec, divergence, ..
    } = quantise(&recipe, &weights, &windows, &identity, device)?;
    let file = spec.to_bytes().map_err(|error| anyhow!("{error}"))?;
    let onnx = onnx(&spec)?;
    let network = Network::new(&recipe, info.labels.len(), device)?.with_weights(&weights)?;
    let measured = Measured {
        split: MEASURED_ON.into(),
        float: float::score(&network, dataset, &parts.valid, recipe.window(), device)?,
        int8: evaluate_pieces(&Inference::int8(file.clone())?, dataset, &parts.valid)?.score,
    };
    let model = Model::parse(&file).map_err(|error| anyhow!("{error}"))?;
    let onnx_bytes = onnx.len();
    let card = Card {
        name,
        model,
        onnx_bytes,
        measured: &measured,
        divergence,
    }
    .markdown();
    std::fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    let write = |extension: &str, bytes: &[u8]| {
        let path = out.join(format!("{name}.{extension}"));
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        anyhow::Ok(path)
    };
    let files = [
        write("timbrel", &file)?,
        write("onnx", &onnx)?,
        write("md", card.as_bytes())?,
    ];
    Ok(Exported { files, measured })
}

fn provenance(recipe: &Recipe, info: &RunInfo, tracks: usize) -> String {
    let epoch = info.best.map_or(info.done, |(_, epoch)| epoch);
    [
        format!("recipe: {}", recipe.name),
        "data: GTZAN, artist- and fault-filtered split (no copyright clearance: not part of this file)".into(),
        format!("trained on: {tracks} tracks of the train split"),
        format!("seed: {}", info.seed),
        format!("epoch: {epoch} of {}, averaged weights, best on the valid split", info.epochs),
        format!("calibrated on: one window of each of the {tracks} train tracks"),
        format!("made by: timbrel-train {}", env!("CARGO_PKG_VERSION")),
    ]
    .join("\n")
}
