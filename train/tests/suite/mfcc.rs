//! A network of MFCCs with hidden layers, from training to the samples on a device.

use std::path::{Path, PathBuf};

use burn::tensor::{Tensor, TensorData};
use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::Classifier;
use timbrel_core::engine::Engine;
use timbrel_core::frontend::Feature;
use timbrel_core::model::Model;
use timbrel_train::data::{Dataset, columns_of, renormalise};
use timbrel_train::device::DeviceKind;
use timbrel_train::evaluate::Inference;
use timbrel_train::evaluate::score::argmax;
use timbrel_train::evaluate::{Evaluation, evaluate};
use timbrel_train::export::{Target, export};
use timbrel_train::quantise::FoldedNetwork;
use timbrel_train::recipe::Recipe;
use timbrel_train::run::RunFolder;
use timbrel_train::training::{Options, train};
use timbrel_train::weights::Weights;

const COEFFICIENTS: usize = 9;
const COLUMNS: usize = 32;

/// A trained and exported run.
struct Made {
    folder: RunFolder,
    dataset: Dataset,
    files: Vec<PathBuf>,
}

fn made(root: &Path) -> Made {
    let recipe = crate::common::write_all(root, 60);
    std::fs::write(&recipe, crate::common::mfcc_recipe()).unwrap();
    let dataset = Dataset::read(root).unwrap();
    let device = DeviceKind::Cpu.open(false).unwrap();
    let folder = RunFolder::new(&root.join("run"));
    let options = Options {
        seed: 5,
        epochs: Some(40),
        data: root.into(),
        ..Options::default()
    };
    train(&recipe, &dataset, &folder, &device, &options).unwrap();
    let target = Target {
        float: true,
        ..Target::new(root)
    };
    let exported = export(&folder, &dataset, target, &device).unwrap();
    assert_eq!(exported.floats_only, None);
    Made {
        folder,
        dataset,
        files: exported.files,
    }
}

#[test]
fn a_network_of_mfccs_becomes_integers() {
    let _own = crate::common::generator();
    let root = tempfile::tempdir().unwrap();
    let made = made(root.path());
    let names: Vec<_> = made
        .files
        .iter()
        .map(|file| file.file_name().unwrap())
        .collect();
    assert_eq!(
        names,
        ["tiny.timbrel", "tiny.onnx", "tiny-float.onnx", "tiny.md"]
    );
    let model = Inference::read(&made.files[0], None).unwrap();
    let feature = model.info().front_end.feature;
    assert_eq!(
        feature,
        Feature::Mfcc {
            coefficients: COEFFICIENTS as u16
        }
    );
    let answers = evaluate(&model, &made.dataset, "all").unwrap();
    ranges_are_of_the_train_split(&made, &answers);
    windows_are_core_coefficients(&made, &answers, &model);
    answers_are_the_floats(&made, &answers, &model);
    let card = std::fs::read_to_string(&made.files[3]).unwrap();
    assert!(
        card.contains("9 MFCCs of 32 mel bands × 32 columns"),
        "{card}"
    );
    #[cfg(feature = "tract")]
    {
        let tract = Inference::read(&made.files[1], None).unwrap();
        assert_eq!(tract.info(), model.info());
        let same = evaluate(&tract, &made.dataset, "all").unwrap();
        assert!(same.inputs == answers.inputs && same.logits == answers.logits);
        hears_the_same(&made);
    }
}

/// Check that most values are inside (the stripes repeat, and with them their extremes), and that every coefficient
/// nearly reaches both ends.
fn ranges_are_of_the_train_split(made: &Made, answers: &Evaluation) {
    let recipe = made.folder.read_recipe().unwrap();
    let weights = Weights::read(&made.folder.best()).unwrap();
    let folded = FoldedNetwork::new(&recipe.network, &weights).unwrap();
    assert_eq!(folded.normalisation.len(), COEFFICIENTS);
    for bin in 0..COEFFICIENTS {
        let rows = answers.inputs.iter();
        let values: Vec<u8> = rows
            .flat_map(|window| &window[bin * COLUMNS..(bin + 1) * COLUMNS])
            .copied()
            .collect();
        let ends = values.iter().filter(|v| [0, 255].contains(*v)).count();
        assert!(ends * 4 < values.len(), "{bin}: {ends} of {}", values.len());
        let (low, high) = (values.iter().min().unwrap(), values.iter().max().unwrap());
        assert!(*low < 20 && *high > 235, "{bin}: {low} to {high}");
    }
}

/// Check the transform against f64: a step may differ where it lies between two.
fn windows_are_core_coefficients(made: &Made, answers: &Evaluation, model: &Inference) {
    let file = std::fs::read(&made.files[0]).unwrap();
    let parsed = Model::parse(&file).unwrap();
    let mut different = 0;
    for (index, input) in answers.inputs.iter().enumerate().step_by(7) {
        let track = &made.dataset.tracks[answers.answers.rows[index] as usize];
        let start = answers.answers.starts[index] as usize;
        let cut = columns_of(
            made.dataset.spectrogram(track),
            made.dataset.columns,
            start,
            COLUMNS,
        );
        let loudest = f64::from(*cut.iter().max().unwrap());
        for bin in 0..COEFFICIENTS {
            let map = parsed.normalisation().bin(bin).unwrap();
            for column in 0..COLUMNS {
                let terms = (0..crate::common::MELS).map(|mel| {
                    let db = (f64::from(cut[mel * COLUMNS + column]) - loudest) * 80.0 / 255.0;
                    let place = (mel as f64 + 0.5) / crate::common::MELS as f64;
                    db * (std::f64::consts::PI * bin as f64 * place).cos()
                });
                let norm = if bin == 0 { 1.0 } else { 2.0 } / crate::common::MELS as f64;
                let x = terms.sum::<f64>() * f64::sqrt(norm);
                let exact = f64::from(map.scale) * x + f64::from(map.offset);
                let error = f64::from(input[bin * COLUMNS + column]) - exact.clamp(0.0, 255.0);
                assert!(error.abs() < 0.501, "{bin} {column}: {error}");
                different += usize::from(exact > 0.0);
            }
        }
    }
    assert!(different > 1000);
    assert_eq!(model.labels(), made.dataset.genres);
}

