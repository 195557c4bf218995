//! Tracks that are too short, and a second call into the same folder.

use std::fs;
use std::path::Path;

use timbrel_train::data::Dataset;
use timbrel_train::data::prepare::{Options, prepare};

use super::{cache, command, names, options, tones};
use crate::common::{self, tone, write_wav};

const FINISHED: [&str; 3] = ["logmel.safetensors", "manifest.csv", "skipped.csv"];

fn error(options: &Options) -> String {
    format!("{:#}", prepare(options).unwrap_err())
}

/// Prepare into a folder where the manifest cannot be written: what a full disk or a kill leaves at the very end.
fn interrupt(options: &Options) {
    let obstacle = options.out.join("manifest.csv.part");
    fs::create_dir(&obstacle).unwrap();
    let error = error(options);
    assert!(
        error.contains("cannot write") && error.contains("manifest.csv"),
        "{error}"
    );
    fs::remove_dir(obstacle).unwrap();
}

#[test]
fn options_that_keep_short_tracks_are_named() {
    let (audio, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    tones(audio.path());
    write_wav(&audio.path().join("low/long.wav"), &tone(500.0, 2.58));
    let long = Options {
        seconds: 3.0,
        skip: 0.1,
        ..options(audio.path(), out.path())
    };
    let said = error(&long);
    for part in [
        "17 tracks",
        "1.1 to 2.4 s",
        "0.1 s of --skip",
        "--fill",
        "--seconds 1.1 ",
    ] {
        assert!(said.contains(part), "no {part} in: {said}");
    }
    // nothing stays behind that would stand in the way of the advice
    assert!(names(out.path()).is_empty());
    let advised = prepare(&Options {
        seconds: 1.1,
        ..long.clone()
    })
    .unwrap();
    assert_eq!((advised.rows, advised.short), (17, None));
    let other = tempfile::tempdir().unwrap();
    let out = other.path().to_path_buf();
    assert_eq!(
        prepare(&Options {
            fill: true,
            out,
            ..long
        })
        .unwrap()
        .rows,
        17
    );
}

#[test]
fn the_command_advises_where_some_tracks_are_short() {
    let (audio, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (name, seconds) in [("a", 3.2), ("b", 3.2), ("short", 1.5)] {
        write_wav(
            &audio.path().join(format!("tones/{name}.wav")),
            &tone(300.0, seconds),
        );
    }
    let said = |more: &[&str]| {
        let output = command(audio.path(), out.path())
            .args(more)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };
    let first = said(&[]);
    assert!(
        first.contains("2 rows") && first.contains("1 track is too short"),
        "{first}"
    );
    assert!(
        first.contains("--fill") && first.contains("--seconds 1.5 "),
        "{first}"
    );
    assert!(first.contains("again with --restart"), "{first}");
    let second = said(&["--fill", "--restart"]);
    assert!(
        second.contains("3 rows") && !second.contains("too short"),
        "{second}"
    );
}

#[test]
fn an_unfinished_cache_is_dropped_only_with_restart() {
    let (audio, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    tones(audio.path());
    let first = options(audio.path(), out.path());
    interrupt(&first);
    let mut other = Options {
        fill: true,
        ..first.clone()
    };
    other.collection.valid = 0.5;
    let said = error(&other);
    for part in ["--valid 0.25, not 0.5", "--fill off, not on", "--restart"] {
        assert!(said.contains(part), "no {part} in: {said}");
    }
    assert!(!said.contains("--seconds"), "only what differs: {said}");
    assert_eq!(prepare(&first).unwrap().resumed, 16);

    let again = tempfile::tempdir().unwrap();
    let again = |options: Options| Options {
        out: again.path().to_path_buf(),
        ..options
    };
    interrupt(&again(first));
    let other = again(other);
    let prepared = prepare(&Options {
        restart: true,
        ..other.clone()
    })
    .unwrap();
    assert_eq!((prepared.rows, prepared.resumed), (16, 0));
    assert_eq!(
        Dataset::read(&other.out)
            .unwrap()
            .split("valid")
            .unwrap()
            .len(),
        8
    );
    assert_eq!(names(&other.out), FINISHED);
}

#[test]
fn a_finished_cache_stays_until_the_new_one_is_complete() {
    let (audio, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    tones(audio.path());
    let first = options(audio.path(), out.path());
    prepare(&first).unwrap();
    fs::write(out.path().join("notes.txt"), "mine").unwrap();
    fs::create_dir(out.path().join("runs")).unwrap();
    let before = cache(out.path());
    let second = Options {
        seconds: 0.5,
        ..first.clone()
    };
    assert!(error(&second).contains("replace it with --restart"));

    let restart = Options {
        restart: true,
        ..second.clone()
    };
    // a collection or a length without a usable track costs nothing
    let useless = Options {
        seconds: 9.0,
        ..restart.clone()
    };
    assert!(error(&useless).contains("no file can be used"));
    assert!(before == cache(out.path()));
    interrupt(&restart);
    assert!(before == cache(out.path()));
    // from here on without it: the same command would begin again
    assert_eq!(prepare(&second).unwrap().resumed, 16);
    assert!(before != cache(out.path()));
    assert_eq!(Dataset::read(out.path()).unwrap().columns, 22);
    let [cache, manifest, skipped] = FINISHED;
    assert_eq!(
        names(out.path()),
        [cache, manifest, "notes.txt", "runs", skipped]
    );
    assert_eq!(fs::read(out.path().join("notes.txt")).unwrap(), b"mine");
}

#[test]
fn files_of_others_are_never_touched() {
    let audio = tempfile::tempdir().unwrap();
    tones(audio.path());
    let given = tempfile::tempdir().unwrap();
    common::write_all(given.path(), 3);
    let cache = fs::read(given.path().join("logmel.safetensors")).unwrap();
    let foreign: [(&str, &[u8]); 5] = [
        ("logmel.safetensors", &cache),
        ("logmel.safetensors.part", b"half of a download"),
        ("prepare.jsonl", b"{\"recipe\": \"soup\"}\n"),
        ("manifest.csv", b"row,track,genre,split\n"),
        ("skipped.csv", b"ropes,skipped\n"),
    ];
    for (name, content) in foreign {
        for finished in [false, true] {
            let out = tempfile::tempdir().unwrap();
            let mut options = options(audio.path(), out.path());
            if finished {
                prepare(&options).unwrap();
            }
            let path = out.path().join(name);
            fs::write(&path, content).unwrap();
            let before = snapshot(out.path());
            for restart in [false, true] {
                options.restart = restart;
                let said = error(&options);
                assert!(
                    said.contains(name) && said.contains("not written by"),
                    "{said}"
                );
                assert_eq!(
                    snapshot(out.path()),
                    before,
                    "{name}, {finished}, {restart}"
                );
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn links_are_not_replaced() {
    let [audio, elsewhere, out] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    tones(audio.path());
    prepare(&options(audio.path(), elsewhere.path())).unwrap();
    let link = out.path().join("logmel.safetensors");
    std::os::unix::fs::symlink(elsewhere.path().join("logmel.safetensors"), &link).unwrap();
    let before = cache(elsewhere.path());
    let restart = Options {
        restart: true,
        ..options(audio.path(), out.path())
    };
    assert!(error(&restart).contains("not written by"));
    assert!(link.is_symlink() && before == cache(elsewhere.path()));
}

/// Return the files of a folder with their content.
fn snapshot(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let content = |name: String| {
        let content = fs::read(folder.join(&name)).unwrap();
        (name, content)
    };
    names(folder).into_iter().map(content).collect()
}
