//! `timbrel calibrate` on a small model and made-up sounds.

use std::collections::HashMap;
use std::path::Path;

use crate::common::{COLUMNS, GENRES, MELS, Numbers, timbrel};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use timbrel_core::model::{Confidence, GraphSpec, LayerSpec, Model, ModelSpec, Op, Shape};
use timbrel_train::data::Dataset;
use timbrel_train::evaluate::{Inference, evaluate};

/// Write a cache of sounds that are not like [`crate::common::spectrogram`]: noise, and steady tones.
fn write_sounds(folder: &Path, seed: u64) {
    let count = 16;
    let mut numbers = Numbers(seed);
    let mut logmel = Vec::new();
    for clip in 0..count {
        let tone = numbers.next() as usize % MELS;
        for bin in 0..MELS {
            for _ in 0..COLUMNS {
                let noise = (numbers.next() % 60) as u8;
                logmel.push(match clip % 2 {
                    0 => 190 + noise,
                    _ if bin == tone => 255,
                    _ => noise,
                });
            }
        }
    }
    let label: Vec<u8> = (0..count).map(|clip| (clip % 2) as u8).collect();
    let tensors = [
        (
            "logmel",
            TensorView::new(Dtype::U8, vec![count, MELS, COLUMNS], &logmel).unwrap(),
        ),
        (
            "label",
            TensorView::new(Dtype::U8, vec![count], &label).unwrap(),
        ),
    ];
    let metadata = HashMap::from([("genres".to_owned(), r#"["noise", "tone"]"#.to_owned())]);
    let cache = safetensors::serialize(tensors, Some(metadata)).unwrap();
    let mut manifest = String::from("row,track,genre,split\n");
    for clip in 0..count {
        let genre = ["noise", "tone"][clip % 2];
        manifest += &format!("{clip},{genre}.{clip},{genre},train\n");
    }
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("logmel.safetensors"), cache).unwrap();
    std::fs::write(folder.join("manifest.csv"), manifest).unwrap();
}

#[track_caller]
fn succeeds(arguments: &[&str]) -> String {
    let output = timbrel(arguments);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complained}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn sounds_are_rejected_and_the_logits_stay() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let recipe = crate::common::write_all(folder.path(), 48);
    let (data, run, models) = (place(""), place("run"), place("models"));
    let recipe = recipe.to_str().unwrap();
    succeeds(&["train", "--recipe", recipe, "--data", &data, "--out", &run]);
    succeeds(&["export", &run, "--out", &models]);
    write_sounds(Path::new(&place("sounds")), 1);
    write_sounds(Path::new(&place("others")), 2);
    let model = format!("{models}/tiny.timbrel");
    let calibrate = |model: &str, out: &str, more: &[&str]| {
        let fixed = ["calibrate", "--model", model, "--data", &data, "--out", out];
        let sounds = place("sounds");
        succeeds(&[&fixed[..], &["--not-music", &sounds], more].concat())
    };
    let out = place("out");
    let said = calibrate(&model, &out, &["--test", &place("others")]);
    assert!(
        said.contains("others") && said.contains("unsure below"),
        "{said}"
    );

    let before = std::fs::read(&model).unwrap();
    let after = std::fs::read(format!("{out}/tiny.timbrel")).unwrap();
    assert!(
        after.len() - before.len() < 200,
        "{} to {}",
        before.len(),
        after.len()
    );
    let parsed = Model::parse(&after).unwrap();
    let rejection = parsed.rejection().unwrap();
    assert_eq!(rejection.weights.len(), parsed.info().embedding);
    assert_ne!(parsed.confidence(), Confidence::NEUTRAL);

    // the same logits, and probabilities by the scale
    let dataset = Dataset::read(folder.path()).unwrap();
    let [old, new] = [&before, &after].map(|file| Inference::int8(file.clone()).unwrap());
    let [old, new] = [&old, &new].map(|model| (model, evaluate(model, &dataset, "valid").unwrap()));
    assert_eq!(old.1.logits, new.1.logits);
    let logits = &new.1.logits[0];
    let step = parsed.confidence().scale * 2_f32.powi(-i32::from(parsed.info().logits_exponent));
    let powers: Vec<f32> = logits.iter().map(|l| (*l as f32 * step).exp()).collect();
    let expected = powers[0] / powers.iter().sum::<f32>();
    assert!((new.0.probabilities(logits)[0] - expected).abs() < 1e-5);

    // sounds of the same kinds that it was not fitted on, and music
    let others = Dataset::read(Path::new(&place("others"))).unwrap();
    let view = new.0.view();
    let first = |dataset: &Dataset, track: usize| {
        let spectrogram = dataset.spectrogram(&dataset.tracks[track]);
        let rows = spectrogram.chunks_exact(COLUMNS).flat_map(|bin| &bin[..32]);
        view.of_cache(&rows.copied().collect::<Vec<u8>>())
    };
    let rejected = |dataset: &Dataset| {
        let windows: Vec<_> = (0..dataset.tracks.len())
            .map(|t| first(dataset, t))
            .collect();
        let outputs = new.0.outputs(&windows).unwrap();
        outputs.iter().filter(|o| o.is_rejected()).count() as f64 / windows.len() as f64
    };
    assert!(rejected(&others) > 0.9, "{}", rejected(&others));
    assert!(rejected(&dataset) < 0.1, "{}", rejected(&dataset));

    // the card has the part, once, also when it is renewed; and the same inputs give the same bytes
    let again = place("again");
    calibrate(
        &format!("{out}/tiny.timbrel"),
        &again,
        &["--test", &place("others")],
    );
    for name in ["tiny.timbrel", "tiny.onnx", "tiny.md"] {
        let [first, second] =
            [&out, &again].map(|folder| std::fs::read(format!("{folder}/{name}")).unwrap());
        assert!(first == second, "{name}");
    }
    let card = std::fs::read_to_string(format!("{again}/tiny.md")).unwrap();
    assert_eq!(card.matches("## Not music, and not sure").count(), 1);
    assert!(
        card.contains(&format!("| `tiny.timbrel` | {} bytes |", after.len())),
        "{card}"
    );
    assert!(card.find("## Not music").unwrap() < card.find("## Limits").unwrap());

    // held-out logits, as another network's evaluation writes them
    let logits = place("logits.safetensors");
    succeeds(&[
        "evaluate", "--model", &model, "--data", &data, "--split", "valid", "--logits", &logits,
    ]);
    calibrate(&model, &place("third"), &["--held-out", &logits]);
    let card = std::fs::read_to_string(place("third/tiny.md")).unwrap();
    assert!(card.contains("had not learnt from"), "{card}");
    assert_eq!(GENRES.len(), parsed.info().classes);

    // the same answers of a network with branches
    let two = format!("{models}/two.timbrel");
    std::fs::write(&two, with_branches(&before)).unwrap();
    let evaluated = |model: &str| {
        let fixed = ["evaluate", "--model", model, "--data", &data];
        let said = succeeds(&[&fixed[..], &["--split", "valid", "--logits", &logits]].concat());
        let tail = said.split_once('\n').map(|(_, tail)| tail.to_owned());
        (tail, std::fs::read(&logits).unwrap())
    };
    assert!(evaluated(&two) == evaluated(&model));
    calibrate(&two, &out, &[]);
    assert!(Path::new(&format!("{out}/two.onnx")).exists());
    let two = std::fs::read(format!("{out}/two.timbrel")).unwrap();
    let two = Model::parse(&two).unwrap();
    assert!(two.rejection().is_some() && two.arena().is_some());
    assert_eq!(two.confidence(), parsed.confidence());
}

/// Return a model whose last layer reads its embedding twice, joined, and the second one with weights of 0.
fn with_branches(file: &[u8]) -> Vec<u8> {
    let mut spec = ModelSpec::from(&Model::parse(file).unwrap());
    let mut head = spec.layers.pop().unwrap();
    let mut sources: Vec<Vec<u16>> = (0..spec.layers.len() as u16).map(|k| vec![k]).collect();
    let last = spec.layers.len() as u16;
    let channels = usize::from(head.input.channels);
    head.input.channels *= 2;
    head.weights = head
        .weights
        .chunks_exact(channels)
        .flat_map(|weights| weights.iter().copied().chain(vec![0; channels]))
        .collect();
    spec.layers.push(LayerSpec {
        op: Op::Join,
        shift: 0,
        input: head.input,
        output: head.input,
        weights: Vec::new(),
        biases: Vec::new(),
    });
    spec.layers.push(head);
    sources.extend([vec![last; 2], vec![last + 1]]);
    let window = Shape::new(spec.front_end.bins(), spec.window.columns, 1);
    spec.graph = GraphSpec::plan(window, &spec.layers, &sources);
    spec.to_bytes().unwrap()
}
