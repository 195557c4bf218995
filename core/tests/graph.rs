//! Networks with branches: the section as `docs/model-format.md` states it, the places of the activations, and such a model
//! through the classifier and into C.

mod common;

use common::Random;
use common::graphs;
use common::two::{SOURCES, graph_at, large, spec};
use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::Classifier;
use timbrel_core::engine::{Int8Engine, Kernels};
use timbrel_core::frontend::{FrontEnd, WindowSpec};
use timbrel_core::host::{CSource, Loaded};
use timbrel_core::model::{
    Geometry, GraphSpec, Limits, Model, ModelSpec, Op, RejectionSpec, Shape,
};

#[test]
fn the_section_is_as_documented() {
    let mut spec = spec();
    spec.rejection = Some(RejectionSpec {
        bias: 0,
        exponent: 3,
        weights: vec![1; 11],
    });
    let file = spec.to_bytes().unwrap();
    let graph = spec.graph.as_ref().unwrap();
    let mut expected = graph.arena.to_le_bytes().to_vec();
    expected.extend([0; 12]);
    for (sources, node) in SOURCES.iter().zip(&graph.nodes) {
        let filled = sources.iter().copied().chain([0xFFFF; 4]).take(4);
        expected.extend(filled.flat_map(u16::to_le_bytes));
        expected.extend(node.offset.to_le_bytes());
        expected.extend([0; 4]);
    }
    assert_eq!(file[graph_at(&file)..], expected);
    let model = Model::parse(&file).unwrap();
    assert!(ModelSpec::from(&model) == spec);
    assert_eq!(model.arena(), Some(graph.arena as usize));
    for (layer, sources) in SOURCES.iter().enumerate() {
        let sources = sources.iter().map(|k| usize::from(*k));
        assert!(model.sources(layer).iter().eq(sources));
    }
    let chain = common::random_model(3).to_bytes().unwrap();
    let chain = Model::parse(&chain).unwrap();
    assert_eq!(chain.arena(), None);
    assert!((0..4).all(|layer| chain.sources(layer).iter().eq([layer])));
}

#[test]
fn a_plan_keeps_what_is_still_to_be_read_and_little_else() {
    for seed in 0..400 {
        let spec = if seed == 0 {
            spec()
        } else {
            graphs::random_graph(seed)
        };
        let Some(graph) = &spec.graph else {
            continue;
        };
        let count = spec.layers.len();
        let bytes = |k: usize| match k {
            0 => graphs::window(&spec).len(),
            layer => spec.layers[layer - 1].output.len(),
        };
        let start = |k: usize| {
            if k == 0 {
                0
            } else {
                u64::from(graph.nodes[k - 1].offset)
            }
        };
        let is_live = |k: usize, from: usize| {
            let mut later = graph.nodes[from..].iter();
            later.any(|node| node.sources.iter().any(|source| usize::from(*source) == k))
        };
        let mut most = 0;
        for layer in 0..count - 1 {
            let live: Vec<usize> = (0..=layer).filter(|k| is_live(*k, layer)).collect();
            let output = layer + 1;
            for k in &live {
                let apart = start(*k) + bytes(*k) <= start(output)
                    || start(output) + bytes(output) <= start(*k);
                assert!(apart, "seed {seed}, layer {layer}, activation {k}");
            }
            most = most.max(bytes(output) + live.iter().map(|k| bytes(*k)).sum::<u64>());
        }
        let end = (0..count).map(|k| start(k) + bytes(k)).max().unwrap();
        assert_eq!(u64::from(graph.arena), end);
        assert!(end <= 2 * most, "seed {seed}: {end} for {most}");
        let cost = Model::parse(&spec.to_bytes().unwrap()).unwrap().cost();
        assert_eq!(cost.activations, end);
    }
}

#[test]
fn a_chain_has_no_graph() {
    let spec = common::random_model(3);
    let sources: Vec<Vec<u16>> = (0..spec.layers.len() as u16).map(|k| vec![k]).collect();
    assert_eq!(
        GraphSpec::plan(graphs::window(&spec), &spec.layers, &sources),
        None
    );
}

#[test]
fn a_chain_may_have_more_layers_than_a_graph_can_name() {
    let random = &mut Random(1);
    let geometry = Geometry::square(1, 1, 0);
    let window = WindowSpec { columns: 4, hop: 4 };
    let conv = Op::Conv {
        geometry,
        pool: [1, 1],
    };
    let first = common::layer(random, conv, Shape::new(4, 4, 1), 2).unwrap();
    let next = common::layer(random, Op::MaxPool { geometry }, first.output, 2).unwrap();
    let mut layers = vec![next; 66_000];
    layers[0] = first;
    let front_end = FrontEnd::librosa(512, 256, 4);
    let mut spec = common::model(random, front_end, window, layers, 2);
    let file = spec.to_bytes().unwrap();
    let model = Model::parse(&file).unwrap();
    assert!(model.sources(65_999).iter().eq([65_999]));
    spec.layers[65_900].input.channels = 1;
    spec.layers[65_900].output.channels = 1;
    let error = spec.to_bytes().unwrap_err().to_string();
    assert!(error.contains("input shape"), "{error}");
}

