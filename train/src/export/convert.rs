//! Reading a model file back, so that its integers can be written in another form.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use timbrel_core::model::{Model, ModelSpec};

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
    Ok(ModelSpec::from(&model))
}
