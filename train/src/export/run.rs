//! From a run's folder to the files that leave it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use burn::tensor::Device;

use super::c_source::c_source;
use super::origin::Origin;
use super::{Card, Measured, float_onnx, onnx};
use crate::data::split::Parts;
use crate::data::{Dataset, Provenance, Stated};
use crate::evaluate::evaluate_pieces;
use crate::evaluate::{Inference, float};
use crate::file::write_whole;
use crate::quantise::{FoldedNetwork, Identity, build, calibration_windows, quantise};
use crate::run::RunFolder;
use crate::weights::Weights;

/// Split that the exported model is measured on.
const MEASURED_ON: &str = "valid";

/// The results of an export.
#[derive(Clone, Debug)]
pub struct Exported {
    /// The model card last, before it whatever was exported.
    pub files: Vec<PathBuf>,
    /// Accuracy on the valid split.
    pub measured: Measured,
    /// Reason for having no integers, where there are none.
    pub floats_only: Option<&'static str>,
}

/// Destination and contents of an export.
#[derive(Clone, Debug)]
pub struct Target<'a> {
    /// Name of the files; by default the recipe's.
    pub name: Option<&'a str>,
    /// Folder for the files.
    pub out: &'a Path,
    /// Whether to write the float network of a run that has integers too, as `NAME-float.onnx`.
    pub float: bool,
    /// Whether to write the integers as `NAME.h` and `NAME.c`, too.
    pub c_source: bool,
    /// Name and licence of the data, where the run does not state them.
    pub stated: Stated,
    /// Licence under which the model is offered, for the card.
    pub licence: Option<&'a str>,
}

impl<'a> Target<'a> {
    /// Export into a folder, with files named after the recipe.
    #[must_use]
    pub fn new(out: &'a Path) -> Self {
        Self {
            name: None,
            out,
            float: false,
            c_source: false,
            stated: Stated::default(),
            licence: None,
        }
    }
}

/// Write a run's network as files. One that the integer engine can run is quantised on the part that it was
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
    if let Some(reason) = recipe.network.floats_only() {
        ensure!(
            !target.c_source,
            "there is no C source of floats, and the network has no integers: {reason}"
        );
    }
    let mut info = folder.info()?;
    if info.taught_by.is_empty() {
        // a run of an earlier version only knows where its teachers were
        let teachers = (info.teachers.iter()).map(|run| RunFolder::new(run).origin());
        info.taught_by = teachers.collect::<Result<_>>().unwrap_or_default();
    }
    let weights = Weights::read(&folder.best())?;
    dataset.check(&recipe.front_end(), recipe.window().columns)?;
    let parts = Parts::new(&recipe, dataset)?;
    let mut measured = Measured {
        split: MEASURED_ON.into(),
        float: float::score(&network, dataset, &parts.valid, recipe.window(), device)?,
        int8: None,
    };
    target.stated.validate()?;
    // a run of an earlier version states nothing of its data, whose cache may
    let data = info.provenance.clone();
    let data = data.unwrap_or_else(|| dataset.provenance.clone());
    let data: Provenance = data.with(&target.stated);
    let origin = Origin {
        recipe: &recipe,
        info: &info,
        data: &data,
        pieces: parts.train.len(),
    };
    let mut identity = Identity {
        labels: info.labels.clone(),
        provenance: origin.text(recipe.network.has_integers() && !recipe.network.quantised),
    };
    let mut files = Vec::new();
    let mut c_files = Vec::new();
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
        if target.c_source {
            c_files.extend(c_source(name, &file)?);
        }
        files.push((format!("{name}.timbrel"), file));
        files.push((format!("{name}.onnx"), onnx(&spec)?));
    }
    if target.float || files.is_empty() {
        let suffix = if files.is_empty() { "" } else { "-float" };
        if !files.is_empty() {
            identity.provenance = origin.text(false);
        }
        let file = float_onnx(&recipe, &weights, &identity)?;
        files.push((format!("{name}{suffix}.onnx"), file));
    }
    let card = Card {
        name,
        recipe: &recipe,
        identity: &identity,
        data: &data,
        licence: target.licence,
        files: &files,
        floats: weights.len(),
        measured: &measured,
        divergence,
    };
    let card = card.markdown()?;
    files.append(&mut c_files);
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
