//! A model as C source, for programs on devices that have no files.

use std::fmt::Write;
use std::string::{String, ToString};
use std::{format, vec::Vec};

use crate::classifier::Classifier;
use crate::model::{Model, ModelError};

/// Boundary of the array, so that a copy of it by DMA or a cache has no ragged edges. The model itself needs none.
const ALIGNMENT: usize = 16;
/// Values per line of the array.
const PER_LINE: usize = 24;

/// A model as two C files, `NAME.h` and `NAME.c`, from [`CSource::new`].
///
/// The header defines `NAME_MODEL_BYTES`, `NAME_MEMORY_BYTES`, `NAME_SAMPLE_RATE` and `NAME_CLASSES` (with the name in
/// capitals) and declares `NAME_model`, an array of the file's bytes that stays in flash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CSource {
    /// Text of `NAME.h`.
    pub header: String,
    /// Text of `NAME.c`, which includes `NAME.h`.
    pub source: String,
}

/// Why there is no C source of a model.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CSourceError {
    /// The name has no letter at its beginning, or characters other than ASCII letters, digits, `_` and `-`.
    Name(String),
    /// The file is not a valid model.
    Model(ModelError),
}

impl core::fmt::Display for CSourceError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Name(name) => write!(
                f,
                "`{name}` cannot name an array in C: want a letter, then letters, digits, `_` or `-`"
            ),
            Self::Model(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for CSourceError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Name(_) => None,
            Self::Model(error) => Some(error),
        }
    }
}

impl CSource {
    /// Write the bytes of a `.timbrel` file as C. `name` is that of the files; in identifiers, `-` becomes `_`.
    ///
    /// ```
    /// use timbrel_core::host::CSource;
    ///
    /// let file = include_bytes!("../../models/compact.timbrel");
    /// let c = CSource::new("compact", file)?;
    /// assert!(c.header.contains("#define COMPACT_MODEL_BYTES 63040\n"));
    /// assert!(c.header.contains("extern const uint8_t compact_model[COMPACT_MODEL_BYTES];"));
    /// # Ok::<(), timbrel_core::host::CSourceError>(())
    /// ```
    ///
    /// # Errors
    /// [`CSourceError`] says whether the name or the file is at fault.
    pub fn new(name: &str, file: &[u8]) -> Result<Self, CSourceError> {
        let identifier = identifier(name).ok_or_else(|| CSourceError::Name(name.to_string()))?;
        let model = Model::parse(file).map_err(CSourceError::Model)?;
        let about = about(name, &model);
        Ok(Self {
            header: about.clone() + &header(&identifier, &model),
            source: about + &source(name, &identifier, file),
        })
    }
}

/// Return the name as a C identifier in small letters.
fn identifier(name: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let valid = name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(allowed);
    valid.then(|| name.to_ascii_lowercase().replace('-', "_"))
}

/// Return the comment at the beginning of both files.
fn about(name: &str, model: &Model<'_>) -> String {
    let (rate, window) = (model.front_end().sample_rate, model.window());
    let seconds =
        |columns: u16| f64::from(columns) * f64::from(model.front_end().hop) / f64::from(rate);
    let mut lines = Vec::from([
        format!(
            "{name}: a model of Timbrel, as the bytes of its .timbrel file. Generated; do not edit."
        ),
        String::new(),
        format!(
            "Audio at {rate} Hz is not resampled. A window is {:.1} s, and a new one is complete every {:.1} s.",
            seconds(window.columns),
            seconds(window.hop)
        ),
        String::new(),
        "Classes, in the order of their indices:".into(),
    ]);
    lines.extend((model.labels().enumerate()).map(|(index, label)| format!("  {index}  {label}")));
    if !model.provenance().is_empty() {
        lines.extend([String::new(), "Provenance:".into()]);
        lines.extend(model.provenance().lines().map(|line| format!("  {line}")));
    }
    let mut comment = String::from("/*");
    for line in lines {
        comment.push_str(if line.is_empty() { "\n *" } else { "\n * " });
        comment.push_str(&harmless(&line));
    }
    comment + "\n */\n"
}

/// Return text of a model so that it cannot end the comment that it stands in.
fn harmless(text: &str) -> String {
    let text = text.replace(|c: char| c.is_control(), "?");
    text.replace("*/", "* /").replace("/*", "/ *")
}

fn header(identifier: &str, model: &Model<'_>) -> String {
    let capitals = identifier.to_ascii_uppercase();
    format!(
        "#ifndef TIMBREL_MODEL_{capitals}_H
#define TIMBREL_MODEL_{capitals}_H

#include <stdint.h>

/* Bytes of {identifier}_model. */
#define {capitals}_MODEL_BYTES {model_bytes}
/* Bytes that timbrel_classifier_init() needs for this model on a core of 32 bits, with those that make it
 * fastest. timbrel_required_bytes() returns the least. */
#define {capitals}_MEMORY_BYTES {memory_bytes}
/* Samples per second of the model. Other rates can be pushed, too, and are resampled. */
#define {capitals}_SAMPLE_RATE {rate}
/* Number of classes: of logits, and of probabilities. */
#define {capitals}_CLASSES {classes}

#ifdef __cplusplus
extern \"C\" {{
#endif

extern const uint8_t {identifier}_model[{capitals}_MODEL_BYTES];

#ifdef __cplusplus
}}
#endif

#endif
",
        model_bytes = model.as_bytes().len(),
        memory_bytes = Classifier::microcontroller_bytes(model),
        rate = model.front_end().sample_rate,
        classes = model.classes(),
    )
}

fn source(name: &str, identifier: &str, file: &[u8]) -> String {
    let capitals = identifier.to_ascii_uppercase();
    let mut text = format!(
        "#include \"{name}.h\"

#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L && !defined(__cplusplus)
_Alignas({ALIGNMENT})
#elif defined(__cplusplus)
alignas({ALIGNMENT})
#endif
const uint8_t {identifier}_model[{capitals}_MODEL_BYTES] = {{"
    );
    for line in file.chunks(PER_LINE) {
        text.push('\n');
        for byte in line {
            // writing to a string cannot fail
            let _ = write!(text, "{byte},");
        }
    }
    text + "\n};\n"
}
