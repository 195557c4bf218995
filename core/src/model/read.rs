//! Reading and validating a `.timbrel` file.

use super::format::{self, Bytes, field, section};
use super::{Biases, Geometry, Layer, MAX_CLASSES, Model, ModelError, Normalisation, Op, Shape};
use crate::frontend::{Feature, FrontEnd, MelNorm, MelScale, Padding, WindowSpec};

/// Most columns in a window: at 12.9 columns a second more than a minute.
const MAX_COLUMNS: u16 = 1024;
/// Most bytes of weights, activations or anything else: keeps all sums far from overflow on 32 bits.
const MAX_BYTES: u64 = 1 << 26;

/// What `Model::layers` gives for a record that `parse` has not seen; it never does.
pub(super) const EMPTY_LAYER: Layer<'static> = Layer {
    op: Op::Dense,
    shift: 0,
    input: Shape::new(0, 0, 0),
    output: Shape::new(0, 0, 0),
    weights: &[],
    biases: Biases(&[]),
};

pub(super) fn parse(file: &[u8]) -> Result<Model<'_>, ModelError> {
    let bytes = Bytes { data: file, at: 0 };
    check_header(bytes)?;
    let sections = read_sections(bytes)?;
    let fixed = read_front_end(sections[section::FRONT_END])?;
    let normalisation =
        read_normalisation(sections[section::NORMALISATION], fixed.front_end.bins())?;
    let labels = read_labels(sections[section::LABELS], fixed.classes)?;
    let provenance = sections[section::PROVENANCE];
    let model = Model {
        front_end: fixed.front_end,
        window: fixed.window,
        normalisation,
        classes: usize::from(fixed.classes),
        logits_exponent: fixed.logits_exponent,
        labels,
        layers: sections[section::LAYERS].data,
        layers_at: sections[section::LAYERS].at,
        weights: sections[section::WEIGHTS].data,
        provenance: utf8(provenance, "provenance")?,
        file,
    };
    check_layers(&model, fixed.classes)?;
    Ok(model)
}

fn check_header(bytes: Bytes<'_>) -> Result<(), ModelError> {
    let found = bytes.data.len();
    if bytes
        .data
        .get(..8)
        .is_none_or(|magic| magic != format::MAGIC)
    {
        return Err(ModelError::NotAModel);
    }
    bytes.part(0, format::HEADER_BYTES)?;
    let version = bytes.u16(field::VERSION)?;
    if version != format::VERSION {
        return Err(ModelError::Version { found: version });
    }
    let stated = bytes.u32(field::LENGTH)?;
    if (found as u64) < u64::from(stated) {
        let needed = stated as usize;
        return Err(ModelError::Truncated { needed, found });
    }
    if found as u64 != u64::from(stated) {
        return Err(ModelError::Length { stated, found });
    }
    let (stated, computed) = (bytes.u32(field::CHECKSUM)?, format::checksum(bytes.data));
    if stated != computed {
        return Err(ModelError::Checksum { stated, computed });
    }
    let reserved = u32::from(bytes.u16(field::RESERVED)?);
    bytes.check(reserved == 0, "reserved", field::RESERVED, reserved)
}

fn read_sections(bytes: Bytes<'_>) -> Result<[Bytes<'_>; section::COUNT], ModelError> {
    let mut sections = [bytes; section::COUNT];
    for (index, slot) in sections.iter_mut().enumerate() {
        let entry = field::SECTIONS + index * 8;
        let (offset, length) = (bytes.u32(entry)?, bytes.u32(entry + 4)?);
        let placed = offset as usize >= format::HEADER_BYTES
            && (offset as usize).is_multiple_of(format::ALIGNMENT);
        bytes.check(placed, "section offset", entry, offset)?;
        *slot = bytes.part(offset as usize, length as usize)?;
    }
    Ok(sections)
}

struct Fixed {
    front_end: FrontEnd,
    window: WindowSpec,
    classes: u16,
    logits_exponent: u8,
}

