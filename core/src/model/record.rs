//! Reading and validating the layer table and the weights that it refers to.

use super::bytes::Bytes;
use super::codes::{ALIGNMENT, layer as at, op, resample};
use super::graph::check_sources;
use super::{Biases, Geometry, Layer, Model, ModelError, Op, Shape};
use crate::limits::{MAX_BYTES, MAX_EMBEDDING, MAX_SHIFT};

/// Returned by `Model::layers` for a record that `parse` has not seen, which does not happen.
pub(super) const EMPTY_LAYER: Layer<'static> = Layer {
    op: Op::Dense,
    shift: 0,
    input: Shape::new(0, 0, 0),
    output: Shape::new(0, 0, 0),
    weights: &[],
    biases: Biases(&[]),
};

/// Check all layers: each by itself, that they fit together, and that their weights fill the weights section.
/// Return the length of the embedding, which is the last layer's input, or 0 if that is too long for one.
pub(super) fn check_layers(
    model: &Model<'_>,
    table: Bytes<'_>,
    weights: Bytes<'_>,
    graph: Option<Bytes<'_>>,
) -> Result<usize, ModelError> {
    let length = table.data.len();
    let whole = length > 0 && length.is_multiple_of(at::BYTES);
    table.check(whole, "layers length", 0, length as u32)?;
    let count = length / at::BYTES;
    let (mut used, mut embedding) = (0, 0);
    for index in 0..count {
        let record = table.part(index * at::BYTES, at::BYTES)?;
        let layer = read(record, model.weights)?;
        check_sources(model, graph, record, index, &layer)?;
        let place = used;
        used = check_place(record, &layer, weights, used)?;
        if let Op::Resample { .. } = layer.op {
            check_resampling(&layer, weights.part(place, layer.weights.len())?)?;
        }
        if index + 1 == count {
            check_last(record, &layer, model.classes())?;
            let values = layer.input.len() as usize;
            embedding = if values <= MAX_EMBEDDING { values } else { 0 };
        }
    }
    let length = weights.data.len();
    weights.check(used == length, "weights section", 0, length as u32)?;
    Ok(embedding)
}

/// Check that the last layer is a dense one with one output per class.
fn check_last(record: Bytes<'_>, layer: &Layer<'_>, classes: usize) -> Result<(), ModelError> {
    let op = record.u8(at::OP)?;
    record.check(layer.op == Op::Dense, "last layer", at::OP, op)?;
    let shift = layer.shift;
    record.check(shift == 0, "shift of the last layer", at::SHIFT, shift)?;
    let outputs = layer.output.channels;
    let all = usize::from(outputs) == classes;
    record.check(all, "outputs", at::OUTPUT + 4, outputs)
}

/// Check that a layer's weights and biases follow what is `used` of the section; return what is used after them.
fn check_place(
    record: Bytes<'_>,
    layer: &Layer<'_>,
    section: Bytes<'_>,
    used: usize,
) -> Result<usize, ModelError> {
    let mut end = used;
    for (entry, what, length) in [
        (at::WEIGHTS, "weights offset", layer.weights.len()),
        (at::BIASES, "biases offset", layer.biases.len() * 4),
    ] {
        let offset = record.u32(entry)?;
        record.check(offset as usize == end, what, entry, offset)?;
        section.padding(end + length)?;
        end = (end + length).next_multiple_of(ALIGNMENT);
    }
    Ok(end)
}

/// Check that a resampling's cells lie in its input and that all its padding is the same.
fn check_resampling(layer: &Layer<'_>, weights: Bytes<'_>) -> Result<(), ModelError> {
    let mut padding = None;
    let rows = usize::from(layer.output.height);
    for index in 0..rows + usize::from(layer.output.width) {
        let extent = if index < rows {
            layer.input.height
        } else {
            layer.input.width
        };
        let place = resample::ENTRIES + index * resample::ENTRY_BYTES;
        let (first, share) = (weights.u16(place)?, weights.u16(place + 2)?);
        if first == resample::PADDING {
            let same = share <= 255 && padding.is_none_or(|padding| padding == share);
            weights.check(same, "padding share", place + 2, share)?;
            padding = Some(share);
        } else {
            let inside = first + 1 < extent;
            weights.check(inside, "first cell", place, first)?;
            weights.check(share <= 256, "share", place + 2, share)?;
        }
    }
    Ok(())
}

/// Read the three extents of a shape.
pub(super) fn shape(record: Bytes<'_>, at: usize) -> Result<Shape, ModelError> {
    Ok(Shape::new(
        record.u16(at)?,
        record.u16(at + 2)?,
        record.u16(at + 4)?,
    ))
}

