//! Folding and quantising against a plain f64 network written for this test alone.

use crate::common::{GENRES, MELS, Numbers, RECIPE};
use burn::tensor::{Tensor, TensorData};
use timbrel_core::model::{Model, ModelSpec, Op};
use timbrel_train::device::DeviceKind;
use timbrel_train::evaluate::Inference;
use timbrel_train::evaluate::score::argmax;
use timbrel_train::integers::{Exponents, INPUT_EXPONENT, holding};
use timbrel_train::network::Network;
use timbrel_train::quantise::{
    ActivationErrors, FoldedConv, FoldedNetwork, Identity, build, quantise,
};
use timbrel_train::recipe::Recipe;
use timbrel_train::weights::{Array, Weights, name};

/// Make a network with weights and running statistics like those of a trained one.
fn weights(recipe: &Recipe) -> Weights {
    let mut numbers = Numbers(7);
    let mut out = Weights::default();
    let mut inputs = 1;
    for (index, block) in recipe.network.blocks.iter().enumerate() {
        let (outputs, kernel) = (block.channels.get(), block.kernel.get());
        let depth = if block.depthwise { 1 } else { inputs };
        let mut add = |name: String, shape: Vec<usize>, centre: f32, spread: f32| {
            let count = shape.iter().product();
            let values = (0..count)
                .map(|_| centre + spread * numbers.float())
                .collect();
            out.insert(name, Array { shape, values });
        };
        let spread = (3.0 / (depth * kernel * kernel) as f32).sqrt();
        add(
            name::conv(index),
            vec![outputs, depth, kernel, kernel],
            0.0,
            spread,
        );
        for (what, centre, spread) in [
            (name::GAMMA, 1.0, 0.4),
            (name::BETA, 0.1, 0.3),
            (name::MEAN, 0.0, 0.3),
            (name::VARIANCE, 0.5, 0.4),
        ] {
            let name = format!("{}.{what}", name::norm(index));
            add(name, vec![outputs], centre, spread);
        }
        inputs = outputs;
    }
    let classes = GENRES.len();
    let dense = (0..inputs * classes).map(|_| numbers.float()).collect();
    out.insert(
        name::DENSE_WEIGHT.into(),
        Array {
            shape: vec![inputs, classes],
            values: dense,
        },
    );
    let bias = (0..classes).map(|_| numbers.float()).collect();
    out.insert(
        name::DENSE_BIAS.into(),
        Array {
            shape: vec![classes],
            values: bias,
        },
    );
    out
}

fn inputs(count: usize) -> Vec<Vec<u8>> {
    let mut numbers = Numbers(11);
    (0..count)
        .map(|_| {
            let level = numbers.next() % 128;
            (0..MELS * 32)
                .map(|_| (level + numbers.next() % 128) as u8)
                .collect()
        })
        .collect()
}

/// `values` in `[row, column, channel]` order.
struct Plane {
    size: [usize; 2],
    channels: usize,
    values: Vec<f64>,
}

