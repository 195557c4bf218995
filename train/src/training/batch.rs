//! Training batches, made by one generator per epoch so that any epoch can be made again.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::data::split::Piece;
use crate::data::{Dataset, columns_of};
use crate::recipe::Recipe;
use crate::training::augment::{augment, happens, mixstyle, mixup_weight};
use crate::training::objective::{Table, Targets};

/// Crops and their targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// `[crop, bin, column]`, in LSB: 0.0 to 255.0 (not whole where two crops are mixed).
    pub inputs: Vec<f32>,
    /// `[crop, class]` probabilities: labels mixed and smoothed. All 0 for a crop without a stated genre.
    pub targets: Vec<f32>,
    /// `[crop, class]` probabilities of a teacher at the recipe's temperature, mixed, where a file gives its logits.
    pub answers: Option<Vec<f32>>,
    /// `[crop, value]` of a teacher, mixed, where a file gives them.
    pub values: Option<Vec<f32>>,
    /// Number of crops.
    pub size: usize,
}

/// Beta's parameter where bins' means and deviations are mixed, as Schmid et al. (2022) have it.
const MIXSTYLE_ALPHA: f64 = 0.3;

/// Makes the batches of one epoch after another.
#[derive(Clone, Debug)]
pub struct Sampler<'a> {
    dataset: &'a Dataset,
    pieces: Vec<Piece<'a>>,
    recipe: &'a Recipe,
    seed: u64,
    targets: Option<&'a Targets>,
}

impl<'a> Sampler<'a> {
    /// Make a sampler over the given tracks or segments.
    #[must_use]
    pub fn new(
        dataset: &'a Dataset,
        pieces: Vec<Piece<'a>>,
        recipe: &'a Recipe,
        seed: u64,
    ) -> Self {
        Self {
            dataset,
            pieces,
            recipe,
            seed,
            targets: None,
        }
    }

    /// Return the sampler with a teacher's values for the crops.
    #[must_use]
    pub const fn with_targets(mut self, targets: Option<&'a Targets>) -> Self {
        self.targets = targets;
        self
    }

    /// Return the steps in an epoch. Crops that do not fill a batch are left for another epoch's order.
    #[must_use]
    pub fn steps(&self) -> usize {
        let crops: usize = self.pieces.iter().map(|piece| self.repeats(piece)).sum();
        crops / self.recipe.training.batch.get()
    }

    /// Return how often a piece is taken in an epoch.
    fn repeats(&self, piece: &Piece<'_>) -> usize {
        let keys = &self.recipe.augment;
        let unlabelled = (keys.crops_per_unlabelled_track).filter(|_| piece.track.label.is_none());
        unlabelled.unwrap_or(keys.crops_per_track).get()
    }

    /// Return the batches of an epoch; the same seed and epoch give the same ones.
    pub fn epoch(&self, epoch: usize) -> impl Iterator<Item = Batch> + '_ {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(epoch as u64);
        let most = self.pieces.iter().map(|piece| self.repeats(piece)).max();
        let round = |round| (self.pieces.iter()).filter(move |piece| self.repeats(piece) > round);
        let mut order: Vec<_> = (0..most.unwrap_or(0)).flat_map(round).copied().collect();
        order.shuffle(&mut rng);
        let size = self.recipe.training.batch.get();
        (0..self.steps()).map(move |step| self.batch(&order[step * size..][..size], &mut rng))
    }

    fn batch(&self, pieces: &[Piece<'_>], rng: &mut ChaCha8Rng) -> Batch {
        let (crops, starts) = self.crops(pieces, rng);
        let (keys, classes) = (&self.recipe.training, self.dataset.genres.len());
        let smoothing = keys.label_smoothing.get() as f32;
        let mut inputs = Vec::with_capacity(crops.len() * crops[0].len());
        let mut targets = vec![smoothing / classes as f32; crops.len() * classes];
        let mut mixtures = Vec::with_capacity(crops.len());
        for (index, crop) in crops.iter().enumerate() {
            let other = rng.random_range(0..crops.len());
            let weight = mixup_weight(self.recipe.augment.mixup_alpha.get(), rng);
            inputs.extend(mixed(crop, &crops[other], weight));
            mixtures.push((other, weight));
            let target = &mut targets[index * classes..][..classes];
            for (piece, share) in [(index, weight), (other, 1.0 - weight)] {
                // without a stated genre, only teachers teach
                match pieces[piece].track.label {
                    Some(label) => target[label] += (1.0 - smoothing) * share,
                    None => target
                        .iter_mut()
                        .for_each(|t| *t -= smoothing / classes as f32 * share),
                }
            }
        }
        let mix = |of: Vec<Vec<f32>>| -> Vec<f32> {
            (of.iter().zip(&mixtures))
                .flat_map(|(own, &(other, weight))| mixed(own, &of[other], weight))
                .collect()
        };
        let at = |table: &Table| -> Vec<Vec<f32>> {
            let crops = pieces.iter().zip(&starts);
            crops
                .map(|(piece, &start)| table.at(piece.track.row, start))
                .collect()
        };
        let values = self.targets.and_then(|targets| targets.values.as_ref());
        let answers = self.targets.and_then(|targets| targets.answers.as_ref());
        let temperature = self
            .recipe
            .distillation
            .as_ref()
            .map_or(1.0, |keys| keys.temperature.get());
        Batch {
            inputs,
            targets,
            answers: answers.map(|table| {
                let logits = at(table).into_iter();
                mix(logits
                    .map(|logits| softmax(&logits, temperature as f32))
                    .collect())
            }),
            values: values.map(|table| mix(at(table))),
            size: crops.len(),
        }
    }

    /// Return the augmented crops before labels are mixed, and the first column of each.
    fn crops(&self, pieces: &[Piece<'_>], rng: &mut ChaCha8Rng) -> (Vec<Vec<f32>>, Vec<usize>) {
        let (plain, starts): (Vec<Vec<f32>>, Vec<usize>) = (pieces.iter())
            .map(|piece| {
                let (crop, start) = self.crop(piece, rng);
                (crop.into_iter().map(f32::from).collect(), start)
            })
            .unzip();
        let mut crops = plain.clone();
        for crop in &mut crops {
            if happens(rng, self.recipe.augment.mixstyle) {
                let other = &plain[rng.random_range(0..plain.len())];
                let weight = mixup_weight(MIXSTYLE_ALPHA, rng);
                mixstyle(crop, other, self.dataset.mels, weight);
            }
        }
        (crops, starts)
    }

    /// Return an augmented crop and its first column.
    fn crop(&self, piece: &Piece<'_>, rng: &mut ChaCha8Rng) -> (Vec<u8>, usize) {
        let dataset = self.dataset;
        let columns = self.recipe.window.columns.get();
        let start = match piece.start {
            Some(start) => start,
            None => rng.random_range(0..=dataset.columns - columns),
        };
        let crop = columns_of(
            dataset.spectrogram(piece.track),
            dataset.columns,
            start,
            columns,
        );
        let crop = augment(&crop, dataset.mels, &self.recipe.augment, rng);
        (crop, start)
    }
}

/// Mix two crops, or what belongs to them; `weight` is that of the first.
fn mixed<'a>(own: &'a [f32], other: &'a [f32], weight: f32) -> impl Iterator<Item = f32> + 'a {
    let pairs = own.iter().zip(other);
    pairs.map(move |(a, b)| weight * a + (1.0 - weight) * b)
}

fn softmax(logits: &[f32], temperature: f32) -> Vec<f32> {
    let greatest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = (logits.iter())
        .map(|logit| ((logit - greatest) / temperature).exp())
        .collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}
