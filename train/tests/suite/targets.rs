//! A teacher's values from a file: they belong to the time and the track of the crop, only train tracks teach, and
//! nothing of them is exported with the model.

use std::collections::HashMap;
use std::path::Path;

use crate::common::{COLUMNS, GENRES, MELS, RECIPE};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use timbrel_train::data::split::pieces;
use timbrel_train::data::{Dataset, ManifestRow};
use timbrel_train::device::DeviceKind;
use timbrel_train::export::{Target, export};
use timbrel_train::recipe::Recipe;
use timbrel_train::run::RunFolder;
use timbrel_train::training::batch::Sampler;
use timbrel_train::training::objective::Targets;
use timbrel_train::training::{Options, train};
use timbrel_train::weights::Weights;

/// Windows of 32 columns begin every 8 of 48.
const WINDOWS: usize = 3;

/// A column that every crop holds.
const LOUD: usize = 24;

fn tensors(shape: [usize; 3], values: &[f32], metadata: &[(&str, &str)]) -> Vec<u8> {
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let view = TensorView::new(Dtype::F32, shape.to_vec(), &bytes).unwrap();
    let metadata: HashMap<String, String> = (metadata.iter())
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    safetensors::serialize([("values", view)], Some(metadata)).unwrap()
}

fn recipe(table: &str) -> Recipe {
    let quiet = RECIPE
        .replace("shift_bins = 1", "shift_bins = 0")
        .replace("tilt_db = 3.0", "tilt_db = 0.0")
        .replace("_masks = 1", "_masks = 0");
    Recipe::parse(&format!(
        "{quiet}[distillation]\ntargets = \"teacher\"\n{table}"
    ))
    .unwrap()
}

const ANSWERS: &str = "weight = 0.5\nanswers = \"values\"\n";
const REGRESS: &str = "regress = \"values\"\n";

/// Make tracks with one loud place each: its bin identifies the track, and its column in a crop the crop's beginning.
fn dataset(count: usize) -> Dataset {
    let mut logmel = vec![0_u8; count * MELS * COLUMNS];
    for track in 0..count {
        logmel[(track * MELS + track % MELS) * COLUMNS + LOUD] = 255;
    }
    let labels: Vec<u8> = (0..count).map(|track| (track % 3) as u8).collect();
    let shape = vec![count, MELS, COLUMNS];
    let views = [
        (
            "logmel",
            TensorView::new(Dtype::U8, shape, &logmel).unwrap(),
        ),
        (
            "label",
            TensorView::new(Dtype::U8, vec![count], &labels).unwrap(),
        ),
    ];
    let genres = serde_json::to_string(&GENRES).unwrap();
    let metadata = HashMap::from([("genres".to_owned(), genres)]);
    let bytes = safetensors::serialize(views, Some(metadata)).unwrap();
    let rows: Vec<ManifestRow> = (0..count)
        .map(|row| ManifestRow {
            row,
            track: format!("track {row}"),
            genre: GENRES[row % 3].into(),
            split: "train".into(),
        })
        .collect();
    Dataset::parse(&bytes, &rows).unwrap()
}

#[test]
fn a_crop_gets_the_values_of_its_centre() {
    let _own = crate::common::generator();
    let dataset = dataset(2);
    let train = pieces(&dataset.tracks);
    let read = |hop: f32, length: f32, metadata: &[(&str, &str)]| {
        // a window's value of the teacher is the column of its centre
        let windows = ((COLUMNS as f32 - length) / hop) as usize + 1;
        let values: Vec<f32> = (0..2 * windows)
            .flat_map(|at| {
                let centre = (at % windows) as f32 * hop + length / 2.0;
                [centre, -centre, 1000.0 * (at / windows) as f32 + 1.0]
            })
            .collect();
        let bytes = tensors([2, windows, 3], &values, metadata);
        Targets::parse(&bytes, &recipe(ANSWERS), &dataset, &train)
            .unwrap()
            .answers
            .unwrap()
    };
    let table = read(8.0, 32.0, &[]);
    for start in 0..=COLUMNS - 32 {
        let centre = start as f32 + 16.0;
        assert_eq!(table.at(1, start), [centre, -centre, 1001.0]);
    }
    // shorter windows at another distance, as the file states: 12 columns every 4
    let seconds = |columns: f64| (columns * 256.0 / 22_050.0).to_string();
    let stated = [
        ("hop_seconds", &*seconds(4.0)),
        ("window_seconds", &seconds(12.0)),
    ];
    let table = read(4.0, 12.0, &stated);
    for start in 0..=COLUMNS - 32 {
        let found = table.at(0, start);
        assert!(
            (found[0] - (start as f32 + 16.0)).abs() < 1e-3,
            "{start}: {found:?}"
        );
    }
    // beyond the last window, or before the first, the nearest one is taken
    let long = [
        ("window_seconds", &*seconds(40.0)),
        ("hop_seconds", &seconds(4.0)),
    ];
    let table = read(4.0, 40.0, &long);
    assert_eq!(table.at(0, 0)[0], 20.0);
    assert_eq!(table.at(0, COLUMNS - 32)[0], 28.0);
}