/// Run the folded network in f64: with `exponents` on integers, without on real numbers. Integers of this size are
/// exact in an f64, so it is an integer reference as well.
fn reference(network: &FoldedNetwork, exponents: Option<&Exponents>, input: &[u8]) -> Vec<f64> {
    let scale = |value: f32, exponent: Option<i32>| match exponent {
        Some(exponent) => (f64::from(value) * f64::from(exponent).exp2()).round_ties_even(),
        None => f64::from(value),
    };
    let saturated = |weight: f32, exponent: Option<i32>| match exponent {
        Some(_) => scale(weight, exponent).clamp(-127.0, 127.0),
        None => f64::from(weight),
    };
    let mut unit = exponents.map(|_| INPUT_EXPONENT);
    let values = input
        .iter()
        .map(|q| f64::from(*q) / if unit.is_some() { 1.0 } else { 256.0 });
    let mut plane = Plane {
        size: [MELS, 32],
        channels: 1,
        values: values.collect(),
    };
    let requantise = |sum: f64, places: Option<i32>| match places {
        Some(places) => (sum / f64::from(places).exp2())
            .round_ties_even()
            .clamp(0.0, 255.0),
        None => sum.max(0.0),
    };
    for (index, layer) in network.convs.iter().enumerate() {
        let exponent = exponents.map(|e| e.weights[index]);
        let output = exponents.map(|e| e.activations[index]);
        let sums = unit.zip(exponent).map(|(unit, weight)| unit + weight);
        let places = sums.zip(output).map(|(sums, output)| sums - output);
        plane = conv(
            layer,
            &plane,
            |weight| saturated(weight, exponent),
            |bias| scale(bias, sums),
            |sum| requantise(sum, places),
        );
        unit = output;
    }
    let area = plane.size[0] * plane.size[1];
    let mut means = vec![0.0; plane.channels];
    for (index, value) in plane.values.iter().enumerate() {
        means[index % plane.channels] += value;
    }
    assert!(area.is_power_of_two());
    let places = exponents.map(|e| area.ilog2() as i32 + unit.unwrap() - e.mean);
    for mean in &mut means {
        *mean = if places.is_some() {
            requantise(*mean, places)
        } else {
            *mean / area as f64
        };
    }
    let sums = exponents.map(|e| e.mean + e.dense);
    let rows = network
        .dense_weights
        .chunks_exact(means.len())
        .zip(&network.dense_biases);
    rows.map(|(row, bias)| {
        let products = row
            .iter()
            .zip(&means)
            .map(|(w, x)| saturated(*w, exponents.map(|e| e.dense)) * x);
        scale(*bias, sums) + products.sum::<f64>()
    })
    .collect()
}

fn conv(
    layer: &FoldedConv,
    input: &Plane,
    weight: impl Fn(f32) -> f64,
    bias: impl Fn(f32) -> f64,
    finish: impl Fn(f64) -> f64,
) -> Plane {
    let (kernel, stride, pool) = (
        layer.keys.kernel.get(),
        layer.keys.stride.get(),
        layer.keys.pool.get()[0],
    );
    let outputs = layer.keys.channels.get();
    let size = input
        .size
        .map(|extent| (extent + 2 * (kernel / 2) - kernel) / stride + 1);
    let at = |y: usize, x: usize, output: usize| {
        let mut sum = bias(layer.biases[output]);
        for (ky, kx, i) in (0..kernel * kernel * layer.inputs).map(|n| {
            (
                n / layer.inputs / kernel,
                n / layer.inputs % kernel,
                n % layer.inputs,
            )
        }) {
            let (Some(row), Some(column)) = (
                (y * stride + ky).checked_sub(kernel / 2),
                (x * stride + kx).checked_sub(kernel / 2),
            ) else {
                continue;
            };
            if row >= input.size[0]
                || column >= input.size[1]
                || (layer.keys.depthwise && i != output)
            {
                continue;
            }
            let place = if layer.keys.depthwise {
                (ky * kernel + kx) * outputs + output
            } else {
                ((output * kernel + ky) * kernel + kx) * layer.inputs + i
            };
            sum += weight(layer.weights[place])
                * input.values[(row * input.size[1] + column) * input.channels + i];
        }
        finish(sum)
    };
    let pooled = size.map(|extent| extent / pool);
    let mut values = Vec::new();
    for (y, x) in (0..pooled[0]).flat_map(|y| (0..pooled[1]).map(move |x| (y, x))) {
        for output in 0..outputs {
            let places =
                (0..pool * pool).map(|n| at(y * pool + n / pool, x * pool + n % pool, output));
            values.push(places.fold(f64::NEG_INFINITY, f64::max));
        }
    }
    Plane {
        size: pooled,
        channels: outputs,
        values,
    }
}

