//! Reading a model file back, so that its integers can be written in another form.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use timbrel_core::model::{LayerSpec, Model, ModelSpec};

use super::onnx;
use crate::file::write_whole;

/// Write the integers of a `.timbrel` file as an `.onnx` file.
///
/// # Errors
/// The file cannot be read or is not valid, or the other cannot be written.
pub fn convert(model: &Path, out: &Path) -> Result<()> {
    let file = std::fs::read(model).context("cannot be read")?;
    write_whole(out, onnx(&spec(&file)?)?)
}

/// Copy a `.timbrel` file's model into the form that [`super::onnx`] writes.
///
/// # Errors
/// The bytes are not a valid file.
pub fn spec(file: &[u8]) -> Result<ModelSpec> {
    let model = Model::parse(file).map_err(|error| anyhow!("{error}"))?;
    let layers = model.layers().map(|layer| LayerSpec {
        op: layer.op,
        shift: layer.shift,
        input: layer.input,
        output: layer.output,
        weights: layer.weights.to_vec(),
        biases: layer.biases.iter().collect(),
    });
    Ok(ModelSpec {
        front_end: *model.front_end(),
        window: model.window(),
        normalisation: model.normalisation().iter().collect(),
        labels: model.labels().map(str::to_owned).collect(),
        logits_exponent: model.logits_exponent(),
        layers: layers.collect(),
        provenance: model.provenance().to_owned(),
    })
}
