//! Departures of a run from the text of its recipe.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::data::{Dataset, MadeWith, starts};
use crate::recipe::{Recipe, Unit, Whole};

/// Departures that a run was asked for, kept beside the recipe's copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Changes {
    /// The cache's front end, where it replaces the recipe's.
    pub approximated: Option<MadeWith>,
    /// Columns of a track, where the manifest divides the tracks and not the recipe.
    pub manifest_split: Option<usize>,
}

impl Changes {
    /// Return the changes that options ask for, with what they need to know of the data.
    #[must_use]
    pub fn new(approximate_front_end: bool, manifest_split: bool, dataset: &Dataset) -> Self {
        Self {
            approximated: approximate_front_end.then_some(dataset.made_with).flatten(),
            manifest_split: manifest_split.then_some(dataset.columns),
        }
    }

    /// Return the recipe with the changes made.
    ///
    /// # Errors
    /// The network does not fit the resulting windows.
    pub fn apply(&self, recipe: &Recipe) -> Result<Recipe> {
        let mut changed = recipe.clone();
        if let Some(made_with) = self.approximated {
            approximate(&mut changed, made_with)?;
        }
        if let Some(columns) = self.manifest_split {
            divide_by_manifest(&mut changed, columns)?;
        }
        changed.validate()?;
        Ok(changed)
    }
}

/// A cache's hop is a mean and may miss the recipe's by a fraction of a sample, which must not cost a column.
const SLACK: f64 = 0.02;

/// Take the front end that a cache was made with: windows of the same duration, cut down to whole columns, and
/// masks of the same duration, rounded. Mel bands replace the bins of a recipe that has none.
fn approximate(recipe: &mut Recipe, made_with: MadeWith) -> Result<()> {
    let seconds =
        f64::from(recipe.front_end.hop.short()) / recipe.front_end.sample_rate.get() as f64;
    let ratio = seconds * f64::from(made_with.sample_rate) / f64::from(made_with.hop);
    let scaled = |columns: usize| columns as f64 * ratio;
    let window = |columns: Whole<1, 4096>| {
        whole(
            (scaled(columns.get()) + SLACK) as usize,
            "[window] at the cache's hop",
        )
    };
    recipe.window.columns = window(recipe.window.columns)?;
    recipe.window.hop = window(recipe.window.hop)?;
    let mask = scaled(recipe.augment.time_mask_columns.get()).round();
    recipe.augment.time_mask_columns =
        whole(mask as usize, "time_mask_columns at the cache's hop")?;
    recipe.front_end.sample_rate =
        whole(made_with.sample_rate as usize, "the cache's sample rate")?;
    recipe.front_end.hop = whole(made_with.hop as usize, "the cache's hop")?;
    recipe.front_end.n_fft = whole(usize::from(made_with.n_fft), "the cache's n_fft")?;
    if recipe.front_end.n_mels.is_none() && !made_with.holds_fft_bins() {
        recipe.front_end.n_mels = Some(whole(made_with.bins, "the cache's mel bands")?);
    }
    Ok(())
}

/// Leave the division to the manifest, whose tracks give as many crops per epoch as there were segments of each.
fn divide_by_manifest(recipe: &mut Recipe, columns: usize) -> Result<()> {
    if let Some(split) = recipe.split.take()
        && split.of == Unit::Segments
    {
        let crops = recipe.augment.crops_per_track.get() * starts(columns, recipe.window()).len();
        recipe.augment.crops_per_track = whole(crops, "crops of a track that has no segments")?;
    }
    Ok(())
}

fn whole<const MIN: u16, const MAX: u16>(value: usize, what: &str) -> Result<Whole<MIN, MAX>> {
    Whole::try_from(value as i64).map_err(|error| anyhow::anyhow!("{what}: {error}"))
}
