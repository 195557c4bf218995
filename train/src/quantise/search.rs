//! Choosing the scales: first each by itself, then by the answers of the integers.

use anyhow::Result;
use burn::tensor::Device;
use timbrel_core::model::ModelSpec;

use super::{FoldedNetwork, Identity, build, calibrate};
use crate::data::View;
use crate::evaluate::Inference;
use crate::evaluate::score::softmax;
use crate::integers::{Exponents, holding};
use crate::network::Network;
use crate::recipe::Recipe;
use crate::weights::Weights;

/// A quantised model and how it was chosen.
#[derive(Clone, Debug)]
pub struct Quantised {
    /// The integers.
    pub spec: ModelSpec,
    /// The scales.
    pub exponents: Exponents,
    /// Mean Kullback-Leibler divergence (nats) of the integers' answers from the float network's on the
    /// calibration windows.
    pub divergence: f64,
}

/// Windows on which choices are compared; more windows take longer and change nothing.
const COMPARED: usize = 96;

/// Quantise a trained network on windows of the train split.
///
/// Each activation begins with the scale of least squared error, each weight tensor with the smallest
/// that holds it. Then one scale after another is moved by a factor of two where the integer network's
/// answers come nearer to the float network's by it.
///
/// # Errors
/// The weights do not fit the recipe, or no choice of scales fits the format.
pub fn quantise(
    recipe: &Recipe,
    weights: &Weights,
    windows: &[Vec<u8>],
    identity: &Identity,
    device: &Device,
) -> Result<Quantised> {
    let folded = FoldedNetwork::new(&recipe.network, weights)?;
    let network = Network::new(recipe, identity.labels.len(), device)?.with_weights(weights)?;
    let (mut activations, logits) = calibrate::observe(&network, windows, recipe.input(), device)?;
    let hidden_activations = activations.split_off(folded.convs.len() + 1);
    let mean = activations.pop().unwrap_or_default();
    let start = Exponents {
        activations,
        mean,
        weights: folded
            .convs
            .iter()
            .map(|conv| holding(largest(&conv.weights), 127.0))
            .collect(),
        hidden_activations,
        hidden_weights: folded
            .hidden
            .iter()
            .map(|layer| holding(largest(&layer.weights), 127.0))
            .collect(),
        dense: holding(largest(&folded.dense_weights), 127.0),
    };
    let stride = windows.len().div_ceil(COMPARED).max(1);
    let start_spec = build(recipe, &folded, &start, identity)?;
    let view = View::new(start_spec.front_end, start_spec.normalisation);
    let compared = windows.iter().step_by(stride);
    let compared: Vec<Vec<u8>> = compared.map(|w| view.of_renormalised(w)).collect();
    let targets: Vec<Vec<f32>> = logits.iter().step_by(stride).map(|l| softmax(l)).collect();
    let search = Search {
        recipe,
        folded,
        identity,
        compared,
        targets,
    };
    search.descend(start)
}

fn largest(values: &[f32]) -> f32 {
    values
        .iter()
        .fold(0.0, |largest, value| value.abs().max(largest))
}

struct Search<'a> {
    recipe: &'a Recipe,
    folded: FoldedNetwork,
    identity: &'a Identity,
    compared: Vec<Vec<u8>>,
    targets: Vec<Vec<f32>>,
}

impl Search<'_> {
    fn descend(&self, start: Exponents) -> Result<Quantised> {
        let mut best = self.measure(start)?;
        let blocks = best.exponents.weights.len() + best.exponents.hidden_weights.len();
        // a weight tensor may saturate one step, never be coarser than what holds it
        let moves = (0..=blocks)
            .flat_map(|layer| [(Place::Weights(layer), 1)])
            .chain((0..=blocks).flat_map(|layer| {
                [
                    (Place::Activation(layer), 1),
                    (Place::Activation(layer), -1),
                ]
            }));
        for (place, step) in moves {
            let mut exponents = best.exponents.clone();
            *place.of(&mut exponents) += step;
            // a move for which the format has no shift is not a choice
            if let Ok(moved) = self.measure(exponents)
                && moved.divergence < best.divergence
            {
                best = moved;
            }
        }
        Ok(best)
    }

    fn measure(&self, exponents: Exponents) -> Result<Quantised> {
        let spec = build(self.recipe, &self.folded, &exponents, self.identity)?;
        let inference = Inference::int8(spec.to_bytes().map_err(anyhow::Error::msg)?)?;
        let logits = inference.logits(&self.compared)?;
        let sum: f64 = logits
            .iter()
            .zip(&self.targets)
            .map(|(logits, target)| divergence(target, &inference.probabilities(logits)))
            .sum();
        Ok(Quantised {
            spec,
            exponents,
            divergence: sum / self.targets.len().max(1) as f64,
        })
    }
}

/// One of the exponents, by layer: the blocks', then of weights the hidden layers' and the last one's, of activations
/// the mean's and the hidden layers'.
#[derive(Clone, Copy)]
enum Place {
    Weights(usize),
    Activation(usize),
}

impl Place {
    fn of(self, exponents: &mut Exponents) -> &mut i32 {
        match self {
            Self::Weights(layer) => (exponents.weights.iter_mut())
                .chain(&mut exponents.hidden_weights)
                .nth(layer)
                .unwrap_or(&mut exponents.dense),
            Self::Activation(layer) => {
                let mean = std::iter::once(&mut exponents.mean);
                let inside = exponents.activations.iter_mut().chain(mean);
                let mut all = inside.chain(&mut exponents.hidden_activations);
                all.nth(layer).expect("a place of these exponents")
            }
        }
    }
}

/// Compute the Kullback-Leibler divergence of `found` from `target`, in nats.
fn divergence(target: &[f32], found: &[f32]) -> f64 {
    let term = |(t, f): (&f32, &f32)| {
        let (t, f) = (f64::from(*t).max(1e-12), f64::from(*f).max(1e-12));
        t * (t / f).ln()
    };
    target.iter().zip(found).map(term).sum()
}
