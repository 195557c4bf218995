//! Integers from a folded network and a choice of scales.

use anyhow::{Context, Result, ensure};
use timbrel_core::model::{Confidence, Geometry, LayerSpec, ModelSpec, Op, Shape};

use super::{FoldedConv, FoldedNetwork};
use crate::integers::{Exponents, INPUT_EXPONENT, MAX_SHIFT, reciprocal, scaled};
use crate::recipe::Recipe;

/// The part of a model file that is not its network.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Class names in label order.
    pub labels: Vec<String>,
    /// Lines of `key: value` on where it comes from.
    pub provenance: String,
}

/// Round a folded network to integers.
///
/// # Errors
/// A choice of exponents needs a shift outside `0..=`[`MAX_SHIFT`], or the network does not fit the format.
pub fn build(
    recipe: &Recipe,
    network: &FoldedNetwork,
    exponents: &Exponents,
    identity: &Identity,
) -> Result<ModelSpec> {
    let [bins, columns] = recipe.network.front(recipe.input());
    let mut shape = Shape::new(short(bins)?, short(columns)?, 1);
    let mut input = INPUT_EXPONENT;
    let mut layers = Vec::with_capacity(network.convs.len() + network.hidden.len() + 2);
    for (index, conv) in network.convs.iter().enumerate() {
        let output = exponents.activations[index];
        let layer = conv_layer(conv, shape, [input, exponents.weights[index], output])
            .with_context(|| format!("block {index}"))?;
        (shape, input) = (layer.output, output);
        layers.push(layer);
    }
    if network.mean {
        let mean = mean_layer(shape, input, exponents.mean).context("mean over all places")?;
        (shape, input) = (mean.output, exponents.mean);
        layers.push(mean);
    }
    for (index, hidden) in network.hidden.iter().enumerate() {
        let output = exponents.hidden_activations[index];
        let scales = [input, exponents.hidden_weights[index]];
        let mut layer = dense_layer(&hidden.weights, &hidden.biases, shape, scales)?;
        layer.shift = shift(scales[0] + scales[1] - output)
            .with_context(|| format!("hidden layer {index}"))?;
        (shape, input) = (layer.output, output);
        layers.push(layer);
    }
    let scales = [input, exponents.dense];
    layers.push(dense_layer(
        &network.dense_weights,
        &network.dense_biases,
        shape,
        scales,
    )?);
    let sums = input + exponents.dense;
    Ok(ModelSpec {
        front_end: match recipe.network.cepstra {
            Some(count) => recipe.front_end().mfcc(count.short()),
            None => recipe.front_end(),
        },
        window: recipe.window(),
        normalisation: network.normalisation.clone(),
        labels: identity.labels.clone(),
        logits_exponent: u8::try_from(sums).context("scale of the logits")?,
        layers,
        provenance: identity.provenance.clone(),
        rejection: None,
        confidence: Confidence::NEUTRAL,
        graph: None,
    })
}

fn conv_layer(
    conv: &FoldedConv,
    shape: Shape,
    [input, weight, output]: [i32; 3],
) -> Result<LayerSpec> {
    let keys = conv.keys;
    let byte = |value: usize| u8::try_from(value).context("does not fit the file format");
    let kernel = byte(keys.kernel.get())?;
    let geometry = Geometry::square(kernel, byte(keys.stride.get())?, kernel / 2);
    let [pool_height, pool_width] = keys.pool.get();
    let pool = [byte(pool_height)?, byte(pool_width)?];
    let op = if keys.depthwise {
        Op::Depthwise { geometry, pool }
    } else {
        Op::Conv { geometry, pool }
    };
    Ok(LayerSpec {
        op,
        shift: shift(input + weight - output)?,
        input: shape,
        output: op
            .output(shape, keys.channels.short())
            .context("does not fit its input")?,
        weights: weights(&conv.weights, weight),
        biases: biases(&conv.biases, input + weight)?,
    })
}

/// Make a dense layer whose sums are not shifted yet.
fn dense_layer(
    values: &[f32],
    summands: &[f32],
    shape: Shape,
    [input, weight]: [i32; 2],
) -> Result<LayerSpec> {
    Ok(LayerSpec {
        op: Op::Dense,
        shift: 0,
        input: shape,
        output: Shape::new(1, 1, short(summands.len())?),
        weights: weights(values, weight),
        biases: biases(summands, input + weight)?,
    })
}

/// Return the mean over all places: `sum · multiplier / 2^shift`, exact where their number is a power of two.
fn mean_layer(shape: Shape, input: i32, output: i32) -> Result<LayerSpec> {
    let [height, width] = [shape.height, shape.width].map(|extent| u8::try_from(extent).ok());
    let (height, width) = height
        .zip(width)
        .context("more than 255 places along one axis")?;
    let geometry = Geometry {
        kernel: [height, width],
        stride: [1, 1],
        pad: [0; 4],
    };
    let area = u32::from(height) * u32::from(width);
    let (multiplier, places) = reciprocal(area);
    let op = Op::AveragePool {
        geometry,
        multiplier,
    };
    Ok(LayerSpec {
        op,
        shift: shift(places + input - output)?,
        input: shape,
        output: op.output(shape, 0).context("does not fit its input")?,
        weights: Vec::new(),
        biases: Vec::new(),
    })
}

fn shift(value: i32) -> Result<u8> {
    ensure!(
        (0..=MAX_SHIFT).contains(&value),
        "shift {value} is not in 0..={MAX_SHIFT}"
    );
    Ok(value as u8)
}

fn weights(values: &[f32], exponent: i32) -> Vec<i8> {
    values
        .iter()
        .map(|&w| scaled(w, exponent).clamp(-127.0, 127.0) as i8)
        .collect()
}

fn biases(values: &[f32], exponent: i32) -> Result<Vec<i32>> {
    // far enough from i32's end that no sum of products added to it can overflow
    const LIMIT: f64 = (1 << 30) as f64;
    let round = |&b: &f32| {
        let scaled = scaled(b, exponent);
        ensure!(
            scaled.abs() <= LIMIT,
            "bias {b} is too large for its scale 2^-{exponent}"
        );
        Ok(scaled as i32)
    };
    values.iter().map(round).collect()
}

fn short(value: usize) -> Result<u16> {
    u16::try_from(value).with_context(|| format!("{value} does not fit the file format"))
}
