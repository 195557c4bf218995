//! The program over whole libraries: folders, forms of output, tags, playlists, neighbours.

mod common;

use std::path::Path;

use lofty::config::{ParseOptions, WriteOptions};
use lofty::file::AudioFile;
use lofty::flac::FlacFile;
use lofty::ogg::tag::VorbisComments;
use lofty::tag::TagExt;

use common::{FILES, SURE, classify, fixture, library, lines, names, text, tone};

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
fn tags_are_written_and_the_music_stays() {
    use lofty::file::TaggedFileExt;
    use lofty::tag::ItemKey;
    let folder = library();
    std::fs::copy(fixture("m4a"), folder.path().join("music/b/tone.m4a")).unwrap();
    let run = |options: &[&str]| {
        let output = classify(&folder, &[SURE, &["--json", "music"], options].concat());
        assert_eq!(text(&output.stderr).lines().count(), 1, "{output:?}");
        lines(text(&output.stdout))
    };
    let before = run(&[]);
    assert_eq!(run(&["--write-tags", "comment"]), before);
    assert_eq!(run(&["--write-tags", "My_Genre"]), before);
    assert_eq!(run(&[]), before);
    let music = before.iter().filter(|line| line["state"] == "music");
    assert_eq!(music.clone().count(), 5);
    for line in music {
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

/// Return what a FLAC file's comments say under `name`, in their order.
fn comments(path: &Path, name: &str) -> Vec<String> {
    let mut file = std::fs::File::open(path).unwrap();
    let file = FlacFile::read_from(&mut file, ParseOptions::new()).unwrap();
    let found = file.vorbis_comments().unwrap().get_all(name);
    found.map(str::to_owned).collect()
}

#[test]
fn other_tags_stay_and_the_original_is_kept() {
    let folder = library();
    let path = folder.path().join("music/b/tone.flac");
    let mut tag = VorbisComments::default();
    for (name, value) in [("ARTIST", "One"), ("ARTIST", "Two"), ("MY_OWN", "mine")] {
        tag.push(name.into(), value.into());
    }
    tag.save_to_path(&path, WriteOptions::default()).unwrap();
    let original = std::fs::read(&path).unwrap();
    let run = |field, suffix| {
        let options = ["--json", "--write-tags", field, "--backup", suffix, "music"];
        classify(&folder, &[SURE, &options].concat())
    };
    let answers = lines(text(&run("genre", ".orig").stdout));
    let genre = answers[1]["genre"].as_str().unwrap();
    assert_eq!(names(&answers)[1], "music/b/tone.flac");
    assert_eq!(comments(&path, "genre"), [genre]);
    assert_eq!(comments(&path, "artist"), ["One", "Two"]);
    assert_eq!(comments(&path, "my_own"), ["mine"]);
    // a field of one's own, too; and the backup stays that of the file as it was first
    run("mine", ".orig");
    assert_eq!(comments(&path, "mine").len(), 1);
    assert_eq!(comments(&path, "my_own"), ["mine"]);
    let backup = folder.path().join("music/b/tone.flac.orig");
    assert_eq!(std::fs::read(&backup).unwrap(), original);
    // what is there already is not written again
    let time = || std::fs::metadata(&path).unwrap().modified().unwrap();
    let before = time();
    run("genre", ".orig");
    assert_eq!(time(), before);
    for wrong in ["", "a/b"] {
        assert_eq!(run("genre", wrong).status.code(), Some(2));
    }
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

    // an index that is not there, and one of another model, are no empty libraries
    for options in [
        &["--index", "missing"][..],
        &[SURE, &["--index", "index.safetensors"]].concat(),
    ] {
        let output = classify(&folder, &[&["similar", "song.wav"], options].concat());
        assert_eq!(output.status.code(), Some(1), "{options:?}");
        assert!(text(&output.stderr).contains("no index"), "{output:?}");
    }

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
        &["--backup", ".orig", "a.wav"],
        &["similar", "a.wav"],
        &["similar"],
        &["similar", "--threshold", "1", "a.wav", "music"],
    ] {
        let output = classify(&folder, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
}
