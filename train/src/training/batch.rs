//! Training batches, made by one generator per epoch so that any epoch can be made again.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::data::split::Piece;
use crate::data::{Dataset, columns_of};
use crate::recipe::Recipe;
use crate::training::augment::{augment, happens, mixstyle, mixup_weight};

/// Crops and their targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// `[crop, bin, column]`, in LSB: 0.0 to 255.0 (not whole where two crops are mixed).
    pub inputs: Vec<f32>,
    /// `[crop, class]` probabilities: labels mixed and smoothed. All 0 for a crop without a stated genre.
    pub targets: Vec<f32>,
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
        }
    }

    /// Return the steps in an epoch. Crops that do not fill a batch are left for another epoch's order.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.pieces.len() * self.recipe.augment.crops_per_track.get()
            / self.recipe.training.batch.get()
    }

    /// Return the batches of an epoch; the same seed and epoch give the same ones.
    pub fn epoch(&self, epoch: usize) -> impl Iterator<Item = Batch> + '_ {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(epoch as u64);
        let mut order: Vec<_> = (0..self.recipe.augment.crops_per_track.get())
            .flat_map(|_| self.pieces.iter().copied())
            .collect();
        order.shuffle(&mut rng);
        let size = self.recipe.training.batch.get();
        (0..self.steps()).map(move |step| self.batch(&order[step * size..][..size], &mut rng))
    }

    fn batch(&self, pieces: &[Piece<'_>], rng: &mut ChaCha8Rng) -> Batch {
        let crops = self.crops(pieces, rng);
        let (keys, classes) = (&self.recipe.training, self.dataset.genres.len());
        let smoothing = keys.label_smoothing.get() as f32;
        let mut inputs = Vec::with_capacity(crops.len() * crops[0].len());
        let mut targets = vec![smoothing / classes as f32; crops.len() * classes];
        for (index, crop) in crops.iter().enumerate() {
            let other = rng.random_range(0..crops.len());
            let weight = mixup_weight(self.recipe.augment.mixup_alpha.get(), rng);
            let pairs = crop.iter().zip(&crops[other]);
            inputs.extend(pairs.map(|(a, b)| weight * a + (1.0 - weight) * b));
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
        Batch {
            inputs,
            targets,
            size: crops.len(),
        }
    }

    /// Return augmented crops, before labels are mixed.
    fn crops(&self, pieces: &[Piece<'_>], rng: &mut ChaCha8Rng) -> Vec<Vec<f32>> {
        let plain: Vec<Vec<f32>> = (pieces.iter())
            .map(|piece| self.crop(piece, rng).into_iter().map(f32::from).collect())
            .collect();
        let mut crops = plain.clone();
        for crop in &mut crops {
            if happens(rng, self.recipe.augment.mixstyle) {
                let other = &plain[rng.random_range(0..plain.len())];
                let weight = mixup_weight(MIXSTYLE_ALPHA, rng);
                mixstyle(crop, other, self.dataset.mels, weight);
            }
        }
        crops
    }

    fn crop(&self, piece: &Piece<'_>, rng: &mut ChaCha8Rng) -> Vec<u8> {
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
        augment(&crop, dataset.mels, &self.recipe.augment, rng)
    }
}