fn answers_are_the_floats(made: &Made, answers: &Evaluation, model: &Inference) {
    let device = DeviceKind::Cpu.open(false).unwrap();
    let (_, network) = made.folder.network(&device).unwrap();
    let windows = answers.answers.rows.iter().zip(&answers.answers.starts);
    let values: Vec<f32> = windows
        .flat_map(|(row, start)| {
            let track = &made.dataset.tracks[*row as usize];
            let spectrogram = made.dataset.spectrogram(track);
            let cut = columns_of(spectrogram, made.dataset.columns, *start as usize, COLUMNS);
            let map = [timbrel_core::frontend::Affine::DB80];
            renormalise(&cut, crate::common::MELS, &map)
        })
        .map(f32::from)
        .collect();
    let count = answers.inputs.len();
    let input = TensorData::new(values, [count, 1, crate::common::MELS, COLUMNS]);
    let logits = network.forward(Tensor::from_data(input, &device));
    let floats = logits.into_data().try_into_vec::<f32>().unwrap();
    let unit = (-f32::from(model.info().logits_exponent)).exp2();
    let spread = floats.iter().fold(0.0f32, |most, v| most.max(v.abs()));
    assert!(spread > 0.5, "{spread}");
    let (mut same, mut error) = (0, 0.0);
    for (float, integers) in floats.chunks(3).zip(&answers.logits) {
        let integers: Vec<f32> = integers.iter().map(|q| *q as f32 * unit).collect();
        same += usize::from(argmax(float) == argmax(&integers));
        error += float
            .iter()
            .zip(&integers)
            .map(|(f, q)| (f - q).abs())
            .sum::<f32>();
    }
    let error = error / floats.len() as f32;
    assert!(
        same * 100 >= count * 95,
        "{same} of {count} answers are the floats'"
    );
    assert!(error < 0.05 * spread, "{error} of {spread}");
}

/// Check that both files give the same logits for the same samples.
#[cfg(feature = "tract")]
fn hears_the_same(made: &Made) {
    use timbrel_core::host::tract::TractEngine;

    let timbrel = std::fs::read(&made.files[0]).unwrap();
    let model = Model::parse(&timbrel).unwrap();
    let mut memory = vec![0; Classifier::required_bytes(&model)];
    let format = InputFormat::mono(22_050);
    let mut int8 = Classifier::int8(model, format, &mut memory).unwrap();
    let engine = TractEngine::from_bytes(&std::fs::read(&made.files[1]).unwrap()).unwrap();
    let mut memory = vec![0; Classifier::<TractEngine>::feature_bytes(&engine.info())];
    let mut tract = Classifier::new(engine, format, &mut memory).unwrap();
    let tune: Vec<f32> = (0..30_000)
        .map(|n| (n as f32 * 0.05).sin() * (n as f32 * 1e-3).cos())
        .collect();
    let mut heard = std::collections::BTreeSet::new();
    let mut left = tune.as_slice();
    while !left.is_empty() {
        let pushed = int8.push(left).unwrap();
        assert_eq!(tract.push(left).unwrap(), pushed);
        assert_eq!(int8.logits(), tract.logits());
        heard.insert(int8.logits().to_vec());
        left = &left[pushed.consumed..];
    }
    assert!(heard.len() > 3, "{heard:?}");
    assert_eq!(int8.result(), tract.result());
}

#[test]
fn a_network_that_stays_floats_states_the_reason() {
    let _own = crate::common::generator();
    for (from, to, reason) in [
        ("normalise = true\n", "", "normalise"),
        (
            "{ channels = 5,",
            "{ norm = \"after-relu\", channels = 5,",
            "after-relu",
        ),
        (
            "cepstra = 9\nnormalise = true\n",
            "standardise = true\n",
            "standardise",
        ),
        ("\"flatten\"", "\"gru\"\nunits = 3", "reduce"),
    ] {
        let recipe = Recipe::parse(&crate::common::mfcc_recipe().replace(from, to)).unwrap();
        let said = recipe.network.floats_only().unwrap();
        assert!(said.contains(reason), "{said}");
        let error = FoldedNetwork::new(&recipe.network, &Weights::default()).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
    for wrong in [
        "normalise = true",
        "normalise = true\nstandardise = true\ncepstra = 9",
    ] {
        let text = crate::common::RECIPE.replace("[network]", &format!("[network]\n{wrong}"));
        let error = format!("{:#}", Recipe::parse(&text).unwrap_err());
        assert!(error.contains("normalise"), "{error}");
    }
}
