//! Networks with branches that cannot be: each fault is named with its byte and its value.

mod common;

use common::Random;
use common::graphs::{self, Branches};
use common::mutants::seal;
use common::reference::{reference, run};
use common::two::{SOURCES, graph_at, number, record_at, spec};
use timbrel_core::frontend::{FrontEnd, WindowSpec};
use timbrel_core::model::{Cells, Geometry, GraphSpec, Model, ModelError, ModelSpec, Op};

fn graph(spec: &mut ModelSpec) -> &mut GraphSpec {
    spec.graph.as_mut().unwrap()
}

fn error_with(good: &[u8], at: usize, value: &[u8]) -> ModelError {
    let mut file = good.to_vec();
    file[at..at + value.len()].copy_from_slice(value);
    seal(&mut file);
    Model::parse(&file).unwrap_err()
}

#[track_caller]
fn assert_names(error: &ModelError, what: &'static str, at: usize, found: u32) {
    let found = f64::from(found);
    assert_eq!(*error, ModelError::Invalid { what, at, found });
}

#[test]
fn every_fault_is_named_with_its_byte_and_value() {
    let spec = spec();
    let good = spec.to_bytes().unwrap();
    let at = graph_at(&good);
    let arena = number(&good, at);
    let entry = |layer: usize| at + 16 + 16 * layer;
    let long = |value: u32| value.to_le_bytes().to_vec();
    let short = |value: u16| value.to_le_bytes().to_vec();
    let join = number(&good, entry(3) + 8);
    for (what, place, value, found) in [
        ("arena", at, long(arena + 1), arena + 1),
        ("arena", at, long(arena - 1), arena - 1),
        ("arena", at, long(u32::MAX), u32::MAX),
        ("graph head", at + 15, vec![1], 1),
        ("graph entry", entry(4) + 12, vec![7], 7),
        // no earlier activation, none at all, and one behind none
        ("source", entry(0), short(1), 1),
        ("source", entry(9), short(10), 10),
        ("source", entry(5), short(0xFFFF), 0xFFFF),
        ("source", entry(5) + 4, short(2), 2),
        ("sources", entry(8) + 2, short(0xFFFF), 1),
        ("sources", entry(6) + 2, short(1), 2),
        (
            "output offset of the last layer",
            entry(9) + 8,
            long(16),
            16,
        ),
        ("output offset", entry(2) + 8, long(1 << 27), 1 << 27),
        ("output offset", entry(2) + 8, long(u32::MAX), u32::MAX),
        (
            "output offset over an activation in use",
            entry(0) + 8,
            long(0),
            0,
        ),
        // a join over its first source, over its last one, and the other network's input over both
        (
            "output offset over an activation in use",
            entry(4) + 8,
            long(join),
            join,
        ),
    ] {
        // the number of sources is a fault of the whole entry
        let named = if what == "sources" { place - 2 } else { place };
        assert_names(&error_with(&good, place, &value), what, named, found);
    }
    for source in SOURCES[3] {
        let offset = spec.graph.as_ref().unwrap().nodes[usize::from(*source) - 1].offset;
        let error = error_with(&good, entry(3) + 8, &long(offset));
        let what = "output offset over an activation in use";
        assert_names(&error, what, entry(3) + 8, offset);
    }
    // a join that reads one of its sources twice leaves the other one unread
    let error = error_with(&good, entry(8), &short(8));
    let height = record_at(&good, 8) + 12;
    assert_names(&error, "input shape", height, 1);
}

#[test]
fn contradictory_graphs_are_refused() {
    let good = spec();
    let file = good.to_bytes().unwrap();
    let at = graph_at(&file);
    let refusal = |change: &dyn Fn(&mut ModelSpec)| {
        let mut spec = good.clone();
        change(&mut spec);
        spec.to_bytes().unwrap_err()
    };
    let error = refusal(&|spec| drop(graph(spec).nodes.pop()));
    assert_names(&error, "graph length", at, 16 * 10);
    // as a chain, the third layer reads the four channels of the second
    let error = refusal(&|spec| spec.graph = None);
    assert_names(&error, "input shape", record_at(&file, 2) + 12, 6);
    let error = refusal(&|spec| graph(spec).nodes[3].sources = vec![1; 5]);
    assert_names(&error, "source", at + 16 + 16 * 3, 0xFFFF);
    // an output that nobody reads: the pooling reads the other convolution's
    let error = refusal(&|spec| {
        graph(spec).nodes[8].sources = vec![7, 7];
        spec.layers[8].input.channels = 10;
        spec.layers[8].output.channels = 10;
        spec.layers[9].input.channels = 10;
        spec.layers[9].weights.truncate(40);
    });
    // the head's weights end in the same multiple of 16 as before, so that the graph lies where it did
    assert_names(&error, "output that is not read", at + 16 + 16 * 7, 8);
    let mut chain = common::random_model(3);
    let nodes = good.graph.as_ref().unwrap().nodes[..1].to_vec();
    let count = chain.layers.len();
    chain.graph = Some(GraphSpec {
        arena: 1,
        nodes: vec![nodes[0].clone(); count],
    });
    for (index, node) in graph(&mut chain).nodes.iter_mut().enumerate() {
        node.sources = vec![index as u16];
    }
    let error = chain.to_bytes().unwrap_err();
    assert!(error.to_string().contains("graph of a chain"), "{error}");
    let mut long = common::model(
        &mut Random(1),
        FrontEnd::librosa(512, 256, 4),
        WindowSpec { columns: 4, hop: 4 },
        Vec::new(),
        2,
    );
    let mut branches = Branches::new(graphs::window(&long));
    for layer in 0..256 {
        branches.add(
            &mut Random(layer.into()),
            Op::MaxPool {
                geometry: Geometry::square(1, 1, 0),
            },
            layer,
            1,
        );
    }
    let head = long.layers.pop().unwrap();
    long.layers = branches.layers.clone();
    long.layers.push(head);
    let mut sources = branches.with_head();
    sources[1] = vec![0];
    graphs::plan(&mut long, &sources);
    let error = long.to_bytes().unwrap_err();
    assert!(error.to_string().contains("layers of a graph"), "{error}");
}

