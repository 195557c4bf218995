//! Models and signals for tests, generated from a seed.
#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod graphs;
pub(crate) mod mutants;
#[cfg(feature = "tract")]
pub(crate) mod onnx;
pub(crate) mod reference;
pub(crate) mod two;

use timbrel_core::Error;
use timbrel_core::engine::Engine;
use timbrel_core::frontend::{Affine, Feature, FrontEnd, WindowSpec};
use timbrel_core::model::ModelInfo;
use timbrel_core::model::{Confidence, Geometry, LayerSpec, ModelSpec, Op, Shape};

/// Small linear congruential generator (Knuth's MMIX constants): the same numbers everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u32 {
        let state = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = state.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.next() as usize % limit
    }

    /// Return a number that is uniform in `-1.0..1.0`.
    pub(crate) fn unit(&mut self) -> f32 {
        self.next() as f32 / (1_u32 << 30) as f32 - 1.0
    }
}

/// Make a layer with random weights; the shift keeps typical sums in the u8 range.
pub(crate) fn layer(random: &mut Random, op: Op, input: Shape, channels: u16) -> Option<LayerSpec> {
    let output = op.output(input, channels)?;
    let shift = match op {
        Op::MaxPool { .. } | Op::Join | Op::Resample { .. } => 0,
        Op::AveragePool { multiplier, .. } => (op.taps(input) * multiplier as u64).ilog2() as u8,
        _ => 6 + (op.taps(input) as f64).sqrt().log2() as u8,
    };
    let weights = match op {
        Op::Resample { extent } => graphs::resampling(random, input, extent),
        _ => (0..op.weights(input, output))
            .map(|_| random.next() as i8)
            .collect(),
    };
    let biases = (0..op.biases(output))
        .map(|_| random.below(4001) as i32 - 2000)
        .collect();
    Some(LayerSpec {
        op,
        shift,
        input,
        output,
        weights,
        biases,
    })
}

/// Append a random layer that fits.
pub(crate) fn random_layer(random: &mut Random, input: Shape) -> LayerSpec {
    loop {
        let kernel = [1 + random.below(4) as u8, 1 + random.below(4) as u8];
        let pad = [kernel[0], kernel[1], kernel[0], kernel[1]]
            .map(|k| random.below(usize::from(k)) as u8);
        let stride = [1 + random.below(3) as u8, 1 + random.below(3) as u8];
        let geometry = Geometry {
            kernel,
            stride,
            pad,
        };
        let pool = [1 + random.below(2) as u8, 1 + random.below(2) as u8];
        let op = match random.below(5) {
            0 | 1 => Op::Conv { geometry, pool },
            2 => Op::Depthwise { geometry, pool },
            3 => Op::MaxPool { geometry },
            _ => Op::AveragePool {
                geometry,
                multiplier: 1 + random.below(20) as i8,
            },
        };
        let channels = 1 + random.below(7) as u16;
        if let Some(layer) = layer(random, op, input, channels) {
            return layer;
        }
    }
}

/// Make a model over `front_end` with the given layers and a dense one after them.
pub(crate) fn model(
    random: &mut Random,
    front_end: FrontEnd,
    window: WindowSpec,
    mut layers: Vec<LayerSpec>,
    classes: u16,
) -> ModelSpec {
    let input = Shape::new(front_end.bins(), window.columns, 1);
    let last = layers.last().map_or(input, |layer| layer.output);
    let mut head = layer(random, Op::Dense, last, classes).expect("dense fits anything");
    head.shift = 0;
    layers.push(head);
    ModelSpec {
        front_end,
        window,
        normalisation: match front_end.feature {
            Feature::LogMel => vec![Affine::DB80],
            Feature::Mfcc { coefficients } => (0..coefficients).map(of_coefficient).collect(),
            other => panic!("no map for {other:?}"),
        },
        labels: (0..classes).map(|class| format!("class {class}")).collect(),
        logits_exponent: 12,
        layers,
        provenance: "made by: a test".into(),
        rejection: None,
        confidence: Confidence::NEUTRAL,
        graph: None,
    }
}

/// Return a map that suits music's coefficients of 16 bands; each of them has its own.
pub(crate) fn of_coefficient(index: u16) -> Affine {
    Affine {
        scale: 0.9 + 0.1 * f32::from(index),
        offset: if index == 0 {
            250.0
        } else {
            120.0 + f32::from(index)
        },
    }
}

/// An engine without a network, which keeps its windows.
pub(crate) struct Recorder {
    pub(crate) info: ModelInfo,
    pub(crate) normalisation: Vec<Affine>,
    pub(crate) window: Vec<u8>,
    pub(crate) seen: Vec<Vec<u8>>,
}

impl Recorder {
    pub(crate) fn new(front_end: FrontEnd, window: WindowSpec, normalisation: Vec<Affine>) -> Self {
        let info = ModelInfo::new(front_end, window, 1, 0);
        Self {
            info,
            normalisation,
            window: vec![0; info.window_len()],
            seen: Vec::new(),
        }
    }
}

impl Engine for &mut Recorder {
    fn info(&self) -> ModelInfo {
        self.info
    }

    fn label(&self, _: usize) -> Option<&str> {
        None
    }

    fn normalisation(&self, bin: usize) -> Affine {
        self.normalisation[bin]
    }

    fn input(&mut self) -> &mut [u8] {
        &mut self.window
    }

    fn run(&mut self, _: &mut [i32]) -> Result<(), Error> {
        let window = self.window.clone();
        self.seen.push(window);
        Ok(())
    }
}

/// Make a model of one to four random layers on a window of random size.
pub(crate) fn random_model(seed: u64) -> ModelSpec {
    let mut random = Random(seed);
    let n_mels = 4 + random.below(12);
    let mut front_end = FrontEnd::librosa(512, 256, n_mels as u16);
    if seed % 3 == 1 {
        front_end = front_end.mfcc(1 + random.below(n_mels) as u16);
    }
    let columns = 4 + random.below(12) as u16;
    let window = WindowSpec {
        columns,
        hop: 1 + random.below(usize::from(columns)) as u16,
    };
    let mut layers: Vec<LayerSpec> = Vec::new();
    let mut shape = Shape::new(front_end.bins(), columns, 1);
    for _ in 0..1 + random.below(4) {
        let layer = random_layer(&mut random, shape);
        shape = layer.output;
        layers.push(layer);
    }
    model(&mut random, front_end, window, layers, 3)
}

/// Make noise with a melody of decaying tones, at full scale about ±0.5.
pub(crate) fn music(seed: u64, samples: usize, rate: u32) -> Vec<f32> {
    let mut random = Random(seed);
    let mut pitch = 220.0;
    (0..samples)
        .map(|i| {
            let note = rate as usize / 4;
            if i % note == 0 {
                pitch = 110.0 * 2_f32.powf(random.below(24) as f32 / 12.0);
            }
            let t = (i % note) as f32 / rate as f32;
            let tone = (2.0 * std::f32::consts::PI * pitch * t).sin() * (-6.0 * t).exp();
            0.4 * tone + 0.05 * random.unit()
        })
        .collect()
}
