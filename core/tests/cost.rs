//! The cost of a model, counted by hand, and its limits.

mod common;

use common::Random;
use timbrel_core::frontend::{Feature, FrontEnd, WindowSpec};
use timbrel_core::model::{Cost, Geometry, LayerSpec, Limits, Model, ModelSpec, Op, Shape};

const WINDOW: WindowSpec = WindowSpec {
    columns: 32,
    hop: 20,
};

/// 44 columns of a second: the window and the FFT of 2,048 samples (12 · 2,048), and 4 operations for each of 1,025 bins.
const SPECTRA: u64 = 44 * (12 * 2048 + 4 * 1025);

/// Make a model with one layer of each kind.
fn of_every_layer() -> ModelSpec {
    let random = &mut Random(5);
    let front_end = FrontEnd::librosa(2048, 512, 16);
    let around = Geometry::square(3, 1, 1);
    let halves = Geometry {
        kernel: [2, 2],
        stride: [2, 2],
        pad: [0; 4],
    };
    let whole = Geometry {
        kernel: [4, 8],
        stride: [4, 8],
        pad: [0; 4],
    };
    let mut input = Shape::new(16, WINDOW.columns, 1);
    let mut layers: Vec<LayerSpec> = Vec::new();
    for op in [
        Op::Conv {
            geometry: around,
            pool: [2, 2],
        },
        Op::Depthwise {
            geometry: around,
            pool: [1, 1],
        },
        Op::MaxPool { geometry: halves },
        Op::AveragePool {
            geometry: whole,
            multiplier: 1,
        },
    ] {
        let layer = common::layer(random, op, input, 4).unwrap();
        input = layer.output;
        layers.push(layer);
    }
    common::model(random, front_end, WINDOW, layers, 3)
}

fn cost_of(spec: &ModelSpec) -> Cost {
    Model::parse(&spec.to_bytes().unwrap()).unwrap().cost()
}

#[test]
fn every_operation_counts_once() {
    let spec = of_every_layer();
    let file = spec.to_bytes().unwrap();
    let model = Model::parse(&file).unwrap();
    let operations: Vec<u64> = model.layers().map(|layer| layer.operations()).collect();
    // outputs × taps, and × 4 for the positions that a pooling of 2 × 2 reads
    let expected = [
        8 * 16 * 4 * 9 * 4,
        8 * 16 * 4 * 9,
        4 * 8 * 4 * 4,
        4 * 32,
        3 * 4,
    ];
    assert_eq!(operations, expected);
    let window: u64 = expected.iter().sum();
    let cost = model.cost();
    assert_eq!(cost.window, window);
    // 44 columns have up to 3 windows that are 20 columns apart
    assert_eq!(cost.second, 3 * window + SPECTRA);
    assert_eq!(cost.activations, 16 * 32 + 8 * 16 * 4);
}

#[test]
fn the_transform_of_cepstra_counts() {
    let mut front_end = FrontEnd::librosa(2048, 512, 16);
    front_end.feature = Feature::Mfcc { coefficients: 13 };
    let spec = common::model(&mut Random(6), front_end, WINDOW, Vec::new(), 3);
    let cost = cost_of(&spec);
    assert_eq!(cost.window, 3 * 13 * 32 + 32 * 16 * 13);
    assert_eq!(cost.second, 3 * cost.window + SPECTRA);
}

#[test]
fn each_limit_refuses_by_itself_and_is_named_with_the_cost() {
    let cost = cost_of(&of_every_layer());
    let exact = Limits {
        window: cost.window,
        second: cost.second,
        activations: cost.activations,
    };
    for limits in [exact, Limits::DEFAULT, Limits::NONE, Limits::default()] {
        assert_eq!(limits.check(&cost), Ok(()));
    }
    let less = |change: fn(&mut Limits)| {
        let mut limits = exact;
        change(&mut limits);
        limits.check(&cost).unwrap_err().to_string()
    };
    let (window, second, activations) = (cost.window, cost.second, cost.activations);
    assert_eq!(
        less(|limits| limits.window -= 1),
        format!(
            "model costs more than is allowed: {window} multiply-adds per window, at most {}",
            window - 1
        )
    );
    assert_eq!(
        less(|limits| (limits.second, limits.activations) = (7, 8)),
        format!(
            "model costs more than is allowed: {second} multiply-adds per second of audio, at most 7; \
             {activations} bytes of activations, at most 8"
        )
    );
    assert!(
        less(|limits| limits.activations -= 1).ends_with(&format!("at most {}", activations - 1))
    );
}