fn read_front_end(bytes: Bytes<'_>) -> Result<Fixed, ModelError> {
    let length = bytes.data.len();
    bytes.check(
        length == section::FRONT_END_BYTES,
        "front end length",
        0,
        length as u32,
    )?;
    let code = |offset: usize| bytes.u8(offset).map(u32::from);
    let bins = bytes.u16(14)?;
    let front_end = FrontEnd {
        feature: match bytes.u8(0)? {
            section::LOG_MEL => Feature::LogMel,
            section::MFCC => Feature::Mfcc { coefficients: bins },
            other => return Err(bytes.invalid("feature", 0, u32::from(other))),
        },
        mel_scale: match code(1)? {
            1 => MelScale::Slaney,
            2 => MelScale::Htk,
            other => return Err(bytes.invalid("mel scale", 1, other)),
        },
        mel_norm: match code(2)? {
            0 => MelNorm::None,
            1 => MelNorm::Slaney,
            other => return Err(bytes.invalid("mel norm", 2, other)),
        },
        padding: match code(3)? {
            0 => Padding::None,
            1 => Padding::Zeros,
            2 => Padding::Reflect,
            other => return Err(bytes.invalid("padding", 3, other)),
        },
        sample_rate: bytes.u32(4)?,
        n_fft: bytes.u16(8)?,
        hop: bytes.u16(10)?,
        n_mels: bytes.u16(12)?,
        f_min: bytes.f32(16)?,
        f_max: bytes.f32(20)?,
        amin: bytes.f32(24)?,
        top_db: bytes.f32(28)?,
    };
    // n_mels and bins are one number in a log-mel front end; in one of MFCCs validate() compares them
    bytes.check(bins == front_end.bins(), "bins", 14, u32::from(bins))?;
    if let Err((what, found)) = front_end.validate() {
        return Err(bytes.invalid(what, 0, found));
    }
    let window = WindowSpec {
        columns: bytes.u16(32)?,
        hop: bytes.u16(34)?,
    };
    let columns = u32::from(window.columns);
    bytes.check(
        (1..=MAX_COLUMNS).contains(&window.columns),
        "window columns",
        32,
        columns,
    )?;
    let hop = u32::from(window.hop);
    bytes.check(
        (1..=window.columns).contains(&window.hop),
        "window hop",
        34,
        hop,
    )?;
    let classes = bytes.u16(36)?;
    let class_range = 1..=MAX_CLASSES as u16;
    bytes.check(
        class_range.contains(&classes),
        "classes",
        36,
        u32::from(classes),
    )?;
    let logits_exponent = bytes.u8(38)?;
    bytes.check(
        logits_exponent <= 31,
        "logits exponent",
        38,
        u32::from(logits_exponent),
    )?;
    let reference = code(39)?;
    let known = reference == u32::from(section::RELATIVE_TO_WINDOW_MAXIMUM);
    bytes.check(known, "decibel reference", 39, reference)?;
    Ok(Fixed {
        front_end,
        window,
        classes,
        logits_exponent,
    })
}

