//! Batches: the same seed and epoch give the same ones, and they are the network's input.

use crate::common::{COLUMNS, MELS, RECIPE};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use timbrel_train::data::split::pieces;
use timbrel_train::data::{Dataset, renormalise};
use timbrel_train::recipe::{AugmentKeys, Recipe};
use timbrel_train::training::augment::{augment, mixstyle, mixup_weight};
use timbrel_train::training::batch::{Batch, Sampler};

fn dataset() -> Dataset {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_all(folder.path(), 16);
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
fn tracks_without_a_label_give_as_many_crops_as_the_recipe_says() {
    // of twelve train tracks nine keep their labels and give two crops each
    let mut dataset = dataset();
    for track in (dataset.tracks.iter_mut()).filter(|track| track.row < 4 && track.split == "train")
    {
        track.label = None;
    }
    for (key, labelled, unlabelled) in [("", 18, 6), ("crops_per_unlabelled_track = 1", 18, 3)] {
        let text = RECIPE
            .replace("mixup_alpha = 0.2", "mixup_alpha = 0.0")
            .replace("batch = 8", "batch = 3")
            .replace("[augment]", &format!("[augment]\n{key}"));
        let recipe = Recipe::parse(&text).unwrap();
        let tracks = pieces(dataset.split("train").unwrap());
        let batches: Vec<_> = Sampler::new(&dataset, tracks, &recipe, 1)
            .epoch(0)
            .collect();
        let taught = |target: &&[f32]| target.iter().sum::<f32>() > 0.5;
        let targets: Vec<&[f32]> = (batches.iter())
            .flat_map(|batch| batch.targets.chunks_exact(3))
            .collect();
        assert_eq!(targets.iter().filter(|t| taught(t)).count(), labelled);
        assert_eq!(targets.len() - labelled, unlabelled);
    }
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

/// Return the recipe's augmentation with everything switched off.
fn nothing() -> AugmentKeys {
    let off = RECIPE
        .replace("shift_bins = 1", "shift_bins = 0")
        .replace("tilt_db = 3.0", "tilt_db = 0.0")
        .replace("_masks = 1", "_masks = 0");
    Recipe::parse(&off).unwrap().augment
}

#[test]
fn without_augmentation_a_crop_is_the_device_s_input() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let crop = crate::common::spectrogram(4);
    let expected = renormalise(&crop, MELS, &[timbrel_core::frontend::Affine::DB80]);
    assert!(augment(&crop, MELS, &nothing(), &mut rng) == expected);
}

#[test]
fn augmentation_keeps_shape_and_maximum() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let keys = Recipe::parse(RECIPE).unwrap().augment;
    let crop = crate::common::spectrogram(2);
    for _ in 0..20 {
        let found = augment(&crop, MELS, &keys, &mut rng);
        assert_eq!(found.len(), MELS * COLUMNS);
        // masks of 4 of 32 bins and 4 of 48 columns cannot hide every maximum of this pattern
        assert!(found.iter().any(|v| *v > 230));
    }
}

/// Return augmentation of one kind alone.
fn only(change: impl Fn(&mut AugmentKeys)) -> AugmentKeys {
    let mut keys = nothing();
    change(&mut keys);
    keys
}

/// Return decibels relative to the maximum.
fn decibels(window: &[u8]) -> Vec<f64> {
    let maximum = f64::from(*window.iter().max().unwrap());
    (window.iter())
        .map(|&value| (f64::from(value) - maximum) / 255.0 * 80.0)
        .collect()
}

/// Two steps of a window, dB: one for rounding, one for rounding its maximum.
const STEPS: f64 = 2.0 * 80.0 / 255.0;

#[test]
fn shift_moves_rows_and_repeats_the_edge() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let keys = only(|keys| keys.shift_bins = 3.try_into().unwrap());
    // a row is as loud as its number
    let crop: Vec<u8> = (0..MELS)
        .flat_map(|bin| vec![100 + bin as u8; COLUMNS])
        .collect();
    let last = MELS as isize - 1;
    let shifted = |shift: isize| -> Vec<u8> {
        let rows = (0..=last).map(|bin| (bin + shift).clamp(0, last));
        // relative to its own maximum, that of its last row
        let loudest = (last + shift).clamp(0, last);
        rows.flat_map(|from| vec![(255 + from - loudest) as u8; COLUMNS])
            .collect()
    };
    let expected: Vec<Vec<u8>> = (-3..=3).map(shifted).collect();
    let mut seen = [false; 7];
    for _ in 0..80 {
        let found = augment(&crop, MELS, &keys, &mut rng);
        let which = expected.iter().position(|expected| *expected == found);
        seen[which.expect("no shift by up to three bins")] = true;
    }
    assert_eq!(seen, [true; 7]);
}

