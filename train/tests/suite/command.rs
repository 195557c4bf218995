//! The `timbrel` command as a user sees it: exit status, and errors that name the fault.

use std::path::Path;
use std::process::Command;

use crate::common::timbrel;

#[track_caller]
fn assert_fails(arguments: &[&str], parts: &[&str]) {
    let output = timbrel(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{arguments:?} succeeded");
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in: {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

/// Write a mono 16-bit wav file with 0.1 s of a tone.
fn write_wav(path: &Path) {
    let tone = |n: i32| (8000.0 * (n as f32 * 0.1).sin()) as i16;
    let samples: Vec<u8> = (0..2205).flat_map(|n| tone(n).to_le_bytes()).collect();
    let mut file = b"RIFF".to_vec();
    file.extend((36 + samples.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(22_050_u32.to_le_bytes());
    file.extend(44_100_u32.to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend((samples.len() as u32).to_le_bytes());
    file.extend(samples);
    std::fs::write(path, file).unwrap();
}

#[test]
fn features_of_a_file_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let (wav, out) = (
        folder.path().join("tone.wav"),
        folder.path().join("out.safetensors"),
    );
    write_wav(&wav);
    let arguments = [
        "features",
        wav.to_str().unwrap(),
        "--front-end",
        "mfcc_512_128_13",
        "--out",
        out.to_str().unwrap(),
    ];
    let output = timbrel(&arguments);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let bytes = std::fs::read(&out).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(
        tensors.tensor("mfcc_512_128_13").unwrap().shape(),
        [13, 1 + 2205 / 128]
    );
}

#[test]
fn wrong_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = crate::common::write_all(folder.path(), 8);
    let data = folder.path().to_str().unwrap();
    let text = folder.path().join("text.mp3");
    std::fs::write(&text, "no music").unwrap();
    let text = text.to_str().unwrap();

    assert_fails(
        &[
            "features",
            text,
            "--front-end",
            "mel_db_2048_512_128",
            "--out",
            "x",
        ],
        &["text.mp3", "mp3"],
    );
    assert_fails(
        &["features", text, "--front-end", "loud", "--out", "x"],
        &["`loud`"],
    );
    let evaluate = ["evaluate", "--data", data, "--split", "valid", "--model"];
    assert_fails(
        &[&evaluate[..], &["none.timbrel"]].concat(),
        &["none.timbrel"],
    );
    assert_fails(
        &[&evaluate[..], &[text, "--engine", "int8"]].concat(),
        &["text.mp3"],
    );
    assert_fails(&["export", data, "--out", data], &["checkpoint"]);

    let run = folder.path().join("run");
    let train = [
        "train",
        "--data",
        data,
        "--out",
        run.to_str().unwrap(),
        "--recipe",
    ];
    assert_fails(&[&train[..], &["none.toml"]].concat(), &["none.toml"]);
    assert_fails(&[&train[..], &[text]].concat(), &["text.mp3", "line 1"]);
    assert_fails(
        &[
            "train", "--data", "nowhere", "--out", data, "--recipe", text,
        ],
        &["nowhere"],
    );
    let output = timbrel(&[&train[..], &[recipe.to_str().unwrap(), "--epochs", "1"]].concat());
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_fails(
        &[&train[..], &[recipe.to_str().unwrap()]].concat(),
        &["--resume"],
    );
}

#[test]
fn data_must_be_named() {
    assert_fails(
        &["evaluate", "--model", "m", "--split", "valid"],
        &["--data"],
    );
}

#[test]
fn several_seeds_are_trained_and_summed_up() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = crate::common::write_all(folder.path(), 24);
    let out = folder.path().join("runs");
    let arguments = [
        "train",
        "--data",
        folder.path().to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
        "--recipe",
        recipe.to_str().unwrap(),
        "--epochs",
        "2",
        "--seed",
        "4",
        "--seeds",
        "2",
    ];
    let output = timbrel(&arguments);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let last = said.lines().last().unwrap();
    let numbers: Vec<f64> = last
        .split([' ', ','])
        .filter_map(|word| word.parse().ok())
        .collect();
    let [first, second, mean, deviation] = numbers[..] else {
        panic!("{last}")
    };
    assert!((mean - (first + second) / 2.0).abs() < 0.11, "{last}");
    let expected = (first - second).abs() / 2f64.sqrt();
    assert!((deviation - expected).abs() < 0.11, "{last}");
    assert!(out.join("seed-4").join("last.safetensors").exists());
    // finished work is not repeated
    let again = timbrel(&[&arguments[..], &["--resume"]].concat());
    assert_eq!(String::from_utf8_lossy(&again.stdout).trim(), last);
    assert_fails(&arguments, &["seed 4", "--resume"]);
}

#[test]
fn a_training_without_a_checkpoint_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = crate::common::write_all(folder.path(), 24);
    let run = folder.path().join("run");
    let train = [
        "train",
        "--data",
        folder.path().to_str().unwrap(),
        "--out",
        run.to_str().unwrap(),
        "--epochs",
        "2",
        "--recipe",
        recipe.to_str().unwrap(),
    ];
    // as a kill leaves it that comes before the first checkpoint
    let killed = || {
        let _ = std::fs::remove_dir_all(&run);
        std::fs::create_dir(&run).unwrap();
        std::fs::copy(&recipe, run.join("recipe.toml")).unwrap();
        std::fs::write(run.join("metrics.jsonl"), "{\"epoch\":1}\n").unwrap();
    };
    for more in [&["--resume"][..], &[]] {
        killed();
        let output = timbrel(&[&train[..], more].concat());
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{complained}");
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(said.contains("begins anew"), !more.is_empty(), "{said}");
        let metrics = std::fs::read_to_string(run.join("metrics.jsonl")).unwrap();
        assert_eq!(metrics.lines().count(), 2, "{metrics}");
        assert!(!run.join("lock").exists());
    }
    // another training in the same folder keeps this one out, whatever it has written so far
    killed();
    let lock = std::fs::File::create(run.join("lock")).unwrap();
    lock.lock().unwrap();
    assert_fails(&train, &["another `timbrel train`", "run"]);
    let metrics = std::fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    assert_eq!(metrics.lines().count(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named_with_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = crate::common::write_all(folder.path(), 24);
    let run = folder.path().join("run");
    std::fs::create_dir(&run).unwrap();
    std::os::unix::fs::symlink("/dev/full", run.join("metrics.jsonl")).unwrap();
    assert_fails(
        &[
            "train",
            "--data",
            folder.path().to_str().unwrap(),
            "--out",
            run.to_str().unwrap(),
            "--recipe",
            recipe.to_str().unwrap(),
        ],
        &["No space left on device", "metrics.jsonl"],
    );
}

#[test]
fn rows_without_a_label_are_learnt_from_teachers() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = crate::common::write_all(folder.path(), 24);
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (teacher, student) = (place("teacher"), place("student"));
    let train = ["train", "--data", &place(""), "--epochs", "1", "--out"];
    let own = ["--recipe", recipe.to_str().unwrap()];
    let output = timbrel(&[&train[..], &[&teacher], &own].concat());
    assert!(output.status.success());

    // every fifth track of the train part loses its label
    let unknown = |track: usize| track.is_multiple_of(5) && track % 4 != 3;
    let label = |track: usize| {
        if unknown(track) {
            255
        } else {
            (track % 3) as u8
        }
    };
    let lines = |(index, line): (usize, &str)| match line.split(',').collect::<Vec<_>>()[..] {
        [row, track, _, split] if index > 0 && unknown(index - 1) => {
            format!("{row},{track},,{split}\n")
        }
        _ => format!("{line}\n"),
    };
    let manifest: String = crate::common::manifest(24)
        .lines()
        .enumerate()
        .map(lines)
        .collect();
    std::fs::write(place("manifest.csv"), manifest).unwrap();
    std::fs::write(
        place("logmel.safetensors"),
        crate::common::cache_with_labels(24, label),
    )
    .unwrap();
    assert_fails(
        &[&train[..], &[&student], &own].concat(),
        &["4 of the train part have no genre", "[distillation]"],
    );
    let taught = place("taught.toml");
    let text = format!("{}[distillation]\nweight = 0.5\n", crate::common::RECIPE);
    std::fs::write(&taught, text).unwrap();
    let distilled = ["--recipe", &taught, "--teacher", &teacher];
    let output = timbrel(&[&train[..], &[&student], &distilled].concat());
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complained}");
    // a report over all tracks counts those whose genre is known
    let report = [
        "evaluate",
        "--data",
        &place(""),
        "--split",
        "all",
        "--json",
        "--model",
    ];
    let output = timbrel(&["export", &student, "--out", &place("out"), "--format", "c"]);
    assert!(output.status.success());
    assert_eq!(
        c_array(&place("out/tiny.c")),
        std::fs::read(place("out/tiny.timbrel")).unwrap()
    );
    let output = timbrel(&[&report[..], &[&place("out/tiny.timbrel")]].concat());
    let figures: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(figures["tracks"], 20);
}

#[test]
fn impossible_classes_are_refused_before_an_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = crate::common::write_all(folder.path(), 24);
    let data = folder.path().to_str().unwrap();
    let run = folder.path().join("run");
    let train = [
        "train",
        "--data",
        data,
        "--out",
        run.to_str().unwrap(),
        "--recipe",
        recipe.to_str().unwrap(),
    ];
    let cache = folder.path().join("logmel.safetensors");
    let bytes = std::fs::read(&cache).unwrap();
    let with_genres = |more: Vec<String>| {
        let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let genres: Vec<String> = crate::common::GENRES
            .map(String::from)
            .into_iter()
            .chain(more)
            .collect();
        let genres = serde_json::to_string(&genres).unwrap();
        let metadata = [("genres".to_owned(), genres)].into();
        let file = safetensors::serialize(tensors.tensors(), Some(metadata)).unwrap();
        std::fs::write(&cache, file).unwrap();
    };
    with_genres((0..62).map(|index| format!("genre {index}")).collect());
    assert_fails(&train, &["65 classes"]);
    with_genres(vec!["long ".repeat(30)]);
    assert_fails(&train, &["label length", "150"]);
    assert!(!run.join("metrics.jsonl").exists());
    // the very same data of fewer classes is trained on
    with_genres(Vec::new());
    let output = timbrel(&[&train[..], &["--epochs", "1"]].concat());
    assert!(output.status.success());
}

#[test]
fn nobody_needs_to_read_to_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = crate::common::write_all(folder.path(), 24);
    let mut child = Command::new(env!("CARGO_BIN_EXE_timbrel"))
        .args(["train", "--epochs", "2", "--recipe"])
        .arg(&recipe)
        .arg("--data")
        .arg(folder.path())
        .arg("--out")
        .arg(folder.path().join("run"))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
    assert!(folder.path().join("run").join("last.safetensors").exists());
}

