//! Valid and nearly valid model files, from a seed.

use timbrel_core::frontend::{FrontEnd, MelNorm, MelScale, Padding, WindowSpec};
use timbrel_core::model::{
    Confidence, FFT_LENGTHS, Geometry, GraphSpec, LayerSpec, ModelSpec, NodeSpec, Op,
    RejectionSpec, Shape,
};

use super::graphs::{self, Branches};
use super::{Random, model};

const LENGTH: usize = 12;
const CHECKSUM: usize = 16;
const CHECKSUMMED: usize = 20;
const EXTENSIONS: usize = 20;
const SECTIONS: usize = 32;
const FRONT_END: usize = 0;
const LABELS: usize = 2;
const LAYERS: usize = 3;
const RECORD: usize = 48;
/// Ids of the extension sections that the reader knows.
const KNOWN: [u32; 3] = [1, 2, 0x8000_0001];

/// Make the file of a seed: half of them are models at the edges of what is valid, half damaged models whose length and
/// checksum are right.
pub(crate) fn file(seed: u64) -> Vec<u8> {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    // the first numbers of neighbouring seeds resemble each other
    for _ in 0..4 {
        random.next();
    }
    let spec = extreme(&mut random);
    let Ok(mut file) = spec.to_bytes() else {
        return Vec::new();
    };
    if random.below(2) == 0 {
        for _ in 0..1 + random.below(3) {
            damage(&mut random, &mut file);
        }
        seal(&mut file);
    }
    file
}

/// Make length and checksum those of the content.
pub(crate) fn seal(file: &mut [u8]) {
    let length = (file.len() as u32).to_le_bytes();
    if let Some(place) = file.get_mut(LENGTH..LENGTH + 4) {
        place.copy_from_slice(&length);
    }
    let crc = crc32(file.get(CHECKSUMMED..).unwrap_or_default()).to_le_bytes();
    if let Some(place) = file.get_mut(CHECKSUM..CHECKSUM + 4) {
        place.copy_from_slice(&crc);
    }
}

/// Compute the CRC-32 four bits at a time, from its definition (reflected polynomial 0xEDB88320).
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 16] = {
        let mut table = [0; 16];
        let mut index = 0;
        while index < 16 {
            let mut crc = index as u32;
            let mut bit = 0;
            while bit < 4 {
                crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
                bit += 1;
            }
            table[index] = crc;
            index += 1;
        }
        table
    };
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        let crc = crc ^ u32::from(*byte);
        let crc = (crc >> 4) ^ TABLE[crc as usize & 15];
        (crc >> 4) ^ TABLE[crc as usize & 15]
    })
}

/// Return one of the numbers at which code goes wrong, or any number, up to `most`.
fn number(random: &mut Random, most: usize) -> usize {
    match random.below(8) {
        0 => 1,
        1 => most,
        2 => (1 << random.below(8)).min(most),
        3 => (3 + 2 * random.below(8)).min(most),
        _ => 1 + random.below(most),
    }
}

/// Make a model at the edges of what is valid; its file may be refused.
fn extreme(random: &mut Random) -> ModelSpec {
    let n_fft = FFT_LENGTHS[random.below(4)];
    let n_mels = number(random, 24) as u16;
    let mut front_end = FrontEnd::librosa(n_fft, number(random, n_fft.into()) as u16, n_mels);
    front_end.sample_rate = [1_000, 8_000, 22_050, 96_000, 384_000][random.below(5)];
    front_end.f_max = front_end.sample_rate as f32 / 2.0;
    front_end.f_min = [0.0, 0.499 * front_end.f_max][random.below(2)];
    front_end.mel_scale = [MelScale::Slaney, MelScale::Htk][random.below(2)];
    front_end.mel_norm = [MelNorm::Slaney, MelNorm::None][random.below(2)];
    front_end.padding = [Padding::None, Padding::Zeros, Padding::Reflect][random.below(3)];
    if random.below(4) == 0 {
        front_end = front_end.mfcc(number(random, n_mels.into()) as u16);
    }
    let columns = number(random, 24) as u16;
    let window = WindowSpec {
        columns,
        hop: number(random, columns.into()) as u16,
    };
    let input = Shape::new(front_end.bins(), columns, 1);
    let (layers, sources) = if random.below(3) == 0 {
        let count = random.below(7);
        let branches = Branches::random(random, input, count, layer);
        let sources = branches.with_head();
        (branches.layers, Some(sources))
    } else {
        (chain(random, input), None)
    };
    let classes = number(random, 8) as u16;
    let mut spec = model(random, front_end, window, layers, classes);
    if let Some(sources) = sources {
        graphs::plan(&mut spec, &sources);
        match random.below(4) {
            0 => spoil(random, &mut spec),
            1 => spread(random, &mut spec),
            _ => {}
        }
    }
    spec.logits_exponent = random.below(32) as u8;
    if random.below(4) == 0
        && let Some(head) = spec.layers.last_mut()
    {
        extreme_weights(random, head);
    }
    if random.below(3) == 0 {
        spec.rejection = spec.layers.last().map(|head| rejection(random, head));
    }
    if random.below(3) == 0 {
        spec.confidence = Confidence {
            scale: [0.01, 1.0, 1.25, 100.0][random.below(4)],
            unsure_below: [0.0, 0.5, 1.0][random.below(3)],
        };
    }
    spec
}