#[test]
fn tilt_is_a_straight_line_over_the_bins() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let keys = only(|keys| keys.tilt_db = 6.0.try_into().unwrap());
    let crop = vec![200_u8; MELS * COLUMNS];
    let mut steepest = 0.0_f64;
    for _ in 0..50 {
        let found = decibels(&augment(&crop, MELS, &keys, &mut rng));
        let ends = [found[0], found[(MELS - 1) * COLUMNS]];
        let slope = (ends[1] - ends[0]) / (MELS - 1) as f64;
        for (index, value) in found.iter().enumerate() {
            let line = ends[0] + slope * (index / COLUMNS) as f64;
            assert!((value - line).abs() < STEPS, "{value} {line}");
        }
        steepest = steepest.max((ends[1] - ends[0]).abs());
    }
    // at most 6 dB up at one end and down at the other
    assert!(steepest > 7.0 && steepest < 12.0 + STEPS, "{steepest}");
}

#[test]
fn contrast_multiplies_decibels() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let keys = only(|keys| keys.contrast = 0.5.try_into().unwrap());
    let crop = crate::common::spectrogram(4);
    let before = decibels(&crop);
    let quietest = before.iter().copied().fold(0.0, f64::min);
    let mut factors = Vec::new();
    for _ in 0..50 {
        let found = decibels(&augment(&crop, MELS, &keys, &mut rng));
        let factor = found.iter().copied().fold(0.0, f64::min) / quietest;
        for (value, before) in found.iter().zip(&before) {
            assert!((value - factor * before).abs() < STEPS, "{value} {before}");
        }
        factors.push(factor);
    }
    let [least, most] = [f64::min, f64::max].map(|of| factors.iter().copied().reduce(of).unwrap());
    assert!((0.66..0.75).contains(&least), "{least}");
    assert!((1.35..1.52).contains(&most), "{most}");
}

#[test]
fn a_low_pass_falls_in_a_straight_line_from_its_corner_on() {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let keys = only(|keys| keys.low_pass = 0.5.try_into().unwrap());
    let crop = vec![200_u8; MELS * COLUMNS];
    let mut passed = 0;
    for _ in 0..100 {
        let found = decibels(&augment(&crop, MELS, &keys, &mut rng));
        let level = |bin: usize| found[bin * COLUMNS];
        assert!((0..found.len()).all(|cell| found[cell] == level(cell / COLUMNS)));
        if level(MELS - 1) > -STEPS {
            passed += 1;
            continue;
        }
        let corner = (0..MELS).find(|&bin| level(bin) < 0.0).unwrap();
        assert!((15..=31).contains(&corner), "{corner}");
        // slopes are 64 to 512 dB over the axis, and nothing falls below -80 dB
        let steps: Vec<f64> = (corner + 1..MELS)
            .filter(|&bin| level(bin) > -80.0 + STEPS)
            .map(|bin| level(bin - 1) - level(bin))
            .collect();
        let slopes = (64.0 / MELS as f64 - STEPS)..(512.0 / MELS as f64 + STEPS);
        assert!(steps.iter().all(|step| slopes.contains(step)), "{steps:?}");
        assert!(
            steps
                .windows(2)
                .all(|pair| (pair[1] - pair[0]).abs() < STEPS),
            "{steps:?}"
        );
    }
    assert!(
        (30..=75).contains(&passed),
        "{passed} of 100 are as they were"
    );
}

