//! Learning from teachers, beginning with another run's weights, stopping early, ensembles. One test that
//! trains, because the CPU backend has one generator per process.

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use timbrel_train::data::Dataset;
use timbrel_train::data::split::pieces;
use timbrel_train::device::DeviceKind;
use timbrel_train::evaluate::Inference;
use timbrel_train::evaluate::{ensemble, evaluate};
use timbrel_train::export::{Target, export};
use timbrel_train::recipe::{DistillationKeys, Recipe};
use timbrel_train::run::{RunFolder, RunInfo};
use timbrel_train::training::objective::{Teachers, cross_entropy, distilled};
use timbrel_train::training::{Options, train};
use timbrel_train::weights::Weights;

const TABLE: &str = "[distillation]\nweight = 0.7\ntemperature = 2.0\n";

fn device() -> Device {
    DeviceKind::Cpu.open(false).unwrap()
}

fn matrix(rows: &[[f64; 3]]) -> Tensor<2> {
    let values: Vec<f32> = rows.iter().flatten().map(|v| *v as f32).collect();
    Tensor::from_data(TensorData::new(values, [rows.len(), 3]), &device())
}

fn softmax(logits: [f64; 3], temperature: f64) -> [f64; 3] {
    let exponentials = logits.map(|logit| (logit / temperature).exp());
    exponentials.map(|e| e / exponentials.iter().sum::<f64>())
}

fn entropy(target: [f64; 3], answer: [f64; 3]) -> f64 {
    -(0..3).map(|k| target[k] * answer[k].ln()).sum::<f64>()
}

#[test]
fn the_loss_is_hintons() {
    let _own = crate::common::generator();
    let logits = [[1.0, -0.5, 2.0], [0.25, 0.0, -3.0]];
    let targets = [[0.0, 0.0, 1.0], [0.5, 0.5, 0.0]];
    let answers = [[0.2, 0.1, 0.7], [0.8, 0.1, 0.1]];
    let keys = Recipe::parse(&format!("{}{TABLE}", crate::common::RECIPE)).unwrap();
    let keys: DistillationKeys = keys.distillation.unwrap();
    let (mut hard, mut soft) = (0.0, 0.0);
    for row in 0..2 {
        hard += entropy(targets[row], softmax(logits[row], 1.0)) / 2.0;
        soft += entropy(answers[row], softmax(logits[row], 2.0)) / 2.0;
    }
    let found = cross_entropy(matrix(&logits), matrix(&targets)).into_scalar::<f32>();
    assert!((f64::from(found) - hard).abs() < 1e-6, "{found} {hard}");
    let loss = distilled(matrix(&logits), matrix(&targets), matrix(&answers), &keys);
    let (found, expected) = (loss.into_scalar::<f32>(), 0.3 * hard + 0.7 * 4.0 * soft);
    assert!(
        (f64::from(found) - expected).abs() < 1e-5,
        "{found} {expected}"
    );
}

struct Workplace {
    root: tempfile::TempDir,
    dataset: Dataset,
}