/// Make up to three layers, each over the output of the one before, or a resampling first.
fn chain(random: &mut Random, mut shape: Shape) -> Vec<LayerSpec> {
    let mut layers: Vec<LayerSpec> = Vec::new();
    for index in 0..random.below(4) {
        let resamples = index == 0 && random.below(4) == 0;
        let extent = [number(random, 12) as u16, number(random, 12) as u16];
        let next = match resamples {
            true => super::layer(random, Op::Resample { extent }, shape, 1),
            false => layer(random, shape),
        };
        if let Some(layer) = next {
            shape = layer.output;
            layers.push(layer);
        }
    }
    layers
}

/// Place the activations in another order and with gaps, which is as valid.
fn spread(random: &mut Random, spec: &mut ModelSpec) {
    let mut end = graphs::window(spec).len();
    let Some(graph) = &mut spec.graph else {
        return;
    };
    for (node, layer) in graph.nodes.iter_mut().zip(&spec.layers) {
        node.offset = end as u32 + random.below(40) as u32;
        end = u64::from(node.offset) + layer.output.len();
        graph.arena = end as u32;
    }
    if let [.., last, head] = graph.nodes.as_mut_slice() {
        graph.arena = last.offset;
        graph.arena += spec.layers[spec.layers.len() - 2].output.len() as u32;
        head.offset = 0;
    }
}

/// Change one thing of a model's graph, mostly to what is not valid.
fn spoil(random: &mut Random, spec: &mut ModelSpec) {
    let layers = spec.layers.len();
    let node = random.below(layers);
    let Some(graph) = &mut spec.graph else {
        // the graph of a chain
        let nodes = (0..layers as u16).map(|index| NodeSpec {
            sources: vec![index],
            offset: 0,
        });
        spec.graph = Some(GraphSpec {
            arena: 1,
            nodes: nodes.collect(),
        });
        return;
    };
    let offset = graph.nodes[random.below(layers)].offset;
    let source = random.below(layers + 1) as u16;
    let more = random.below(64) as u32;
    let NodeSpec {
        sources,
        offset: own,
    } = &mut graph.nodes[node];
    match random.below(10) {
        0 => *own = offset,
        1 => *own = own.wrapping_sub(more),
        2 => *own += more,
        3 => *own = u32::MAX - more,
        4 => sources[0] = source,
        5 => sources.push(source),
        6 => sources.truncate(1),
        7 => graph.arena = graph.arena.wrapping_add(more).wrapping_sub(32),
        8 => {
            graph.nodes.pop();
        }
        _ => {
            let copy = graph.nodes[node].clone();
            graph.nodes.push(copy);
        }
    }
}

/// Make a rejection over the input of the last layer, mostly.
fn rejection(random: &mut Random, head: &LayerSpec) -> RejectionSpec {
    let len = head.input.len() + u64::from(random.below(16) == 0);
    let weight = [-128, 127, 0][random.below(3)];
    let most = i64::from(i32::MAX) - 255 * 128 * len as i64;
    let most = i32::try_from(most.max(0)).unwrap_or(i32::MAX);
    let bias = [0, most, i32::MIN, -1][random.below(4)];
    RejectionSpec {
        bias,
        exponent: random.below(32) as u8,
        weights: (0..len)
            .map(|_| match random.below(2) {
                0 => weight,
                _ => random.next() as i8,
            })
            .collect(),
    }
}

/// Return whether the file has an extension section that a reader skips, which [`ModelSpec`] does not keep.
pub(crate) fn has_unknown_section(file: &[u8]) -> bool {
    let table = field(file, EXTENSIONS).unwrap_or(0) as usize;
    let count = field(file, table).filter(|_| table > 0).unwrap_or(0);
    (1..=count as usize)
        .map_while(|entry| field(file, table + 16 * entry))
        .any(|id| !KNOWN.contains(&id))
}

