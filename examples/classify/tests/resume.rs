//! Runs over a library that end early, and runs after them.

mod common;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{FILES, SURE, classify, command, library, lines, names, text, tone};

#[test]
fn a_second_run_hears_only_what_is_new() {
    let folder = library();
    let run = || {
        let arguments = ["--json", "--out", "out.json", "--resume", "music"];
        let output = classify(&folder, &arguments);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        let summary = text(&output.stderr).lines().last().unwrap().to_owned();
        let answers = std::fs::read_to_string(folder.path().join("out.json")).unwrap();
        (summary, answers)
    };
    let (summary, first) = run();
    assert!(
        summary.contains("5 files: 4 answered (0 of them before), 1 failed"),
        "{summary}"
    );
    let (summary, second) = run();
    assert!(
        summary.contains("4 answered (4 of them before), 1 failed"),
        "{summary}"
    );
    assert_eq!(first, second);
    // a file that was changed, a new one and one that is gone
    std::fs::write(folder.path().join("music/a.wav"), tone(220.0, 2.0)).unwrap();
    std::fs::write(folder.path().join("music/c.wav"), tone(330.0, 1.0)).unwrap();
    std::fs::remove_file(folder.path().join("music/b/tone.mp3")).unwrap();
    let (summary, third) = run();
    assert!(
        summary.contains("5 files: 4 answered (2 of them before), 1 failed"),
        "{summary}"
    );
    let third = lines(&third);
    assert_eq!(third[0]["seconds"], 2.0);
    let expected = ["music/a.wav", FILES[1], FILES[3], FILES[4], "music/c.wav"];
    assert_eq!(names(&third), expected);
    // another model's answers are not taken
    let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/tiny.timbrel");
    let arguments = [
        "--json", "--out", "out.json", "--resume", "music", "--model",
    ];
    let output = classify(
        &folder,
        &[&arguments[..], &[tiny.to_str().unwrap()]].concat(),
    );
    assert!(text(&output.stderr).contains("(0 of them before)"));
}

#[test]
fn tags_are_written_for_answers_of_an_earlier_run() {
    let folder = library();
    let path = folder.path().join("music/b/tone.flac");
    let run = |options: &[&str]| {
        let arguments = ["--json", "--out", "out.json", "--resume", "music"];
        let output = classify(&folder, &[SURE, &arguments, options].concat());
        let summary = text(&output.stderr).lines().last().unwrap().to_owned();
        (summary, std::fs::read(&path).unwrap())
    };
    let (_, untouched) = run(&[]);
    let all_of_them = "4 answered (4 of them before), 1 failed";
    let (summary, tagged) = run(&["--write-tags", "genre"]);
    assert!(summary.contains(all_of_them), "{summary}");
    assert_ne!(tagged, untouched);
    // and the journal knows the files as they are now
    let (summary, again) = run(&["--write-tags", "genre"]);
    assert!(summary.contains(all_of_them), "{summary}");
    assert_eq!(again, tagged);
    let (summary, _) = run(&[]);
    assert!(summary.contains(all_of_them), "{summary}");
}

#[test]
fn two_runs_do_not_write_the_same_output() {
    let folder = library();
    let journal = folder.path().join("out.json.journal");
    std::fs::write(&journal, "of the other run\n").unwrap();
    let other = std::fs::File::open(&journal).unwrap();
    other.lock().unwrap();
    let run = || classify(&folder, &["--json", "--out", "out.json", "music/a.wav"]);
    let output = run();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("another run writes this output"));
    assert_eq!(std::fs::read(&journal).unwrap(), b"of the other run\n");
    drop(other);
    // what a killed run has left is written over
    std::fs::write(folder.path().join("out.json.partial"), "half a li").unwrap();
    assert!(run().status.success());
    let answers = std::fs::read_to_string(folder.path().join("out.json")).unwrap();
    assert_eq!(names(&lines(&answers)), ["music/a.wav"]);
    let left = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(left, 2, "more than the music and the output");
}

#[test]
fn an_output_that_cannot_be_written_leaves_what_was_there() {
    let folder = library();
    std::fs::create_dir(folder.path().join("out")).unwrap();
    let output = classify(&folder, &["--out", "out", "music/a.wav"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("out: not a file"),
        "{}",
        text(&output.stderr)
    );
    let output = classify(&folder, &["--out", "missing/out", "music/a.wav"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("missing/out"));
}

#[cfg(unix)]
#[test]
fn an_interruption_keeps_what_was_heard() {
    let folder = tempfile::tempdir().unwrap();
    let music = folder.path().join("music");
    std::fs::create_dir(&music).unwrap();
    let first = music.join("0000.wav");
    std::fs::write(&first, tone(440.0, 20.0)).unwrap();
    for number in 1..200 {
        std::fs::hard_link(&first, music.join(format!("{number:04}.wav"))).unwrap();
    }
    std::fs::write(folder.path().join("out.json"), "the last answers\n").unwrap();
    let arguments = ["--json", "--out", "out.json", "--jobs", "2", "music"];
    let child = command()
        .current_dir(&folder)
        .args(arguments)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let journal = folder.path().join("out.json.journal");
    let kept = || {
        std::fs::read_to_string(&journal)
            .unwrap_or_default()
            .lines()
            .count()
    };
    while kept() < 3 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let message = text(&output.stderr);
    assert!(message.contains("--resume goes on from here"), "{message}");
    assert!((3..200).contains(&kept()), "{}", kept());
    // the output is not touched before the new one is whole, and nothing else is left
    let out = folder.path().join("out.json");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "the last answers\n");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 3);

    let before = kept();
    let output = classify(&folder, &[&arguments[..], &["--resume"]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let summary = format!("200 files: 200 answered ({before} of them before), 0 failed");
    assert!(
        text(&output.stderr).contains(&summary),
        "{}",
        text(&output.stderr)
    );
    let answers = lines(&std::fs::read_to_string(&out).unwrap());
    assert_eq!(answers.len(), 200);
    assert!(
        answers
            .iter()
            .all(|line| line["genre"] == answers[0]["genre"])
    );
}