impl Workplace {
    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn recipe(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn train(&self, recipe: &Path, run: &str, options: &Options) -> anyhow::Result<RunInfo> {
        let folder = RunFolder::new(&self.path(run));
        train(recipe, &self.dataset, &folder, &device(), options)
    }

    fn last(&self, run: &str) -> Weights {
        Weights::read(&RunFolder::new(&self.path(run)).last()).unwrap()
    }
}

#[test]
fn learns_from_teachers() {
    let _own = crate::common::generator();
    let root = tempfile::tempdir().unwrap();
    let plain = crate::common::write_all(root.path(), 60);
    let dataset = Dataset::read(root.path()).unwrap();
    let place = Workplace { root, dataset };
    let options = Options {
        seed: 5,
        data: place.path(""),
        ..Options::default()
    };
    place.train(&plain, "first", &options).unwrap();
    let other = Options {
        seed: 6,
        ..options.clone()
    };
    place.train(&plain, "second", &other).unwrap();

    teachers_answer_with_their_mean(&place);
    students_differ_and_resume(&place, &plain, &options);
    begins_with_weights(&place, &plain, &options);
    stops_early(&place, &options);
    ensembles(&place);
}

fn teachers_answer_with_their_mean(place: &Workplace) {
    let recipe = Recipe::parse(&format!("{}{TABLE}", crate::common::RECIPE)).unwrap();
    let runs = [place.path("first"), place.path("second")];
    let labels = &place.dataset.genres;
    let read = |runs: &[PathBuf]| Teachers::read(runs, &recipe, labels, &device());
    let values: Vec<f32> = (0..2)
        .flat_map(crate::common::spectrogram)
        .take(2 * 32 * 32)
        .map(f32::from)
        .collect();
    let input = Tensor::from_data(TensorData::new(values, [2, 1, 32, 32]), &device());
    let answer = |runs: &[PathBuf]| {
        let teachers = read(runs).unwrap().unwrap();
        let answer = teachers.answer(&input).unwrap();
        answer.into_data().try_into_vec::<f32>().unwrap()
    };
    let (first, second) = (answer(&runs[..1]), answer(&runs[1..]));
    for (index, mean) in answer(&runs).into_iter().enumerate() {
        assert!((mean - (first[index] + second[index]) / 2.0).abs() < 1e-6);
    }
    assert!(first != second);

    let nobody = Teachers::read(&[], &recipe, labels, &device()).unwrap_err();
    assert!(nobody.to_string().contains("no teacher"), "{nobody}");
    let strangers = ["x", "y", "z"].map(String::from);
    let wrong = Teachers::read(&runs, &recipe, &strangers, &device()).unwrap_err();
    let wrong = format!("{wrong:#}");
    assert!(wrong.contains("first") && wrong.contains("bars"), "{wrong}");
    let wider = crate::common::RECIPE.replace("columns = 32", "columns = 40");
    let wider = Recipe::parse(&format!("{wider}{TABLE}")).unwrap();
    let wrong = Teachers::read(&runs, &wider, labels, &device()).unwrap_err();
    assert!(format!("{wrong:#}").contains("other windows"), "{wrong:#}");
}

fn students_differ_and_resume(place: &Workplace, plain: &Path, options: &Options) {
    // with dropout, whose draws a resumed run has to repeat as well
    let text = crate::common::RECIPE.replace("[network]", "[network]\ndropout = 0.3");
    let student = place.recipe("student.toml", &format!("{text}{TABLE}"));
    let taught = Options {
        teachers: vec![place.path("first"), place.path("second")],
        ..options.clone()
    };
    place.train(&student, "taught", &taught).unwrap();
    assert!(
        place.last("taught") != place.last("first"),
        "teachers change nothing"
    );
    let half = Options {
        stop_after: Some(2),
        ..taught.clone()
    };
    place.train(&student, "halves", &half).unwrap();
    let rest = Options {
        resume: true,
        ..options.clone()
    };
    place.train(&student, "halves", &rest).unwrap();
    assert!(
        place.last("taught") == place.last("halves"),
        "a resumed run has other teachers"
    );
    let error = place.train(plain, "error", &taught).unwrap_err();
    assert!(
        format!("{error:#}").contains("no [distillation]"),
        "{error:#}"
    );
}

fn begins_with_weights(place: &Workplace, plain: &Path, options: &Options) {
    let still =
        crate::common::RECIPE.replace("peak_learning_rate = 1e-2", "peak_learning_rate = 0.0");
    let still = place.recipe("still.toml", &still);
    let begun = Options {
        init_from: Some(place.path("first")),
        epochs: Some(1),
        ..options.clone()
    };
    place.train(&still, "begun", &begun).unwrap();
    let best = Weights::read(&RunFolder::new(&place.path("first")).best()).unwrap();
    let name = timbrel_train::weights::name::conv(0);
    let found = place.last("begun");
    let pairs = (found.get(&name).unwrap().values.iter()).zip(&best.get(&name).unwrap().values);
    for (found, begun) in pairs {
        assert!((found - begun).abs() < 1e-6, "{found} {begun}");
    }
    let error = Options {
        init_from: Some(place.path("nowhere")),
        ..options.clone()
    };
    let error = place.train(plain, "error", &error).unwrap_err();
    assert!(format!("{error:#}").contains("nowhere"), "{error:#}");
}

fn stops_early(place: &Workplace, options: &Options) {
    // nothing is learnt, so the first validation stays the best
    let text = crate::common::RECIPE
        .replace("peak_learning_rate = 1e-2", "peak_learning_rate = 0.0")
        .replace("epochs = 4", "epochs = 40\npatience = 4");
    let recipe = place.recipe("patience.toml", &text);
    let whole = place.train(&recipe, "patient", options).unwrap();
    let (_, best) = whole.best.unwrap();
    assert_eq!(whole.done, best + 4, "{whole:?}");
    assert!(whole.done < 40);
    assert_eq!(
        RunFolder::new(&place.path("patient")).info().unwrap(),
        whole
    );
}

fn ensembles(place: &Workplace) {
    let models = ["first", "second"].map(|run| {
        let folder = RunFolder::new(&place.path(run));
        let out = place.path("models");
        let target = Target {
            name: Some(run),
            ..Target::new(&out)
        };
        let files = export(&folder, &place.dataset, target, &device()).unwrap();
        Inference::read(&files.files[0], None).unwrap()
    });
    let mean = ensemble(&models, &place.dataset, &pieces(&place.dataset.tracks)).unwrap();
    let mean = mean.score(&place.dataset);
    // the same by hand, track by track
    let answers = models
        .each_ref()
        .map(|model| evaluate(model, &place.dataset, "all").unwrap());
    let mut right = 0;
    for (index, track) in place.dataset.tracks.iter().enumerate() {
        let mut sums = [0.0; 3];
        for window in 3 * index..3 * (index + 1) {
            let [first, second] =
                [0, 1].map(|m| models[m].probabilities(&answers[m].logits[window]));
            (0..3).for_each(|class| sums[class] += (first[class] + second[class]).ln());
        }
        let best = (0..3).max_by(|&a, &b| sums[a].total_cmp(&sums[b])).unwrap();
        right += usize::from(Some(best) == track.label);
    }
    assert_eq!(
        (mean.tracks, mean.windows, mean.tracks_right),
        (60, 180, right)
    );
}
