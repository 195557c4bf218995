//! Choosing the model and the engine that runs it.

use std::borrow::Cow;
use std::path::Path;

use clap::ValueEnum;
use timbrel_core::Error;
use timbrel_core::host::Loaded;
use timbrel_core::model::ModelError;

static COMPACT: &[u8] = include_bytes!("../models/compact.timbrel");
#[cfg(feature = "tract")]
static COMPACT_ONNX: &[u8] = include_bytes!("../models/compact.onnx");

/// Engines by their names on the command line.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineName {
    /// Timbrel's integer engine, for .timbrel files
    Int8,
    /// tract, for .onnx files; needs a build with `--features tract`
    Tract,
}

/// A model and a name for its bytes.
pub(crate) struct ModelFile {
    pub(crate) loaded: Loaded<'static>,
    /// CRC-64 of the file, 16 hexadecimal digits: answers of two models are told apart by it.
    pub(crate) fingerprint: String,
}

/// Load the model at `path`, or the built-in one, for `engine`, or for the engine that suits the file.
///
/// # Errors
/// A sentence that names the file and its fault.
pub(crate) fn load(path: Option<&Path>, engine: Option<EngineName>) -> Result<ModelFile, String> {
    let Some(path) = path else {
        return match engine {
            None | Some(EngineName::Int8) => int8(COMPACT.into()),
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
        Some(EngineName::Int8) => int8(bytes.into()),
        None => match Loaded::int8(bytes.as_slice()) {
            Err(Error::Model(ModelError::NotAModel)) if is_onnx => onnx(&bytes),
            _ => int8(bytes.into()),
        },
    };
    loaded.map_err(|error| format!("{name}: {error}"))
}

fn int8(bytes: Cow<'static, [u8]>) -> Result<ModelFile, String> {
    let fingerprint = fingerprint(&bytes);
    named(Loaded::int8(bytes), fingerprint)
}

fn named(loaded: Result<Loaded<'static>, Error>, fingerprint: String) -> Result<ModelFile, String> {
    Ok(ModelFile {
        loaded: loaded.map_err(|error| error.to_string())?,
        fingerprint,
    })
}

fn fingerprint(bytes: &[u8]) -> String {
    let sum = crc::Crc::<u64>::new(&crc::CRC_64_XZ).checksum(bytes);
    format!("{sum:016x}")
}

#[cfg(feature = "tract")]
fn built_in_onnx() -> Result<ModelFile, String> {
    onnx(COMPACT_ONNX)
}

#[cfg(feature = "tract")]
fn onnx(bytes: &[u8]) -> Result<ModelFile, String> {
    named(Loaded::tract(bytes), fingerprint(bytes))
}

#[cfg(not(feature = "tract"))]
fn built_in_onnx() -> Result<ModelFile, String> {
    onnx(&[])
}

#[cfg(not(feature = "tract"))]
fn onnx(_: &[u8]) -> Result<ModelFile, String> {
    Err("ONNX models need the tract engine: build with `--features tract`".into())
}
