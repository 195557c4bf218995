//! The program with a pipe as its microphone.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::Classifier;
use timbrel_core::model::Model;

static COMPACT: &[u8] = include_bytes!("../../../models/compact.timbrel");
const RATE: u32 = 44_100;

fn live(arguments: &[&str], audio: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_timbrel-live"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // a program that has ended with an error does not read to the end
    let _ = child.stdin.take().unwrap().write_all(audio);
    child.wait_with_output().unwrap()
}

fn lines(output: &Output) -> Vec<&str> {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    std::str::from_utf8(&output.stdout)
        .unwrap()
        .lines()
        .collect()
}

/// Make plucked notes in stereo, followed by `pause` seconds of silence.
fn tune(seconds: u32, pause: u32) -> Vec<i16> {
    let sounding = seconds * RATE;
    let sample = |i: u32| {
        let t = f64::from(i) / f64::from(RATE);
        let hz = 110.0 * 2_f64.powf(f64::from((t * 4.0) as u32 * 7 % 12) / 12.0);
        let tone = (std::f64::consts::TAU * hz * t).sin() * (-6.0 * (t * 4.0).fract()).exp();
        (20_000.0 * tone) as i16
    };
    (0..sounding + pause * RATE)
        .flat_map(|i| match i < sounding {
            true => [sample(i), sample(i) / 2],
            false => [0; 2],
        })
        .collect()
}

fn bytes(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|s| s.to_le_bytes()).collect()
}

#[test]
fn the_whole_equals_the_library_s_answer() {
    let samples = tune(21, 0);
    let output = live(&["--channels", "2", "--show", "json"], &bytes(&samples));
    let lines = lines(&output);
    let whole: Value = serde_json::from_str(lines.last().unwrap()).unwrap();

    let model = Model::parse(COMPACT).unwrap();
    let mut memory = vec![0; Classifier::required_bytes(&model)];
    let format = InputFormat {
        sample_rate: RATE,
        channels: 2,
    };
    let mut classifier = Classifier::int8(model, format, &mut memory).unwrap();
    let mut rest = &samples[..];
    let mut windows = 0;
    while !rest.is_empty() {
        let pushed = classifier.push(rest).unwrap();
        windows += usize::from(pushed.window);
        rest = &rest[pushed.consumed..];
    }
    classifier.finish().unwrap();
    let result = classifier.result().unwrap();

    assert_eq!(lines.len(), windows + 1);
    assert_eq!(whole["whole"], true);
    assert_eq!(whole["genre"], result.label);
    assert_eq!(whole["windows"], result.windows);
    assert_eq!(whole["seconds"], 21.0);
    for (class, p) in result.probabilities.iter().enumerate() {
        let shown = &whole["probabilities"][classifier.label(class).unwrap()];
        assert_eq!(format!("{p:.6}"), format!("{:.6}", shown.as_f64().unwrap()));
    }
    // nothing was forgotten yet: the running answer is the mean of all windows too
    let first: Value = serde_json::from_str(lines[0]).unwrap();
    assert_eq!(first["windows"], 1);
    assert!(first["level"].as_f64().unwrap() < -6.0);
}

#[test]
fn silence_is_not_shown_as_music() {
    let output = live(&["--channels", "2"], &bytes(&tune(11, 16)));
    let lines = lines(&output);
    assert!(!lines[0].starts_with("silence"), "{lines:?}");
    let quiet = lines.iter().filter(|line| line.starts_with("silence"));
    assert!(quiet.count() >= 3, "{lines:?}");
    assert!(lines.last().unwrap().starts_with("all of it: "));
}

#[test]
fn memory_is_as_long_as_asked() {
    let arguments = ["--channels", "2", "--show", "json", "--memory", "2"];
    let output = live(&arguments, &bytes(&tune(24, 0)));
    let lines = lines(&output);
    let windows: Vec<u64> = lines[..lines.len() - 1]
        .iter()
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["windows"].as_u64().unwrap()
        })
        .collect();
    assert_eq!(windows[..4], [1, 2, 2, 2]);
}

#[test]
fn faults_are_named() {
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let cases: [(&[&str], &[u8], &str); 6] = [
        (&[], b"", "no audio"),
        (&[], b"\x01", "no audio"),
        (&["--rate", "3999"], b"1234", "3999"),
        (&["--channels", "9"], b"1234", "channels"),
        (&["--model", "/nowhere"], b"1234", "/nowhere"),
        (&["--model", model], b"1234", "model"),
    ];
    for (arguments, audio, wanted) in cases {
        let output = live(arguments, audio);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {message}");
        assert!(message.starts_with("timbrel-live: "), "{message}");
        assert!(message.contains(wanted), "{arguments:?}: {message}");
    }
}

#[test]
fn who_reads_no_further_ends_it_without_a_word() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_timbrel-live"))
        .args(["--channels", "2", "--show", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let _ = child.stdin.take().unwrap().write_all(&bytes(&tune(11, 0)));
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
