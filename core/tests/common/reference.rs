//! A network's definition, in i64 and without the engine's tricks, and the engine in all its forms to compare with it.

use super::graphs;
use timbrel_core::engine::{Engine, Int8Engine, Kernels};
use timbrel_core::model::{Geometry, LayerSpec, MAX_EMBEDDING, Model, ModelSpec, Op, Shape};

/// Activation of the reference, `[channel][row][column]`, unlike the engine's.
type Planes = Vec<Vec<Vec<i64>>>;

fn planes(shape: Shape, value: impl Fn(usize, usize, usize) -> i64) -> Planes {
    let range = |extent: u16| 0..usize::from(extent);
    let row = |c, y| range(shape.width).map(|x| value(c, y, x)).collect();
    let plane = |c| range(shape.height).map(|y| row(c, y)).collect();
    range(shape.channels).map(plane).collect()
}

/// Compute `round_half_even(sum / 2^shift)` in floating point: exact, since sums stay far below 2^53.
fn requantise(sum: i64, shift: u8) -> i64 {
    let exact = sum as f64 / 2_f64.powi(i32::from(shift));
    exact.round_ties_even().clamp(0.0, 255.0) as i64
}

/// Call `f(ky, kx, y, x)` for the kernel positions inside the input.
fn taps(
    shape: Shape,
    g: Geometry,
    oy: usize,
    ox: usize,
    mut f: impl FnMut(usize, usize, usize, usize),
) {
    for ky in 0..i64::from(g.kernel[0]) {
        for kx in 0..i64::from(g.kernel[1]) {
            let y = oy as i64 * i64::from(g.stride[0]) + ky - i64::from(g.pad[0]);
            let x = ox as i64 * i64::from(g.stride[1]) + kx - i64::from(g.pad[1]);
            if (0..i64::from(shape.height)).contains(&y) && (0..i64::from(shape.width)).contains(&x)
            {
                f(ky as usize, kx as usize, y as usize, x as usize);
            }
        }
    }
}

fn max_pooled(unpooled: &Planes, output: Shape, pool: [u8; 2]) -> Planes {
    let [height, width] = pool.map(usize::from);
    planes(output, |c, y, x| {
        let rows = unpooled[c][y * height..(y + 1) * height].iter();
        let values = rows.flat_map(|row| &row[x * width..(x + 1) * width]);
        values.copied().max().unwrap()
    })
}

fn reference_layer(layer: &LayerSpec, input: &Planes) -> Planes {
    let (channels, shift) = (usize::from(layer.input.channels), layer.shift);
    let unpooled = |g: Geometry| {
        let [height, width] = g.output(layer.input).unwrap();
        Shape::new(height, width, layer.output.channels)
    };
    match layer.op {
        Op::Conv { geometry: g, pool } => {
            let [kh, kw] = g.kernel.map(usize::from);
            let weight = |o: usize, ky: usize, kx: usize, c: usize| {
                i64::from(layer.weights[((o * kh + ky) * kw + kx) * channels + c])
            };
            let full = planes(unpooled(g), |o, y, x| {
                let mut sum = i64::from(layer.biases[o]);
                taps(layer.input, g, y, x, |ky, kx, iy, ix| {
                    sum += (0..channels)
                        .map(|c| input[c][iy][ix] * weight(o, ky, kx, c))
                        .sum::<i64>();
                });
                requantise(sum, shift)
            });
            max_pooled(&full, layer.output, pool)
        }
        Op::Depthwise { geometry: g, pool } => {
            let kw = usize::from(g.kernel[1]);
            let full = planes(unpooled(g), |c, y, x| {
                let mut sum = i64::from(layer.biases[c]);
                taps(layer.input, g, y, x, |ky, kx, iy, ix| {
                    sum +=
                        input[c][iy][ix] * i64::from(layer.weights[(ky * kw + kx) * channels + c]);
                });
                requantise(sum, shift)
            });
            max_pooled(&full, layer.output, pool)
        }
        Op::MaxPool { geometry: g } => planes(layer.output, |c, y, x| {
            let mut largest = 0;
            taps(layer.input, g, y, x, |_, _, iy, ix| {
                largest = largest.max(input[c][iy][ix]);
            });
            largest
        }),
        Op::AveragePool {
            geometry: g,
            multiplier,
        } => planes(layer.output, |c, y, x| {
            let mut sum = 0;
            taps(layer.input, g, y, x, |_, _, iy, ix| sum += input[c][iy][ix]);
            requantise(sum * i64::from(multiplier), shift)
        }),
        Op::Dense => dense(layer, input, |sum| requantise(sum, shift)),
        Op::Resample { .. } => resample(layer, &input[0]),
        other => panic!("no reference for {other:?}"),
    }
}

