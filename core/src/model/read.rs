//! Reading and validating a `.timbrel` file. Exactly one sequence of bytes is accepted for a model: sections in
//! order, without gaps, and zeros wherever nothing is stated.

use super::bytes::Bytes;
use super::codes::{self, feature, front_end as at, header, section};
use super::extension::{self, Extensions};
use super::graph;
use super::info::{check_label, check_label_length, check_normalisation};
use super::record;
use super::{Field, InvalidField, Model, ModelError, ModelInfo, Normalisation};
use crate::frontend::{Feature, FrontEnd, WindowSpec};

pub(super) fn parse(file: &[u8]) -> Result<Model<'_>, ModelError> {
    let bytes = Bytes { data: file, at: 0 };
    check_header(bytes)?;
    let (sections, extensions) = read_sections(bytes)?;
    let info = read_front_end(sections[section::FRONT_END])?;
    let normalisation = read_normalisation(sections[section::NORMALISATION], &info)?;
    let labels = read_labels(sections[section::LABELS], info.classes)?;
    let mut model = Model {
        info,
        normalisation,
        labels,
        layers: sections[section::LAYERS].data,
        weights: sections[section::WEIGHTS].data,
        graph_at: 0,
        provenance: utf8(sections[section::PROVENANCE], "provenance")?,
        rejection: None,
        file,
    };
    let layers = sections[section::LAYERS];
    if let Some(section) = extensions.graph {
        graph::check_section(section, layers.data.len() / codes::layer::BYTES)?;
        model.graph_at = section.at;
    }
    let weights = sections[section::WEIGHTS];
    let embedding = record::check_layers(&model, layers, weights, extensions.graph)?;
    if let Some(section) = extensions.graph {
        graph::check_places(&model, section)?;
    }
    model.info = info.with_embedding(embedding);
    if let Some(section) = extensions.rejection {
        let rejection = extension::read_rejection(section, embedding)?;
        model.info = model.info.with_rejection(rejection.exponent);
        model.rejection = Some(rejection);
    }
    if let Some(section) = extensions.confidence {
        let confidence = extension::read_confidence(section)?;
        model.info = model.info.with_confidence(confidence);
    }
    Ok(model)
}

fn check_header(bytes: Bytes<'_>) -> Result<(), ModelError> {
    let found = bytes.data.len();
    let magic = bytes.data.get(..codes::MAGIC.len());
    if magic.is_none_or(|magic| magic != codes::MAGIC) {
        return Err(ModelError::NotAModel);
    }
    bytes.part(0, header::BYTES)?;
    let version = bytes.u16(header::VERSION)?;
    if version != codes::VERSION {
        return Err(ModelError::Version { found: version });
    }
    let stated = bytes.u32(header::LENGTH)?;
    if (found as u64) < u64::from(stated) {
        let needed = stated as usize;
        return Err(ModelError::Truncated { needed, found });
    }
    if found as u64 != u64::from(stated) {
        return Err(ModelError::Length { stated, found });
    }
    let (stated, computed) = (bytes.u32(header::CHECKSUM)?, codes::checksum(bytes.data));
    if stated != computed {
        return Err(ModelError::Checksum { stated, computed });
    }
    bytes.zeros("reserved", header::RESERVED, header::LENGTH)?;
    bytes.zeros("reserved", header::ZEROS, header::SECTIONS)
}

/// A walk over the sections of a file, each of which begins where the previous one ends.
pub(super) struct Walk<'a> {
    pub(super) bytes: Bytes<'a>,
    /// Where the next section begins.
    pub(super) next: usize,
}

impl<'a> Walk<'a> {
    /// Take the section whose offset and length are stated at `entry`.
    pub(super) fn section(&mut self, entry: usize) -> Result<Bytes<'a>, ModelError> {
        let (offset, length) = (self.bytes.u32(entry)?, self.bytes.u32(entry + 4)?);
        let placed = offset as usize == self.next;
        self.bytes.check(placed, "section offset", entry, offset)?;
        self.take(length as usize)
    }

    /// Take a section of a length that is known.
    pub(super) fn take(&mut self, length: usize) -> Result<Bytes<'a>, ModelError> {
        let section = self.bytes.part(self.next, length)?;
        let end = self.next + length;
        self.bytes.padding(end)?;
        self.next = end.next_multiple_of(codes::ALIGNMENT);
        Ok(section)
    }
}

type Sections<'a> = [Bytes<'a>; section::COUNT];

fn read_sections(bytes: Bytes<'_>) -> Result<(Sections<'_>, Extensions<'_>), ModelError> {
    let mut walk = Walk {
        bytes,
        next: header::BYTES,
    };
    let mut sections = [bytes; section::COUNT];
    for (index, slot) in sections.iter_mut().enumerate() {
        *slot = walk.section(header::SECTIONS + index * 8)?;
    }
    let extensions = extension::read_table(&mut walk)?;
    let length = bytes.data.len();
    bytes.check(walk.next == length, "length", header::LENGTH, length as u32)?;
    Ok((sections, extensions))
}

