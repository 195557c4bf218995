//! The int8 engine against a reference written from the definition, in i64 and without its tricks.

mod common;

use common::Random;
use common::reference::{reference, run, run_with};
use proptest::prelude::*;
use timbrel_core::Error;
use timbrel_core::engine::{Engine, Int8Engine, Kernels};
use timbrel_core::frontend::{FrontEnd, WindowSpec};
use timbrel_core::model::{Geometry, LayerSpec, Model, ModelSpec, Op, Shape};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn logits_and_embedding_equal_the_reference(seed: u64) {
        let spec = common::random_model(seed);
        let mut random = Random(!seed);
        let window: Vec<u8> = (0..spec.layers[0].input.len()).map(|_| random.next() as u8).collect();
        prop_assert_eq!(run(&spec, &window), reference(&spec, &window));
    }

    #[test]
    fn networks_with_branches_equal_the_reference(seed: u64) {
        let spec = common::graphs::random_graph(seed);
        let mut random = Random(!seed);
        let window: Vec<u8> = (0..common::graphs::window(&spec).len()).map(|_| random.next() as u8).collect();
        prop_assert_eq!(run(&spec, &window), reference(&spec, &window));
    }

    #[test]
    fn tall_kernels_equal_the_reference(seed: u64) {
        let mut random = Random(seed);
        let spec = tall_model(&mut random);
        let len = common::graphs::window(&spec).len();
        let window: Vec<u8> = (0..len).map(|_| random.next() as u8).collect();
        prop_assert_eq!(run(&spec, &window), reference(&spec, &window));
    }

    #[test]
    fn every_tail_and_extreme_equals_the_reference(seed: u64, layer in 0..5_usize) {
        let mut random = Random(seed);
        let spec = tail_model(&mut random, layer);
        let window: Vec<u8> = match seed % 3 {
            0 => vec![255; spec.layers[0].input.len() as usize],
            _ => (0..spec.layers[0].input.len()).map(|_| random.next() as u8).collect(),
        };
        prop_assert_eq!(run(&spec, &window), reference(&spec, &window));
    }
}

/// Make a layer of each kind (`which`) over 1 to 33 channels, many of them saturated, to 1 to 33 channels, with weights
/// that are random or extreme.
fn tail_model(random: &mut Random, which: usize) -> ModelSpec {
    let mut spec = common::random_model(8);
    let (rows, columns) = (1 + random.below(7) as u16, 1 + random.below(7) as u16);
    spec.front_end.n_mels = rows;
    (spec.window.columns, spec.window.hop) = (columns, columns);
    let kernel = [
        1 + random.below(usize::from(rows).min(5)) as u8,
        1 + random.below(usize::from(columns).min(5)) as u8,
    ];
    let geometry = Geometry {
        kernel,
        stride: [1 + random.below(3) as u8, 1 + random.below(3) as u8],
        pad: [kernel[0], kernel[1], kernel[0], kernel[1]]
            .map(|kernel| random.below(usize::from(kernel)) as u8),
    };
    let [height, width] = geometry.output(Shape::new(rows, columns, 1)).unwrap();
    let pool = [height, width].map(|extent| 1 + random.below(usize::from(extent).min(3)) as u8);
    let op = match which {
        0 => Op::Conv { geometry, pool },
        1 => Op::Depthwise { geometry, pool },
        2 => Op::MaxPool { geometry },
        3 => Op::AveragePool {
            geometry,
            multiplier: 1 + random.below(127) as i8,
        },
        _ => Op::Dense,
    };
    let widen = Op::Conv {
        geometry: Geometry::square(1, 1, 0),
        pool: [1, 1],
    };
    let channels = 1 + random.below(33) as u16;
    let mut first = common::layer(random, widen, Shape::new(rows, columns, 1), channels).unwrap();
    first.shift = random.below(8) as u8;
    let channels = 1 + random.below(33) as u16;
    let mut second = common::layer(random, op, first.output, channels).unwrap();
    if op != (Op::MaxPool { geometry }) {
        second.shift = random.below(16) as u8;
    }
    let extreme = [-128, -127, 127][random.below(3)];
    match random.below(4) {
        0 => second.weights.fill(extreme),
        1 => {
            for weight in &mut second.weights {
                *weight = [-128, 0, 127][random.below(3)];
            }
        }
        _ => {}
    }
    let head = common::layer(random, Op::Dense, second.output, 3).unwrap();
    spec.layers = vec![first, second, LayerSpec { shift: 0, ..head }];
    spec.normalisation.truncate(1);
    spec
}

