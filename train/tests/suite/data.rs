//! The cache: its faults are named, and windows are cut as the device will see them.

use crate::common::{COLUMNS, GENRES, MELS, cache, manifest, spectrogram};
use safetensors::SafeTensors;
use timbrel_core::frontend::{Affine, WindowSpec};
use timbrel_train::data::{Dataset, columns_of, renormalise, starts, windows};

fn read(cache: &[u8], manifest: &str) -> anyhow::Result<Dataset> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("logmel.safetensors"), cache).unwrap();
    std::fs::write(folder.path().join("manifest.csv"), manifest).unwrap();
    Dataset::read(folder.path())
}

#[track_caller]
fn assert_error(result: anyhow::Result<Dataset>, parts: &[&str]) {
    let message = format!("{:#}", result.expect_err("an error"));
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
}

#[test]
fn reads_tracks_with_their_splits() {
    let dataset = read(&cache(8), &manifest(8)).unwrap();
    assert_eq!(dataset.genres, GENRES);
    assert_eq!((dataset.mels, dataset.columns), (MELS, COLUMNS));
    assert_eq!(dataset.split("train").unwrap().len(), 6);
    assert_eq!(dataset.split("all").unwrap().len(), 8);
    let valid = dataset.split("valid").unwrap();
    assert_eq!([valid[0].row, valid[1].row], [3, 7]);
    assert_eq!(dataset.spectrogram(valid[1]), spectrogram(7));
    let message = dataset.split("test").unwrap_err().to_string();
    assert!(
        message.contains("`test`") && message.contains("train, valid"),
        "{message}"
    );
}

#[test]
fn faults_are_named() {
    assert_error(
        read(b"no tensors", &manifest(4)),
        &["logmel.safetensors", "not a safetensors file"],
    );
    assert_error(
        read(&cache(4), &manifest(5)),
        &["manifest has 5 rows, `logmel` 4"],
    );
    assert_error(
        read(&cache(4), &manifest(4).replace("2,both", "x,both")),
        &["manifest.csv", "line: 4"],
    );
    assert_error(
        read(&cache(4), &manifest(4).replace(",split", ",part")),
        &["manifest.csv", "split"],
    );
    let wrong = manifest(4).replace("1,rows.00001,rows", "1,rows.00001,bars");
    assert_error(
        read(&cache(4), &wrong),
        &[
            "row 1",
            "rows.00001",
            "`label` says rows, the manifest bars",
        ],
    );
    assert_error(
        read(&cache(4), &manifest(4).replace("\n2,", "\n7,")),
        &["row 2", "row 7"],
    );
    let folder = tempfile::tempdir().unwrap();
    assert_error(Dataset::read(folder.path()), &["manifest.csv"]);
}

/// Make a cache and a manifest of eight tracks, the last two without a label.
fn partly_labelled() -> (Vec<u8>, String) {
    let labels = |track: usize| if track < 6 { (track % 3) as u8 } else { 255 };
    let manifest = (manifest(8).lines())
        .map(|line| match line.split(',').collect::<Vec<_>>()[..] {
            ["6" | "7", track, _, split] => format!("{},{track},,{split}\n", &line[..1]),
            _ => format!("{line}\n"),
        })
        .collect();
    (crate::common::cache_with_labels(8, labels), manifest)
}

#[test]
fn music_without_labels_is_named_apart_from_the_collection() {
    let (cache, manifest) = partly_labelled();
    let tensors = SafeTensors::deserialize(&cache).unwrap();
    let (_, header) = SafeTensors::read_metadata(&cache).unwrap();
    let mut metadata = header.metadata().clone().unwrap();
    metadata.insert("unlabelled".to_owned(), "songs of\nbirds".to_owned());
    let cache = safetensors::serialize(tensors.tensors(), Some(metadata)).unwrap();
    let dataset = read(&cache, &manifest).unwrap();
    assert_eq!(dataset.provenance.tracks, 6);
    let lines = dataset.provenance.lines(&dataset.genres, None);
    let named = "besides, without labels: songs of birds";
    assert!(lines.iter().any(|line| line == named), "{lines:?}");
}

#[test]
fn a_row_may_lack_a_label() {
    let (cache, unlabelled) = partly_labelled();
    let dataset = read(&cache, &unlabelled).unwrap();
    let found: Vec<_> = dataset.tracks.iter().map(|track| track.label).collect();
    assert_eq!(found[5..], [Some(2), None, None]);
    assert_eq!(dataset.provenance.counts, [2, 2, 2]);
    assert_eq!(dataset.provenance.tracks, 8);
    // tensor and manifest must say so both
    assert_error(read(&cache, &manifest(8)), &["row 6", "label 255"]);
    assert_error(
        read(&crate::common::cache(8), &unlabelled),
        &["row 6", "`label` says bars"],
    );
}

#[test]
fn windows_are_relative_to_their_own_maximum() {
    // two bins of four columns; the window is columns 1 and 2
    let track = [10, 20, 30, 255, 0, 5, 90, 7];
    let cut = columns_of(&track, 4, 1, 2);
    assert_eq!(cut, [20, 30, 5, 90]);
    // a maximum of 90 becomes 255; the cache's own floor moves up with it
    assert_eq!(renormalise(&cut, 2, &[Affine::DB80]), [185, 195, 170, 255]);
    // silence has no level to normalise to, only a maximum to be relative to
    assert_eq!(renormalise(&[0; 4], 2, &[Affine::DB80]), [255; 4]);
}

#[test]
fn each_bin_may_have_its_own_map() {
    let half = Affine {
        scale: Affine::DB80.scale / 2.0,
        offset: 100.0,
    };
    assert_eq!(
        renormalise(&[255, 235, 255, 55], 2, &[Affine::DB80, half]),
        [255, 235, 100, 0]
    );
}

#[test]
fn windows_fill_the_track() {
    let spec = |columns, hop| WindowSpec { columns, hop };
    assert_eq!(
        starts(387, spec(128, 43)).collect::<Vec<_>>(),
        [0, 43, 86, 129, 172, 215, 258]
    );
    assert_eq!(starts(128, spec(128, 43)).collect::<Vec<_>>(), [0]);
    assert_eq!(starts(127, spec(128, 43)).len(), 0);
    let track = spectrogram(5);
    let all: Vec<_> = windows(&track, COLUMNS, spec(32, 8), &[Affine::DB80]).collect();
    assert_eq!(all.len(), 3);
    assert_eq!(
        all[2],
        renormalise(&columns_of(&track, COLUMNS, 16, 32), MELS, &[Affine::DB80])
    );
}

#[test]
#[ignore = "needs TIMBREL_DATA"]
fn the_real_cache_has_its_splits() {
    let dataset = Dataset::read(&crate::common::real_data()).unwrap();
    assert_eq!(dataset.genres.len(), 10);
    assert!(!dataset.split("train").unwrap().is_empty());
    assert!(!dataset.split("valid").unwrap().is_empty());
}
