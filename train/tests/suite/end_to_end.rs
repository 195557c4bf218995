//! A whole run on a small synthetic cache: training, interruption, export, both engines. One test at a time, because
//! the CPU backend has one generator per process.

use std::path::Path;

use timbrel_train::data::Dataset;
use timbrel_train::device::DeviceKind;
use timbrel_train::evaluate::Inference;
use timbrel_train::evaluate::evaluate;
use timbrel_train::export::{Target, export};
use timbrel_train::report::read_history;
use timbrel_train::run::{RunFolder, RunInfo};
use timbrel_train::training::{Options, train};
use timbrel_train::weights::Weights;

struct Runs<'a> {
    recipe: &'a Path,
    dataset: &'a Dataset,
}

impl Runs<'_> {
    fn train(&self, folder: &RunFolder, options: &Options) -> anyhow::Result<RunInfo> {
        let device = DeviceKind::Cpu.open(false).unwrap();
        train(self.recipe, self.dataset, folder, &device, options)
    }
}

#[test]
fn the_recipe_selects_the_epoch() {
    let _own = crate::common::generator();
    let root = tempfile::tempdir().unwrap();
    crate::common::write_all(root.path(), 60);
    let dataset = Dataset::read(root.path()).unwrap();
    let every = crate::common::RECIPE.replace("evaluate_every = 2", "evaluate_every = 1");
    let last = every.replace("epochs = 4", "epochs = 4\nselect = \"last\"");
    for (name, text) in [("best", every), ("last", last)] {
        let recipe = root.path().join(format!("{name}.toml"));
        std::fs::write(&recipe, text).unwrap();
        let runs = Runs {
            recipe: &recipe,
            dataset: &dataset,
        };
        let folder = RunFolder::new(&root.path().join(name));
        let options = Options {
            data: root.path().into(),
            ..Options::default()
        };
        let (accuracy, epoch) = runs.train(&folder, &options).unwrap().best.unwrap();
        let history = read_history(&folder.metrics()).unwrap();
        let measured = history.iter().map(|e| e.valid_track_accuracy.unwrap());
        let best = measured.clone().fold(0.0, f64::max);
        let expected = match name {
            "best" => measured.clone().position(|a| a == best).unwrap() + 1,
            _ => 4,
        };
        assert_eq!(epoch, expected, "{name}");
        assert_eq!(accuracy, history[epoch - 1].valid_track_accuracy.unwrap());
        let same = std::fs::read(folder.best()).unwrap() == std::fs::read(folder.last()).unwrap();
        assert_eq!(same, epoch == 4, "{name}");
    }
}

