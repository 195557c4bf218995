//! The sections beyond the six that every file has.

use super::ModelError;
use super::bytes::Bytes;
use super::codes::{self, confidence, extension, header, rejection};
use super::info::Confidence;
use super::read::Walk;
use crate::limits::{Field, InvalidField, MAX_REJECTION_EXPONENT};

/// A second output of a network, from its embedding: whether a window is music.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejection<'a> {
    /// Added to the sum of the products.
    pub bias: i32,
    /// The logit's value is `(bias + Σ weight · embedding) · 2^-exponent`, `0..=31`. Above 0 the window is not music.
    pub exponent: u8,
    /// One weight per value of the embedding.
    pub weights: &'a [i8],
}

/// The extension sections that this reader knows, as they are in the file.
#[derive(Default)]
pub(super) struct Extensions<'a> {
    pub(super) rejection: Option<Bytes<'a>>,
    pub(super) confidence: Option<Bytes<'a>>,
    pub(super) graph: Option<Bytes<'a>>,
}

/// Read the table of the extension sections and pass over those that are not known; refuse the file if one of them must
/// be known.
pub(super) fn read_table<'a>(walk: &mut Walk<'a>) -> Result<Extensions<'a>, ModelError> {
    let mut found = Extensions::default();
    let bytes = walk.bytes;
    let table = bytes.u32(header::EXTENSIONS)?;
    if table == 0 {
        return Ok(found);
    }
    let placed = table as usize == walk.next;
    bytes.check(placed, "extensions", header::EXTENSIONS, table)?;
    let head = walk.take(extension::BYTES)?;
    let count = head.u32(0)?;
    head.check(count > 0, "extension count", 0, count)?;
    head.zeros("extension head", 4, extension::BYTES)?;
    let entries = walk.take((count as usize).saturating_mul(extension::BYTES))?;
    let mut last = None;
    for index in 0..count as usize {
        let entry = entries.part(index * extension::BYTES, extension::BYTES)?;
        let id = entry.u32(extension::ID)?;
        entry.check(last < Some(id), "extension id", extension::ID, id)?;
        last = Some(id);
        entry.zeros("extension entry", extension::ZEROS, extension::BYTES)?;
        if id & extension::CRITICAL != 0 && id != extension::GRAPH {
            return Err(ModelError::UnknownSection { id });
        }
        let section = walk.section(entry.at + extension::PLACE)?;
        match id {
            extension::REJECTION => found.rejection = Some(section),
            extension::CONFIDENCE => found.confidence = Some(section),
            extension::GRAPH => found.graph = Some(section),
            _ => {}
        }
    }
    Ok(found)
}

/// Read the rejection of a model whose embedding has `embedding` values.
pub(super) fn read_rejection(
    bytes: Bytes<'_>,
    embedding: usize,
) -> Result<Rejection<'_>, ModelError> {
    let length = bytes.data.len();
    let fits = embedding > 0 && length == rejection::WEIGHTS + embedding;
    bytes.check(fits, "rejection length", 0, length as u32)?;
    let exponent = bytes.u8(rejection::EXPONENT)?;
    let good = exponent <= MAX_REJECTION_EXPONENT;
    InvalidField::unless(good, Field::RejectionExponent, exponent)
        .map_err(|invalid| bytes.field(rejection::EXPONENT, invalid))?;
    bytes.zeros("rejection", rejection::ZEROS, rejection::WEIGHTS)?;
    let bias = bytes.u32(rejection::BIAS)?.cast_signed();
    // as in a layer, no window may overflow the sum
    let products = embedding as u64 * 255 * 128;
    let good = products + u64::from(bias.unsigned_abs()) <= i32::MAX as u64;
    bytes.check(good, "largest possible rejection", rejection::BIAS, bias)?;
    Ok(Rejection {
        bias,
        exponent,
        weights: bytemuck::cast_slice(bytes.part(rejection::WEIGHTS, embedding)?.data),
    })
}

/// Read the calibration of the probabilities.
pub(super) fn read_confidence(bytes: Bytes<'_>) -> Result<Confidence, ModelError> {
    let length = bytes.data.len();
    let fits = length == confidence::BYTES;
    bytes.check(fits, "confidence length", 0, length as u32)?;
    let found = Confidence {
        scale: bytes.f32(confidence::SCALE)?,
        unsure_below: bytes.f32(confidence::UNSURE_BELOW)?,
    };
    found
        .validate()
        .map_err(|invalid| bytes.field(codes::offset(invalid.field), invalid))?;
    // a model without the section says the same
    let states = found != Confidence::NEUTRAL;
    bytes.check(states, "neutral confidence", confidence::SCALE, found.scale)?;
    Ok(found)
}