/// Make a layer that fits `input`, mostly.
fn layer(random: &mut Random, input: Shape) -> Option<LayerSpec> {
    let extents = [input.height, input.width].map(usize::from);
    let kernel = extents.map(|extent| number(random, extent.min(9)) as u8);
    let [height, width] = kernel.map(usize::from);
    let geometry = Geometry {
        kernel,
        stride: extents.map(|extent| number(random, extent.min(255)) as u8),
        pad: [height, width, height, width].map(|kernel| random.below(kernel) as u8),
    };
    let [rows, columns] = geometry.output(input)?.map(usize::from);
    let pool = [rows, columns].map(|extent| number(random, extent.min(255)) as u8);
    let op = match random.below(6) {
        0 | 1 => Op::Conv { geometry, pool },
        2 => Op::Depthwise { geometry, pool },
        3 => Op::MaxPool { geometry },
        4 => Op::AveragePool {
            geometry,
            multiplier: number(random, 127) as i8,
        },
        _ => Op::Dense,
    };
    let channels = number(random, 40) as u16;
    let mut layer = super::layer(random, op, input, channels)?;
    if layer.shift > 0 || random.below(2) == 0 {
        layer.shift = match op {
            Op::MaxPool { .. } => 0,
            _ if random.below(3) == 0 => random.below(32) as u8,
            _ => layer.shift,
        };
    }
    if random.below(3) == 0 {
        extreme_weights(random, &mut layer);
    }
    Some(layer)
}

/// Fill weights and biases with the largest values for which no sum can overflow.
fn extreme_weights(random: &mut Random, layer: &mut LayerSpec) {
    let weight = [-128, -127, 127, 0][random.below(4)];
    layer.weights.fill(weight);
    let most = i64::from(i32::MAX) - layer.op.taps(layer.input) as i64 * 255 * 128;
    let most = i32::try_from(most.max(0)).unwrap_or(i32::MAX);
    let bias = [most, -most, most.saturating_add(1), 0][random.below(4)];
    layer.biases.fill(bias);
}

/// Change one thing of a file, whose length and checksum are mended afterwards.
fn damage(random: &mut Random, file: &mut Vec<u8>) {
    match random.below(13) {
        0 => {
            let at = random.below(file.len());
            file[at] ^= 1 << random.below(8);
        }
        1 => file.truncate(random.below(file.len() + 1)),
        2 => {
            let more = number(random, 64);
            file.resize(
                file.len() + more,
                (random.below(2) * random.below(256)) as u8,
            );
        }
        3 => overwrite(random, file, SECTIONS, 48),
        4 => overwrite(random, file, EXTENSIONS, 12),
        5 | 6 => {
            let (from, _) = section(file, FRONT_END);
            overwrite(random, file, from, 48);
        }
        7 => {
            let (from, length) = section(file, LABELS);
            overwrite(random, file, from, length);
        }
        8 => {
            // the table of the extension sections and these, which are at the end
            let from = field(file, EXTENSIONS).unwrap_or(0) as usize;
            let length = file.len().saturating_sub(from).min(512);
            overwrite(random, file, from, length);
        }
        9..12 => {
            let record = record(random, file);
            overwrite(random, file, record, RECORD);
        }
        _ => {
            let (source, target) = (record(random, file), record(random, file));
            if source.max(target).saturating_add(RECORD) <= file.len() {
                file.copy_within(source..source + RECORD, target);
            }
        }
    }
    if file.is_empty() {
        file.push(0);
    }
}

/// Return offset and length of a section, as the table in the header states them.
fn section(file: &[u8], index: usize) -> (usize, usize) {
    let entry = SECTIONS + 8 * index;
    let number = |at| field(file, at).unwrap_or(0) as usize;
    (number(entry), number(entry + 4))
}

/// Return the four bytes at an offset as a number.
fn field(file: &[u8], at: usize) -> Option<u32> {
    let bytes = file.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(u32::from_le_bytes(bytes))
}

/// Return the offset of one of the layers' records.
fn record(random: &mut Random, file: &[u8]) -> usize {
    let (from, length) = section(file, LAYERS);
    from.saturating_add(RECORD * random.below((length / RECORD).max(1)))
}

/// Overwrite a field of one, two or four bytes in a part of the file.
fn overwrite(random: &mut Random, file: &mut [u8], from: usize, length: usize) {
    let size = [1, 2, 4][random.below(3)];
    let at = from.saturating_add(random.below(length.max(1)) / size * size);
    let Some(field) = file.get_mut(at..at.saturating_add(size)) else {
        return;
    };
    let mut value = [0; 4];
    value[..size].copy_from_slice(field);
    let before = u32::from_le_bytes(value);
    let after = match random.below(8) {
        0 => 0,
        1 => 1,
        2 => u32::MAX,
        3 => before.wrapping_add(1),
        4 => before.wrapping_sub(1),
        5 => before ^ (1 << random.below(8 * size)),
        6 => before.wrapping_mul(2),
        _ => random.next(),
    };
    field.copy_from_slice(&after.to_le_bytes()[..size]);
}
