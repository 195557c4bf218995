//! A model of two networks over one window, and where the parts of its file begin.

use timbrel_core::frontend::{FrontEnd, WindowSpec};
use timbrel_core::model::{Geometry, ModelSpec, Op, Shape};

use super::Random;
use super::graphs::{self, Branches};

pub(crate) const ID: u32 = 0x8000_0001;
pub(crate) const WINDOW: Shape = Shape::new(16, 20, 1);
/// What the layers of [`spec`] read.
pub(crate) const SOURCES: [&[u16]; 10] = [
    &[0],
    &[1],
    &[1],
    &[2, 3, 1],
    &[0],
    &[4],
    &[6],
    &[5],
    &[7, 8],
    &[9],
];

/// Make two networks over one window, joined before the last layer.
pub(crate) fn spec() -> ModelSpec {
    let random = &mut Random(9);
    let conv = |kernel: u8, pool: u8| Op::Conv {
        geometry: Geometry::square(kernel, 1, kernel / 2),
        pool: [pool; 2],
    };
    let mut branches = Branches::new(WINDOW);
    let mut add = |op, source, channels| branches.add(random, op, source, channels).unwrap();
    add(Op::Resample { extent: [6, 9] }, 0, 1);
    add(conv(3, 1), 1, 4);
    add(conv(1, 1), 1, 2);
    branches.join(random, &[2, 3, 1]);
    let mut add = |op, source, channels| branches.add(random, op, source, channels).unwrap();
    add(conv(5, 3), 0, 3);
    add(
        Op::MaxPool {
            geometry: Geometry::square(3, 3, 0),
        },
        4,
        7,
    );
    add(Op::Dense, 6, 5);
    add(Op::Dense, 5, 6);
    branches.join(random, &[7, 8]);
    let sources = branches.with_head();
    assert!(sources.iter().eq(SOURCES.iter()));
    let window = WindowSpec {
        columns: WINDOW.width,
        hop: 7,
    };
    let front_end = FrontEnd::librosa(512, 256, WINDOW.height);
    let mut spec = super::model(random, front_end, window, branches.layers, 4);
    graphs::plan(&mut spec, &sources);
    spec
}

pub(crate) fn number(file: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(file[at..at + 4].try_into().unwrap())
}

/// Make a network of the shapes of MSD_musicnn beside a small one, over a window of 128 bins and 128 columns.
pub(crate) fn large() -> ModelSpec {
    let random = &mut Random(2);
    let conv = |kernel: [u8; 2], pool: u8, pad: u8| Op::Conv {
        geometry: Geometry {
            kernel,
            stride: [1, 1],
            pad: [0, pad / 2, 0, pad.div_ceil(2)],
        },
        pool: [pool, 1],
    };
    let mut branches = Branches::new(Shape::new(128, 128, 1));
    let spectrum = branches
        .add(random, Op::Resample { extent: [96, 191] }, 0, 1)
        .unwrap();
    let mut first = Vec::new();
    for (op, channels) in [
        (conv([67, 7], 30, 0), 204),
        (conv([38, 7], 59, 0), 204),
        (conv([1, 128], 96, 121), 51),
        (conv([1, 64], 96, 57), 51),
        (conv([1, 32], 96, 25), 51),
    ] {
        first.push(branches.add(random, op, spectrum, channels).unwrap());
    }
    let some = branches.join(random, &first[2..]);
    let mut middle = vec![branches.join(random, &[first[0], first[1], some])];
    for source in 0..3 {
        let next = branches.add(random, conv([1, 7], 1, 6), middle[source], 64);
        middle.push(next.unwrap());
    }
    let all = branches.join(random, &middle);
    let over = Geometry {
        kernel: [1, 185],
        stride: [1, 185],
        pad: [0; 4],
    };
    let largest = branches.add(random, Op::MaxPool { geometry: over }, all, 1);
    let mean = Op::AveragePool {
        geometry: over,
        multiplier: 1,
    };
    let mean = branches.add(random, mean, all, 1).unwrap();
    let both = branches.join(random, &[largest.unwrap(), mean]);
    let tagger = branches.add(random, Op::Dense, both, 200).unwrap();
    let small = Op::Conv {
        geometry: Geometry::square(7, 2, 3),
        pool: [2, 4],
    };
    let small = branches.add(random, small, 0, 24).unwrap();
    let small = branches.add(random, Op::Dense, small, 96).unwrap();
    branches.join(random, &[tagger, small]);
    let sources = branches.with_head();
    let (columns, hop) = (128, 64);
    let front_end = FrontEnd::librosa(2048, 512, 128);
    let window = WindowSpec { columns, hop };
    let mut spec = super::model(random, front_end, window, branches.layers, 10);
    graphs::plan(&mut spec, &sources);
    // as most weights of trained networks, half of the range at most: AVX2 keeps larger pairs apart
    for layer in &mut spec.layers {
        if !matches!(layer.op, Op::Resample { .. }) {
            layer.weights.iter_mut().for_each(|weight| *weight >>= 1);
        }
    }
    spec
}

/// Return where the graph's section begins, which is the file's last.
pub(crate) fn graph_at(file: &[u8]) -> usize {
    let table = number(file, 20) as usize;
    let last = table + 16 * number(file, table) as usize;
    assert_eq!(number(file, last), ID);
    number(file, last + 4) as usize
}

/// Return where a layer's record begins.
pub(crate) fn record_at(file: &[u8], layer: usize) -> usize {
    number(file, 32 + 8 * 3) as usize + 48 * layer
}