/// Compute a resampling as a sum over the whole input, with the products of each row's and each column's weights.
fn resample(layer: &LayerSpec, input: &[Vec<i64>]) -> Planes {
    let bytes: Vec<i64> = layer
        .weights
        .iter()
        .map(|weight| i64::from(weight.cast_unsigned()))
        .collect();
    let entry = |index: usize| {
        let at = 256 + 4 * index;
        (
            bytes[at] + 256 * bytes[at + 1],
            bytes[at + 2] + 256 * bytes[at + 3],
        )
    };
    let weight = |(first, share): (i64, i64), cell: usize| match cell as i64 - first {
        0 => 256 - share,
        1 => share,
        _ => 0,
    };
    let rows = usize::from(layer.output.height);
    planes(layer.output, |_, y, x| {
        let (row, column) = (entry(y), entry(rows + x));
        if let Some((_, padding)) = [row, column].iter().find(|(first, _)| *first == 0xFFFF) {
            return *padding;
        }
        let mut sum = 0;
        for (iy, values) in input.iter().enumerate() {
            for (ix, value) in values.iter().enumerate() {
                sum += value * weight(row, iy) * weight(column, ix);
            }
        }
        let index = (sum + 32_768).div_euclid(65_536);
        bytes[usize::try_from(index).unwrap()]
    })
}

fn dense(layer: &LayerSpec, input: &Planes, finish: impl Fn(i64) -> i64) -> Planes {
    let (h, w, c) = (input[0].len(), input[0][0].len(), input.len());
    planes(layer.output, |o, _, _| {
        let mut sum = i64::from(layer.biases[o]);
        for (index, weight) in layer.weights[o * h * w * c..][..h * w * c]
            .iter()
            .enumerate()
        {
            let (y, x, channel) = (index / (w * c), index / c % w, index % c);
            sum += input[channel][y][x] * i64::from(*weight);
        }
        finish(sum)
    })
}

/// Compute the logits, and the last layer's input where it is short enough for an embedding.
pub(crate) fn reference(spec: &ModelSpec, window: &[u8]) -> (Vec<i32>, Vec<u8>) {
    let input = graphs::window(spec);
    let mut activations = vec![planes(input, |_, y, x| {
        i64::from(window[y * usize::from(input.width) + x])
    })];
    let sources = |index: usize| match &spec.graph {
        Some(graph) => graph.nodes[index].sources.clone(),
        None => vec![index as u16],
    };
    let (head, body) = spec.layers.split_last().unwrap();
    for (index, layer) in body.iter().enumerate() {
        let read = sources(index).into_iter();
        // channels are the outermost axis here, so that joined activations follow one another
        let input: Planes = read
            .flat_map(|k| activations[usize::from(k)].clone())
            .collect();
        activations.push(match layer.op {
            Op::Join => input,
            _ => reference_layer(layer, &input),
        });
    }
    let activation = &activations[usize::from(sources(body.len())[0])];
    let logits = dense(head, activation, |sum| sum);
    let logits = logits
        .iter()
        .map(|plane| i32::try_from(plane[0][0]).unwrap());
    if head.input.len() as usize > MAX_EMBEDDING {
        return (logits.collect(), Vec::new());
    }
    let Shape { height, width, .. } = head.input;
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (y, x)));
    let values = places.flat_map(|(y, x)| {
        let planes = activation.iter();
        planes.map(move |plane| plane[usize::from(y)][usize::from(x)] as u8)
    });
    (logits.collect(), values.collect())
}

/// Return the logits and the embedding, which must be the same from every set of inner loops that this machine has,
/// with weights in place and repacked.
pub(crate) fn run(spec: &ModelSpec, window: &[u8]) -> (Vec<i32>, Vec<u8>) {
    let bytes = spec.to_bytes().unwrap();
    let model = Model::parse(&bytes).unwrap();
    let mut expected = None;
    for kernels in Kernels::available() {
        let least = Int8Engine::required_bytes(&model);
        for size in [least, Int8Engine::fast_bytes_with(&model, kernels)] {
            let found = run_with(model, kernels, size, window);
            let expected = expected.get_or_insert_with(|| found.clone());
            assert_eq!(found, *expected, "{} in {size} bytes", kernels.name());
        }
    }
    expected.unwrap()
}

pub(crate) fn run_with(
    model: Model<'_>,
    kernels: Kernels,
    size: usize,
    window: &[u8],
) -> (Vec<i32>, Vec<u8>) {
    let mut memory = vec![0xA5; size];
    let mut engine = Int8Engine::with_kernels(model, kernels, &mut memory).unwrap();
    let mut logits = vec![0; model.classes()];
    // twice, since the second run finds the remains of the first one in the arena
    for _ in 0..2 {
        engine.input().copy_from_slice(window);
        engine.run(&mut logits).unwrap();
    }
    assert_eq!(engine.embedding().len(), model.info().embedding);
    (logits, engine.embedding().to_vec())
}
