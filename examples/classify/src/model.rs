//! Choosing the model and the engine that runs it.

use std::path::Path;

use clap::ValueEnum;
use timbrel_core::Error;
use timbrel_core::host::Loaded;
use timbrel_core::model::ModelError;

static COMPACT: &[u8] = include_bytes!("../../../models/compact.timbrel");
#[cfg(feature = "tract")]
static COMPACT_ONNX: &[u8] = include_bytes!("../../../models/compact.onnx");

/// Engines by their names on the command line.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineName {
    /// Timbrel's integer engine, for .timbrel files
    Int8,
    /// tract, for .onnx files; needs a build with `--features tract`
    Tract,
}

/// Load the model at `path`, or the built-in one, for `engine`, or for the engine that suits the file.
pub(crate) fn load(
    path: Option<&Path>,
    engine: Option<EngineName>,
) -> Result<Loaded<'static>, String> {
    let Some(path) = path else {
        return match engine {
            None | Some(EngineName::Int8) => said(Loaded::int8(COMPACT)),
            Some(EngineName::Tract) => built_in_onnx(),
        };
    };
    let name = path.display();
    let bytes = std::fs::read(path).map_err(|error| format!("{name}: {error}"))?;
    let is_onnx = path
        .extension()
        .is_some_and(|extension| extension == "onnx");
    let loaded = match engine {
        Some(EngineName::Tract) => onnx(&bytes),
        Some(EngineName::Int8) => said(Loaded::int8(bytes)),
        None => match Loaded::int8(bytes.as_slice()) {
            Err(Error::Model(ModelError::NotAModel)) if is_onnx => onnx(&bytes),
            _ => said(Loaded::int8(bytes)),
        },
    };
    loaded.map_err(|error| format!("{name}: {error}"))
}

fn said<T>(result: Result<T, Error>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}

#[cfg(feature = "tract")]
fn built_in_onnx() -> Result<Loaded<'static>, String> {
    onnx(COMPACT_ONNX)
}

#[cfg(feature = "tract")]
fn onnx(bytes: &[u8]) -> Result<Loaded<'static>, String> {
    said(Loaded::tract(bytes))
}

#[cfg(not(feature = "tract"))]
fn built_in_onnx() -> Result<Loaded<'static>, String> {
    onnx(&[])
}

#[cfg(not(feature = "tract"))]
fn onnx(_: &[u8]) -> Result<Loaded<'static>, String> {
    Err("ONNX models need the tract engine: build with `--features tract`".into())
}
