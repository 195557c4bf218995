//! The numbers of the `.timbrel` format, version 1, which reader and writer share: offsets, sizes and codes.
//!
//! `docs/model-format.md` is the specification.

use crate::frontend::{MelNorm, MelScale, Padding};
use crate::limits::Field;

/// First eight bytes of every file.
pub(super) const MAGIC: [u8; 8] = *b"TIMBREL\0";
/// Version of the format.
pub(super) const VERSION: u16 = 1;
/// Every section begins at a multiple of this.
pub(super) const ALIGNMENT: usize = 16;

/// Offsets in the header.
pub(super) mod header {
    pub(in super::super) const VERSION: usize = 8;
    pub(in super::super) const RESERVED: usize = 10;
    pub(in super::super) const LENGTH: usize = 12;
    pub(in super::super) const CHECKSUM: usize = 16;
    /// The checksum covers everything from here to the end.
    pub(in super::super) const CHECKSUMMED: usize = 20;
    /// Offset of the table of further sections, 0 for none.
    pub(in super::super) const EXTENSIONS: usize = 20;
    /// Zeros up to the sections.
    pub(in super::super) const ZEROS: usize = 24;
    /// Offset and length, u32 each, of the sections in the order of [`super::section`].
    pub(in super::super) const SECTIONS: usize = 32;
    pub(in super::super) const BYTES: usize = 80;
}

/// Indices of the sections that every file has.
pub(super) mod section {
    pub(in super::super) const FRONT_END: usize = 0;
    pub(in super::super) const NORMALISATION: usize = 1;
    pub(in super::super) const LABELS: usize = 2;
    pub(in super::super) const LAYERS: usize = 3;
    pub(in super::super) const WEIGHTS: usize = 4;
    pub(in super::super) const PROVENANCE: usize = 5;
    pub(in super::super) const COUNT: usize = 6;
}

/// The table of further sections: a head, then one entry per section.
pub(super) mod extension {
    /// Bytes of the head (u32 count, zeros) and of each entry.
    pub(in super::super) const BYTES: usize = 16;
    pub(in super::super) const ID: usize = 0;
    /// Offset and length, u32 each.
    pub(in super::super) const PLACE: usize = 4;
    /// Zeros at the end of an entry; in the head they begin after the count.
    pub(in super::super) const ZEROS: usize = 12;
    /// The bit of an id that forbids to skip the section.
    pub(in super::super) const CRITICAL: u32 = 1 << 31;
    /// Ids of the sections that this reader knows.
    pub(in super::super) const REJECTION: u32 = 1;
    pub(in super::super) const CONFIDENCE: u32 = 2;
    pub(in super::super) const GRAPH: u32 = CRITICAL | 1;
}

/// Offsets in the rejection section.
pub(super) mod rejection {
    pub(in super::super) const BIAS: usize = 0;
    pub(in super::super) const EXPONENT: usize = 4;
    pub(in super::super) const ZEROS: usize = 5;
    pub(in super::super) const WEIGHTS: usize = 16;
}

/// Offsets in the confidence section.
pub(super) mod confidence {
    pub(in super::super) const SCALE: usize = 0;
    pub(in super::super) const UNSURE_BELOW: usize = 4;
    pub(in super::super) const BYTES: usize = 8;
}

/// Offsets in the graph's section: those of the head, then those of a layer's entry.
pub(super) mod graph {
    pub(in super::super) const ARENA: usize = 0;
    pub(in super::super) const HEAD: usize = 16;
    pub(in super::super) const SOURCES: usize = 0;
    pub(in super::super) const OFFSET: usize = 8;
    pub(in super::super) const ZEROS: usize = 12;
    pub(in super::super) const BYTES: usize = 16;
    /// Return the bytes of the section.
    pub(in super::super) const fn length(layers: usize) -> usize {
        HEAD + layers * BYTES
    }
    /// Stands where a layer has no further source.
    pub(in super::super) const NONE: u16 = u16::MAX;
}

/// Offsets in the weights of a resampling.
pub(super) mod resample {
    pub(in super::super) const ENTRIES: usize = 256;
    pub(in super::super) const ENTRY_BYTES: usize = 4;
    /// Stands in place of a first cell where the output is padding.
    pub(in super::super) const PADDING: u16 = u16::MAX;
}

/// Offsets in the front end's section.
pub(super) mod front_end {
    pub(in super::super) const FEATURE: usize = 0;
    pub(in super::super) const MEL_SCALE: usize = 1;
    pub(in super::super) const MEL_NORM: usize = 2;
    pub(in super::super) const PADDING: usize = 3;
    pub(in super::super) const SAMPLE_RATE: usize = 4;
    pub(in super::super) const N_FFT: usize = 8;
    pub(in super::super) const HOP: usize = 10;
    pub(in super::super) const N_MELS: usize = 12;
    pub(in super::super) const BINS: usize = 14;
    pub(in super::super) const F_MIN: usize = 16;
    pub(in super::super) const F_MAX: usize = 20;
    pub(in super::super) const AMIN: usize = 24;
    pub(in super::super) const TOP_DB: usize = 28;
    pub(in super::super) const WINDOW_COLUMNS: usize = 32;
    pub(in super::super) const WINDOW_HOP: usize = 34;
    pub(in super::super) const CLASSES: usize = 36;
    pub(in super::super) const LOGITS_EXPONENT: usize = 38;
    pub(in super::super) const REFERENCE: usize = 39;
    pub(in super::super) const ZEROS: usize = 40;
    pub(in super::super) const BYTES: usize = 48;
}