#[test]
fn a_noise_floor_has_the_level_and_spread_of_noise() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let keys = only(|keys| keys.noise_floor = 1.0.try_into().unwrap());
    let mut crop = vec![0_u8; MELS * COLUMNS];
    crop[0] = 255;
    let mut levels = Vec::new();
    for _ in 0..50 {
        let found = decibels(&augment(&crop, MELS, &keys, &mut rng));
        // one band, so that the slope over the bins has no part in it
        let band = &found[COLUMNS..2 * COLUMNS];
        let power: f64 = band.iter().map(|db| 10_f64.powf(db / 10.0)).sum();
        let level = 10.0 * (power / COLUMNS as f64).log10();
        levels.push(level);
        if level > -55.0 {
            let mean = band.iter().sum::<f64>() / COLUMNS as f64;
            let squares: f64 = band.iter().map(|db| (db - mean).powi(2)).sum();
            let deviation = (squares / COLUMNS as f64).sqrt();
            // of a chi-squared power with two degrees of freedom: 5.57 dB, and 2.51 dB from mean to mean power
            assert!((3.0..9.0).contains(&deviation), "{deviation}");
            assert!((level - mean - 2.51).abs() < 2.0, "{level} {mean}");
        }
    }
    let [least, most] = [f64::min, f64::max].map(|of| levels.iter().copied().reduce(of).unwrap());
    assert!((-77.0..-68.0).contains(&least), "{least}");
    assert!((-42.0..-33.0).contains(&most), "{most}");
}

#[test]
fn masks_blank_bins_or_columns_with_the_mean() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let crop = crate::common::spectrogram(2);
    let plain = augment(&crop, MELS, &nothing(), &mut rng);
    let mean = (plain.iter().map(|&v| u64::from(v)).sum::<u64>() / plain.len() as u64) as u8;
    let bins = only(|keys| keys.frequency_masks = 1.try_into().unwrap());
    let columns = only(|keys| keys.time_masks = 1.try_into().unwrap());
    for (keys, over_bins) in [(bins, true), (columns, false)] {
        // place of a cell along the axis that is masked
        let place = |cell: usize| match over_bins {
            true => cell / COLUMNS,
            false => cell % COLUMNS,
        };
        let mut widest = 0;
        for _ in 0..60 {
            let found = augment(&crop, MELS, &keys, &mut rng);
            let changed: Vec<usize> = (0..found.len())
                .filter(|&cell| found[cell] != plain[cell])
                .collect();
            let Some(first) = changed.iter().map(|&cell| place(cell)).min() else {
                continue; // a mask of no width
            };
            let last = changed.iter().map(|&cell| place(cell)).max().unwrap();
            for (cell, &value) in found.iter().enumerate() {
                let expected = match (first..=last).contains(&place(cell)) {
                    true => mean,
                    false => plain[cell],
                };
                assert_eq!(value, expected);
            }
            widest = widest.max(last - first + 1);
        }
        assert_eq!(widest, 4);
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

#[test]
fn mixstyle_moves_means_and_deviations_and_keeps_the_course() {
    let bins = 3;
    let course = [0.0, 1.0, 0.5, -1.5, 0.0, 0.0];
    let window = |means: [f32; 3], scales: [f32; 3]| -> Vec<f32> {
        (0..bins)
            .flat_map(|bin| course.map(|c| means[bin] + scales[bin] * c))
            .collect()
    };
    let (own, other) = (
        window([100.0, 120.0, 140.0], [10.0, 20.0, 0.0]),
        window([60.0, 200.0, 140.0], [30.0, 20.0, 10.0]),
    );
    let mut kept = own.clone();
    mixstyle(&mut kept, &other, bins, 1.0);
    let apart = kept.iter().zip(&own).map(|(a, b)| (a - b).abs());
    assert!(apart.fold(0.0, f32::max) < 1e-3, "{kept:?}");

    let mut half = own.clone();
    mixstyle(&mut half, &other, bins, 0.5);
    let mean = |row: &[f32]| row.iter().sum::<f32>() / row.len() as f32;
    let deviation = |row: &[f32]| {
        let mean = mean(row);
        (row.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / row.len() as f32).sqrt()
    };
    for bin in 0..bins {
        let [own, other, half] = [&own, &other, &half].map(|all| &all[bin * 6..][..6]);
        let between = |of: &dyn Fn(&[f32]) -> f32| (of(own) + of(other)) / 2.0;
        assert!((mean(half) - between(&mean)).abs() < 1e-3, "bin {bin}");
        // a deviation is taken for a step larger than it is, and silence has no course to stretch
        if bin < 2 {
            let apart = deviation(half) - between(&deviation);
            assert!(apart.abs() < 1.0, "bin {bin}: {apart}");
        } else {
            assert!(deviation(half) < 1e-3);
        }
    }
    let mut loud = vec![250.0, 0.0, 250.0, 250.0];
    mixstyle(&mut loud, &[255.0, 255.0, 255.0, 0.0], 1, 0.2);
    assert!(loud.iter().all(|v| (0.0..=255.0).contains(v)), "{loud:?}");
}
