//! Training integers: training computes, bit for bit, what the int8 engine computes.

use std::path::Path;

use burn::tensor::{Tensor, TensorData};
use timbrel_train::data::Dataset;
use timbrel_train::device::DeviceKind;
use timbrel_train::evaluate::Inference;
use timbrel_train::evaluate::evaluate;
use timbrel_train::export::{Measured, Target, export};
use timbrel_train::report::read_history;
use timbrel_train::run::RunFolder;
use timbrel_train::training::{Options, train};
use timbrel_train::weights::Weights;

fn quantised_recipe() -> String {
    crate::common::RECIPE
        .replace("[network]", "[network]\nquantised = true")
        .replace(" }", ", norm = \"none\" }")
        .replace("peak_learning_rate = 1e-2", "peak_learning_rate = 1e-3")
}

#[test]
fn training_computes_the_engine_s_answers() {
    let _own = crate::common::generator();
    let root = tempfile::tempdir().unwrap();
    let recipe = crate::common::write_all(root.path(), 60);
    let dataset = Dataset::read(root.path()).unwrap();
    let device = DeviceKind::Cpu.open(false).unwrap();
    let options = Options {
        seed: 2,
        data: root.path().into(),
        ..Options::default()
    };
    let parent = RunFolder::new(&root.path().join("parent"));
    train(&recipe, &dataset, &parent, &device, &options).unwrap();

    let quantised = root.path().join("quantised.toml");
    std::fs::write(&quantised, quantised_recipe()).unwrap();
    let run = RunFolder::new(&root.path().join("run"));
    let alone = train(&quantised, &dataset, &run, &device, &options).unwrap_err();
    assert!(alone.to_string().contains("--init-from"), "{alone}");
    let begun = Options {
        init_from: Some(root.path().join("parent")),
        ..options.clone()
    };
    let info = train(&quantised, &dataset, &run, &device, &begun).unwrap();
    assert!(info.exponents.is_some());
    let measured = is_the_engine(&run, &dataset, root.path());
    // what decided between the epochs is what the engine answers
    let (accuracy, epoch) = info.best.unwrap();
    let [float, int8] = [&measured.float, measured.int8.as_ref().unwrap()];
    let loss = read_history(&run.metrics()).unwrap()[epoch - 1]
        .valid_track_loss
        .unwrap();
    assert_eq!(accuracy, int8.track_accuracy());
    assert!(
        (loss - int8.track_loss()).abs() < 1e-6,
        "{loss} {}",
        int8.track_loss()
    );
    assert!(
        (loss - float.track_loss()).abs() > 1e-5,
        "rounding changes nothing here"
    );
    resumes_with_its_scales(&quantised, &dataset, root.path(), &begun);

    let other = quantised_recipe().replace("channels = 8", "channels = 7");
    std::fs::write(&quantised, other).unwrap();
    let other = RunFolder::new(&root.path().join("other"));
    let error = train(&quantised, &dataset, &other, &device, &begun).unwrap_err();
    assert!(error.to_string().contains("other blocks"), "{error}");
}

fn is_the_engine(run: &RunFolder, dataset: &Dataset, root: &Path) -> Measured {
    let device = DeviceKind::Cpu.open(false).unwrap();
    let (_, network) = run.network(&device).unwrap();
    let target = Target::new(root);
    let exported = export(run, dataset, target, &device).unwrap();
    let model = Inference::read(&exported.files[0], None).unwrap();
    let answers = evaluate(&model, dataset, "all").unwrap();
    let windows = &answers.inputs;
    let values: Vec<f32> = windows.iter().flatten().map(|q| f32::from(*q)).collect();
    let input = TensorData::new(values, [windows.len(), 1, 32, 32]);
    let logits = network.forward(Tensor::from_data(input, &device));
    let found = logits.into_data().try_into_vec::<f32>().unwrap();
    let unit = (-f32::from(model.info().logits_exponent)).exp2();
    let expected: Vec<f32> = answers
        .logits
        .iter()
        .flatten()
        .map(|q| *q as f32 * unit)
        .collect();
    assert!(found == expected, "training and the engine differ");
    let different: std::collections::BTreeSet<u32> = found.iter().map(|v| v.to_bits()).collect();
    assert!(different.len() > 100, "nearly all logits are the same");
    exported.measured
}

fn resumes_with_its_scales(recipe: &Path, dataset: &Dataset, root: &Path, options: &Options) {
    let device = DeviceKind::Cpu.open(false).unwrap();
    let halves = RunFolder::new(&root.join("halves"));
    let half = Options {
        stop_after: Some(1),
        ..options.clone()
    };
    train(recipe, dataset, &halves, &device, &half).unwrap();
    let rest = Options {
        init_from: None,
        resume: true,
        ..options.clone()
    };
    train(recipe, dataset, &halves, &device, &rest).unwrap();
    let [whole, halves] = ["run", "halves"]
        .map(|run| Weights::read(&RunFolder::new(&root.join(run)).last()).unwrap());
    assert!(whole == halves, "resuming changed the run");
}