fn burn_logits(recipe: &Recipe, weights: &Weights, inputs: &[Vec<u8>]) -> Vec<Vec<f32>> {
    let device = DeviceKind::Cpu.open(false).unwrap();
    let network = Network::new(recipe, GENRES.len(), &device)
        .unwrap()
        .with_weights(weights)
        .unwrap();
    let values: Vec<f32> = inputs.iter().flatten().map(|q| f32::from(*q)).collect();
    let input = TensorData::new(values, [inputs.len(), 1, MELS, 32]);
    let output = network.forward(Tensor::from_data(input, &device));
    let values = output.into_data().try_into_vec::<f32>().unwrap();
    values
        .chunks_exact(GENRES.len())
        .map(<[f32]>::to_vec)
        .collect()
}

fn identity() -> Identity {
    Identity {
        labels: GENRES.map(String::from).into(),
        provenance: "test".into(),
    }
}

fn bytes(spec: &ModelSpec) -> Vec<u8> {
    spec.to_bytes().expect("a valid model")
}

#[test]
fn folding_changes_nothing() {
    let _own = crate::common::generator();
    let recipe = Recipe::parse(RECIPE).unwrap();
    let weights = weights(&recipe);
    let folded = FoldedNetwork::new(&recipe.network, &weights).unwrap();
    let inputs = inputs(4);
    for (input, found) in inputs.iter().zip(burn_logits(&recipe, &weights, &inputs)) {
        for (expected, found) in reference(&folded, None, input).iter().zip(found) {
            assert!(
                (expected - f64::from(found)).abs() < 1e-4,
                "{expected} {found}"
            );
        }
    }
}

#[test]
fn weights_that_do_not_fit_are_named() {
    let _own = crate::common::generator();
    let recipe = Recipe::parse(RECIPE).unwrap();
    let mut wrong = weights(&recipe);
    wrong.insert(
        format!("{}.{}", name::norm(1), name::BETA),
        Array {
            shape: vec![5],
            values: vec![0.0; 5],
        },
    );
    let message = FoldedNetwork::new(&recipe.network, &wrong)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("blocks.1.norm.beta") && message.contains("[5]"),
        "{message}"
    );
    let message = FoldedNetwork::new(&recipe.network, &Weights::default())
        .unwrap_err()
        .to_string();
    assert!(message.contains("missing"), "{message}");
}

#[test]
fn integers_are_the_reference_bit_for_bit_and_answer_like_the_floats() {
    let _own = crate::common::generator();
    let recipe = Recipe::parse(RECIPE).unwrap();
    let weights = weights(&recipe);
    let folded = FoldedNetwork::new(&recipe.network, &weights).unwrap();
    let inputs = inputs(24);
    let device = DeviceKind::Cpu.open(false).unwrap();
    let quantised = quantise(&recipe, &weights, &inputs, &identity(), &device).unwrap();
    assert!(quantised.divergence < 0.01, "{}", quantised.divergence);
    let model = Inference::int8(bytes(&quantised.spec)).unwrap();
    let logits = model.logits(&inputs).unwrap();
    let floats = burn_logits(&recipe, &weights, &inputs);
    let scale = 2f32.powi(-i32::from(quantised.spec.logits_exponent));
    let mut same = 0;
    for ((input, found), float) in inputs.iter().zip(&logits).zip(&floats) {
        let expected = reference(&folded, Some(&quantised.exponents), input);
        let found_wide: Vec<f64> = found.iter().map(|logit| f64::from(*logit)).collect();
        assert_eq!(found_wide, expected);
        let found: Vec<f32> = found.iter().map(|logit| *logit as f32 * scale).collect();
        same += usize::from(argmax(&found) == argmax(float));
    }
    assert!(same >= 22, "{same} of 24 answers are the float network's");
}