#[test]
fn mixed_crops_get_mixed_values() {
    let _own = crate::common::generator();
    let dataset = dataset(12);
    let train = pieces(&dataset.tracks);
    let values: Vec<f32> = (0..12 * WINDOWS)
        .flat_map(|at| [(at % WINDOWS * 8) as f32, (at / WINDOWS) as f32])
        .collect();
    let bytes = tensors([12, WINDOWS, 2], &values, &[]);
    let recipe = recipe(REGRESS);
    let targets = Targets::parse(&bytes, &recipe, &dataset, &train).unwrap();
    // over the train tracks: starts 0, 8 and 16, and tracks 0 to 11
    let spread = [
        (8.0, (128.0_f32 / 3.0).sqrt()),
        (5.5, (143.0_f32 / 12.0).sqrt()),
    ];
    let sampler = Sampler::new(&dataset, train, &recipe, 7).with_targets(Some(&targets));
    let mut mixed = 0;
    for batch in (0..10).flat_map(|epoch| sampler.epoch(epoch)) {
        let found = batch.values.unwrap();
        let crops = batch.inputs.chunks_exact(MELS * 32);
        for (crop, found) in crops.zip(found.chunks_exact(2)) {
            // the centre of gravity of the loud places is linear in what is mixed
            let mut sums = [0.0_f32; 3];
            for (place, &value) in crop.iter().enumerate() {
                let (bin, column) = (place / 32, place % 32);
                sums[0] += value * (LOUD as f32 - column as f32);
                sums[1] += value * bin as f32;
                sums[2] += value;
            }
            for (k, (mean, deviation)) in spread.into_iter().enumerate() {
                let expected = (sums[k] / sums[2] - mean) / deviation;
                assert!(
                    (found[k] - expected).abs() < 1e-4,
                    "{k}: {found:?} {expected}"
                );
            }
            mixed += usize::from(crop.iter().filter(|value| **value > 0.0).count() > 1);
        }
        assert!(batch.answers.is_none());
    }
    assert!(mixed > 50, "{mixed} of 240 crops are mixed");
}

#[test]
fn answers_are_softened_and_mixed() {
    let _own = crate::common::generator();
    let dataset = dataset(12);
    let train = pieces(&dataset.tracks);
    // the same for all windows, so that mixing changes nothing
    let values: Vec<f32> = [0.0, 2.0, -4.0].repeat(12 * WINDOWS);
    let bytes = tensors([12, WINDOWS, 3], &values, &[]);
    let recipe = recipe(&format!("{ANSWERS}temperature = 2.0\n"));
    let targets = Targets::parse(&bytes, &recipe, &dataset, &train).unwrap();
    let sampler = Sampler::new(&dataset, train, &recipe, 1).with_targets(Some(&targets));
    let sum = 1.0 + 1.0_f64.exp() + (-2.0_f64).exp();
    let expected = [1.0 / sum, 1.0_f64.exp() / sum, (-2.0_f64).exp() / sum];
    let batch = sampler.epoch(0).next().unwrap();
    for answer in batch.answers.unwrap().chunks_exact(3) {
        for (found, expected) in answer.iter().zip(expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-6, "{answer:?}");
        }
    }
}

