//! Small models that isolate one layer each, for the bench.
//!
//! A model's input has one channel and its last layer is a dense one, so a layer in the middle is measured as
//! a difference: `[widen] [layer] [dense]` minus `[widen] [dense]`, where `widen` is a 1×1 convolution to the
//! layer's input channels and `dense` gives one logit. The cost of a dense layer per input is also
//! the difference of two models, so that the tails can be subtracted.

use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use timbrel_core::model::{Confidence, Geometry, LayerSpec, Model, ModelSpec, Op, Shape};

/// The bench's facts about one layer.
struct Case {
    name: String,
    op: Op,
    input: Shape,
    output: Shape,
}

/// Write the models and `layers.rs`, a table of them, into `out`.
pub(crate) fn write(shipped: &[u8], out: &Path) -> Result<(), Box<dyn Error>> {
    let shipped = Model::parse(shipped)?;
    let mut cases: Vec<Case> = shipped
        .layers()
        .map(|layer| Case {
            name: name(layer.op, layer.input, layer.output),
            op: layer.op,
            input: layer.input,
            output: layer.output,
        })
        .collect();
    cases.extend(not_shipped()?);

    let mut table = String::from("const LAYERS: &[Layer] = &[\n");
    for (index, case) in cases.iter().enumerate() {
        let (before, after) = (
            widen(case.input),
            layer(case.op, case.input, case.output.channels)?,
        );
        let with = chain(&shipped, case.input, before.iter().chain([&after]), 1)?;
        let without = chain(&shipped, case.input, before.iter(), 1)?;
        fs::write(out.join(format!("{index}-with.timbrel")), with)?;
        fs::write(out.join(format!("{index}-without.timbrel")), without)?;
        let include = |which: &str| {
            format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{index}-{which}.timbrel\"))")
        };
        writeln!(
            table,
            "    Layer {{ name: {:?}, with: {}, without: {}, work: {}, tail: {} }},",
            case.name,
            include("with"),
            include("without"),
            work(case),
            case.output.len() as i64 - case.input.len() as i64,
        )?;
    }
    table.push_str("];\n");
    // the same input to one and to two logits: the difference is one row of a dense layer
    let shape = Shape::new(64, 64, 1);
    for classes in [1, 2] {
        let model = chain(&shipped, shape, [].iter(), classes)?;
        fs::write(out.join(format!("dense-{classes}.timbrel")), model)?;
    }
    writeln!(
        table,
        "const DENSE_LEN: i32 = {};
const DENSE_1: &[u8] = include_bytes!(concat!(env!(\"OUT_DIR\"), \"/dense-1.timbrel\"));
const DENSE_2: &[u8] = include_bytes!(concat!(env!(\"OUT_DIR\"), \"/dense-2.timbrel\"));",
        shape.len()
    )?;
    fs::write(out.join("layers.rs"), table)?;
    Ok(())
}

/// Make layers that the shipped model does not have.
fn not_shipped() -> Result<Vec<Case>, Box<dyn Error>> {
    let conv = Geometry::square(3, 1, 1);
    let cases = [
        (
            Op::Depthwise {
                geometry: conv,
                pool: [1, 1],
            },
            64,
            64,
        ),
        (
            Op::Conv {
                geometry: Geometry::square(1, 1, 0),
                pool: [1, 1],
            },
            64,
            64,
        ),
        (
            Op::MaxPool {
                geometry: Geometry::square(2, 2, 0),
            },
            64,
            64,
        ),
        (Op::Dense, 8, 64),
    ];
    cases
        .into_iter()
        .map(|(op, channels, outputs)| {
            let input = Shape::new(8, 8, channels);
            let output = op.output(input, outputs).ok_or("a geometry does not fit")?;
            Ok(Case {
                name: name(op, input, output),
                op,
                input,
                output,
            })
        })
        .collect()
}

fn name(op: Op, input: Shape, output: Shape) -> String {
    let kernel = |g: Geometry| format!("{}×{} stride {}", g.kernel[0], g.kernel[1], g.stride[0]);
    let what = match op {
        Op::Conv { geometry, pool } => format!("conv {} pool {}", kernel(geometry), pool[0]),
        Op::Depthwise { geometry, .. } => format!("depthwise {}", kernel(geometry)),
        Op::MaxPool { geometry } => format!("max pool {}", kernel(geometry)),
        Op::AveragePool { geometry, .. } => format!("average pool {}", kernel(geometry)),
        Op::Dense => "dense".into(),
        other => format!("{other:?}"),
    };
    let shape = |s: Shape| format!("{}×{}×{}", s.height, s.width, s.channels);
    format!("{what} {} to {}", shape(input), shape(output))
}

/// Return the multiply-adds, or the values that are compared where there are no multiplications.
fn work(case: &Case) -> u64 {
    let positions = |g: Geometry| {
        g.output(case.input)
            .map_or(0, |[h, w]| u64::from(h) * u64::from(w))
    };
    let channels = u64::from(case.output.channels);
    match case.op {
        Op::Conv { geometry, pool } | Op::Depthwise { geometry, pool } => {
            // positions that pooling drops are never computed
            let [height, width] = [case.output.height, case.output.width].map(u64::from);
            let pooled = height * u64::from(pool[0]) * width * u64::from(pool[1]);
            pooled.min(positions(geometry)) * channels * case.op.taps(case.input)
        }
        Op::MaxPool { geometry } => {
            positions(geometry)
                * channels
                * u64::from(geometry.kernel[0])
                * u64::from(geometry.kernel[1])
        }
        Op::AveragePool { geometry, .. } => {
            positions(geometry) * channels * case.op.taps(case.input)
        }
        _ => channels * case.op.taps(case.input),
    }
}

/// Return the 1×1 convolution to the input's channels, none if one channel is enough.
fn widen(input: Shape) -> Option<LayerSpec> {
    let op = Op::Conv {
        geometry: Geometry::square(1, 1, 0),
        pool: [1, 1],
    };
    let narrow = Shape::new(input.height, input.width, 1);
    (input.channels > 1)
        .then(|| layer(op, narrow, input.channels))
        .and_then(Result::ok)
}

/// Make a layer with weights of all sizes; their values change no instruction count but those of the clamp.
fn layer(op: Op, input: Shape, channels: u16) -> Result<LayerSpec, Box<dyn Error>> {
    let output = op
        .output(input, channels)
        .ok_or("a geometry does not fit")?;
    let mut state = 1_u32;
    let mut weight = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as i8
    };
    Ok(LayerSpec {
        op,
        shift: match op {
            Op::Dense | Op::MaxPool { .. } => 0,
            _ => 8,
        },
        input,
        output,
        weights: (0..op.weights(input, output)).map(|_| weight()).collect(),
        biases: vec![0; op.biases(output) as usize],
    })
}

/// Make a model of some layers and a dense one.
fn chain<'a>(
    shipped: &Model<'_>,
    input: Shape,
    layers: impl Iterator<Item = &'a LayerSpec>,
    classes: u16,
) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut layers: Vec<LayerSpec> = layers.cloned().collect();
    // a dense layer in the middle has a shift, the last one has none
    for layer in &mut layers {
        if layer.op == Op::Dense {
            layer.shift = 8;
        }
    }
    let last = layers
        .last()
        .map_or(Shape::new(input.height, input.width, 1), |l| l.output);
    layers.push(layer(Op::Dense, last, classes)?);
    let mut front_end = *shipped.front_end();
    front_end.n_mels = input.height;
    let mut window = shipped.window();
    (window.columns, window.hop) = (input.width, 1);
    let spec = ModelSpec {
        front_end,
        window,
        normalisation: shipped.normalisation().iter().take(1).collect(),
        labels: (0..classes).map(|class| format!("{class}")).collect(),
        logits_exponent: 0,
        layers,
        provenance: String::new(),
        rejection: None,
        confidence: Confidence::NEUTRAL,
        graph: None,
    };
    Ok(spec.to_bytes()?)
}