/// Return the offset of a field in the section that states it; 0 for a field that is not there.
pub(super) const fn offset(field: Field) -> usize {
    match field {
        Field::NFft => front_end::N_FFT,
        Field::Hop => front_end::HOP,
        Field::NMels => front_end::N_MELS,
        Field::Bins => front_end::BINS,
        Field::SampleRate => front_end::SAMPLE_RATE,
        Field::FMin => front_end::F_MIN,
        Field::FMax => front_end::F_MAX,
        Field::Amin => front_end::AMIN,
        Field::TopDb => front_end::TOP_DB,
        Field::WindowColumns => front_end::WINDOW_COLUMNS,
        Field::WindowHop => front_end::WINDOW_HOP,
        Field::Classes => front_end::CLASSES,
        Field::LogitsExponent => front_end::LOGITS_EXPONENT,
        Field::RejectionExponent => rejection::EXPONENT,
        Field::ConfidenceScale => confidence::SCALE,
        Field::UnsureBelow => confidence::UNSURE_BELOW,
        Field::Embedding
        | Field::NormalisationLength
        | Field::Normalisation
        | Field::Labels
        | Field::LabelLength
        | Field::LabelByte
        | Field::RepeatedLabel => 0,
    }
}

/// Offsets in one record of the layer table.
pub(super) mod layer {
    pub(in super::super) const OP: usize = 0;
    pub(in super::super) const SHIFT: usize = 1;
    pub(in super::super) const KERNEL: usize = 2;
    pub(in super::super) const STRIDE: usize = 4;
    pub(in super::super) const PAD: usize = 6;
    pub(in super::super) const POOL: usize = 10;
    pub(in super::super) const INPUT: usize = 12;
    pub(in super::super) const OUTPUT: usize = 18;
    pub(in super::super) const WEIGHTS: usize = 24;
    pub(in super::super) const BIASES: usize = 32;
    pub(in super::super) const MULTIPLIER: usize = 40;
    pub(in super::super) const ZEROS: usize = 41;
    pub(in super::super) const BYTES: usize = 48;
}

/// Codes of the layers' operators.
pub(super) mod op {
    pub(in super::super) const CONV: u8 = 1;
    pub(in super::super) const DEPTHWISE: u8 = 2;
    pub(in super::super) const MAX_POOL: u8 = 3;
    pub(in super::super) const AVERAGE_POOL: u8 = 4;
    pub(in super::super) const DENSE: u8 = 5;
    pub(in super::super) const JOIN: u8 = 6;
    pub(in super::super) const RESAMPLE: u8 = 7;
}

/// Codes of the features; the number of coefficients is in [`front_end::BINS`].
pub(super) mod feature {
    pub(in super::super) const LOG_MEL: u8 = 1;
    pub(in super::super) const MFCC: u8 = 2;
}

/// Code of the only reference of the decibels, the window's maximum.
pub(super) const RELATIVE_TO_WINDOW_MAXIMUM: u8 = 1;

pub(super) const MEL_SCALES: [(u8, MelScale); 2] = [(1, MelScale::Slaney), (2, MelScale::Htk)];
pub(super) const MEL_NORMS: [(u8, MelNorm); 2] = [(0, MelNorm::None), (1, MelNorm::Slaney)];
pub(super) const PADDINGS: [(u8, Padding); 3] = [
    (0, Padding::None),
    (1, Padding::Zeros),
    (2, Padding::Reflect),
];

/// Return the value that a code stands for.
pub(super) fn decode<T: Copy>(codes: &[(u8, T)], code: u8) -> Option<T> {
    let mut known = codes.iter();
    known
        .find(|(known, _)| *known == code)
        .map(|(_, value)| *value)
}

/// Return the code of a value, which is in its table.
#[cfg(feature = "std")]
pub(super) fn encode<T: PartialEq>(codes: &[(u8, T)], value: T) -> u8 {
    let mut known = codes.iter();
    known
        .find(|(_, known)| *known == value)
        .map_or(u8::MAX, |(code, _)| *code)
}

/// Compute the CRC-32 (ISO-HDLC: zip, Ethernet, PNG) of a whole file, which must be longer than the checksum field.
pub(super) fn checksum(file: &[u8]) -> u32 {
    crc32(file.get(header::CHECKSUMMED..).unwrap_or_default())
}

/// Use carry-less multiplication where the machine has it.
#[cfg(feature = "std")]
fn crc32(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

/// Take one byte at a time, with a table of 1 KB.
#[cfg(not(feature = "std"))]
fn crc32(bytes: &[u8]) -> u32 {
    type Table = crc::Table<1>;
    static CRC: crc::Crc<u32, Table> = crc::Crc::<u32, Table>::new(&crc::CRC_32_ISO_HDLC);
    CRC.checksum(bytes)
}
