//! From audio files to a cache: the same numbers as one file's features, faults listed, kills survived.

mod restart;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::common::{tone, write_wav};
use timbrel_core::frontend::Affine;
use timbrel_train::data::prepare::{Options, prepare};
use timbrel_train::data::{Collection, Dataset, Layout, Stated};
use timbrel_train::features::Feature;

const FRONT_END: &str = "mel_db_1024_512_128";
/// 1 s at hop 512.
const COLUMNS: usize = 44;

fn options(folder: &Path, out: &Path) -> Options {
    Options {
        collection: Collection {
            folder: folder.to_path_buf(),
            layout: Layout::Folder,
            subset: "small".to_owned(),
            valid: 0.25,
            test: 0.25,
            seed: 1,
        },
        stated: Stated::default(),
        out: out.to_path_buf(),
        front_end: FRONT_END.to_owned(),
        seconds: 1.0,
        skip: 0.0,
        fill: false,
        variants: 0,
        augment: "".parse().unwrap(),
        seed: 1,
        restart: false,
    }
}

/// Write two genres of eight tones each, 1.2 s long.
fn tones(folder: &Path) {
    for (genre, base) in [("high", 2000.0), ("low", 200.0)] {
        for track in 0..8 {
            let path = folder.join(genre).join(format!("{track}.wav"));
            write_wav(&path, &tone(base + 10.0 * track as f32, 1.2));
        }
    }
}