fn read_normalisation(bytes: Bytes<'_>, bins: u16) -> Result<Normalisation<'_>, ModelError> {
    let length = bytes.data.len();
    let fits = length == 8 || length == 8 * usize::from(bins);
    bytes.check(fits, "normalisation length", 0, length as u32)?;
    for offset in (0..length).step_by(4) {
        let value = bytes.f32(offset)?;
        bytes.check(value.abs() <= 1e6, "normalisation", offset, value.to_bits())?;
    }
    Ok(Normalisation(bytes.data))
}

fn utf8<'a>(bytes: Bytes<'a>, what: &'static str) -> Result<&'a str, ModelError> {
    core::str::from_utf8(bytes.data).map_err(|error| {
        let offset = error.valid_up_to();
        bytes.invalid(what, offset, bytes.u8(offset).map_or(0, u32::from))
    })
}

/// Checks that the section is `classes` times a length byte and that much UTF-8. A length byte is
/// limited to 127 so that the whole section is UTF-8 too and can be kept as one `str`.
fn read_labels(bytes: Bytes<'_>, classes: u16) -> Result<&str, ModelError> {
    let text = utf8(bytes, "labels")?;
    let mut at = 0;
    for _ in 0..classes {
        let length = bytes.u8(at)?;
        bytes.check(
            (1..=127).contains(&length),
            "label length",
            at,
            u32::from(length),
        )?;
        let name = bytes.part(at + 1, usize::from(length))?;
        utf8(name, "label")?;
        at += 1 + usize::from(length);
    }
    bytes.check(
        at == bytes.data.len(),
        "labels length",
        0,
        bytes.data.len() as u32,
    )?;
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

fn check_layers(model: &Model<'_>, classes: u16) -> Result<(), ModelError> {
    let table = Bytes {
        data: model.layers,
        at: model.layers_at,
    };
    let length = table.data.len();
    let whole = length > 0 && length.is_multiple_of(format::LAYER_BYTES);
    table.check(whole, "layers length", 0, length as u32)?;
    let count = length / format::LAYER_BYTES;
    let mut shape = model.input();
    for index in 0..count {
        let record = table.part(index * format::LAYER_BYTES, format::LAYER_BYTES)?;
        let layer = layer(record, model.weights)?;
        let chained = layer.input == shape;
        record.check(chained, "input shape", 12, u32::from(layer.input.height))?;
        shape = layer.output;
        let last = index + 1 == count;
        let op = u32::from(record.u8(0)?);
        if last {
            record.check(layer.op == Op::Dense, "last layer", 0, op)?;
            record.check(
                layer.shift == 0,
                "shift of the last layer",
                1,
                u32::from(layer.shift),
            )?;
            record.check(
                shape.channels == classes,
                "outputs",
                22,
                u32::from(shape.channels),
            )?;
        }
    }
    Ok(())
}

/// Reads one record of the layer table and checks all that can be checked without its neighbours.
pub(super) fn layer<'a>(record: Bytes<'_>, weights: &'a [u8]) -> Result<Layer<'a>, ModelError> {
    let geometry = Geometry {
        kernel: [record.u8(2)?, record.u8(3)?],
        stride: [record.u8(4)?, record.u8(5)?],
        pad: [record.u8(6)?, record.u8(7)?, record.u8(8)?, record.u8(9)?],
    };
    let pool = [record.u8(10)?, record.u8(11)?];
    let multiplier = record.u8(40)? as i8;
    let op = match record.u8(0)? {
        section::CONV => Op::Conv { geometry, pool },
        section::DEPTHWISE => Op::Depthwise { geometry, pool },
        section::MAX_POOL => Op::MaxPool { geometry },
        section::AVERAGE_POOL => Op::AveragePool {
            geometry,
            multiplier,
        },
        section::DENSE => Op::Dense,
        other => return Err(record.invalid("layer op", 0, u32::from(other))),
    };
    check_padding(record, op, geometry)?;
    if matches!(op, Op::AveragePool { .. }) {
        record.check(multiplier > 0, "multiplier", 40, multiplier as u32)?;
    }
    let shift = record.u8(1)?;
    record.check(shift <= 31, "shift", 1, u32::from(shift))?;
    let shape = |at: usize| {
        Ok::<_, ModelError>(Shape::new(
            record.u16(at)?,
            record.u16(at + 2)?,
            record.u16(at + 4)?,
        ))
    };
    let (input, output) = (shape(12)?, shape(18)?);
    let bounded = !input.is_empty() && input.len() <= MAX_BYTES && output.len() <= MAX_BYTES;
    record.check(bounded, "activation size", 12, u32::from(input.height))?;
    let computed = op.output(input, output.channels);
    record.check(
        computed == Some(output),
        "output shape",
        18,
        u32::from(output.height),
    )?;
    let weights_span = span(record, weights, 24, op.weights(input, output), 1)?;
    let bias_span = span(record, weights, 32, op.biases(output) * 4, 16)?;
    let layer = Layer {
        op,
        shift,
        input,
        output,
        weights: bytemuck::cast_slice(weights_span),
        biases: Biases(bias_span),
    };
    check_sums(record, &layer)?;
    Ok(layer)
}

/// A padding as large as the kernel would make outputs of nothing but padding.
fn check_padding(record: Bytes<'_>, op: Op, geometry: Geometry) -> Result<(), ModelError> {
    let [top, left, bottom, right] = geometry.pad;
    let [height, width] = geometry.kernel;
    let fits = top.max(bottom) < height && left.max(right) < width;
    record.check(op == Op::Dense || fits, "padding", 6, u32::from(top))
}

/// The bytes that two u32 at `at` (offset, length in bytes) name in the weights section.
fn span<'a>(
    record: Bytes<'_>,
    weights: &'a [u8],
    at: usize,
    expected: u64,
    alignment: usize,
) -> Result<&'a [u8], ModelError> {
    let (offset, length) = (record.u32(at)?, record.u32(at + 4)?);
    record.check(
        u64::from(length) == expected,
        "weights length",
        at + 4,
        length,
    )?;
    let aligned = (offset as usize).is_multiple_of(alignment);
    let end = (offset as usize).checked_add(length as usize);
    end.filter(|_| aligned)
        .and_then(|end| weights.get(offset as usize..end))
        .ok_or_else(|| record.invalid("weights offset", at, offset))
}

/// Refuses a layer whose i32 sums could overflow for some input.
fn check_sums(record: Bytes<'_>, layer: &Layer<'_>) -> Result<(), ModelError> {
    let weight = match layer.op {
        Op::AveragePool { multiplier, .. } => u64::from(multiplier.unsigned_abs()),
        _ => 128,
    };
    let products = layer.op.taps(layer.input) * 255 * weight;
    let largest = layer
        .biases
        .iter()
        .map(i32::unsigned_abs)
        .max()
        .unwrap_or(0);
    let sum = products + u64::from(largest);
    record.check(sum <= i32::MAX as u64, "largest possible sum", 32, largest)
}
