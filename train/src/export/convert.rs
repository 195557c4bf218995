//! Reading a model file back, so that its integers can be written in another form.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use clap::ValueEnum;
use timbrel_core::model::{Model, ModelSpec};

use super::c_source::c_source;
use super::onnx;
use crate::file::write_whole;

/// Form of a model's integers, beside its `.timbrel` file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One `.onnx` file.
    #[default]
    Onnx,
    /// A `.h` and a `.c` file, for programs on microcontrollers.
    C,
}

/// Write the integers of a `.timbrel` file in another form, as `out` with the form's extensions, and return the files.
///
/// # Errors
/// The file cannot be read or is not valid, its name cannot be one in C, or another file cannot be written.
pub fn convert(model: &Path, format: Format, out: &Path) -> Result<Vec<PathBuf>> {
    let file = std::fs::read(model).context("cannot be read")?;
    let files = match format {
        Format::Onnx => vec![(out.to_path_buf(), onnx(&spec(&file)?)?)],
        Format::C => {
            let name = out.file_stem().and_then(|stem| stem.to_str());
            let files = c_source(name.unwrap_or_default(), &file)?;
            Vec::from(files.map(|(name, text)| (out.with_file_name(name), text)))
        }
    };
    for (path, bytes) in &files {
        write_whole(path, bytes)?;
    }
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

/// Copy a `.timbrel` file's model into the form that [`super::onnx`] writes.
///
/// # Errors
/// The bytes are not a valid file.
pub fn spec(file: &[u8]) -> Result<ModelSpec> {
    let model = Model::parse(file).map_err(|error| anyhow!("{error}"))?;
    Ok(ModelSpec::from(&model))
}