#[test]
fn trains_resumes_exports_and_answers() {
    let _own = crate::common::generator();
    let root = tempfile::tempdir().unwrap();
    let recipe = crate::common::write_all(root.path(), 60);
    let dataset = Dataset::read(root.path()).unwrap();
    let runs = Runs {
        recipe: &recipe,
        dataset: &dataset,
    };
    let options = Options {
        seed: 5,
        data: root.path().into(),
        ..Options::default()
    };

    let whole = RunFolder::new(&root.path().join("whole"));
    let info = runs.train(&whole, &options).unwrap();
    assert_eq!((info.done, info.epochs, info.seed), (4, 4, 5));
    let lines = std::fs::read_to_string(whole.metrics()).unwrap();
    let losses: Vec<f64> = lines
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["train_loss"]
                .as_f64()
                .unwrap()
        })
        .collect();
    assert_eq!(losses.len(), 4);
    assert!(losses[3] < losses[0], "{losses:?}");

    let again = runs.train(&whole, &options).unwrap_err().to_string();
    assert!(again.contains("--resume"), "{again}");

    // interrupted after the second epoch and resumed, it ends with the same weights
    let halves = RunFolder::new(&root.path().join("halves"));
    let half = Options {
        stop_after: Some(2),
        ..options.clone()
    };
    assert_eq!(runs.train(&halves, &half).unwrap().done, 2);
    // as a kill leaves it that comes before a whole new checkpoint has the old one's name
    let state = root.path().join("halves/checkpoint");
    std::fs::rename(&state, state.with_extension("new")).unwrap();
    let torn = Weights::read(&halves.last()).unwrap();
    assert_eq!(halves.info().unwrap().done, 2);
    let rest = Options {
        resume: true,
        ..options.clone()
    };
    assert_eq!(runs.train(&halves, &rest).unwrap().done, 4);
    let weights = Weights::read(&whole.last()).unwrap();
    assert!(
        weights == Weights::read(&halves.last()).unwrap(),
        "resuming changed the run"
    );
    let [once, twice] = [&whole, &halves].map(|run| std::fs::read(run.last()).unwrap());
    assert!(once == twice, "the same weights are another file");
    assert!(weights != torn && state.exists() && !state.with_extension("new").exists());

    let other = RunFolder::new(&root.path().join("other"));
    runs.train(
        &other,
        &Options {
            seed: 6,
            ..options.clone()
        },
    )
    .unwrap();
    assert!(
        weights != Weights::read(&other.last()).unwrap(),
        "the seed changes nothing"
    );

    let nothing = runs
        .train(&RunFolder::new(&root.path().join("none")), &rest)
        .unwrap_err();
    assert!(format!("{nothing:#}").contains("none"), "{nothing:#}");

    exports(&whole, &dataset, root.path());
}

fn exports(run: &RunFolder, dataset: &Dataset, root: &Path) {
    let device = DeviceKind::Cpu.open(false).unwrap();
    let into = |folder: &str| {
        let out = root.join(folder);
        let target = Target {
            name: Some("small"),
            float: true,
            ..Target::new(&out)
        };
        export(run, dataset, target, &device).unwrap()
    };
    let exported = into("out");
    // the same run gives the same bytes
    for (file, again) in exported.files.iter().zip(&into("again").files) {
        assert_ne!(file, again);
        let [file, again] = [file, again].map(|path| std::fs::read(path).unwrap());
        assert!(file == again, "another export is another file");
    }
    let [timbrel, onnx, float, card] = exported.files.as_slice() else {
        panic!("{:?}", exported.files)
    };
    assert!(float.ends_with("small-float.onnx"));
    let card = std::fs::read_to_string(card).unwrap();
    for part in [
        "# small",
        "bars, rows, both",
        "seed: 5",
        "int8",
        "unnamed collection",
    ] {
        assert!(card.contains(part), "{part:?} is not in the card:\n{card}");
    }

    let int8 = Inference::read(timbrel, None).unwrap();
    let answers = evaluate(&int8, dataset, "all").unwrap();
    assert_eq!((answers.score.tracks, answers.score.windows), (60, 180));
    assert_eq!(
        answers.answers.rows[3], 1,
        "windows 3 to 5 are the second track's"
    );
    assert_eq!(
        evaluate(&int8, dataset, "valid").unwrap().score,
        exported.measured.int8.unwrap()
    );

    let file = root.join("logits.safetensors");
    answers.write(&file, &int8).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(tensors.tensor("logits").unwrap().shape(), [180, 3]);
    assert_eq!(tensors.tensor("track").unwrap().shape(), [180]);
    assert_eq!(tensors.tensor("input").unwrap().shape(), [180, 32, 32]);
    assert_eq!(
        tensors.tensor("input").unwrap().data(),
        answers.inputs.concat()
    );

    #[cfg(feature = "tract")]
    {
        let tract = Inference::read(onnx, None).unwrap();
        let same = evaluate(&tract, dataset, "all").unwrap();
        assert!(
            same.logits == answers.logits,
            "tract and the int8 engine differ"
        );
        assert_eq!(tract.labels(), int8.labels());
        assert_eq!(tract.info(), int8.info());
    }
    #[cfg(not(feature = "tract"))]
    assert!(onnx.exists());
}
