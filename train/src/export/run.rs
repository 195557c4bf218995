//! From a run's folder to the files that leave it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use burn::tensor::Device;

use super::{Card, Measured, float_onnx, onnx};
use crate::data::Dataset;
use crate::evaluate::evaluate_pieces;
use crate::file::write_whole;
use crate::float;
use crate::inference::Inference;
use crate::quantise::{FoldedNetwork, Identity, build, calibration_windows, quantise};
use crate::recipe::{Recipe, Select, Unit};
use crate::split::Parts;
use crate::training::{RunFolder, RunInfo};
use crate::weights::Weights;

/// Split that the exported model is measured on.
const MEASURED_ON: &str = "valid";

/// What an export wrote.
#[derive(Clone, Debug)]
pub struct Exported {
    /// The model card last, before it whatever was exported.
    pub files: Vec<PathBuf>,
    /// Accuracy on the valid split.
    pub measured: Measured,
    /// Why there are no integers, where there are none.
    pub floats_only: Option<&'static str>,
}

/// What to export and where to.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Name of the files; the recipe's where it is not given.
    pub name: Option<&'a str>,
    /// Folder for the files.
    pub out: &'a Path,
    /// Whether to write the float network of a run that has integers too, as `NAME-float.onnx`.
    pub float: bool,
}

/// Writes a run's network as files. One that the integer engine can run is quantised on the part that it was
/// trained on, and becomes `NAME.timbrel` and `NAME.onnx` of the same integers; any other becomes a
/// `NAME.onnx` of floats. `NAME.md` says what they are.
///
/// # Errors
/// The run is not finished enough to have weights, does not fit the data, or a file cannot be written.
pub fn export(
    folder: &RunFolder,
    dataset: &Dataset,
    target: Target<'_>,
    device: &Device,
) -> Result<Exported> {
    let (recipe, network) = folder.network(device)?;
    let network = network.with_exponents(None);
    let name = target.name.unwrap_or(&recipe.name);
    let info = folder.info()?;
    let weights = Weights::read(&folder.best())?;
    dataset.check(&recipe.front_end(), recipe.window().columns)?;
    let parts = Parts::new(&recipe, dataset)?;
    let mut measured = Measured {
        split: MEASURED_ON.into(),
        float: float::score(&network, dataset, &parts.valid, recipe.window(), device)?,
        int8: None,
    };
    let mut identity = Identity {
        labels: info.labels.clone(),
        provenance: provenance(
            &recipe,
            &info,
            parts.train.len(),
            recipe.network.has_integers() && !recipe.network.quantised,
        ),
    };
    let mut files = Vec::new();
    let mut divergence = None;
    if recipe.network.has_integers() {
        let spec = match &info.exponents {
            Some(exponents) => {
                let folded = FoldedNetwork::new(&recipe.network, &weights)?;
                build(&recipe, &folded, exponents, &identity)?
            }
            None => {
                let windows = calibration_windows(dataset, &parts.train, recipe.window());
                let found = quantise(&recipe, &weights, &windows, &identity, device)?;
                divergence = Some(found.divergence);
                found.spec
            }
        };
        let file = spec.to_bytes().map_err(|error| anyhow!("{error}"))?;
        let int8 = evaluate_pieces(&Inference::int8(file.clone())?, dataset, &parts.valid)?;
        measured.int8 = Some(int8.score);
        files.push((format!("{name}.timbrel"), file));
        files.push((format!("{name}.onnx"), onnx(&spec)?));
    }
    if target.float || files.is_empty() {
        let suffix = if files.is_empty() { "" } else { "-float" };
        if !files.is_empty() {
            identity.provenance = provenance(&recipe, &info, parts.train.len(), false);
        }
        let file = float_onnx(&recipe, &weights, &identity)?;
        files.push((format!("{name}{suffix}.onnx"), file));
    }
    let card = Card {
        name,
        recipe: &recipe,
        identity: &identity,
        files: &files,
        floats: weights.len(),
        measured: &measured,
        divergence,
    };
    let card = card.markdown()?;
    files.push((format!("{name}.md"), card.into_bytes()));
    Ok(Exported {
        files: write_all(target.out, &files)?,
        measured,
        floats_only: recipe.network.floats_only(),
    })
}

fn write_all(out: &Path, files: &[(String, Vec<u8>)]) -> Result<Vec<PathBuf>> {
    std::fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    let write = |(name, bytes): &(String, Vec<u8>)| {
        let path = out.join(name);
        write_whole(&path, bytes)?;
        Ok(path)
    };
    files.iter().map(write).collect()
}

fn provenance(recipe: &Recipe, info: &RunInfo, pieces: usize, calibrated: bool) -> String {
    let epoch = info.best.map_or(info.done, |(_, epoch)| epoch);
    let chosen = match recipe.training.select {
        Select::Best => ", best on the valid split",
        Select::Last => "",
    };
    let (split, pieces) = match &recipe.split {
        None => (
            "artist- and fault-filtered split".to_owned(),
            format!("{pieces} tracks"),
        ),
        Some(keys) => {
            let unit = match keys.of {
                Unit::Tracks => "tracks",
                Unit::Segments => "segments",
            };
            (
                format!("random split of {unit}"),
                format!("{pieces} {unit}"),
            )
        }
    };
    let mut lines = vec![
        format!("recipe: {}", recipe.name),
        format!("data: GTZAN, {split} (no copyright clearance: not part of this file)"),
        format!("trained on: {pieces} of the train split"),
        format!("seed: {}", info.seed),
        format!(
            "epoch: {epoch} of {}, averaged weights{chosen}",
            info.epochs
        ),
    ];
    if !info.teachers.is_empty() {
        let teachers = match info.teachers.len() {
            1 => "a trained network".into(),
            number => format!("{number} trained networks"),
        };
        lines.push(format!("taught by: {teachers} besides the labels"));
    }
    if let Some(made_with) = info.changes.approximated {
        lines.push(format!(
            "front end: a column every {} samples in place of the recipe's",
            made_with.hop
        ));
    }
    if info.exponents.is_some() {
        lines.push("trained as the integers compute it, from a run of real numbers".into());
    }
    if calibrated {
        lines.push(format!("calibrated on: one window of each of the {pieces}"));
    }
    lines.push(format!(
        "made by: timbrel-train {}",
        env!("CARGO_PKG_VERSION")
    ));
    lines.join("\n")
}