#[test]
fn a_file_that_does_not_fit_is_an_error_with_names() {
    let _own = crate::common::generator();
    let dataset = dataset(12);
    let train = pieces(&dataset.tracks);
    let refused = |shape: [usize; 3], values: &[f32], metadata: &[(&str, &str)], table: &str| {
        let bytes = tensors(shape, values, metadata);
        let error = Targets::parse(&bytes, &recipe(table), &dataset, &train).unwrap_err();
        format!("{error:#}")
    };
    let names = |message: &str, parts: &[&str]| {
        for part in parts {
            assert!(message.contains(part), "{message:?} lacks {part:?}");
        }
    };
    let mut values = vec![1.0; 12 * WINDOWS * 2];
    let other = "regress = \"embedding\"\n";
    names(
        &refused([12, WINDOWS, 2], &values, &[], other),
        &["`embedding`", "there are values"],
    );
    names(
        &refused([6, WINDOWS, 4], &values, &[], REGRESS),
        &["`values`", "[6, 3, 4]", "[12, windows, values]"],
    );
    names(
        &refused([12, WINDOWS, 2], &values, &[], ANSWERS),
        &["`values`", "2 values for 3 classes"],
    );
    for bad in ["0", "-1", "long", "inf"] {
        let stated = [("hop_seconds", bad)];
        names(
            &refused([12, WINDOWS, 2], &values, &stated, REGRESS),
            &["hop_seconds", bad],
        );
    }
    values[6 * 4 + 1] = f32::NAN;
    names(
        &refused([12, WINDOWS, 2], &values, &[], REGRESS),
        &["track 4", "not finite"],
    );
    values[6..12].fill(0.0);
    values[24..30].fill(0.0);
    names(
        &refused([12, WINDOWS, 2], &values, &[], REGRESS),
        &["2 tracks", "track 1, track 4"],
    );
    let some = pieces(dataset.tracks.iter().filter(|track| track.row % 3 != 1));
    let bytes = tensors([12, WINDOWS, 2], &values, &[]);
    Targets::parse(&bytes, &recipe(REGRESS), &dataset, &some)
        .expect("tracks that are not trained on need no values");
    let broken = Targets::parse(&bytes[..40], &recipe(REGRESS), &dataset, &train).unwrap_err();
    names(&format!("{broken:#}"), &["not a safetensors file"]);
    let missing =
        Targets::read(Path::new("nowhere"), &recipe(REGRESS), &dataset, &train).unwrap_err();
    names(&format!("{missing:#}"), &["cannot read", "nowhere"]);
}

/// One test that trains, because the CPU backend has one generator per process.
#[test]
fn only_train_tracks_teach_and_no_file_keeps_a_trace() {
    let _own = crate::common::generator();
    let root = tempfile::tempdir().unwrap();
    let plain = crate::common::write_all(root.path(), 60);
    let dataset = Dataset::read(root.path()).unwrap();
    let device = DeviceKind::Cpu.open(false).unwrap();
    let path = |name: &str| root.path().join(name);
    let taught = path("taught.toml");
    let table = "[distillation]\ntargets = \"teacher.safetensors\"\nregress = \"values\"\nregression_weight = 3.0\n";
    std::fs::write(&taught, format!("{RECIPE}{table}")).unwrap();
    let mut numbers = crate::common::Numbers(11);
    let values: Vec<f32> = (0..60 * WINDOWS * 5).map(|_| numbers.float()).collect();
    // `written` multiplies the values of the tracks of one split
    let written = |split: &str, factor: f32| {
        let mut values = values.clone();
        for track in dataset.tracks.iter().filter(|track| track.split == split) {
            let row = &mut values[track.row * WINDOWS * 5..][..WINDOWS * 5];
            row.iter_mut()
                .enumerate()
                .for_each(|(k, v)| *v *= factor + k as f32);
        }
        let stated = [("teacher", "a made-up teacher")];
        let bytes = tensors([60, WINDOWS, 5], &values, &stated);
        std::fs::write(path("teacher.safetensors"), bytes).unwrap();
    };
    let options = Options {
        seed: 5,
        data: path(""),
        ..Options::default()
    };
    let run = |recipe: &Path, name: &str, options: &Options| {
        let folder = RunFolder::new(&path(name));
        train(recipe, &dataset, &folder, &device, options).unwrap();
        Weights::read(&folder.best()).unwrap()
    };
    written("valid", 1.0);
    let first = run(&taught, "first", &options);
    written("valid", 9.0);
    assert!(first == run(&taught, "valid", &options));
    let interrupted = Options {
        stop_after: Some(2),
        ..options.clone()
    };
    run(&taught, "resumed", &interrupted);
    let resumed = Options {
        resume: true,
        ..options.clone()
    };
    assert!(first == run(&taught, "resumed", &resumed));
    written("train", 9.0);
    assert!(first != run(&taught, "train", &options));

    let without = run(&plain, "without", &options);
    assert_eq!(first.names(), without.names());
    assert!(first != without);
    let export = |name: &str| {
        let target = path(&format!("models-{name}"));
        let folder = RunFolder::new(&path(name));
        export(&folder, &dataset, Target::new(&target), &device)
            .unwrap()
            .files
    };
    let sizes = |files: &[std::path::PathBuf]| std::fs::metadata(&files[0]).unwrap().len();
    let (own, other) = (export("first"), export("without"));
    let card = std::fs::read_to_string(own.last().unwrap()).unwrap();
    let teacher = "values of a made-up teacher";
    assert!(card.contains(teacher), "{card}");
    // the same tensors: only the words about the teacher are added, and both files are padded to 16 bytes
    let added = sizes(&own) - sizes(&other);
    let words = format!("taught by: {teacher}, in addition to the labels\n").len() as u64;
    assert!(added.abs_diff(words) < 16, "{added} bytes for {words}");
    for file in &own {
        let bytes = std::fs::read(file).unwrap();
        let found = bytes.windows(9).any(|window| window == b"predictor");
        assert!(!found, "{}", file.display());
    }
}