#[test]
fn two_large_networks_run_in_half_a_megabyte() {
    let file = large().to_bytes().unwrap();
    let model = Model::parse(&file).unwrap();
    let needed = Int8Engine::required_bytes(&model);
    assert!(needed <= 512 << 10, "{needed}");
    let cost = model.cost();
    assert!(
        cost.window > 600_000_000 && Limits::DEFAULT.check(&cost).is_ok(),
        "{cost:?}"
    );
    // with repacked weights, a few padded rows and widened weights more than the model itself
    for kernels in Kernels::available() {
        let fast = Int8Engine::fast_bytes_with(&model, kernels);
        assert!(
            fast <= 2 * (needed + file.len()),
            "{} {fast}",
            kernels.name()
        );
    }
}

#[test]
fn costs_count_copies_and_cells() {
    let file = spec().to_bytes().unwrap();
    let model = Model::parse(&file).unwrap();
    let operations: Vec<u64> = model.layers().map(|layer| layer.operations()).collect();
    let expected = [
        4 * 54,
        54 * 4 * 9,
        54 * 2,
        54 * 7,
        5 * 6 * 3 * 9 * 25,
        2 * 3 * 7 * 9,
        5 * 42,
        6 * 90,
        11,
        4 * 11,
    ];
    assert_eq!(operations, expected);
    assert_eq!(model.cost().window, expected.iter().sum::<u64>());
}

#[test]
fn a_classifier_runs_branches_and_rejects_with_them() {
    let mut spec = spec();
    let weights = [3, -5, 7, 11, -13, 2, 9, -1, 4, 8, -6];
    spec.rejection = Some(RejectionSpec {
        bias: -100,
        exponent: 4,
        weights: weights.to_vec(),
    });
    let file = spec.to_bytes().unwrap();
    let model = Model::parse(&file).unwrap();
    assert_eq!(model.info().embedding, 11);
    let samples = common::music(4, 3 * 22_050, 22_050);
    let format = InputFormat::mono(22_050);
    let mut windows = Vec::new();
    for bytes in [
        Classifier::required_bytes(&model),
        Classifier::fast_bytes(&model),
    ] {
        let mut memory = vec![0xA5; bytes];
        let mut classifier = Classifier::int8(model, format, &mut memory).unwrap();
        let mut rest = samples.as_slice();
        let mut seen = Vec::new();
        while !rest.is_empty() {
            let pushed = classifier.push(rest).unwrap();
            rest = &rest[pushed.consumed..];
            if pushed.window {
                seen.push((
                    classifier.logits().to_vec(),
                    classifier.window_embedding().to_vec(),
                ));
            }
        }
        windows.push(seen);
    }
    assert!(windows[0].len() > 10 && windows[0] == windows[1]);
    for (logits, embedding) in &windows[0] {
        let head = spec.layers.last().unwrap();
        let expected: Vec<i32> = (0..4)
            .map(|class| {
                let weights = &head.weights[11 * class..][..11];
                let products = weights.iter().zip(embedding);
                head.biases[class]
                    + products
                        .map(|(w, x)| i32::from(*w) * i32::from(*x))
                        .sum::<i32>()
            })
            .collect();
        assert_eq!(*logits, expected);
    }
    let loaded = Loaded::int8(file.as_slice()).unwrap();
    assert_eq!(*loaded.info(), model.info());
    assert_eq!(*loaded.cost(), model.cost());
    let small = Limits {
        activations: model.cost().activations - 1,
        ..Limits::NONE
    };
    assert!(Loaded::int8_within(file.as_slice(), &small).is_err());
    let c = CSource::new("two", &file).unwrap();
    assert!(
        c.header
            .contains(&format!("#define TWO_MODEL_BYTES {}\n", file.len()))
    );
    assert!(Int8Engine::required_bytes(&model) >= Int8Engine::arena_bytes(&model));
}

#[test]
fn every_flipped_bit_is_noticed() {
    let file = spec().to_bytes().unwrap();
    for bit in 0..file.len() * 8 {
        let mut damaged = file.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(Model::parse(&damaged).is_err(), "bit {bit}");
    }
}