/// Make a convolution of a kernel of up to 70 rows over one to six channels, which runs on unfolded inputs.
fn tall_model(random: &mut Random) -> ModelSpec {
    let mut spec = common::random_model(8);
    let kernel = [12 + random.below(59) as u8, 1 + random.below(8) as u8];
    let rows = u16::from(kernel[0]) + random.below(9) as u16;
    let columns = u16::from(kernel[1]) + random.below(6) as u16;
    spec.front_end.n_mels = rows;
    (spec.window.columns, spec.window.hop) = (columns, columns);
    let around = random.below(2);
    let geometry = Geometry {
        kernel,
        stride: [1 + random.below(3) as u8, 1 + random.below(3) as u8],
        pad: [0, 1, 0, 1].map(|axis| (around * random.below(kernel[axis].into())) as u8),
    };
    let [height, width] = geometry.output(Shape::new(rows, columns, 1)).unwrap();
    let pool = [height, width].map(|extent| 1 + random.below(usize::from(extent).min(9)) as u8);
    let one = Op::Conv {
        geometry: Geometry::square(1, 1, 0),
        pool: [1, 1],
    };
    let mut shape = Shape::new(rows, columns, 1);
    spec.layers = Vec::new();
    let (channels, outputs) = (1 + random.below(6) as u16, 1 + random.below(20) as u16);
    for (op, channels) in [(one, channels), (Op::Conv { geometry, pool }, outputs)] {
        let mut next = common::layer(random, op, shape, channels).unwrap();
        next.shift += random.below(3) as u8;
        shape = next.output;
        spec.layers.push(next);
    }
    let head = common::layer(random, Op::Dense, shape, 3).unwrap();
    spec.layers.push(LayerSpec { shift: 0, ..head });
    spec.normalisation.truncate(1);
    spec
}

#[test]
fn shipped_models_give_the_same_answer_with_every_set() {
    let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../models");
    for name in ["compact", "tiny", "tiny-16k", "s2-mfcc-3s", "large"] {
        let bytes = std::fs::read(format!("{models}/{name}.timbrel")).unwrap();
        let model = Model::parse(&bytes).unwrap();
        let mut random = Random(7);
        for _ in 0..20 {
            let window: Vec<u8> = (0..model.input().len())
                .map(|_| random.next() as u8)
                .collect();
            let least = Int8Engine::required_bytes(&model);
            let expected = run_with(model, Kernels::portable(), least, &window);
            for kernels in Kernels::available() {
                for size in [least, Int8Engine::fast_bytes_with(&model, kernels)] {
                    let found = run_with(model, kernels, size, &window);
                    assert_eq!(found, expected, "{name}, {}, {size}", kernels.name());
                }
            }
        }
    }
}

#[test]
fn extreme_values_do_not_overflow() {
    let mut random = Random(1);
    let shape = Shape::new(8, 8, 1);
    let conv = Op::Conv {
        geometry: Geometry::square(5, 1, 2),
        pool: [1, 1],
    };
    let mut spec = common::random_model(8);
    spec.front_end.n_mels = 8;
    spec.window.columns = 8;
    spec.window.hop = 8;
    let mut first = common::layer(&mut random, conv, shape, 4).unwrap();
    first.weights.fill(127);
    first.weights[..25].fill(-128);
    first.biases.fill(i32::MAX - 25 * 255 * 128);
    first.shift = 31;
    let mut second = common::layer(&mut random, conv, first.output, 4).unwrap();
    second.shift = 0;
    spec.layers = vec![first, second];
    let mut head = common::layer(&mut random, Op::Dense, spec.layers[1].output, 3).unwrap();
    head.shift = 0;
    spec.layers.push(head);
    for value in [0, 1, 255] {
        assert_eq!(run(&spec, &[value; 64]), reference(&spec, &[value; 64]));
    }
}

