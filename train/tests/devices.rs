//! Every device that was compiled in computes the same networks. `devices.sh` beside this file compiles all of
//! them in and brings a driver.

#[path = "suite/common/mod.rs"]
mod common;

#[cfg(all(feature = "cpu", any(feature = "ndarray", feature = "gpu")))]
mod agreement {
    use burn::tensor::{Device, Tensor, TensorData};
    use timbrel_train::device::DeviceKind;
    use timbrel_train::network::Network;
    use timbrel_train::recipe::Recipe;
    use timbrel_train::weights::Weights;

    use super::common::{Numbers, trained};

    const CLASSES: usize = 10;
    /// Not a multiple of a vector's or a work group's width.
    const WINDOWS: usize = 3;

    /// Recipes that together have every kind of layer, and how many columns a window is to have, so that a
    /// debug build and an emulated GPU are soon done with it.
    const RECIPES: [(&str, &str, usize); 6] = [
        ("compact", include_str!("../recipes/compact.toml"), 36),
        ("s0", include_str!("../recipes/s0-log-stft.toml"), 40),
        ("s2", include_str!("../recipes/s2-mfcc-3s.toml"), 129),
        ("s3", include_str!("../recipes/s3-mel-10s-vgg.toml"), 97),
        ("s4-lstm", include_str!("../recipes/s4-cnn-lstm.toml"), 65),
        ("s4-gru", include_str!("../recipes/s4-cnn-gru.toml"), 65),
    ];

    fn cut(text: &str, columns: usize) -> Recipe {
        let (before, window) = text.split_once("[window]").unwrap();
        let after = window.find("\n[").unwrap();
        Recipe::parse(&format!(
            "{before}[window]\ncolumns = {columns}\nhop = {columns}\n{}",
            &window[after..]
        ))
        .unwrap()
    }

    fn logits(
        recipe: &Recipe,
        weights: &Weights,
        windows: &TensorData,
        device: &Device,
    ) -> Vec<f32> {
        let network = Network::new(recipe, CLASSES, device)
            .and_then(|network| network.with_weights(weights))
            .unwrap();
        let answers = network.forward(Tensor::from_data(windows.clone(), device));
        answers.into_data().try_into_vec::<f32>().unwrap()
    }

    /// Check that the other device gives the logits of `--device cpu` within 1e-4.
    pub(super) fn agrees_with_flex(other: &Device) {
        let flex = DeviceKind::Cpu.open(false).unwrap();
        for (name, text, columns) in RECIPES {
            let recipe = cut(text, columns);
            flex.seed(11);
            let weights = trained(&recipe, CLASSES);
            let mut numbers = Numbers(5);
            let [bins, columns] = recipe.input();
            let values: Vec<f32> = (0..WINDOWS * bins * columns)
                .map(|_| (numbers.next() % 256) as f32)
                .collect();
            let windows = TensorData::new(values, [WINDOWS, 1, bins, columns]);
            let expected = logits(&recipe, &weights, &windows, &flex);
            let found = logits(&recipe, &weights, &windows, other);
            assert_eq!(expected.len(), WINDOWS * CLASSES, "{name}");
            let apart = expected.iter().zip(&found).map(|(a, b)| (a - b).abs());
            let apart = apart.fold(0.0, f32::max);
            let [least, most] =
                [f32::min, f32::max].map(|f| expected.iter().copied().reduce(f).unwrap());
            println!("{name}: logits from {least:.3} to {most:.3}, {apart:.1e} apart");
            assert!(
                most - least > 0.1,
                "{name}: the answers hardly differ, so they show nothing"
            );
            assert!(
                found.iter().all(|v| v.is_finite()) && apart < 1e-4,
                "{name}: {expected:?} {found:?}"
            );
        }
    }
}

#[cfg(all(feature = "cpu", feature = "ndarray"))]
#[test]
fn ndarray_agrees_with_flex() {
    use timbrel_train::device::DeviceKind;

    agreement::agrees_with_flex(&DeviceKind::Ndarray.open(false).unwrap());
}

#[cfg(all(feature = "cpu", feature = "gpu"))]
#[test]
#[ignore = "needs a Vulkan adapter"]
fn gpu_agrees_with_flex() {
    use timbrel_train::device::DeviceKind;

    match DeviceKind::Gpu.open(true) {
        Ok(gpu) => agreement::agrees_with_flex(&gpu),
        Err(error) => panic!("{error}"),
    }
}

/// The command from the data to the int8 engine's answers, with all float work on the GPU.
#[cfg(feature = "gpu")]
#[test]
#[ignore = "needs a Vulkan adapter"]
fn the_gpu_trains_a_model_that_works() {
    use serde_json::Value;

    let folder = tempfile::tempdir().unwrap();
    let recipe = common::write_all(folder.path(), 60);
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (run, out, data) = (path("run"), path("out"), path(""));
    let gpu = ["--device", "gpu", "--allow-software-adapter"];

    let train = [
        "train",
        "--recipe",
        recipe.to_str().unwrap(),
        "--data",
        &data,
        "--out",
        &run,
    ];
    let output = common::timbrel(&[&train[..], &gpu].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("GPU: "), "the adapter is not named: {said}");
    let metrics = std::fs::read_to_string(path("run/metrics.jsonl")).unwrap();
    let losses: Vec<f64> = metrics
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["train_loss"]
                .as_f64()
                .unwrap()
        })
        .collect();
    println!("losses {losses:.3?}");
    assert!(
        losses.len() == 4 && losses[3] < 0.8 * losses[0],
        "{losses:?}"
    );

    let export = ["export", &run, "--out", &out, "--data", &data];
    let output = common::timbrel(&[&export[..], &gpu].concat());
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let model = path("out/tiny.timbrel");
    let output = common::timbrel(&[
        "evaluate", "--model", &model, "--data", &data, "--split", "all", "--json",
    ]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let score: Value = serde_json::from_slice(&output.stdout).unwrap();
    let accuracy = score["track_accuracy"].as_f64().unwrap();
    println!("{:.0} % of the tracks right in int8", 100.0 * accuracy);
    assert!(accuracy > 0.6, "three genres told apart by chance: {score}");

    if said.contains("Cpu") {
        let output =
            common::timbrel(&[&train[..6], &[&path("refused"), "--device", "gpu"]].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && said.contains("--allow-software-adapter"),
            "{said}"
        );
    }
}

#[cfg(not(feature = "ndarray"))]
#[test]
fn a_device_that_was_not_compiled_in_is_named() {
    use timbrel_train::device::DeviceKind;

    let message = DeviceKind::Ndarray.open(false).unwrap_err().to_string();
    assert!(
        message.contains("--device ndarray") && message.contains("--features ndarray"),
        "{message}"
    );
}
