//! Splits: parts are disjoint, whole, and repeatable.

use std::collections::BTreeSet;

use crate::common::RECIPE;
use timbrel_train::data::Dataset;
use timbrel_train::data::split::{Parts, Piece};
use timbrel_train::recipe::Recipe;
use timbrel_train::run::Changes;

/// Windows in a track of the synthetic cache: 48 columns, 32 at a time, every 8.
const WINDOWS: usize = 3;

fn dataset(count: usize) -> Dataset {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_all(folder.path(), count);
    Dataset::read(folder.path()).unwrap()
}

fn with_split(keys: &str) -> Recipe {
    Recipe::parse(&format!("{RECIPE}[split]\n{keys}")).unwrap()
}

fn keys(pieces: &[Piece<'_>]) -> BTreeSet<(usize, Option<usize>)> {
    pieces.iter().map(|p| (p.track.row, p.start)).collect()
}

fn all(parts: &Parts<'_>) -> BTreeSet<(usize, Option<usize>)> {
    let sets = [&parts.train, &parts.valid, &parts.test].map(|part| keys(part));
    let sum: usize = sets.iter().map(BTreeSet::len).sum();
    let union: BTreeSet<_> = sets.into_iter().flatten().collect();
    assert_eq!(union.len(), sum, "the parts overlap");
    union
}

#[test]
fn without_keys_the_manifest_divides() {
    let dataset = dataset(16);
    let parts = Parts::new(&Recipe::parse(RECIPE).unwrap(), &dataset).unwrap();
    assert_eq!(
        (parts.train.len(), parts.valid.len(), parts.test.len()),
        (12, 4, 0)
    );
    assert!(
        parts
            .valid
            .iter()
            .all(|p| p.track.split == "valid" && p.start.is_none())
    );
    assert!(
        parts
            .named("test")
            .unwrap_err()
            .to_string()
            .contains("test")
    );
    assert!(
        parts
            .named("tset")
            .unwrap_err()
            .to_string()
            .contains("tset")
    );
}

#[test]
fn tracks_are_divided_genre_by_genre() {
    let dataset = dataset(60);
    let recipe = with_split("of = \"tracks\"\ntrain = 0.6\nvalid = 0.2\nstratified = true\n");
    let parts = Parts::new(&recipe, &dataset).unwrap();
    assert_eq!(all(&parts).len(), 60);
    for (part, each) in [(&parts.train, 12), (&parts.valid, 4), (&parts.test, 4)] {
        for genre in 0..3 {
            assert_eq!(
                part.iter().filter(|p| p.track.label == Some(genre)).count(),
                each
            );
        }
    }
    let again = Parts::new(&recipe, &dataset).unwrap();
    assert_eq!(keys(&parts.train), keys(&again.train));
    let other =
        with_split("of = \"tracks\"\ntrain = 0.6\nvalid = 0.2\nstratified = true\nseed = 2\n");
    let other = Parts::new(&other, &dataset).unwrap();
    assert_ne!(keys(&parts.train), keys(&other.train));
}

#[test]
fn segments_of_one_track_stand_in_several_parts() {
    let dataset = dataset(40);
    let recipe = with_split("of = \"segments\"\ntrain = 0.8\nvalid = 0.2\n");
    let parts = Parts::new(&recipe, &dataset).unwrap();
    assert_eq!(all(&parts).len(), 40 * WINDOWS);
    assert_eq!((parts.train.len(), parts.test.len()), (96, 0));
    let rows =
        |part: &[Piece<'_>]| -> BTreeSet<usize> { part.iter().map(|p| p.track.row).collect() };
    let shared = rows(&parts.train).intersection(&rows(&parts.valid)).count();
    assert!(shared > 10, "only {shared} tracks stand on both sides");
    let starts: BTreeSet<_> = parts.train.iter().map(|p| p.start).collect();
    assert_eq!(starts, [0, 8, 16].map(Some).into());
}

#[test]
fn a_front_end_that_is_not_the_caches_is_named_or_stood_in_for() {
    let mut dataset = dataset(8);
    let recipe = Recipe::parse(RECIPE).unwrap();
    let made_with = timbrel_train::data::MadeWith {
        sample_rate: 22_050,
        n_fft: 2048,
        hop: 341.5,
        bins: dataset.mels,
    };
    dataset.made_with = Some(made_with);
    let check = |recipe: &Recipe| dataset.check(&recipe.front_end(), recipe.window().columns);
    let message = check(&recipe).unwrap_err().to_string();
    for part in ["512", "256", "2048", "341.5", "--approximate-front-end"] {
        assert!(message.contains(part), "{part} is not in {message}");
    }
    let stands_in = Changes::new(true, false, &dataset).apply(&recipe).unwrap();
    check(&stands_in).unwrap();
    // 32 · 256 / 341.5 = 23.988 and 8 · 256 / 341.5 = 5.997, whole but for the mean hop's fraction
    assert_eq!(
        (stands_in.window().columns, stands_in.window().hop),
        (24, 6)
    );
    assert_eq!(
        (stands_in.front_end().n_fft, stands_in.front_end().hop),
        (2048, 341)
    ); // masks keep their duration: 4 · 256 / 341.5 = 3.0
    assert_eq!(stands_in.augment.time_mask_columns.get(), 3);
    let bands = stands_in.front_end.n_mels.map(|bands| bands.get());
    assert_eq!(bands, Some(dataset.mels));
}

#[test]
fn a_cache_of_another_sample_rate_is_named_or_stood_in_for() {
    let mut dataset = dataset(8);
    let recipe = Recipe::parse(RECIPE).unwrap();
    dataset.made_with = Some(timbrel_train::data::MadeWith {
        sample_rate: 16_000,
        n_fft: 512,
        hop: 256.0,
        bins: dataset.mels,
    });
    let check = |recipe: &Recipe| dataset.check(&recipe.front_end(), recipe.window().columns);
    let message = check(&recipe).unwrap_err().to_string();
    for part in ["22050 Hz", "16000 Hz"] {
        assert!(message.contains(part), "{part} is not in {message}");
    }
    let stands_in = Changes::new(true, false, &dataset).apply(&recipe).unwrap();
    check(&stands_in).unwrap();
    let front_end = stands_in.front_end();
    assert_eq!((front_end.sample_rate, front_end.f_max), (16_000, 8000.0));
    // the same seconds: 32 · 16000 / 22050 = 23.2 columns, which are 16 ms long in place of 11.6
    assert_eq!(stands_in.window().columns, 23);
    let seconds = dataset.column_seconds(&recipe.front_end());
    assert!((seconds - 0.016).abs() < 1e-9, "{seconds}");
    let own = RECIPE.replace("[front_end]", "[front_end]\nsample_rate = 16000");
    check(&Recipe::parse(&own).unwrap()).unwrap();
}

#[test]
fn mel_bands_stand_in_for_the_bins_of_the_fft() {
    let mut dataset = dataset(8);
    let recipe = Recipe::parse(&RECIPE.replace("n_mels = 32\n", "")).unwrap();
    assert_eq!(recipe.front_end().n_mels, 257);
    let bands = |bins, dataset: &mut Dataset| {
        dataset.made_with = Some(timbrel_train::data::MadeWith {
            sample_rate: 22_050,
            n_fft: 512,
            hop: 256.0,
            bins,
        });
        let stands_in = Changes::new(true, false, dataset).apply(&recipe).unwrap();
        stands_in.front_end.n_mels.map(|bands| bands.get())
    };
    assert_eq!(bands(32, &mut dataset), Some(32));
    assert_eq!(bands(257, &mut dataset), None);
}

#[test]
fn the_manifest_divides_where_it_is_asked_to() {
    let dataset = dataset(16);
    let by_manifest = Changes::new(false, true, &dataset);
    let recipe = by_manifest
        .apply(&with_split("of = \"segments\"\ntrain = 0.8\nvalid = 0.2"))
        .unwrap();
    let parts = Parts::new(&recipe, &dataset).unwrap();
    assert_eq!((parts.train.len(), parts.valid.len()), (12, 4));
    // two crops of each of three segments become six of a track
    assert_eq!(recipe.augment.crops_per_track.get(), 2 * WINDOWS);

    let recipe = by_manifest
        .apply(&with_split("of = \"tracks\"\ntrain = 0.5\nvalid = 0.5"))
        .unwrap();
    assert_eq!(Parts::new(&recipe, &dataset).unwrap().train.len(), 12);
    assert_eq!(recipe.augment.crops_per_track.get(), 2);
}
