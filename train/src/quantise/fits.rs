//! Checking that a recipe's networks can become model files at all.

use anyhow::{Result, anyhow, ensure};
use timbrel_core::model::{MAX_CLASSES, ModelInfo};

use super::{FoldedNetwork, Identity, build};
use crate::integers::{Exponents, INPUT_EXPONENT, reciprocal};
use crate::recipe::Recipe;
use crate::weights::Weights;

/// Check, before anything is trained, that a model of this recipe with these classes is one that core runs: with
/// scales that always have a shift, it is written and read back. `weights` are those of a fresh network.
///
/// # Errors
/// Core refuses it; the message names what does not fit.
pub fn fits(recipe: &Recipe, weights: &Weights, labels: &[String]) -> Result<()> {
    ensure!(
        (1..=MAX_CLASSES).contains(&labels.len()),
        "{} classes, a model has 1 to {MAX_CLASSES}",
        labels.len()
    );
    let info = ModelInfo::new(recipe.front_end(), recipe.window(), labels.len(), 0);
    info.validate_labels(labels.iter().map(String::as_str))?;
    if !recipe.network.has_integers() {
        // a model without mel bands is for other runtimes
        return match recipe.front_end.n_mels {
            Some(_) => Ok(info.validate()?),
            None => Ok(()),
        };
    }
    let folded = FoldedNetwork::new(&recipe.network, weights)?;
    let [_, height, width] = recipe.network.reduced_from(recipe.input())?;
    // a mean shifts by as many places as it divides by, all else by the input's exponent
    let mean = reciprocal(u32::try_from(height * width)?).1;
    let reduced = if folded.mean { mean } else { INPUT_EXPONENT };
    let exponents = Exponents {
        activations: vec![INPUT_EXPONENT; folded.convs.len()],
        mean,
        weights: vec![INPUT_EXPONENT; folded.convs.len()],
        hidden_activations: vec![reduced; folded.hidden.len()],
        hidden_weights: vec![INPUT_EXPONENT; folded.hidden.len()],
        dense: 0,
    };
    let identity = Identity {
        labels: labels.to_vec(),
        provenance: String::new(),
    };
    let spec = build(recipe, &folded, &exponents, &identity)?;
    spec.to_bytes().map_err(|error| anyhow!("{error}"))?;
    Ok(())
}
