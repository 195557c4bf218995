//! The graph of a network with branches: which activations a layer reads, and where its output lies.

use core::ops::Range;

use super::bytes::Bytes;
use super::codes::{graph as at, layer as at_layer};
use super::{Layer, Model, ModelError, Op, Shape};
use crate::limits::{MAX_ARENA, MAX_GRAPH_LAYERS, MAX_SOURCES};

/// What a layer reads: `0` is the window and `k` the output of layer `k - 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sources {
    /// A chain may have more layers than an entry of the file can name.
    first: usize,
    others: [u16; MAX_SOURCES - 1],
}

impl Sources {
    /// Make the only source of a layer.
    const fn one(source: usize) -> Self {
        Self {
            first: source,
            others: [at::NONE; MAX_SOURCES - 1],
        }
    }

    /// Iterate over the sources in order, one or up to [`MAX_SOURCES`] of a join.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        let others = self.others.into_iter().take_while(|k| *k != at::NONE);
        core::iter::once(self.first).chain(others.map(usize::from))
    }

    /// Return the only source of a layer that is not a join.
    pub(crate) const fn first(self) -> usize {
        self.first
    }
}

/// The section of a model with branches; an empty one stands for a chain.
#[derive(Clone, Copy)]
struct Graph<'a>(&'a [u8]);

/// Check the section by itself, apart from the sizes of the activations, for a model of so many layers.
pub(super) fn check_section(section: Bytes<'_>, layers: usize) -> Result<(), ModelError> {
    let length = section.data.len();
    let fits = length == at::length(layers);
    section.check(fits, "graph length", 0, length as u32)?;
    let few = layers <= MAX_GRAPH_LAYERS;
    section.check(few, "layers of a graph", 0, layers as u32)?;
    let arena = section.u32(at::ARENA)?;
    section.check(arena <= MAX_ARENA, "arena", at::ARENA, arena)?;
    section.zeros("graph head", at::ARENA + 4, at::HEAD)?;
    let mut branches = false;
    for index in 0..layers {
        let entry = section.part(at::HEAD + index * at::BYTES, at::BYTES)?;
        let sources = read_sources(entry, index)?;
        branches |= sources != Sources::one(index);
        entry.zeros("graph entry", at::ZEROS, at::BYTES)?;
    }
    // a chain has a file without the section
    section.check(branches, "graph of a chain", 0, layers as u32)
}

impl<'a> Graph<'a> {
    /// Return the entries, one per layer.
    fn entries(self) -> &'a [[u8; at::BYTES]] {
        self.0.get(at::HEAD..).unwrap_or_default().as_chunks().0
    }

    /// Return a layer's sources and the offset of its output; `None` in a chain.
    fn node(self, layer: usize) -> Option<(Sources, usize)> {
        let entry = self.entries().get(layer)?;
        let (sources, rest) = entry.split_first_chunk::<{ 2 * MAX_SOURCES }>()?;
        let [first, others @ ..] = sources.as_chunks().0 else {
            return None;
        };
        let mut found = Sources::one(u16::from_le_bytes(*first).into());
        for (source, bytes) in found.others.iter_mut().zip(others) {
            *source = u16::from_le_bytes(*bytes);
        }
        let offset = u32::from_le_bytes(*rest.first_chunk()?);
        Some((found, offset as usize))
    }

    /// Return what a layer reads.
    fn sources(self, layer: usize) -> Sources {
        let node = self.node(layer).map(|(sources, _)| sources);
        node.unwrap_or(Sources::one(layer))
    }

    /// Return the offset of an activation: 0 of the window and of the last layer's sums.
    fn offset(self, activation: usize) -> usize {
        let layer = activation.checked_sub(1);
        let node = layer.and_then(|layer| self.node(layer));
        node.map_or(0, |(_, offset)| offset)
    }

    /// Return whether a layer from `first` on reads an activation.
    fn is_read_from(self, first: usize, activation: usize) -> bool {
        let count = self.entries().len();
        (first..count).any(|layer| self.sources(layer).iter().any(|k| k == activation))
    }
}

/// Read the sources of layer `index`: each an earlier activation, and those that there are before those that there are
/// not.
fn read_sources(entry: Bytes<'_>, index: usize) -> Result<Sources, ModelError> {
    let is_earlier = |source: u16| usize::from(source) <= index;
    let first = entry.u16(at::SOURCES)?;
    entry.check(is_earlier(first), "source", at::SOURCES, first)?;
    let mut sources = Sources::one(first.into());
    let mut ended = false;
    for (place, source) in sources.others.iter_mut().enumerate() {
        let offset = at::SOURCES + 2 * (1 + place);
        *source = entry.u16(offset)?;
        let is_none = *source == at::NONE;
        ended |= is_none;
        let good = is_none || (!ended && is_earlier(*source));
        entry.check(good, "source", offset, *source)?;
    }
    Ok(sources)
}