fn cache(out: &Path) -> [Vec<u8>; 3] {
    ["logmel.safetensors", "manifest.csv", "skipped.csv"]
        .map(|name| fs::read(out.join(name)).unwrap())
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn audio_is_resampled_to_the_rate_of_the_front_end() {
    let (audio, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    tones(audio.path());
    let mut options = options(audio.path(), out.path());
    options.front_end = "mel_db_1024_800_128_at_16000".to_owned();
    // 1 s of 16,000 samples
    assert_eq!(prepare(&options).unwrap().shape, [128, 21]);
    let dataset = Dataset::read(out.path()).unwrap();
    let made_with = dataset.made_with.unwrap();
    assert_eq!((made_with.sample_rate, made_with.hop), (16_000, 800.0));
    options.out = out.path().join("too-long");
    options.seconds = 2.0;
    let message = format!("{:#}", prepare(&options).unwrap_err());
    assert!(message.contains("it lasts 1.2 s"), "{message}");
}

#[test]
fn rows_are_the_files_features() {
    let (audio, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    tones(audio.path());
    let prepared = prepare(&options(audio.path(), out.path())).unwrap();
    assert_eq!((prepared.rows, prepared.shape), (16, [128, COLUMNS]));
    assert_eq!(prepared.genres, ["high", "low"]);
    assert!(prepared.skipped.is_empty());
    assert_eq!(
        names(out.path()),
        ["logmel.safetensors", "manifest.csv", "skipped.csv"]
    );

    let dataset = Dataset::read(out.path()).unwrap();
    for split in [("train", 8), ("valid", 4), ("test", 4)] {
        let tracks = dataset.split(split.0).unwrap();
        assert_eq!(tracks.len(), split.1, "{}", split.0);
        let high = tracks.iter().filter(|track| track.label == Some(0)).count();
        assert_eq!(2 * high, split.1, "{} is stratified", split.0);
    }
    let feature = Feature::parse(FRONT_END).unwrap();
    let track = dataset
        .tracks
        .iter()
        .find(|track| track.name == "low/3.wav")
        .unwrap();
    let samples: Vec<f32> = (tone(230.0, 1.2).iter().take(22_050))
        .map(|s| (s * 32_767.0).round() / 32_768.0)
        .collect();
    let matrix = feature.compute(&samples).unwrap();
    let expected: Vec<u8> = matrix
        .values
        .iter()
        .map(|db| Affine::DB80.quantise(*db))
        .collect();
    assert_eq!(dataset.spectrogram(track), expected);
}

#[test]
fn every_front_end_has_a_cache() {
    let audio = tempfile::tempdir().unwrap();
    tones(audio.path());
    let read = |front_end: &str| {
        let out = tempfile::tempdir().unwrap();
        let front_end = front_end.to_owned();
        prepare(&Options {
            front_end,
            ..options(audio.path(), out.path())
        })
        .unwrap();
        let dataset = Dataset::read(out.path()).unwrap();
        let rows: Vec<Vec<u8>> = dataset
            .tracks
            .iter()
            .map(|track| dataset.spectrogram(track).to_vec())
            .collect();
        ([dataset.mels, dataset.columns], rows)
    };
    let mel = read("mel_db_2048_512_128");
    assert_eq!(mel.0, [128, COLUMNS]);
    // the content of these two
    assert!(mel == read("mfcc_2048_512_13"));
    assert!(mel == read("mel_power_2048_512_128"));
    assert_eq!(read("log_stft_512_256").0, [257, 1 + 22_050 / 256]);
    let out = tempfile::tempdir().unwrap();
    let wrong = Options {
        front_end: "loud".to_owned(),
        ..options(audio.path(), out.path())
    };
    assert!(format!("{:#}", prepare(&wrong).unwrap_err()).contains("`loud`"));
}

#[test]
fn broken_files_are_skipped_and_listed() {
    let (audio, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    tones(audio.path());
    let low = audio.path().join("low");
    fs::write(low.join("empty.wav"), "").unwrap();
    fs::write(low.join("text.mp3"), "no music at all").unwrap();
    fs::write(low.join("notes.txt"), "no audio file").unwrap();
    fs::write(audio.path().join("outside.wav"), "in no genre").unwrap();
    write_wav(&low.join("short.wav"), &tone(100.0, 0.5));
    let whole = fs::read(low.join("0.wav")).unwrap();
    fs::write(low.join("header.wav"), &whole[..30]).unwrap();
    let prepared = prepare(&options(audio.path(), out.path())).unwrap();
    assert_eq!(prepared.rows, 16);
    let why = |name: &str| {
        let found = prepared
            .skipped
            .iter()
            .find(|(path, _)| path.ends_with(name));
        found
            .map(|(_, why)| why.as_str())
            .unwrap_or_else(|| panic!("{name}"))
    };
    assert_eq!(prepared.skipped.len(), 4, "{:?}", prepared.skipped);
    assert!(why("empty.wav").contains("empty"));
    assert!(why("text.mp3").contains("not a wav"));
    assert!(why("short.wav").contains("0.5 s"));
    assert!(why("header.wav").contains("header"));
    let list = fs::read_to_string(out.path().join("skipped.csv")).unwrap();
    assert_eq!(list.lines().count(), 5);
    // its place is known: nothing of it is in the cache
    assert_eq!(Dataset::read(out.path()).unwrap().tracks.len(), 16);

    let filled = tempfile::tempdir().unwrap();
    let prepared = prepare(&Options {
        fill: true,
        ..options(audio.path(), filled.path())
    })
    .unwrap();
    assert_eq!((prepared.rows, prepared.skipped.len()), (17, 3));
}

#[test]
fn more_genres_than_a_model_has_are_refused_at_once() {
    let (audio, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for genre in 0..65 {
        let folder = audio.path().join(format!("genre {genre}"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("0.wav"), "is not read").unwrap();
    }
    let error = prepare(&options(audio.path(), out.path())).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("65 genres") && error.contains("64"),
        "{error}"
    );
    assert!(names(out.path()).is_empty());
}

#[test]
fn a_finished_cache_is_not_touched() {
    let (audio, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    tones(audio.path());
    prepare(&options(audio.path(), out.path())).unwrap();
    let before = cache(out.path());
    let error = prepare(&options(audio.path(), out.path()))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("logmel.safetensors is there already"),
        "{error}"
    );
    assert!(before == cache(out.path()));
    let empty = tempfile::tempdir().unwrap();
    let error = prepare(&options(empty.path(), out.path()))
        .unwrap_err()
        .to_string();
    assert!(error.contains("holds no audio file"), "{error}");
}

#[test]
fn two_at_once_are_refused() {
    let (audio, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    tones(audio.path());
    let other = fs::File::create(out.path().join("prepare.jsonl")).unwrap();
    other.lock().unwrap();
    let error = prepare(&options(audio.path(), out.path())).unwrap_err();
    assert!(
        error.to_string().contains("another `timbrel prepare`"),
        "{error}"
    );
    drop(other);
    assert_eq!(
        prepare(&options(audio.path(), out.path())).unwrap().rows,
        16
    );
}

#[test]
fn variants_are_of_train_tracks_only() {
    let (audio, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    tones(audio.path());
    let augment = "noise=10,pitch=2,stretch=0.2".parse().unwrap();
    let with = Options {
        variants: 2,
        augment,
        ..options(audio.path(), out.path())
    };
    assert_eq!(prepare(&with).unwrap().rows, 16 + 2 * 8);
    let dataset = Dataset::read(out.path()).unwrap();
    assert_eq!(dataset.split("train").unwrap().len(), 24);
    assert_eq!(dataset.split("valid").unwrap().len(), 4);
    let of = |name: &str| {
        let track = dataset.tracks.iter().find(|track| track.name == name);
        dataset.spectrogram(track.unwrap_or_else(|| panic!("{name}")))
    };
    let track = &dataset.split("train").unwrap()[0].name;
    let [clean, first, second] = ["", "#1", "#2"].map(|variant| of(&format!("{track}{variant}")));
    assert!(clean != first && first != second);
    // noise 10 to 30 dB below raises what was silent between the tone's own bins
    let mean = |row: &[u8]| row.iter().map(|v| f64::from(*v)).sum::<f64>() / row.len() as f64;
    assert!(mean(first) > mean(clean) + 20.0);
    let same = Options {
        variants: 1,
        ..options(audio.path(), out.path())
    };
    assert!(
        prepare(&same)
            .unwrap_err()
            .to_string()
            .contains("--augment")
    );
}

/// Return the command for a collection, on one thread so that its batches are small.
fn command(audio: &Path, out: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_timbrel"));
    command.arg("prepare").arg(audio).arg("--out").arg(out);
    command.args(["--seconds", "3", "--front-end", FRONT_END]);
    command
        .env("RAYON_NUM_THREADS", "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn finish(audio: &Path, out: &Path) -> String {
    let output = command(audio, out).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_killed_run_goes_on_and_ends_with_the_same_bytes() {
    let (audio, whole) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for track in 0..60 {
        let path = audio.path().join("tones").join(format!("{track}.wav"));
        write_wav(&path, &tone(100.0 + 7.0 * track as f32, 3.5));
    }
    fs::write(audio.path().join("tones/1000.wav"), "broken").unwrap();
    finish(audio.path(), whole.path());
    let expected = cache(whole.path());

    let out = tempfile::tempdir().unwrap();
    let journal = out.path().join("prepare.jsonl");
    let mut kills = 0;
    for wanted in [8, 24, 40] {
        let mut child = command(audio.path(), out.path()).spawn().unwrap();
        let lines = || fs::read_to_string(&journal).map_or(0, |text| text.lines().count());
        while child.try_wait().unwrap().is_none() && lines() <= wanted {
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += usize::from(journal.exists());
    }
    assert!(kills > 0, "every run was over before it could be killed");
    if journal.exists() {
        // what a crash of the system may leave: half a line, and rows without a line
        let append = |name: &str, bytes: &[u8]| {
            let path = out.path().join(name);
            fs::write(&path, [fs::read(&path).unwrap(), bytes.to_vec()].concat()).unwrap();
        };
        append("prepare.jsonl", b"{\"track\":\"tones/");
        append("logmel.safetensors.part", &[7; 1000]);
        let other = command(audio.path(), out.path())
            .args(["--valid", "0.5"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&other.stderr);
        assert!(
            !other.status.success() && said.contains("was begun with"),
            "{said}"
        );
        assert!(finish(audio.path(), out.path()).contains("went on after"));
    }
    assert!(expected == cache(out.path()));
    assert_eq!(
        names(out.path()),
        ["logmel.safetensors", "manifest.csv", "skipped.csv"]
    );
}

/// A table as FMA publishes it, cut down to the columns that matter and one that does not.
const FMA: &str = "\
,artist,set,set,track,track
,id,split,subset,genre_top,title
track_id,,,,,
2,1,training,small,Hip-Hop,\"Food, and more\"
5,1,validation,small,Hip-Hop,This World
10,6,test,medium,Rock,Freeway
20,4,training,large,,Spiritual Level
140,54,training,small,Folk,Queen Of The Wires
";

#[test]
fn fma_is_read_by_its_table() {
    let (fma, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = fma.path();
    fs::create_dir_all(folder.join("fma_metadata")).unwrap();
    fs::write(folder.join("fma_metadata/tracks.csv"), FMA).unwrap();
    // its audio is mp3; the content decides how it is read
    for (name, hertz) in [("000/000002", 300.0), ("000/000005", 400.0)] {
        write_wav(
            &folder.join(format!("fma_small/{name}.mp3")),
            &tone(hertz, 1.2),
        );
    }
    let mut with = options(folder, out.path());
    with.collection.layout = Layout::Fma;
    let prepared = prepare(&with).unwrap();
    assert_eq!(prepared.rows, 2);
    assert_eq!(prepared.genres, ["Folk", "Hip-Hop"]);
    let gone: Vec<&PathBuf> = prepared.skipped.iter().map(|(path, _)| path).collect();
    assert_eq!(gone.len(), 1);
    assert!(gone[0].ends_with("fma_small/000/000140.mp3"));
    let dataset = Dataset::read(out.path()).unwrap();
    assert_eq!(dataset.split("train").unwrap()[0].name, "000002");
    assert_eq!(dataset.split("valid").unwrap()[0].name, "000005");
    with.collection.subset = "tiny".to_owned();
    let error = format!("{:#}", prepare(&with).unwrap_err());
    assert!(error.contains("not `tiny`"), "{error}");
    with.collection.subset = "small".to_owned();
    fs::write(
        folder.join("fma_metadata/tracks.csv"),
        FMA.replace("validation", "toast"),
    )
    .unwrap();
    let error = format!("{:#}", prepare(&with).unwrap_err());
    assert!(
        error.contains("tracks.csv") && error.contains("line 5: split `toast`"),
        "{error}"
    );
}
