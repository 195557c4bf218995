//! GTZAN: its split, the check of a copy, and its real audio against the cache that was given.

use std::fs;

use crate::common::{tone, write_wav};
use timbrel_train::data::collection::check::Check;
use timbrel_train::data::collection::gtzan::{BROKEN, GENRES, split};
use timbrel_train::data::prepare::{Options, prepare};
use timbrel_train::data::{Collection, Dataset, Layout, Stated, Track};

#[test]
fn the_filtered_split_has_its_published_sizes() {
    let count = |part: &str| {
        let of = |genre: &&str| (0..100).filter(|n| split(genre, *n) == part).count();
        GENRES.iter().map(of).sum::<usize>()
    };
    let counts = ["train", "valid", "test", "excluded"].map(count);
    assert_eq!(counts, [443, 197, 290, 70]);
    assert_eq!(split("jazz", 54), "train");
    assert_eq!(split("polka", 1), "excluded");
}

#[test]
#[ignore = "needs TIMBREL_DATA"]
fn the_split_is_that_of_the_given_manifest() {
    let dataset = Dataset::read(&crate::common::real_data()).unwrap();
    for track in &dataset.tracks {
        let (genre, number) = track.name.split_once('.').unwrap();
        assert_eq!(
            split(genre, number.parse().unwrap()),
            track.split,
            "{}",
            track.name
        );
    }
}

#[test]
fn a_copy_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| {
        let genre = name.split_once('.').unwrap().0;
        folder.path().join(genre).join(format!("{name}.wav"))
    };
    let long = tone(440.0, 29.5);
    // blues.00000 is in valid, blues.00012 in test, blues.00029 in train
    write_wav(&path("blues.00000"), &long);
    write_wav(&path("blues.00012"), &long);
    write_wav(&path("blues.00029"), &tone(441.0, 29.5));
    write_wav(&path("jazz.00001"), &tone(300.0, 5.0));
    fs::write(path(BROKEN), "no audio").unwrap();
    let check = Check::run(folder.path()).unwrap();
    assert_eq!(check.counts, [3, 0, 0, 0, 0, 2, 0, 0, 0, 0]);
    assert_eq!(check.parts, [1, 1, 1, 0]);
    assert_eq!(check.missing.len(), 995);
    assert_eq!(check.repeated, [["blues.00000", "blues.00012"]]);
    assert_eq!(check.leaks(), [["blues.00000", "blues.00012"]]);
    let broken: Vec<&str> = check
        .broken
        .iter()
        .map(|(track, _)| track.as_str())
        .collect();
    assert_eq!(broken, ["jazz.00001", BROKEN]);
    assert!(!check.complete());
    let text = check.to_string();
    for part in [
        "blues 3",
        "995 missing",
        "it lasts 5.0 s",
        "known",
        "1 recordings stand in two",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    let empty = tempfile::tempdir().unwrap();
    assert!(Check::run(empty.path()).is_err());
}

#[test]
fn suns_au_files_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let (genre, out) = (folder.path().join("pop"), tempfile::tempdir().unwrap());
    let signal = tone(440.0, 1.0);
    write_wav(&genre.join("same.wav"), &signal);
    let mut au = b".snd".to_vec();
    for word in [28, u32::MAX, 3, 22_050, 1, 0] {
        au.extend(word.to_be_bytes());
    }
    au.extend(
        signal
            .iter()
            .flat_map(|s| ((s * 32_767.0).round() as i16).to_be_bytes()),
    );
    fs::write(genre.join("sound.au"), &au).unwrap();
    fs::write(genre.join("cut.au"), &au[..20]).unwrap();
    au[15] = 23; // G.721 ADPCM
    fs::write(genre.join("coded.au"), &au).unwrap();
    let prepared = prepare(&options(folder.path(), out.path(), Layout::Folder, 0.9)).unwrap();
    let dataset = Dataset::read(out.path()).unwrap();
    let [a, b] = [0, 1].map(|row| dataset.spectrogram(&dataset.tracks[row]));
    assert!(a == b && prepared.rows == 2);
    let why: Vec<&str> = prepared
        .skipped
        .iter()
        .map(|(_, why)| why.as_str())
        .collect();
    assert!(
        why[0].contains("ADPCM") && why[1].contains("cut off"),
        "{why:?}"
    );
}

fn options(
    folder: &std::path::Path,
    out: &std::path::Path,
    layout: Layout,
    seconds: f64,
) -> Options {
    Options {
        collection: Collection {
            folder: folder.to_path_buf(),
            layout,
            subset: String::new(),
            valid: 0.2,
            test: 0.0,
            seed: 1,
        },
        stated: Stated::default(),
        out: out.to_path_buf(),
        front_end: "mel_db_2048_512_128".to_owned(),
        seconds,
        skip: 0.0,
        fill: false,
        variants: 0,
        augment: "".parse().unwrap(),
        seed: 1,
        restart: false,
    }
}

/// Return the median distance (dB) of a given column from the frame it shows, both moved to the same level: the given
/// one is relative to the maximum of 30 s.
fn distance(given: &[f32], own: &[f32]) -> Option<f32> {
    // away from the floor, where one of them is clamped
    let mut differences: Vec<f32> = (given.iter().zip(own))
        .filter(|(a, b)| **a > 8.0 && **b > 8.0)
        .map(|(a, b)| a - b)
        .collect();
    let level = median(&mut differences)?;
    let mut rest: Vec<f32> = differences.iter().map(|d| (d - level).abs()).collect();
    median(&mut rest)
}

fn median(values: &mut [f32]) -> Option<f32> {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Return a column of a track in dB above the floor.
fn column(data: &Dataset, track: &Track, at: usize) -> Vec<f32> {
    let values = data.spectrogram(track).iter();
    let column = values.skip(at).step_by(data.columns);
    column.map(|v| f32::from(*v) / 255.0 * 80.0).collect()
}

/// The given cache was decoded from pictures of frames every 512 samples, one in 3.34 of them. Of the audio
/// that is there, most is what the pictures were made of, and must give the same steps.
#[test]
#[ignore = "needs TIMBREL_DATA"]
fn real_audio_gives_the_given_cache() {
    let folder = crate::common::real_data();
    let given = Dataset::read(&folder).unwrap();
    let audio = folder.join("gtzan/audio/long");
    let out = tempfile::tempdir().unwrap();
    let prepared = prepare(&options(&audio, out.path(), Layout::Gtzan, 15.0)).unwrap();
    assert!(prepared.skipped.is_empty(), "{:?}", prepared.skipped);
    let own = Dataset::read(out.path()).unwrap();
    let (mut same, mut others) = (0, Vec::new());
    for track in &own.tracks {
        let known = (given.tracks.iter())
            .find(|known| known.name == track.name)
            .unwrap();
        assert_eq!(
            own.genres[track.label.unwrap()],
            given.genres[known.label.unwrap()]
        );
        assert_eq!(track.split, known.split);
        let mut distances: Vec<f32> = (10..185)
            .filter_map(|at| {
                // the middle of the picture's column
                let frame = ((at as f64 + 0.5) * 1708.5 / 512.0) as usize;
                distance(&column(&given, known, at), &column(&own, track, frame))
            })
            .collect();
        // one step of the cache is 0.31 dB
        match median(&mut distances).unwrap() {
            0.0..0.32 => same += 1,
            more => others.push(format!("{} {more:.1} dB", track.name)),
        }
    }
    println!(
        "{same} tracks agree within a step; others: {}",
        others.join(", ")
    );
    assert!(
        10 * same > 7 * own.tracks.len(),
        "{same} of {}",
        own.tracks.len()
    );
}
