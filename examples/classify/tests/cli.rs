//! The program as a user calls it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn classify(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_classify"));
    command.args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn json(output: &Output) -> Vec<Value> {
    let lines = stdout(output).lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Return the path of an audio file that core's tests decode too: a second of a tone.
fn tone(extension: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../core/tests/fixtures");
    let path = folder.join(format!("second.{extension}"));
    path.to_str().unwrap().into()
}

fn temporary(name: &str, bytes: &[u8]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let name = path.to_str().unwrap().into();
    (folder, name)
}

/// Make a wav file with one channel of 16-bit samples.
fn wav(rate: u32, samples: &[i16]) -> Vec<u8> {
    let length = 2 * samples.len() as u32;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + length).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(rate.to_le_bytes());
    file.extend((2 * rate).to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(length.to_le_bytes());
    file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    file
}

/// Check a line of JSON against itself and return its probabilities.
fn check(line: &Value) -> Vec<(String, f64)> {
    let keys: Vec<&str> = line
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut expected = [
        "file",
        "state",
        "genre",
        "confidence",
        "probabilities",
        "windows",
        "seconds",
    ];
    expected.sort_unstable();
    assert_eq!(keys, expected);
    let probabilities = line["probabilities"].as_object().unwrap().iter();
    let probabilities: Vec<(String, f64)> = probabilities
        .map(|(genre, p)| (genre.clone(), p.as_f64().unwrap()))
        .collect();
    let sum: f64 = probabilities.iter().map(|(_, p)| p).sum();
    assert!((sum - 1.0).abs() < 1e-4, "{sum}");
    // of equals the first one
    let best = probabilities
        .iter()
        .rev()
        .max_by(|a, b| a.1.total_cmp(&b.1));
    let (genre, confidence) = best.unwrap();
    assert_eq!(line["genre"], genre.as_str());
    assert_eq!(line["confidence"], *confidence);
    assert!(line["windows"].as_u64().unwrap() > 0);
    probabilities
}

#[test]
fn without_files_it_classifies_the_demo_tune() {
    let output = classify(&["--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let lines = json(&output);
    assert_eq!(lines.len(), 1);
    check(&lines[0]);
    assert!(lines[0]["file"].as_str().unwrap().contains("demo tune"));
    let seconds = lines[0]["seconds"].as_f64().unwrap();
    assert!((25.0..40.0).contains(&seconds), "{seconds}");
}

#[test]
fn the_integer_models_are_sure_of_the_demo_tune() {
    let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");
    for model in ["compact", "tiny", "tiny-16k", "large"] {
        let file = format!("{models}/{model}.timbrel");
        let line = json(&classify(&["--json", "--model", &file])).remove(0);
        assert_eq!(
            (&line["state"], &line["genre"]),
            (&"music".into(), &"classical".into()),
            "{model}"
        );
        assert!(
            line["confidence"].as_f64().unwrap() > 0.8,
            "{model}: {line}"
        );
    }
}

#[test]
fn text_shows_the_best_genres() {
    for (arguments, bars) in [(&[][..], 3), (&["--top", "1"], 1), (&["--top", "99"], 10)] {
        let output = classify(arguments);
        assert!(output.status.success());
        let lines: Vec<&str> = stdout(&output).lines().collect();
        assert_eq!(lines.len(), 2 + bars, "{lines:?}");
        assert!(lines[0].contains("demo tune"), "{lines:?}");
        assert!(lines[1].contains("s of audio"), "{lines:?}");
        // the genre of the first line is the one with the longest bar
        let genre = lines[2].split_whitespace().next().unwrap();
        assert!(lines[0].contains(genre), "{lines:?}");
    }
}

#[test]
fn every_format_is_read() {
    let (_folder, wav) = temporary("tone.wav", &wav(8_000, &[1_000; 4_000]));
    let files = ["mp3", "flac", "ogg", "m4a"].map(tone);
    let mut arguments = vec!["--json", &wav];
    arguments.extend(files.iter().map(String::as_str));
    let output = classify(&arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    let lines = json(&output);
    assert_eq!(lines.len(), 5);
    for (line, file) in lines.iter().zip(&arguments[1..]) {
        check(line);
        assert_eq!(line["file"], *file);
        assert_eq!(line["windows"], 1);
    }
    assert_eq!(lines[0]["seconds"], 0.5);
}

#[cfg(unix)]
#[test]
fn every_file_name_becomes_valid_json() {
    let (_folder, path) = temporary(
        "a \"b\" \\ c\u{1}\n\tü 🎵.wav",
        &wav(8_000, &[1_000; 8_000]),
    );
    let output = classify(&["--json", &path]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(json(&output)[0]["file"], path.as_str());
}

#[test]
fn a_bad_file_does_not_stop_the_others() {
    let (_folder, text) = temporary("text.mp3", "no music\n".repeat(500).as_bytes());
    let (_folder, empty) = temporary("empty.wav", b"");
    let (_folder, rate) = temporary("rate.wav", &wav(1_234, &[0; 100]));
    let good = tone("ogg");
    let files = [text.as_str(), "missing.mp3", &empty, &good, &rate];
    let output = classify(&[&["--json"], &files[..]].concat());
    assert_eq!(output.status.code(), Some(1));
    // a line for each, in their order
    let lines = json(&output);
    assert_eq!(lines.len(), files.len());
    for (line, file) in lines.iter().zip(files) {
        assert_eq!(line["file"], file);
        assert_eq!(line["error"].is_string(), file != good, "{line}");
        assert_eq!(line["genre"].is_string(), file == good, "{line}");
    }
    let errors: Vec<&str> = stderr(&output).lines().collect();
    let expected = [
        (text.as_str(), "not a wav, mp3"),
        ("missing.mp3", "no such file"),
        (&empty, "empty"),
        (&rate, "1234 Hz"),
    ];
    assert_eq!(errors.len(), expected.len(), "{errors:?}");
    for (error, (file, what)) in errors.iter().zip(expected) {
        assert!(error.contains(file) && error.contains(what), "{error}");
    }
}

#[test]
fn one_bad_file_leaves_nothing_on_standard_output() {
    let (_folder, text) = temporary("text.mp3", "no music\n".repeat(500).as_bytes());
    let output = classify(&["--json", &text]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!((stdout(&output), stderr(&output).lines().count()), ("", 1));
}

#[test]
fn standard_input_is_a_file_like_another() {
    for kind in ["mp3", "flac", "ogg", "m4a"] {
        let path = tone(kind);
        let mut child = Command::new(env!("CARGO_BIN_EXE_classify"))
            .args(["--json", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let bytes = std::fs::read(&path).unwrap();
        child.stdin.take().unwrap().write_all(&bytes).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{kind}");
        let (streamed, read) = (&json(&output)[0], &json(&classify(&["--json", &path]))[0]);
        assert_eq!(streamed["file"], "-");
        assert_eq!(check(streamed), check(read), "{kind}");
    }
}

#[cfg(unix)]
#[test]
fn a_fifo_is_read_without_seeking() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo.wav");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let writer = std::thread::spawn({
        let fifo = fifo.clone();
        move || std::fs::write(fifo, wav(22_050, &[1_000; 30_000])).unwrap()
    });
    let output = classify(&["--json", fifo.to_str().unwrap()]);
    writer.join().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    check(&json(&output)[0]);
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_ends_the_program_quietly() {
    let (_folder, path) = temporary("short.wav", &wav(8_000, &[1_000; 8_000]));
    let mut child = Command::new(env!("CARGO_BIN_EXE_classify"))
        .arg("--json")
        .args(std::iter::repeat_n(path.as_str(), 200))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(stderr(&output), "");
    assert!(output.status.code().is_some_and(|code| code < 2));
}

#[test]
fn a_single_answer_that_means_nothing_is_said_twice() {
    let (_folder, silence) = temporary("silence.wav", &wav(22_050, &[0; 60_000]));
    let output = classify(&["--json", &silence]);
    assert!(output.status.success());
    assert_eq!(json(&output)[0]["state"], "silence");
    let said = format!("classify: {silence}: silence; the genre is only the likeliest one\n");
    assert_eq!(stderr(&output), said);
    // in text the state comes first, and for many files it would hide the errors
    for arguments in [&[silence.as_str()][..], &["--json", &silence, &silence]] {
        assert_eq!(stderr(&classify(arguments)), "");
    }
}

#[cfg(unix)]
#[test]
fn errors_end_with_the_reader_of_the_output() {
    let (_folder, short) = temporary("short.wav", &wav(8_000, &[1_000; 80]));
    let mut child = Command::new(env!("CARGO_BIN_EXE_classify"))
        .args(["--json", "--jobs", "1"])
        // more than a pipe takes; the first line is read, and nothing after it
        .args(std::iter::repeat_n(short.as_str(), 2_000))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut reader = std::io::BufReader::with_capacity(1, child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut reader, &mut line).unwrap();
    drop(reader);
    assert!(line.contains("too short"), "{line}");
    let output = child.wait_with_output().unwrap();
    assert!(stderr(&output).lines().count() < 2_000);
    // and a reader that stays is told each of them
    let files = [short.as_str(), &short, &short];
    let output = classify(&[&["--json"], &files[..]].concat());
    assert_eq!(
        (json(&output).len(), stderr(&output).lines().count()),
        (3, 3)
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_error_does_not_matter() {
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_classify"))
        .args(["--json", "missing.mp3", &tone("ogg")])
        .stderr(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(json(&output).len(), 2);
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_unicode_survives() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder
        .path()
        .join(std::ffi::OsStr::from_bytes(b"caf\xe9.wav"));
    std::fs::write(&path, wav(8_000, &[1_000; 8_000])).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_classify"))
        .arg(&path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(output.stdout.starts_with(path.as_os_str().as_bytes()));
    let output = Command::new(env!("CARGO_BIN_EXE_classify"))
        .arg("--json")
        .arg(&path)
        .output()
        .unwrap();
    assert!(
        json(&output)[0]["file"]
            .as_str()
            .unwrap()
            .ends_with("caf\u{fffd}.wav")
    );
}

#[test]
fn a_damaged_file_is_answered_with_a_warning() {
    let bytes = std::fs::read(tone("mp3")).unwrap();
    let (_folder, cut) = temporary("cut.mp3", &bytes[..bytes.len() * 7 / 10]);
    let output = classify(&["--json", &cut]);
    assert!(output.status.success(), "{}", stderr(&output));
    let heard = json(&output)[0]["heard"].as_f64().unwrap();
    assert!((0.2..0.8).contains(&heard), "{heard}");
    assert!(stderr(&output).contains("of the audio could be decoded"));
}

#[test]
fn silence_has_an_answer() {
    let (_folder, path) = temporary("silence.wav", &wav(22_050, &[0; 30_000]));
    let output = classify(&["--json", &path]);
    assert!(output.status.success());
    check(&json(&output)[0]);
}

#[test]
fn bad_models_are_refused() {
    let (_folder, text) = temporary("text.timbrel", b"no model");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/compact.timbrel");
    let whole = std::fs::read(shipped).unwrap();
    let (_folder, cut) = temporary("cut.timbrel", &whole[..whole.len() / 2]);
    for path in [&text, &cut, "missing.timbrel"] {
        let output = classify(&["--model", path]);
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        assert!(stderr(&output).contains(path), "{}", stderr(&output));
    }
}

#[test]
fn a_model_file_equals_the_built_in_model() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/compact.timbrel");
    let chosen = classify(&["--json", "--model", shipped.to_str().unwrap()]);
    assert_eq!(stdout(&chosen), stdout(&classify(&["--json"])));
}

#[test]
fn arguments_are_checked() {
    for arguments in [
        &["--top", "0"][..],
        &["--engine", "float"],
        &["--loud"],
        &["--model"],
    ] {
        let output = classify(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

#[cfg(not(feature = "tract"))]
#[test]
fn tract_has_to_be_built_in() {
    let output = classify(&["--engine", "tract"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("--features tract"));
}

#[cfg(feature = "tract")]
#[test]
fn both_engines_give_the_same_answer() {
    let (int8, tract) = (
        classify(&["--json"]),
        classify(&["--json", "--engine", "tract"]),
    );
    assert!(tract.status.success(), "{}", stderr(&tract));
    assert_eq!(stdout(&int8), stdout(&tract));
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/compact.onnx");
    let chosen = classify(&["--json", "--model", shipped.to_str().unwrap()]);
    assert_eq!(stdout(&int8), stdout(&chosen));
}

#[test]
#[ignore = "needs TIMBREL_DATA"]
fn most_recordings_are_recognised() {
    let data = PathBuf::from(std::env::var_os("TIMBREL_DATA").expect("TIMBREL_DATA is set"));
    let folder = std::fs::read_dir(data.join("gtzan/audio/long")).unwrap();
    let mut paths: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let paths: Vec<&str> = paths
        .iter()
        .step_by(4)
        .map(|path| path.to_str().unwrap())
        .collect();
    let output = classify(&[&["--json"], paths.as_slice()].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let lines = json(&output);
    assert_eq!(lines.len(), paths.len());
    // files are called after their genre
    let right = lines.iter().filter(|line| {
        check(line);
        let name = Path::new(line["file"].as_str().unwrap())
            .file_name()
            .unwrap();
        let genre = name.to_str().unwrap().split('.').next().unwrap();
        line["genre"] == genre
    });
    let (right, all) = (right.count(), lines.len());
    println!("{right} of {all} right");
    assert!(2 * right > all, "{right} of {all}");
}
