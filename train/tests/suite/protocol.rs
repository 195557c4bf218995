//! A source system's protocol from recipe to figure: segments, a substitute front end, a float model.

use std::path::Path;

use timbrel_train::data::Dataset;
use timbrel_train::run::RunFolder;

const GRU: &str = r#"
[network]
standardise = true
blocks = [{ channels = 6, kernel = 3, pool = [4, 2] }]
reduce = "gru"
units = 8
dropout = 0.1
"#;

/// Run a command that must succeed and return its output.
fn timbrel(arguments: &[&str]) -> String {
    let output = crate::common::timbrel(arguments);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {complained}");
    String::from_utf8(output.stdout).unwrap()
}

/// Write the synthetic cache, which states columns twice as far apart as the recipe's.
fn write(folder: &Path) {
    crate::common::write_all(folder, 40);
    let path = folder.join("logmel.safetensors");
    let bytes = std::fs::read(&path).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let mut metadata = header.metadata().clone().unwrap();
    metadata.insert("n_fft".into(), "1024".into());
    metadata.insert("hop".into(), "512".into());
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let file = safetensors::serialize(tensors.tensors(), Some(metadata)).unwrap();
    std::fs::write(&path, file).unwrap();
    let (begin, end) = (
        crate::common::RECIPE.find("[network]").unwrap(),
        crate::common::RECIPE.find("[augment]").unwrap(),
    );
    let text = format!(
        "{}{GRU}{}[split]\nof = \"segments\"\ntrain = 0.6\nvalid = 0.2\n",
        &crate::common::RECIPE[..begin],
        &crate::common::RECIPE[end..]
    );
    std::fs::write(folder.join("gru.toml"), text).unwrap();
}

#[test]
fn a_recurrent_system_is_trained_exported_and_evaluated() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (data, recipe, run) = (path(""), path("gru.toml"), path("run"));
    let train = ["train", "--data", &data, "--recipe", &recipe, "--out", &run];
    timbrel(&[&train[..], &["--approximate-front-end"]].concat());

    let stood_in = RunFolder::new(Path::new(&run)).read_recipe().unwrap();
    assert_eq!((stood_in.window().columns, stood_in.window().hop), (16, 4));
    assert_eq!(stood_in.front_end().hop, 512);

    let said = timbrel(&["export", &run, "--out", &path("models")]);
    assert!(
        said.contains("tiny.onnx") && !said.contains("tiny.timbrel"),
        "{said}"
    );
    let card = std::fs::read_to_string(folder.path().join("models/tiny.md")).unwrap();
    for part in [
        "floats",
        "random split of segments",
        "one column per 512 samples in place",
    ] {
        assert!(card.contains(part), "{part:?} is not in the card:\n{card}");
    }

    if cfg!(feature = "tract") {
        let model = path("models/tiny.onnx");
        let evaluate = [
            "evaluate", "--data", &data, "--model", &model, "--json", "--split",
        ];
        let figures = |rest: &[&str]| -> serde_json::Value {
            serde_json::from_str(&timbrel(&[&evaluate[..], rest].concat())).unwrap()
        };
        // (48 - 16) / 4 + 1 windows in each of 40 tracks
        let all = figures(&["all"])["windows"].as_u64().unwrap();
        assert_eq!(all, 40 * 9);
        let valid = figures(&["valid", "--run", &run]);
        assert_eq!(valid["windows"].as_u64().unwrap(), all / 5);
        // what training measured of these weights
        let info = RunFolder::new(Path::new(&run)).info().unwrap();
        let (accuracy, _) = info.best.unwrap();
        let found = valid["track_accuracy"].as_f64().unwrap();
        assert!((found - accuracy).abs() < 1e-9, "{found} {accuracy}");
        let dataset = Dataset::read(folder.path()).unwrap();
        assert_eq!(
            valid["labels"].as_array().unwrap().len(),
            dataset.genres.len()
        );
    }
}