/// Read one record of the layer table and check everything that can be checked without its neighbours.
pub(super) fn read<'a>(record: Bytes<'_>, weights: &'a [u8]) -> Result<Layer<'a>, ModelError> {
    let op = read_op(record)?;
    let shift = record.u8(at::SHIFT)?;
    let shifts = !matches!(op, Op::MaxPool { .. } | Op::Join | Op::Resample { .. });
    let good = shift <= if shifts { MAX_SHIFT } else { 0 };
    record.check(good, "shift", at::SHIFT, shift)?;
    let (input, output) = (shape(record, at::INPUT)?, shape(record, at::OUTPUT)?);
    let bounded = !input.is_empty() && input.len() <= MAX_BYTES && output.len() <= MAX_BYTES;
    record.check(bounded, "activation size", at::INPUT, input.height)?;
    let computed = op.output(input, output.channels);
    let fits = computed == Some(output);
    record.check(fits, "output shape", at::OUTPUT, output.height)?;
    let layer = Layer {
        op,
        shift,
        input,
        output,
        weights: bytemuck::cast_slice(span(
            record,
            weights,
            at::WEIGHTS,
            op.weights(input, output),
        )?),
        biases: Biases(span(record, weights, at::BIASES, op.biases(output) * 4)?),
    };
    check_sums(record, &layer)?;
    Ok(layer)
}

/// Read the operator; fields that it does not use must be as the writer leaves them.
fn read_op(record: Bytes<'_>) -> Result<Op, ModelError> {
    let pair = |at: usize| Ok::<_, ModelError>([record.u8(at)?, record.u8(at + 1)?]);
    let ([top, left], [bottom, right]) = (pair(at::PAD)?, pair(at::PAD + 2)?);
    let geometry = Geometry {
        kernel: pair(at::KERNEL)?,
        stride: pair(at::STRIDE)?,
        pad: [top, left, bottom, right],
    };
    let pool = pair(at::POOL)?;
    let multiplier = record.u8(at::MULTIPLIER)? as i8;
    let code = record.u8(at::OP)?;
    let op = match code {
        op::CONV => Op::Conv { geometry, pool },
        op::DEPTHWISE => Op::Depthwise { geometry, pool },
        op::MAX_POOL => Op::MaxPool { geometry },
        op::AVERAGE_POOL => Op::AveragePool {
            geometry,
            multiplier,
        },
        op::DENSE => Op::Dense,
        op::JOIN => Op::Join,
        op::RESAMPLE => {
            let output = shape(record, at::OUTPUT)?;
            Op::Resample {
                extent: [output.height, output.width],
            }
        }
        other => return Err(record.invalid("layer op", at::OP, other)),
    };
    if matches!(op, Op::Dense | Op::Join | Op::Resample { .. }) {
        let what = match op {
            Op::Dense => "geometry of a dense layer",
            Op::Join => "geometry of a join",
            _ => "geometry of a resampling",
        };
        record.zeros(what, at::KERNEL, at::POOL)?;
    } else {
        // padding as large as the kernel would make outputs of nothing but padding
        let [height, width] = geometry.kernel;
        let fits = top.max(bottom) < height && left.max(right) < width;
        record.check(fits, "padding", at::PAD, top)?;
    }
    if !matches!(op, Op::Conv { .. } | Op::Depthwise { .. }) {
        record.check(pool == [1, 1], "fused pool", at::POOL, pool[0])?;
    }
    let multiplies = matches!(op, Op::AveragePool { .. });
    let good = (multiplier > 0) == multiplies && (multiplies || multiplier == 0);
    record.check(good, "multiplier", at::MULTIPLIER, multiplier)?;
    record.zeros("reserved", at::ZEROS, at::BYTES)?;
    Ok(op)
}

/// Return the bytes of the weights section that two u32 at `entry` (offset, length in bytes) name.
fn span<'a>(
    record: Bytes<'_>,
    weights: &'a [u8],
    entry: usize,
    expected: u64,
) -> Result<&'a [u8], ModelError> {
    let (offset, length) = (record.u32(entry)?, record.u32(entry + 4)?);
    let stated = u64::from(length) == expected;
    record.check(stated, "weights length", entry + 4, length)?;
    let end = (offset as usize).checked_add(length as usize);
    end.and_then(|end| weights.get(offset as usize..end))
        .ok_or_else(|| record.invalid("weights offset", entry, offset))
}

/// Refuse a layer whose i32 sums could overflow for some input.
fn check_sums(record: Bytes<'_>, layer: &Layer<'_>) -> Result<(), ModelError> {
    let weight = match layer.op {
        Op::AveragePool { multiplier, .. } => u64::from(multiplier.unsigned_abs()),
        _ => 128,
    };
    let products = layer.op.taps(layer.input) * 255 * weight;
    let magnitudes = layer.biases.iter().map(i32::unsigned_abs);
    let largest = magnitudes.max().unwrap_or(0);
    let good = products + u64::from(largest) <= i32::MAX as u64;
    record.check(good, "largest possible sum", at::BIASES, largest)
}
