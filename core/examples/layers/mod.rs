//! A model of one convolution.

use timbrel_core::frontend::{Affine, FrontEnd, WindowSpec};
use timbrel_core::model::{Confidence, Geometry, LayerSpec, ModelError, ModelSpec, Op, Shape};

const COLUMNS: u16 = 32;

/// Write a model of a convolution that keeps the 32 columns, over as many rows as its kernel and the pooling take; a kernel of
/// one tap before it makes `channels` of the window, where they are more than one.
pub(crate) fn model(
    kernel: [u8; 2],
    pool: u8,
    channels: u16,
    outputs: u16,
) -> Result<Vec<u8>, ModelError> {
    let rows = u16::from(kernel[0]) + u16::from(pool) - 1;
    let mut shape = Shape::new(rows, COLUMNS, 1);
    let mut layers = Vec::new();
    if channels > 1 {
        let geometry = Geometry::square(1, 1, 0);
        let one = Op::Conv {
            geometry,
            pool: [1, 1],
        };
        layers.extend(layer(one, &mut shape, channels));
    }
    let geometry = Geometry {
        kernel,
        stride: [1, 1],
        pad: [0, (kernel[1] - 1) / 2, 0, kernel[1] / 2],
    };
    let pool = [pool, 1];
    layers.extend(layer(Op::Conv { geometry, pool }, &mut shape, outputs));
    layers.extend(layer(Op::Dense, &mut shape, 1));
    for layer in layers.iter_mut().rev().skip(1) {
        layer.shift = 9;
    }
    ModelSpec {
        front_end: FrontEnd::librosa(1024, 512, rows),
        window: WindowSpec {
            columns: COLUMNS,
            hop: COLUMNS,
        },
        normalisation: vec![Affine::DB80],
        labels: vec!["a".into()],
        logits_exponent: 0,
        layers,
        provenance: String::new(),
        rejection: None,
        confidence: Confidence::NEUTRAL,
        graph: None,
    }
    .to_bytes()
}

/// Make a layer over `shape`, which becomes that of its output. Its weights are small, as those of trained networks are.
fn layer(op: Op, shape: &mut Shape, channels: u16) -> Option<LayerSpec> {
    let input = *shape;
    let output = op.output(input, channels)?;
    *shape = output;
    let mut state = 1_u32;
    let mut weight = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // the sum of two is a triangle around 0, within -62..=60
        ((state >> 27) + (state >> 19 & 31)) as i8 * 2 - 62
    };
    Some(LayerSpec {
        op,
        shift: 0,
        input,
        output,
        weights: (0..op.weights(input, output)).map(|_| weight()).collect(),
        biases: vec![0; op.biases(output) as usize],
    })
}
