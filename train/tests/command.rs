//! The `timbrel` command as a person meets it: exit status, and errors that name what is wrong.

mod common;

use std::path::Path;
use std::process::{Command, Output};

fn timbrel(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_timbrel"))
        .args(arguments)
        .env_remove("TIMBREL_DATA")
        .output()
        .unwrap()
}

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

/// A mono 16-bit wav file with 0.1 s of a tone.
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
    let recipe = common::write_all(folder.path(), 8);
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