#[test]
fn operators_without_a_place_are_refused() {
    let good = spec().to_bytes().unwrap();
    let chain = common::random_model(3);
    let mut joined = chain.clone();
    joined.layers[0].op = Op::Join;
    joined.layers[0].output = joined.layers[0].input;
    joined.layers[0].shift = 0;
    joined.layers[0].weights.clear();
    joined.layers[0].biases.clear();
    let error = joined.to_bytes().unwrap_err();
    assert!(
        error.to_string().contains("join without a graph"),
        "{error}"
    );
    // a resampling of another activation than the window
    let mut again = spec();
    let mut branches = Branches::new(again.layers[0].output);
    branches
        .add(&mut Random(3), Op::Resample { extent: [6, 9] }, 0, 1)
        .unwrap();
    again.layers[1] = branches.layers.remove(0);
    again.layers[3].input.channels = 4;
    again.layers[3].output.channels = 4;
    let error = again.to_bytes().unwrap_err();
    assert!(
        error.to_string().contains("source of a resampling"),
        "{error}"
    );
    for (layer, shift) in [(0, 1), (3, 1)] {
        let at = record_at(&good, layer) + 1;
        assert_names(&error_with(&good, at, &[shift]), "shift", at, 1);
    }
    for (layer, what) in [(0, "geometry of a resampling"), (3, "geometry of a join")] {
        let at = record_at(&good, layer) + 5;
        assert_names(&error_with(&good, at, &[2]), what, at, 2);
        let at = record_at(&good, layer) + 10;
        assert_names(&error_with(&good, at, &[2]), "fused pool", at, 2);
    }
}

#[test]
fn a_resampling_reads_within_its_input() {
    let mut spec = spec();
    let put = |spec: &mut ModelSpec, entry: usize, cells: [u16; 2]| {
        let bytes = cells.into_iter().flat_map(u16::to_le_bytes);
        for (at, byte) in bytes.enumerate() {
            spec.layers[0].weights[256 + 4 * entry + at] = byte.cast_signed();
        }
    };
    for entry in 0..15 {
        put(&mut spec, entry, [entry as u16, 256]);
    }
    let good = spec.to_bytes().unwrap();
    let entries = number(&good, 32 + 8 * 4) as usize + 256;
    for (entry, offset, value, what) in [
        // rows 0 to 15 and columns 0 to 19
        (0, 0, 15, "first cell"),
        (5, 0, 0xFFFE, "first cell"),
        (6, 0, 19, "first cell"),
        (14, 2, 257, "share"),
        // a padding of 256, which is no byte
        (7, 0, 0xFFFF, "padding share"),
    ] {
        let at = entries + 4 * entry + offset;
        let error = error_with(&good, at, &u16::to_le_bytes(value));
        let [at, found] = if what == "padding share" {
            [at + 2, 256]
        } else {
            [at, value.into()]
        };
        assert_names(&error, what, at, found as u32);
    }
    put(&mut spec, 0, [14, 256]);
    put(&mut spec, 6, [18, 256]);
    put(&mut spec, 2, [0xFFFF, 200]);
    put(&mut spec, 9, [0xFFFF, 200]);
    let file = spec.to_bytes().unwrap();
    let model = Model::parse(&file).unwrap();
    let layer = model.layers().next().unwrap();
    let resampling = layer.resampling().unwrap();
    let last = Cells::Pair {
        first: 14,
        share: 256,
    };
    assert_eq!(resampling.rows.iter().next(), Some(last));
    assert_eq!(resampling.rows.iter().nth(2), Some(Cells::Padding(200)));
    assert_eq!(resampling.columns.iter().nth(3), Some(Cells::Padding(200)));
    assert_eq!(
        (
            resampling.rows.iter().len(),
            resampling.columns.iter().len()
        ),
        (6, 9)
    );
    assert!(
        model
            .layers()
            .skip(1)
            .all(|layer| layer.resampling().is_none())
    );
    for value in [0, 255, 77] {
        let window = [value; 320];
        assert_eq!(run(&spec, &window), reference(&spec, &window));
    }
    put(&mut spec, 9, [0xFFFF, 201]);
    let error = spec.to_bytes().unwrap_err();
    assert_names(&error, "padding share", entries + 4 * 9 + 2, 201);
}
