//! The graph of a network with branches in owned form, and where to lay its activations (feature `std`).

use std::vec;
use std::vec::Vec;

use super::codes::graph as at;
use super::write::put;
use super::{LayerSpec, MAX_SOURCES, Model, Shape};

/// Branches of a network in owned form: what each layer reads, and where the activations lie while it runs. All of it is
/// part of the model file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphSpec {
    /// Bytes of the arena: the largest end of an activation. The window begins at 0.
    pub arena: u32,
    /// One node per layer.
    pub nodes: Vec<NodeSpec>,
}

/// A layer's node in a [`GraphSpec`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSpec {
    /// Activations that the layer reads: 0 is the window and `k` the output of layer `k - 1`. One, or two to
    /// [`MAX_SOURCES`](super::MAX_SOURCES) of a join.
    pub sources: Vec<u16>,
    /// Offset of the layer's output in the arena, in bytes; 0 in the last layer, whose sums have no place there.
    pub offset: u32,
}

/// An activation to be placed.
struct Activation {
    bytes: u64,
    /// First and last layer during whose run it must be there.
    life: [usize; 2],
    offset: Option<u64>,
}

impl GraphSpec {
    /// Place the activations of a network whose layer `i` reads `sources[i]`: those of the most bytes first, each at the lowest
    /// offset at which it overlaps none whose life overlaps with its own. Return `None` for a chain, whose file has no
    /// graph.
    ///
    /// What contradicts itself is placed somehow, and refused by [`ModelSpec::to_bytes`](super::ModelSpec::to_bytes).
    #[must_use]
    pub fn plan(window: Shape, layers: &[LayerSpec], sources: &[Vec<u16>]) -> Option<Self> {
        let is_chain = |(index, sources): (usize, &Vec<u16>)| match sources.as_slice() {
            [source] => usize::from(*source) == index,
            _ => false,
        };
        if sources.iter().enumerate().all(is_chain) {
            return None;
        }
        let mut activations = activations(window, layers, sources);
        let mut order: Vec<usize> = (1..activations.len()).collect();
        // stable: of two of the same size the earlier one first
        order.sort_by_key(|index| core::cmp::Reverse(activations[*index].bytes));
        for index in order {
            activations[index].offset = Some(lowest(&activations, index));
        }
        let end = |activation: &Activation| activation.offset.unwrap_or(0) + activation.bytes;
        let arena = activations.iter().map(end).max().unwrap_or(0);
        let offsets = activations
            .iter()
            .skip(1)
            .map(|activation| activation.offset);
        // the last layer has no activation
        let offsets = offsets.chain([None]).map(Option::unwrap_or_default);
        let nodes = sources
            .iter()
            .zip(offsets)
            .map(|(sources, offset)| NodeSpec {
                sources: sources.clone(),
                // what a u32 does not hold is refused just as the most that it holds
                offset: u32::try_from(offset).unwrap_or(u32::MAX),
            });
        Some(Self {
            arena: u32::try_from(arena).unwrap_or(u32::MAX),
            nodes: nodes.collect(),
        })
    }

    /// Copy the graph of a model, `None` of a chain.
    pub(super) fn of(model: &Model<'_>) -> Option<Self> {
        let count = model.layers().len();
        let nodes = (0..count).map(|index| NodeSpec {
            sources: model.sources(index).iter().map(|k| k as u16).collect(),
            offset: model.place(index + 1).start as u32,
        });
        model.arena().map(|arena| Self {
            arena: arena as u32,
            nodes: nodes.collect(),
        })
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = vec![0; at::HEAD];
        put(&mut out, at::ARENA, self.arena.to_le_bytes());
        for node in &self.nodes {
            let mut entry = [0; at::BYTES];
            // more sources than an entry holds are refused just as none
            let sources = Some(&node.sources).filter(|sources| sources.len() <= MAX_SOURCES);
            let sources = sources.into_iter().flatten().copied();
            let filled = sources.chain([at::NONE; MAX_SOURCES]).take(MAX_SOURCES);
            for (place, source) in filled.enumerate() {
                put(&mut entry, at::SOURCES + 2 * place, source.to_le_bytes());
            }
            put(&mut entry, at::OFFSET, node.offset.to_le_bytes());
            out.extend(entry);
        }
        out
    }
}

/// List the window and the outputs of all layers but the last.
fn activations(window: Shape, layers: &[LayerSpec], sources: &[Vec<u16>]) -> Vec<Activation> {
    let outputs = layers.iter().map(|layer| layer.output);
    let shapes = [window]
        .into_iter()
        .chain(outputs)
        .take(layers.len().max(1));
    let activation = |(index, shape): (usize, Shape)| {
        let reads = |sources: &Vec<u16>| sources.iter().any(|k| usize::from(*k) == index);
        let last = sources.iter().rposition(reads).unwrap_or(0);
        let first = index.saturating_sub(1);
        Activation {
            bytes: shape.len(),
            life: [first, last.max(first)],
            offset: (index == 0).then_some(0),
        }
    };
    shapes.enumerate().map(activation).collect()
}

/// Return the lowest offset for an activation among those that are placed.
fn lowest(activations: &[Activation], index: usize) -> u64 {
    let this = &activations[index];
    let [first, last] = this.life;
    let others = activations.iter().filter(|other| {
        let [born, dead] = other.life;
        born <= last && first <= dead
    });
    let mut taken: Vec<[u64; 2]> = others
        .filter_map(|other| other.offset.map(|offset| [offset, offset + other.bytes]))
        .collect();
    taken.sort_unstable();
    let mut offset = 0;
    for [start, end] in taken {
        if start >= offset + this.bytes {
            break;
        }
        offset = offset.max(end);
    }
    offset
}
