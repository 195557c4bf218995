//! The first state of a run: fresh, or with the weights of another run.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;

use super::Options;
use crate::data::Dataset;
use crate::data::split::Parts;
use crate::integers::Exponents;
use crate::network::Network;
use crate::quantise::{FoldedNetwork, Identity, calibration_windows, quantise, ranges};
use crate::recipe::{BlockKeys, Recipe};
use crate::run::{Changes, RunFolder, RunInfo};
use crate::weights::{Array, Weights, name};

/// Return the facts of a new run, and its network before the first step.
pub(super) fn begin(
    mut network: Network,
    recipe: &Recipe,
    dataset: &Dataset,
    device: &Device,
    options: &Options,
) -> Result<(RunInfo, Network)> {
    let teachers = options.teachers.iter().map(|run| {
        let origin = RunFolder::new(run).origin();
        origin.with_context(|| format!("teacher {}", run.display()))
    });
    let mut info = RunInfo {
        seed: options.seed,
        epochs: options.epochs.unwrap_or(recipe.training.epochs.get()),
        done: 0,
        labels: dataset.genres.clone(),
        best: None,
        data: options.data.clone(),
        changes: Changes::default(),
        exponents: None,
        teachers: options.teachers.clone(),
        taught_by: teachers.collect::<Result<_>>()?,
        begun_with: None,
        provenance: Some(dataset.provenance.clone().with(&options.stated)),
    };
    if let Some(run) = &options.init_from {
        let origin = RunFolder::new(run).origin();
        info.begun_with = Some(origin.with_context(|| format!("--init-from {}", run.display()))?);
    }
    match &options.init_from {
        Some(run) if recipe.network.quantised => {
            let begun = quantised(run, recipe, dataset, device)?;
            network = network.with_weights(&begun.weights)?;
            info.exponents = Some(begun.exponents);
        }
        Some(run) => network = continued(network, run, &info.labels)?,
        None => {
            ensure!(
                !recipe.network.quantised,
                "[network] quantised needs --init-from, a run of the same network in real numbers"
            );
            if recipe.network.normalise {
                network = normalised(network, recipe, dataset)?;
            }
        }
    }
    Ok((info, network))
}

/// Return the network with its coefficients' ranges on the train split.
fn normalised(network: Network, recipe: &Recipe, dataset: &Dataset) -> Result<Network> {
    let parts = Parts::new(recipe, dataset)?;
    let windows = calibration_windows(dataset, &parts.train, recipe.window());
    let [count, _] = recipe.network.front(recipe.input());
    let maps = ranges(&windows, dataset.mels, count);
    let mut weights = network.weights()?;
    let mut set = |name: &str, values: Vec<f32>| {
        let shape = vec![count];
        weights.insert(name.into(), Array { shape, values });
    };
    let scales = maps.iter().map(|map| map.scale);
    set(name::COEFFICIENT_SCALE, scales.collect());
    let offsets = maps.iter().map(|map| map.offset);
    set(name::COEFFICIENT_OFFSET, offsets.collect());
    network.with_weights(&weights)
}

/// Return the network with a run's weights; its last layer stays fresh where the classes are others.
fn continued(network: Network, run: &Path, labels: &[String]) -> Result<Network> {
    let what = || format!("--init-from {}", run.display());
    let folder = RunFolder::new(run);
    let mut weights = Weights::read(&folder.best()).with_context(what)?;
    if folder.info().with_context(what)?.labels != labels {
        let fresh = network.weights()?;
        for last in [name::DENSE_WEIGHT, name::DENSE_BIAS] {
            weights.insert(last.into(), fresh.get(last)?.clone());
        }
    }
    network.with_weights(&weights).with_context(what)
}

/// First state of a training of integers.
struct Quantised {
    weights: Weights,
    exponents: Exponents,
}

/// Return the folded weights of a run in real numbers, and the scales that `quantise` chooses for them.
fn quantised(run: &Path, recipe: &Recipe, dataset: &Dataset, device: &Device) -> Result<Quantised> {
    let what = || format!("--init-from {}", run.display());
    let folder = RunFolder::new(run);
    let parent = folder.read_recipe().with_context(what)?;
    let geometry = |block: &BlockKeys| {
        let BlockKeys {
            channels,
            kernel,
            stride,
            pool,
            depthwise,
            ..
        } = *block;
        (channels, kernel, stride, pool, depthwise)
    };
    let [own, theirs] = [recipe, &parent].map(|r| r.network.blocks.iter().map(geometry));
    ensure!(
        own.eq(theirs)
            && parent.front_end() == recipe.front_end()
            && parent.window() == recipe.window(),
        "{}: it has other blocks or windows than the recipe",
        what()
    );
    let weights = Weights::read(&folder.best()).with_context(what)?;
    let parts = Parts::new(recipe, dataset)?;
    let windows = calibration_windows(dataset, &parts.train, recipe.window());
    let identity = Identity {
        labels: dataset.genres.clone(),
        provenance: String::new(),
    };
    let chosen = quantise(&parent, &weights, &windows, &identity, device).with_context(what)?;
    Ok(Quantised {
        weights: FoldedNetwork::new(&parent.network, &weights)?.weights(),
        exponents: chosen.exponents,
    })
}
