//! Every file that leaves a run states where its data come from, and nothing else.

use std::path::Path;

use crate::common::{RECIPE, tone, write_wav};
use timbrel_core::model::Model;
use timbrel_train::data::Dataset;
use timbrel_train::run::RunFolder;

/// Run a command that must succeed and return its output.
#[track_caller]
fn timbrel(arguments: &[&str]) -> String {
    let output = crate::common::timbrel(arguments);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {complained}");
    String::from_utf8(output.stdout).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Return everything in a file that can be read as text.
fn strings(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn provenance(timbrel: &Path) -> String {
    let bytes = std::fs::read(timbrel).unwrap();
    Model::parse(&bytes).unwrap().provenance().to_owned()
}

/// Write three genres of five tones each, 1.5 s long.
fn tapes(folder: &Path) {
    for (genre, base) in [("drone", 100.0), ("hum", 400.0), ("whistle", 2000.0)] {
        for track in 0..5 {
            let path = folder.join(genre).join(format!("{track}.wav"));
            write_wav(&path, &tone(base + 20.0 * track as f32, 1.5));
        }
    }
}

fn recipe(folder: &Path) -> String {
    let path = folder.join("tones.toml");
    let own = RECIPE.replace("n_mels = 32", "n_mels = 128");
    std::fs::write(&path, own.replace("name = \"tiny\"", "name = \"tones\"")).unwrap();
    text(&path).to_owned()
}

const OF_ANOTHER_COLLECTION: [&str; 4] = ["GTZAN", "Ten genres", "ten genres", "copyright"];

#[test]
fn a_model_of_three_own_genres_names_these_and_no_other_collection() {
    let root = tempfile::tempdir().unwrap();
    let place = |name: &str| root.path().join(name);
    let (tapes_at, data, run, out) = (
        place("Basement tapes"),
        place("data"),
        place("run"),
        place("out"),
    );
    tapes(&tapes_at);
    let own = recipe(root.path());
    let front_end = ["--front-end", "mel_db_512_256_128", "--seconds", "1.4"];
    let prepare = [
        "prepare",
        text(&tapes_at),
        "--out",
        text(&data),
        "--licence",
        "mine alone",
    ];
    timbrel(&[&prepare[..], &front_end].concat());
    let found = Dataset::read(&data).unwrap().provenance;
    assert_eq!(
        (found.name.as_str(), found.licence.as_str()),
        ("Basement tapes", "mine alone")
    );
    assert_eq!(
        (found.tracks, found.counts.as_slice()),
        (15, &[5, 5, 5][..])
    );
    assert!(
        found.split.contains("20 % valid") && found.split.contains("seed 1"),
        "{}",
        found.split
    );

    let train = [
        "train",
        "--recipe",
        &own,
        "--data",
        text(&data),
        "--epochs",
        "1",
        "--out",
    ];
    timbrel(&[&train[..], &[text(&run)]].concat());
    timbrel(&["export", text(&run), "--out", text(&out), "--float"]);
    for file in [
        "tones.timbrel",
        "tones.onnx",
        "tones-float.onnx",
        "tones.md",
    ] {
        let said = strings(&out.join(file));
        for part in [
            "data: Basement tapes, random split of the tracks of each genre",
            "licence of the data: mine alone",
            "recordings: 15 (drone 5, hum 5, whistle 5)",
            "front end of the data: mel_db_512_256_128, 1.4 s of each recording from 0 s on",
            "seed: 1",
        ] {
            assert!(said.contains(part), "{file} does not say {part:?}");
        }
        for other in OF_ANOTHER_COLLECTION {
            assert!(!said.contains(other), "{file} says {other:?}");
        }
    }
    let card = strings(&out.join("tones.md"));
    for part in [
        "the 3 genres drone, hum, whistle, as Basement tapes has them.",
        "trained on Basement tapes (mine alone)",
    ] {
        assert!(card.contains(part), "{part:?} is not in:\n{card}");
    }

    // a run that learns from it states so
    let student = place("student.toml");
    let taught = std::fs::read_to_string(&own).unwrap() + "[distillation]\nweight = 0.5\n";
    std::fs::write(&student, taught).unwrap();
    let (run2, out2) = (place("run2"), place("out2"));
    let train = [
        "train",
        "--recipe",
        text(&student),
        "--data",
        text(&data),
        "--epochs",
        "1",
        "--out",
    ];
    let rest = [
        text(&run2),
        "--teacher",
        text(&run),
        "--init-from",
        text(&run),
        "--data-name",
        "Attic",
    ];
    timbrel(&[&train[..], &rest].concat());
    timbrel(&[
        "export",
        text(&run2),
        "--out",
        text(&out2),
        "--model-licence",
        "the MIT licence",
    ]);
    let said = provenance(&out2.join("tones.timbrel"));
    for part in [
        "data: Attic, random",
        "licence of the data: licence not stated",
        "taught by: tones, seed 1, trained on Basement tapes, in addition to the labels",
        "begun with: tones, seed 1, trained on Basement tapes",
    ] {
        assert!(said.contains(part), "{part:?} is not in:\n{said}");
    }
    assert!(strings(&out2.join("tones.md")).contains("Offered under the MIT licence."));
}

#[test]
fn layouts_of_published_collections_bring_their_terms() {
    let root = tempfile::tempdir().unwrap();
    let (audio, data) = (root.path().join("copy"), root.path().join("data"));
    for (genre, number) in [("blues", 30), ("blues", 5), ("jazz", 2)] {
        write_wav(
            &audio.join(format!("{genre}/{genre}.{number:05}.wav")),
            &tone(300.0, 1.5),
        );
    }
    let prepare = [
        "prepare",
        text(&audio),
        "--layout",
        "gtzan",
        "--out",
        text(&data),
        "--seconds",
        "1.4",
    ];
    timbrel(&[&prepare[..], &["--front-end", "mel_db_512_256_128"]].concat());
    let found = Dataset::read(&data).unwrap().provenance;
    assert_eq!(found.name, "GTZAN");
    assert!(
        found.licence.contains("no copyright clearance"),
        "{}",
        found.licence
    );
    assert_eq!(found.split, "artist- and fault-filtered split");
    assert_eq!(found.counts, [2, 1]);

    // stated on the command line it is another
    let other = root.path().join("other");
    let prepare = [
        "prepare",
        text(&audio),
        "--layout",
        "gtzan",
        "--out",
        text(&other),
        "--seconds",
        "1.4",
    ];
    let stated = ["--front-end", "mel_db_512_256_128", "--name", "Ten\nlines"];
    let refused = crate::common::timbrel(&[&prepare[..], &stated].concat());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && said.contains("one line"),
        "{said}"
    );
}

/// A cache and a run of an earlier version say nothing of their data.
#[test]
fn unstated_data_are_unnamed_until_somebody_names_them() {
    let root = tempfile::tempdir().unwrap();
    let recipe = crate::common::write_all(root.path(), 24);
    let run = root.path().join("run");
    let data = text(root.path());
    timbrel(&[
        "train",
        "--recipe",
        text(&recipe),
        "--data",
        data,
        "--epochs",
        "1",
        "--out",
        text(&run),
    ]);
    let state = run.join("checkpoint/run.json");
    let mut info: serde_json::Value = serde_json::from_str(&strings(&state)).unwrap();
    for key in ["provenance", "taught_by", "begun_with"] {
        assert!(info.as_object_mut().unwrap().remove(key).is_some(), "{key}");
    }
    std::fs::write(&state, info.to_string()).unwrap();
    assert_eq!(RunFolder::new(&run).info().unwrap().provenance, None);

    let out = root.path().join("out");
    timbrel(&["export", text(&run), "--out", text(&out)]);
    let said = strings(&out.join("tiny.md"));
    assert!(
        said.contains("data: unnamed collection, the manifest's split"),
        "{said}"
    );
    assert!(
        said.contains("licence not stated") && !said.contains("GTZAN"),
        "{said}"
    );

    timbrel(&[
        "export",
        text(&run),
        "--out",
        text(&out),
        "--data-name",
        "GTZAN",
    ]);
    let said = strings(&out.join("tiny.md"));
    for part in [
        "data: GTZAN, the manifest's split",
        "licence of the data: no copyright clearance",
        "recordings: 24 (bars 8, rows 8, both 8)",
        "recorded before 2002",
    ] {
        assert!(said.contains(part), "{part:?} is not in:\n{said}");
    }
}
