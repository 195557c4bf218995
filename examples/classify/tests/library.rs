//! The program over whole libraries: folders, forms of output, interruptions, tags, neighbours.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_classify"))
}

fn classify(folder: &TempDir, arguments: &[&str]) -> Output {
    command()
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn lines(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn fixture(extension: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../core/tests/fixtures");
    folder.join(format!("second.{extension}"))
}

/// Make a wav file of `seconds` of a tone.
fn tone(hz: f64, seconds: f64) -> Vec<u8> {
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
fn library() -> TempDir {
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

const FILES: [&str; 5] = [
    "music/a.wav",
    "music/b/tone.flac",
    "music/b/tone.mp3",
    "music/b/tone.ogg",
    "music/broken.mp3",
];

fn names(lines: &[Value]) -> Vec<&str> {
    lines
        .iter()
        .map(|line| line["file"].as_str().unwrap())
        .collect()
}

#[test]
fn a_folder_gives_a_line_per_file_in_order_on_any_number_of_threads() {
    let folder = library();
    let one = classify(&folder, &["--json", "--jobs", "1", "music"]);
    assert_eq!(one.status.code(), Some(1));
    let answers = lines(text(&one.stdout));
    assert_eq!(names(&answers), FILES);
    assert!(answers[4]["error"].is_string());
    assert_eq!(text(&one.stderr).lines().count(), 1);
    let many = classify(&folder, &["--format", "json", "-j", "3", "music"]);
    assert_eq!(text(&many.stdout), text(&one.stdout));
    // each as alone, and by a playlist or a pattern as by its name
    let alone = classify(&folder, &["--json", "music/b/tone.ogg"]);
    assert_eq!(lines(text(&alone.stdout))[0], answers[3]);
    std::fs::write(folder.path().join("list.m3u8"), "music/b/tone.ogg\n").unwrap();
    let named = classify(&folder, &["--json", "list.m3u8", "music/*/*.ogg"]);
    assert_eq!(
        lines(text(&named.stdout)),
        [answers[3].clone(), answers[3].clone()]
    );
}

#[test]
fn all_forms_have_the_same_answers() {
    let folder = library();
    let json = lines(text(&classify(&folder, &["--json", "music"]).stdout));
    let csv = classify(&folder, &["--format", "csv", "music"]);
    let mut csv = csv::Reader::from_reader(&csv.stdout[..]);
    let header = csv.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), json.len());
    for (row, line) in rows.iter().zip(&json) {
        let cell = |name: &str| &row[header.iter().position(|h| h == name).unwrap()];
        for key in ["file", "genre", "error", "state"] {
            assert_eq!(cell(key), line[key].as_str().unwrap_or_default());
        }
        let Some(probabilities) = line["probabilities"].as_object() else {
            assert_eq!(cell("p_jazz"), "");
            continue;
        };
        for (genre, p) in probabilities {
            let number: f64 = cell(&format!("p_{genre}")).parse().unwrap();
            assert_eq!(number, p.as_f64().unwrap());
        }
        let seconds: f64 = cell("seconds").parse().unwrap();
        assert_eq!(seconds, line["seconds"].as_f64().unwrap());
    }
    let out = classify(&folder, &["music", "--format", "csv", "--out", "out.csv"]);
    assert_eq!((out.status.code(), out.stdout.len()), (Some(1), 0));
    let file = std::fs::read_to_string(folder.path().join("out.csv")).unwrap();
    assert_eq!(file.lines().count(), 6);
    assert!(!folder.path().join("out.csv.journal").exists());
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_has_every_column() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;
    let folder = library();
    let embeddings = ["--embeddings", "music"];
    let json = classify(&folder, &[&["--json"], &embeddings[..]].concat());
    let json = lines(text(&json.stdout));
    let arguments = ["--format", "parquet", "--out", "out.parquet"];
    let output = classify(&folder, &[&arguments[..], &embeddings].concat());
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let file = std::fs::File::open(folder.path().join("out.parquet")).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let rows: Vec<_> = reader
        .get_row_iter(None)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(rows.len(), json.len());
    for (row, line) in rows.iter().zip(&json) {
        let fields: std::collections::HashMap<_, _> = row
            .get_column_iter()
            .map(|(name, field)| (name.as_str(), field))
            .collect();
        let string = |name: &str| match fields[name] {
            Field::Str(text) => Some(text.as_str()),
            _ => None,
        };
        for key in ["file", "genre", "error", "state"] {
            assert_eq!(string(key), line[key].as_str(), "{key}");
        }
        let Some(embedding) = line["embedding"].as_array() else {
            assert!(matches!(fields["embedding"], Field::Null));
            continue;
        };
        let Field::ListInternal(list) = fields["embedding"] else {
            panic!("no list: {:?}", fields["embedding"]);
        };
        assert_eq!((list.len(), embedding.len()), (96, 96));
        for (found, expected) in list.elements().iter().zip(embedding) {
            let Field::Float(found) = found else {
                panic!("no number: {found:?}");
            };
            assert_eq!(f64::from(*found) as f32, expected.as_f64().unwrap() as f32);
        }
        let Field::Float(p) = fields["p_jazz"] else {
            panic!("no number");
        };
        assert_eq!(*p, line["probabilities"]["jazz"].as_f64().unwrap() as f32);
    }
}

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

#[test]
fn tags_are_written_and_the_music_stays() {
    use lofty::file::TaggedFileExt;
    use lofty::tag::ItemKey;
    let folder = library();
    std::fs::copy(fixture("m4a"), folder.path().join("music/b/tone.m4a")).unwrap();
    let before = lines(text(&classify(&folder, &["--json", "music"]).stdout));
    let arguments = ["--json", "--write-tags", "comment", "music"];
    let output = classify(&folder, &arguments);
    assert_eq!(lines(text(&output.stdout)), before);
    assert_eq!(
        text(&output.stderr).lines().count(),
        1,
        "{}",
        text(&output.stderr)
    );
    let own = classify(&folder, &["--json", "--write-tags", "My_Genre", "music"]);
    assert_eq!(
        text(&own.stderr).lines().count(),
        1,
        "{}",
        text(&own.stderr)
    );
    assert_eq!(
        lines(text(&classify(&folder, &["--json", "music"]).stdout)),
        before
    );
    for line in before.iter().filter(|line| line["genre"].is_string()) {
        if line["state"].as_str().is_some_and(|state| state != "music") {
            continue;
        }
        let path = folder.path().join(line["file"].as_str().unwrap());
        let tagged = lofty::read_from_path(&path).unwrap();
        let tag = tagged.primary_tag().unwrap();
        let comment = tag.get_string(ItemKey::Comment).unwrap();
        let genre = line["genre"].as_str().unwrap();
        assert!(comment.starts_with(&format!("{genre} (")), "{comment}");
        // a field that only this user knows
        let bytes = std::fs::read(&path).unwrap();
        let name = |wanted: &[u8]| {
            bytes
                .windows(wanted.len())
                .any(|bytes| bytes.eq_ignore_ascii_case(wanted))
        };
        assert!(name(b"my_genre"), "{}", path.display());
    }
    // files that are not audio are not touched
    let broken = std::fs::read_to_string(folder.path().join("music/broken.mp3")).unwrap();
    assert_eq!(broken, "no music".repeat(99));
}

#[test]
fn playlists_have_every_file_once() {
    let folder = library();
    let arguments = ["--json", "--export", "m3u", "--export-to", "lists", "music"];
    let answers = lines(text(&classify(&folder, &arguments).stdout));
    let mut found = 0;
    for line in &answers {
        let Some(genre) = line["genre"].as_str() else {
            continue;
        };
        let list = folder.path().join(format!("lists/{genre}.m3u8"));
        let list = std::fs::read_to_string(list).unwrap();
        let file = Path::new(line["file"].as_str().unwrap());
        let is_in = list
            .lines()
            .any(|entry| Path::new(entry).is_absolute() && Path::new(entry).ends_with(file));
        let is_sure = line["state"].as_str().is_none_or(|state| state == "music");
        assert_eq!(is_in, is_sure, "{line}");
        found += usize::from(is_in);
    }
    let lists = std::fs::read_dir(folder.path().join("lists")).unwrap();
    let entries = lists.map(|list| {
        let list = std::fs::read_to_string(list.unwrap().path()).unwrap();
        assert!(list.starts_with("#EXTM3U\n"));
        list.lines().filter(|line| !line.starts_with('#')).count()
    });
    assert_eq!(entries.sum::<usize>(), found);
}

#[test]
fn similar_songs_and_duplicates_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let music = folder.path().join("music");
    std::fs::create_dir(&music).unwrap();
    for (name, hz) in [
        ("a", 110.0),
        ("b", 112.0),
        ("c", 3_000.0),
        ("copy of a", 110.0),
    ] {
        std::fs::write(music.join(format!("{name}.wav")), tone(hz, 3.0)).unwrap();
    }
    std::fs::write(folder.path().join("song.wav"), tone(110.0, 3.0)).unwrap();
    let arguments = ["similar", "--index", "index.safetensors", "--json"];
    let output = classify(&folder, &[&arguments[..], &["song.wav", "music"]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let found = lines(text(&output.stdout));
    let order = ["a", "copy of a", "b", "c"].map(|name| format!("music/{name}.wav"));
    assert_eq!(names(&found), order);
    let similarity = |i: usize| found[i]["similarity"].as_f64().unwrap();
    assert!((similarity(0) - 1.0).abs() < 1e-5 && similarity(3) < 0.999);
    // from the index alone, and a song of the library is not its own neighbour
    let again = classify(&folder, &[&arguments[..], &["song.wav"]].concat());
    assert_eq!(text(&again.stdout), text(&output.stdout));
    let own = classify(
        &folder,
        &[&arguments[..], &["--count", "1", "music/a.wav"]].concat(),
    );
    assert_eq!(names(&lines(text(&own.stdout))), ["music/copy of a.wav"]);

    let output = classify(
        &folder,
        &["similar", "--duplicates", "--threshold", "0.99999", "music"],
    );
    assert_eq!(text(&output.stdout), "music/a.wav\nmusic/copy of a.wav\n\n");
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["--resume", "a.wav"][..],
        &["--json", "--format", "csv", "a.wav"],
        &["--embeddings", "a.wav"],
        &["--jobs", "0", "a.wav"],
        &["--format", "xml", "a.wav"],
        &["--export-to", "lists", "a.wav"],
        &["similar", "a.wav"],
        &["similar"],
        &["similar", "--threshold", "1", "a.wav", "music"],
    ] {
        let output = classify(&folder, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
}
