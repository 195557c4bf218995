//! A network with branches, for the tests of what is exported.

use timbrel_core::frontend::{Affine, FrontEnd, WindowSpec};
use timbrel_core::model::{Confidence, Geometry, GraphSpec, LayerSpec, ModelSpec, Op, Shape};

use crate::common::Numbers;

const WINDOW: Shape = Shape::new(32, 24, 1);

/// Layers as they are added, with what each reads.
struct Layers {
    numbers: Numbers,
    all: Vec<LayerSpec>,
    sources: Vec<Vec<u16>>,
}

impl Layers {
    fn shape(&self, activation: u16) -> Shape {
        match activation {
            0 => WINDOW,
            layer => self.all[usize::from(layer) - 1].output,
        }
    }

    /// Add a layer with random weights and return its activation.
    fn add(&mut self, op: Op, shift: u8, sources: &[u16], channels: u16) -> u16 {
        let mut input = self.shape(sources[0]);
        input.channels = sources.iter().map(|k| self.shape(*k).channels).sum();
        let output = op.output(input, channels).unwrap();
        let weights = match op {
            Op::Resample { .. } => self.resampling(input, output),
            _ => (0..op.weights(input, output))
                .map(|_| self.numbers.next() as i8)
                .collect(),
        };
        self.all.push(LayerSpec {
            op,
            shift,
            input,
            output,
            weights,
            biases: (0..op.biases(output))
                .map(|_| (self.numbers.next() % 4096) as i32 - 1024)
                .collect(),
        });
        self.sources.push(sources.to_vec());
        self.all.len() as u16
    }

    /// Make a table, and cells of which each fourth or so is padding.
    fn resampling(&mut self, input: Shape, output: Shape) -> Vec<i8> {
        let mut next = |below: u16| (self.numbers.next() % u64::from(below)) as u16;
        let mut weights: Vec<u8> = (0..256).map(|_| next(256) as u8).collect();
        let padding = next(256);
        let axes = [(output.height, input.height), (output.width, input.width)];
        for (count, extent) in axes {
            for _ in 0..count {
                let cell = match next(4) {
                    0 => [u16::MAX, padding],
                    1 => [extent - 2, 256],
                    _ => [next(extent - 1), next(257)],
                };
                weights.extend(cell.into_iter().flat_map(u16::to_le_bytes));
            }
        }
        weights.into_iter().map(u8::cast_signed).collect()
    }
}

/// Make a network of two resamplings of the window and all ways to join.
pub(crate) fn spec() -> ModelSpec {
    let mut layers = Layers {
        numbers: Numbers(5),
        all: Vec::new(),
        sources: Vec::new(),
    };
    let conv = Op::Conv {
        geometry: Geometry::square(3, 1, 1),
        pool: [1, 1],
    };
    let halves = Op::MaxPool {
        geometry: Geometry::square(2, 2, 0),
    };
    let mean = Op::AveragePool {
        geometry: Geometry {
            kernel: [16, 15],
            stride: [16, 15],
            pad: [0; 4],
        },
        multiplier: 1,
    };
    let wide = layers.add(Op::Resample { extent: [32, 30] }, 0, &[0], 1);
    let convolved = layers.add(conv, 9, &[wide], 5);
    let joined = layers.add(Op::Join, 0, &[wide, convolved, wide], 7);
    let pooled = layers.add(halves, 0, &[joined], 7);
    let small = layers.add(Op::Resample { extent: [16, 15] }, 0, &[0], 1);
    let beside = layers.add(Op::Join, 0, &[pooled, small], 8);
    let dense = layers.add(Op::Dense, 14, &[beside], 12);
    let means = layers.add(mean, 8, &[pooled], 7);
    let embedding = layers.add(Op::Join, 0, &[dense, means, dense], 31);
    layers.add(Op::Dense, 0, &[embedding], 7);
    ModelSpec {
        front_end: FrontEnd::librosa(512, 256, WINDOW.height),
        window: WindowSpec {
            columns: WINDOW.width,
            hop: WINDOW.width,
        },
        normalisation: vec![Affine::DB80],
        labels: (0..7).map(|class| format!("class {class}")).collect(),
        logits_exponent: 10,
        graph: GraphSpec::plan(WINDOW, &layers.all, &layers.sources),
        layers: layers.all,
        provenance: "a test's".into(),
        rejection: None,
        confidence: Confidence::NEUTRAL,
    }
}