/// Check that a layer has the sources that its operator takes and that their shapes make its input.
/// `record` is the layer's in the table of layers.
pub(super) fn check_sources(
    model: &Model<'_>,
    section: Option<Bytes<'_>>,
    record: Bytes<'_>,
    index: usize,
    layer: &Layer<'_>,
) -> Result<(), ModelError> {
    let sources = model.sources(index);
    let count = sources.iter().count();
    match section {
        Some(section) => {
            let entry = section.part(at::HEAD + index * at::BYTES, at::BYTES)?;
            let good = (count > 1) == (layer.op == Op::Join);
            entry.check(good, "sources", at::SOURCES, count as u32)?;
            if let Op::Resample { .. } = layer.op {
                let source = sources.first();
                let good = source == 0;
                entry.check(good, "source of a resampling", at::SOURCES, source as u32)?;
            }
        }
        None => {
            let joins = layer.op == Op::Join;
            record.check(!joins, "join without a graph", at_layer::OP, index as u32)?;
            let good = index == 0 || !matches!(layer.op, Op::Resample { .. });
            record.check(good, "source of a resampling", at_layer::OP, index as u32)?;
        }
    }
    let mut channels = 0;
    let mut same = true;
    for source in sources.iter() {
        let shape = model.shape(source);
        same &= [shape.height, shape.width] == [layer.input.height, layer.input.width];
        channels += u32::from(shape.channels);
    }
    same &= channels == u32::from(layer.input.channels);
    record.check(same, "input shape", at_layer::INPUT, layer.input.height)
}

/// Check where the activations of a graph lie, whose layers are good each by itself: none over another one that is still
/// to be read.
pub(super) fn check_places(model: &Model<'_>, section: Bytes<'_>) -> Result<(), ModelError> {
    let count = model.layers().len();
    let mut end = model.place(0).end;
    for index in 0..count {
        let entry = section.part(at::HEAD + index * at::BYTES, at::BYTES)?;
        let offset = entry.u32(at::OFFSET)?;
        if index + 1 == count {
            let what = "output offset of the last layer";
            entry.check(offset == 0, what, at::OFFSET, offset)?;
            continue;
        }
        let is_read = model.graph().is_read_from(index + 1, index + 1);
        let what = "output that is not read";
        entry.check(is_read, what, at::SOURCES, index as u32 + 1)?;
        let place = model.place(index + 1);
        let inside = offset <= MAX_ARENA && place.end <= MAX_ARENA as usize;
        entry.check(inside, "output offset", at::OFFSET, offset)?;
        let is_free = (0..=index).all(|earlier| {
            let other = model.place(earlier);
            let overlaps = other.start < place.end && place.start < other.end;
            !overlaps || !model.graph().is_read_from(index, earlier)
        });
        let what = "output offset over an activation in use";
        entry.check(is_free, what, at::OFFSET, offset)?;
        end = end.max(place.end);
    }
    let arena = section.u32(at::ARENA)?;
    section.check(arena as usize == end, "arena", at::ARENA, arena)
}

impl Model<'_> {
    /// Return what a layer reads; in a chain, the activation before it.
    #[must_use]
    pub fn sources(&self, layer: usize) -> Sources {
        self.graph().sources(layer)
    }

    /// Return the bytes that the activations of a network with branches take together, as the file's writer placed them;
    /// `None` for a chain, whose activations alternate between two places.
    #[must_use]
    pub fn arena(&self) -> Option<usize> {
        let arena = self.graph().0.first_chunk()?;
        Some(u32::from_le_bytes(*arena) as usize)
    }

    fn graph(&self) -> Graph<'_> {
        let length = at::length(self.layers.len() / at_layer::BYTES);
        let section = self.file.get(self.graph_at..self.graph_at + length);
        let section = section.filter(|_| self.graph_at > 0);
        Graph(section.unwrap_or_default())
    }

    /// Return where an activation of a network with branches lies in the arena.
    pub(crate) fn place(&self, activation: usize) -> Range<usize> {
        let start = self.graph().offset(activation);
        // parse() has checked that it ends within the arena, and does not go on with one that would end past a usize
        start..start.saturating_add(self.shape(activation).len() as usize)
    }

    /// Return the shape of an activation: 0 is the window and `k` the output of layer `k - 1`.
    pub(crate) fn shape(&self, activation: usize) -> Shape {
        match activation.checked_sub(1) {
            Some(layer) => self.layer_shape(layer),
            None => self.input(),
        }
    }
}