fn read_front_end(bytes: Bytes<'_>) -> Result<ModelInfo, ModelError> {
    let length = bytes.data.len();
    bytes.check(length == at::BYTES, "front end length", 0, length as u32)?;
    let bins = bytes.u16(at::BINS)?;
    let front_end = FrontEnd {
        feature: match bytes.u8(at::FEATURE)? {
            feature::LOG_MEL => Feature::LogMel,
            feature::MFCC => Feature::Mfcc { coefficients: bins },
            other => return Err(bytes.invalid("feature", at::FEATURE, other)),
        },
        mel_scale: coded(bytes, "mel scale", at::MEL_SCALE, &codes::MEL_SCALES)?,
        mel_norm: coded(bytes, "mel norm", at::MEL_NORM, &codes::MEL_NORMS)?,
        padding: coded(bytes, "padding", at::PADDING, &codes::PADDINGS)?,
        sample_rate: bytes.u32(at::SAMPLE_RATE)?,
        n_fft: bytes.u16(at::N_FFT)?,
        hop: bytes.u16(at::HOP)?,
        n_mels: bytes.u16(at::N_MELS)?,
        f_min: bytes.f32(at::F_MIN)?,
        f_max: bytes.f32(at::F_MAX)?,
        amin: bytes.f32(at::AMIN)?,
        top_db: bytes.f32(at::TOP_DB)?,
    };
    let window = WindowSpec {
        columns: bytes.u16(at::WINDOW_COLUMNS)?,
        hop: bytes.u16(at::WINDOW_HOP)?,
    };
    let classes = usize::from(bytes.u16(at::CLASSES)?);
    let logits_exponent = bytes.u8(at::LOGITS_EXPONENT)?;
    let info = ModelInfo::new(front_end, window, classes, logits_exponent);
    info.validate()
        .map_err(|invalid| bytes.field(codes::offset(invalid.field), invalid))?;
    // for log-mel n_mels and bins state the same number; for MFCC validate() has compared them
    bytes.check(bins == front_end.bins(), "bins", at::BINS, bins)?;
    let reference = bytes.u8(at::REFERENCE)?;
    let known = reference == codes::RELATIVE_TO_WINDOW_MAXIMUM;
    bytes.check(known, "decibel reference", at::REFERENCE, reference)?;
    bytes.zeros("reserved", at::ZEROS, at::BYTES)?;
    Ok(info)
}

/// Read a code and return what it stands for.
fn coded<T: Copy>(
    bytes: Bytes<'_>,
    what: &'static str,
    offset: usize,
    known: &[(u8, T)],
) -> Result<T, ModelError> {
    let code = bytes.u8(offset)?;
    codes::decode(known, code).ok_or_else(|| bytes.invalid(what, offset, code))
}

fn read_normalisation<'a>(
    bytes: Bytes<'a>,
    info: &ModelInfo,
) -> Result<Normalisation<'a>, ModelError> {
    let length = bytes.data.len();
    let whole = length.is_multiple_of(8) && info.check_normalisation_length(length / 8).is_ok();
    bytes.check(whole, "normalisation length", 0, length as u32)?;
    for offset in (0..length).step_by(4) {
        check_normalisation(bytes.f32(offset)?).map_err(|invalid| bytes.field(offset, invalid))?;
    }
    Ok(Normalisation(bytes.data))
}

fn utf8<'a>(bytes: Bytes<'a>, what: &'static str) -> Result<&'a str, ModelError> {
    core::str::from_utf8(bytes.data).map_err(|error| {
        let offset = error.valid_up_to();
        bytes.invalid(what, offset, bytes.u8(offset).unwrap_or(0))
    })
}

/// Check that the section is `classes` times a length byte and that many bytes of UTF-8. The longest label keeps
/// the length byte below 128, so that the whole section is UTF-8 too and can be kept as one `str`.
fn read_labels(bytes: Bytes<'_>, classes: usize) -> Result<&str, ModelError> {
    let text = utf8(bytes, "labels")?;
    let mut at = 0;
    for class in 0..classes {
        let length = usize::from(bytes.u8(at)?);
        check_label_length(length).map_err(|invalid| bytes.field(at, invalid))?;
        let label = utf8(bytes.part(at + 1, length)?, "label")?;
        let mut earlier = Labels::new(text.get(..at).unwrap_or_default());
        let is_new = earlier.all(|earlier| earlier != label);
        check_label(label)
            .and_then(|()| InvalidField::unless(is_new, Field::RepeatedLabel, class as u32))
            .map_err(|invalid| bytes.field(at, invalid))?;
        at += 1 + length;
    }
    let length = bytes.data.len();
    bytes.check(at == length, "labels length", 0, length as u32)?;
    Ok(text)
}

/// Iterates the validated labels section.
pub(super) struct Labels<'a>(&'a str);

impl<'a> Labels<'a> {
    pub(super) fn new(section: &'a str) -> Self {
        Self(section)
    }
}

impl<'a> Iterator for Labels<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let length = usize::from(*self.0.as_bytes().first()?);
        let label = self.0.get(1..1 + length)?;
        self.0 = self.0.get(1 + length..)?;
        Some(label)
    }
}