#[test]
fn coarse_and_saturating_scales_are_the_reference_too() {
    let _own = crate::common::generator();
    let recipe = Recipe::parse(RECIPE).unwrap();
    let folded = FoldedNetwork::new(&recipe.network, &weights(&recipe)).unwrap();
    for exponents in [
        Exponents {
            activations: vec![2, 3, 1],
            mean: 4,
            weights: vec![3, 2, 4],
            hidden_activations: vec![],
            hidden_weights: vec![],
            dense: 3,
        },
        Exponents {
            activations: vec![7, 9, 8],
            mean: 9,
            weights: vec![8, 9, 9],
            hidden_activations: vec![],
            hidden_weights: vec![],
            dense: 9,
        },
    ] {
        let spec = build(&recipe, &folded, &exponents, &identity()).unwrap();
        let model = Inference::int8(bytes(&spec)).unwrap();
        let inputs = inputs(3);
        for (input, found) in inputs.iter().zip(model.logits(&inputs).unwrap()) {
            let found: Vec<f64> = found.iter().map(|logit| f64::from(*logit)).collect();
            assert_eq!(found, reference(&folded, Some(&exponents), input));
        }
    }
}

#[test]
fn scales_without_a_shift_are_refused() {
    let _own = crate::common::generator();
    let recipe = Recipe::parse(RECIPE).unwrap();
    let folded = FoldedNetwork::new(&recipe.network, &weights(&recipe)).unwrap();
    let mut exponents = Exponents {
        activations: vec![16, 5, 5],
        mean: 6,
        weights: vec![6; 3],
        hidden_activations: vec![],
        hidden_weights: vec![],
        dense: 6,
    };
    let message = format!(
        "{:#}",
        build(&recipe, &folded, &exponents, &identity()).unwrap_err()
    );
    assert!(
        message.contains("block 0") && message.contains("shift -2"),
        "{message}"
    );
    exponents.activations[0] = -3;
    let message = format!(
        "{:#}",
        build(&recipe, &folded, &exponents, &identity()).unwrap_err()
    );
    assert!(message.contains("shift 17"), "{message}");
}

#[test]
fn an_average_over_any_area_is_an_average() {
    let _own = crate::common::generator();
    let recipe = RECIPE.replace("columns = 32", "columns = 40");
    let recipe = Recipe::parse(&recipe).unwrap();
    let folded = FoldedNetwork::new(&recipe.network, &weights(&recipe)).unwrap();
    let exponents = Exponents {
        activations: vec![5; 3],
        mean: 6,
        weights: vec![6; 3],
        hidden_activations: vec![],
        hidden_weights: vec![],
        dense: 6,
    };
    let file = bytes(&build(&recipe, &folded, &exponents, &identity()).unwrap());
    let model = Model::parse(&file).unwrap();
    let mean = model.layers().nth(3).unwrap();
    let Op::AveragePool {
        geometry,
        multiplier,
    } = mean.op
    else {
        panic!("{:?}", mean.op)
    };
    assert_eq!(geometry.kernel, [4, 5]);
    // one step coarser than its output's scale, the ratio is 2
    let ratio = f64::from(multiplier) / f64::from(mean.shift).exp2();
    assert!(
        (ratio * 20.0 / 2.0 - 1.0).abs() < 0.008,
        "{multiplier} >> {}",
        mean.shift
    );
}

#[test]
fn scales_hold_their_ranges() {
    let _own = crate::common::generator();
    for largest in [0.01_f32, 0.99, 1.0, 1.01, 127.0, 128.0, 3e4] {
        let exponent = holding(largest, 127.0);
        assert!(largest * 2f32.powi(exponent) <= 127.0, "{largest}");
        assert!(largest * 2f32.powi(exponent + 1) > 127.0, "{largest}");
    }
    assert_eq!(holding(0.0, 127.0), 0);
}

#[test]
fn an_activation_gets_the_scale_of_least_error() {
    let _own = crate::common::generator();
    let mut errors = ActivationErrors::default();
    let values: Vec<f32> = (0..1000).map(|n| n as f32 / 1000.0).collect();
    errors.add(&values);
    // values below 1: 255 steps of 2^-8
    assert_eq!(errors.best(), 8);
    // one value in ten thousand far outside does not cost all others a bit
    (0..10).for_each(|_| errors.add(&values));
    errors.add(&[1.2]);
    assert_eq!(errors.best(), 8);
}