#[cfg(unix)]
#[test]
fn an_interrupted_training_can_go_on() {
    use std::io::{BufRead, BufReader};

    let folder = tempfile::tempdir().unwrap();
    let text = crate::common::RECIPE.replace("checkpoint_every = 1", "checkpoint_every = 10000");
    crate::common::write_all(folder.path(), 24);
    let recipe = folder.path().join("rare.toml");
    std::fs::write(&recipe, text).unwrap();
    let run = folder.path().join("run");
    let arguments = [
        "train",
        "--epochs",
        "10000",
        "--data",
        folder.path().to_str().unwrap(),
        "--out",
        run.to_str().unwrap(),
        "--recipe",
        recipe.to_str().unwrap(),
    ];
    let mut child = Command::new(env!("CARGO_BIN_EXE_timbrel"))
        .args(arguments)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    said.next().unwrap().unwrap();
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let last = said.last().unwrap().unwrap();
    assert!(last.contains("--resume"), "{last}");
    assert!(child.wait().unwrap().success());
    let state = std::fs::read_to_string(run.join("checkpoint").join("run.json")).unwrap();
    let state: serde_json::Value = serde_json::from_str(&state).unwrap();
    let done = state["done"].as_u64().unwrap() as usize;
    let metrics = std::fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    assert!((1..10000).contains(&done), "{done}");
    assert_eq!(metrics.lines().count(), done);
}

#[test]
fn a_model_is_converted_to_c_under_a_name_that_c_allows() {
    let folder = tempfile::tempdir().unwrap();
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/compact.timbrel");
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    let convert = ["convert", model, "--format", "c", "--out"];
    let output = timbrel(&[&convert[..], &[&place("my-genres.c")]].concat());
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    let written = [place("my-genres.h"), place("my-genres.c")];
    assert_eq!(said.lines().collect::<Vec<_>>(), written);
    assert_eq!(c_array(&written[1]), std::fs::read(model).unwrap());
    let refused = place("3 genres.c");
    assert_fails(
        &[&convert[..], &[&refused]].concat(),
        &["3 genres", "letter"],
    );
}

/// Return the values of the array in a C file.
fn c_array(path: &str) -> Vec<u8> {
    let text = std::fs::read_to_string(path).unwrap();
    let (_, values) = text.split_once("= {").unwrap();
    let (values, _) = values.split_once('}').unwrap();
    let values = values.split(',').map(str::trim);
    values
        .filter(|value| !value.is_empty())
        .map(|value| value.parse().unwrap())
        .collect()
}
