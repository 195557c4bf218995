//! The program, and a small library of music to run it on.

#![allow(dead_code, reason = "each test program uses a part")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_classify"))
}

pub(crate) fn classify(folder: &TempDir, arguments: &[&str]) -> Output {
    command()
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

pub(crate) fn lines(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

pub(crate) fn fixture(extension: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../core/tests/fixtures");
    folder.join(format!("second.{extension}"))
}

/// Options for a model that calls everything music, the tones of these tests too.
pub(crate) const SURE: &[&str] = &[
    "--model",
    concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../models/s2-mfcc-3s.timbrel"
    ),
];

/// Make a wav file of `seconds` of a tone.
pub(crate) fn tone(hz: f64, seconds: f64) -> Vec<u8> {
    let samples = (0..(22_050.0 * seconds) as u32).map(|i| {
        let t = f64::from(i) / 22_050.0;
        (8_000.0 * (std::f64::consts::TAU * hz * t).sin()) as i16
    });
    let data: Vec<u8> = samples.flat_map(i16::to_le_bytes).collect();
    let mut file = b"RIFF".to_vec();
    file.extend((36 + data.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend([22_050_u32, 44_100].map(u32::to_le_bytes).concat());
    file.extend(b"\x02\0\x10\0data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}

/// Make a folder `music` with four files that can be decoded and one that cannot.
pub(crate) fn library() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let music = folder.path().join("music");
    std::fs::create_dir_all(music.join("b")).unwrap();
    for extension in ["mp3", "flac", "ogg"] {
        let name = music.join("b").join(format!("tone.{extension}"));
        std::fs::copy(fixture(extension), name).unwrap();
    }
    std::fs::write(music.join("a.wav"), tone(440.0, 1.0)).unwrap();
    std::fs::write(music.join("broken.mp3"), "no music".repeat(99)).unwrap();
    std::fs::write(music.join("cover.jpg"), "no music").unwrap();
    folder
}

pub(crate) const FILES: [&str; 5] = [
    "music/a.wav",
    "music/b/tone.flac",
    "music/b/tone.mp3",
    "music/b/tone.ogg",
    "music/broken.mp3",
];

pub(crate) fn names(lines: &[Value]) -> Vec<&str> {
    lines
        .iter()
        .map(|line| line["file"].as_str().unwrap())
        .collect()
}
