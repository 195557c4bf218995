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
