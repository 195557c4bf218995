//! Finding the model and the engine that runs it.

use std::borrow::Cow;
use std::path::Path;

use clap::ValueEnum;
use timbrel_core::model::{Model, ModelError};

static COMPACT: &[u8] = include_bytes!("../../../models/compact.timbrel");
#[cfg(feature = "tract")]
static COMPACT_ONNX: &[u8] = include_bytes!("../../../models/compact.onnx");

/// The engines by their names on the command line.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EngineName {
    /// Timbrel's integer engine, for .timbrel files
    Int8,
    /// tract, for .onnx files; needs a build with `--features tract`
    Tract,
}

/// A model ready to make classifiers of.
pub enum Loaded {
    /// The bytes of a valid `.timbrel` file.
    Int8(Cow<'static, [u8]>),
    /// A plan that is shared by all classifiers.
    #[cfg(feature = "tract")]
    Tract(timbrel_core::host::tract::TractEngine),
}

/// Loads the model at `path`, or the built-in one, for `engine`, or for the one the file's content asks for.
///
/// # Errors
/// What is wrong with the file, with its name.
pub fn load(path: Option<&Path>, engine: Option<EngineName>) -> Result<Loaded, String> {
    let Some(path) = path else {
        return match engine {
            None | Some(EngineName::Int8) => Ok(Loaded::Int8(COMPACT.into())),
            Some(EngineName::Tract) => built_in_onnx(),
        };
    };
    let name = path.display();
    let bytes = std::fs::read(path).map_err(|error| format!("{name}: {error}"))?;
    let parsed = Model::parse(&bytes).map(|_| ());
    let engine = engine.unwrap_or(match parsed {
        Err(ModelError::NotAModel) if name.to_string().ends_with(".onnx") => EngineName::Tract,
        _ => EngineName::Int8,
    });
    match engine {
        EngineName::Int8 => match parsed {
            Ok(()) => Ok(Loaded::Int8(bytes.into())),
            Err(error) => Err(format!("{name}: {error}")),
        },
        EngineName::Tract => onnx(&bytes).map_err(|error| format!("{name}: {error}")),
    }
}

#[cfg(feature = "tract")]
fn built_in_onnx() -> Result<Loaded, String> {
    onnx(COMPACT_ONNX)
}

#[cfg(feature = "tract")]
fn onnx(bytes: &[u8]) -> Result<Loaded, String> {
    let engine = timbrel_core::host::tract::TractEngine::from_bytes(bytes);
    engine.map(Loaded::Tract).map_err(|error| error.to_string())
}

#[cfg(not(feature = "tract"))]
fn built_in_onnx() -> Result<Loaded, String> {
    onnx(&[])
}

#[cfg(not(feature = "tract"))]
fn onnx(_: &[u8]) -> Result<Loaded, String> {
    Err("ONNX models need the tract engine: build with `--features tract`".into())
}
