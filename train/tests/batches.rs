//! Batches: the same seed and epoch give the same ones, and they are what the network will meet.

mod common;

use common::{COLUMNS, MELS, RECIPE};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use timbrel_train::augment::{augment, mixup_weight};
use timbrel_train::batch::{Batch, Sampler};
use timbrel_train::data::{Dataset, renormalise};
use timbrel_train::recipe::{AugmentKeys, Recipe};
use timbrel_train::split::pieces;

fn dataset() -> Dataset {
    let folder = tempfile::tempdir().unwrap();
    common::write_all(folder.path(), 16);
    Dataset::read(folder.path()).unwrap()
}

fn epoch(dataset: &Dataset, seed: u64, epoch: usize) -> Vec<Batch> {
    let recipe = Recipe::parse(RECIPE).unwrap();
    let tracks = pieces(dataset.split("train").unwrap());
    Sampler::new(dataset, tracks, &recipe, seed)
        .epoch(epoch)
        .collect()
}

#[test]
fn an_epoch_depends_on_seed_and_number_only() {
    let dataset = dataset();
    let first = epoch(&dataset, 1, 5);
    assert_eq!(first.len(), 3, "12 tracks x 2 crops / 8");
    assert!(first == epoch(&dataset, 1, 5));
    assert!(first != epoch(&dataset, 2, 5));
    assert!(first != epoch(&dataset, 1, 6));
}

#[test]
fn targets_are_distributions_and_inputs_are_steps() {
    for batch in epoch(&dataset(), 3, 0) {
        assert_eq!(batch.inputs.len(), batch.size * MELS * 32);
        assert!(batch.inputs.iter().all(|v| (0.0..=255.0).contains(v)));
        for target in batch.targets.chunks_exact(3) {
            assert!((target.iter().sum::<f32>() - 1.0).abs() < 1e-6);
            // label smoothing 0.1 over three classes
            assert!(target.iter().all(|p| *p > 0.033));
        }
    }
}

/// The recipe's augmentation with everything switched off.
fn nothing() -> AugmentKeys {
    let off = RECIPE
        .replace("shift_bins = 1", "shift_bins = 0")
        .replace("tilt_db = 3.0", "tilt_db = 0.0")
        .replace("_masks = 1", "_masks = 0");
    Recipe::parse(&off).unwrap().augment
}

#[test]
fn without_augmentation_a_crop_is_what_the_device_sees() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let crop = common::spectrogram(4);
    let expected = renormalise(&crop, MELS, &[timbrel_core::frontend::Affine::DB80]);
    assert!(augment(&crop, MELS, &nothing(), &mut rng) == expected);
}

#[test]
fn augmentation_keeps_shape_and_maximum() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let keys = Recipe::parse(RECIPE).unwrap().augment;
    let crop = common::spectrogram(2);
    for _ in 0..20 {
        let found = augment(&crop, MELS, &keys, &mut rng);
        assert_eq!(found.len(), MELS * COLUMNS);
        // masks of 4 of 32 bins and 4 of 48 columns cannot hide every maximum of this pattern
        assert!(found.iter().any(|v| *v > 230));
    }
}

#[test]
fn mixup_weights_are_between_half_and_one() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for alpha in [0.1, 0.3, 1.0, 10.0] {
        for _ in 0..100 {
            assert!((0.5..=1.0).contains(&mixup_weight(alpha, &mut rng)));
        }
    }
    assert_eq!(mixup_weight(0.0, &mut rng), 1.0);
}