#[test]
fn a_network_with_too_many_inputs_of_its_last_layer_has_no_embedding() {
    let mut random = Random(4);
    let window = WindowSpec {
        columns: 64,
        hop: 64,
    };
    for (mels, expected) in [(16, 1024), (17, 0)] {
        let front_end = FrontEnd::librosa(512, 256, mels);
        let spec = common::model(&mut random, front_end, window, vec![], 3);
        let values = vec![7; usize::from(mels) * 64];
        let (_, embedding) = run(&spec, &values);
        assert_eq!(embedding.len(), expected);
        assert!(embedding.iter().all(|value| *value == 7));
    }
}

#[test]
fn required_memory_is_exact() {
    let bytes = common::random_model(3).to_bytes().unwrap();
    let model = Model::parse(&bytes).unwrap();
    let needed = Int8Engine::required_bytes(&model);
    let mut memory = vec![0; needed + 16];
    for short in 0..needed {
        let error = Int8Engine::new(model, &mut memory[..short]).unwrap_err();
        assert_eq!(
            error,
            Error::Memory {
                needed,
                found: short
            }
        );
    }
    for offset in 0..16 {
        Int8Engine::new(model, &mut memory[offset..offset + needed]).unwrap();
    }
}

#[test]
fn an_engine_is_fast_from_exactly_fast_bytes_on() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/tiny.timbrel");
    let bytes = std::fs::read(path).unwrap();
    let model = Model::parse(&bytes).unwrap();
    let least = Int8Engine::required_bytes(&model);
    for kernels in Kernels::available() {
        let fast = Int8Engine::fast_bytes_with(&model, kernels);
        let mut memory = vec![0; fast.max(least) + 64];
        let mut is_fast = |offset: usize, size: usize| {
            let memory = &mut memory[offset..offset + size];
            let engine = Int8Engine::with_kernels(model, kernels, memory).unwrap();
            assert_eq!(engine.kernels(), kernels);
            engine.is_fast()
        };
        if kernels == Kernels::portable() {
            assert!(!is_fast(0, fast.max(least)));
        } else if fast > least {
            assert!(!is_fast(0, fast - 1), "{}", kernels.name());
            // at any address, however many bytes are lost to align the weights
            for offset in 0..64 {
                assert!(is_fast(offset, fast), "{}", kernels.name());
            }
        }
    }
    let best = Kernels::best();
    assert_eq!(Kernels::available().next(), Some(best));
    let fast = Int8Engine::fast_bytes(&model);
    assert_eq!(fast, Int8Engine::fast_bytes_with(&model, best));
}

#[test]
fn an_engine_in_a_box_is_that_engine() {
    let spec = common::random_model(21);
    let file = spec.to_bytes().unwrap();
    let model = Model::parse(&file).unwrap();
    let (mut first, mut second) = (
        vec![0; Int8Engine::required_bytes(&model)],
        vec![0; Int8Engine::required_bytes(&model)],
    );
    let mut plain = Int8Engine::new(model, &mut first).unwrap();
    let mut boxed: Box<dyn Engine + '_> = Box::new(Int8Engine::new(model, &mut second).unwrap());
    assert_eq!(plain.info(), boxed.info());
    for class in 0..=model.classes() {
        assert_eq!(plain.label(class), boxed.label(class));
    }
    for bin in [0, 1] {
        assert_eq!(plain.normalisation(bin), boxed.normalisation(bin));
    }
    let mut logits = [vec![0; model.classes()], vec![0; model.classes()]];
    let run = |engine: &mut dyn Engine, logits: &mut [i32]| {
        for (at, value) in engine.input().iter_mut().enumerate() {
            *value = (at * 37) as u8;
        }
        engine.run(logits).unwrap();
    };
    run(&mut plain, &mut logits[0]);
    run(&mut boxed, &mut logits[1]);
    assert_eq!(logits[0], logits[1]);
    assert_eq!(plain.embedding(), boxed.embedding());
    assert_eq!(plain.not_music(), boxed.not_music());
}
