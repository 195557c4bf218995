//! An exported file passes ONNX's checker and gives the logits and the embedding of the int8 engine in ONNX Runtime,
//! with the instructions of this machine and with those of one that has only AVX2.
//!
//! Without VNNI the usual product of u8 and i8 (`vpmaddubsw`) saturates the sum of two products in 16 bits, which is why
//! weights are exported as u8. Models of weights of ±127 and activations of 255 reach that at once.

use std::path::Path;
use std::process::Command;

use crate::common::Numbers;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use timbrel_core::engine::{Engine, Int8Engine};
use timbrel_core::frontend::{Affine, FrontEnd, WindowSpec};
use timbrel_core::model::{Confidence, Geometry, LayerSpec, Model, ModelSpec, Op, Shape};
use timbrel_train::data::Dataset;
use timbrel_train::device::DeviceKind;
use timbrel_train::evaluate::{Inference, evaluate};
use timbrel_train::export::{Target, export, onnx, spec as spec_of};
use timbrel_train::run::RunFolder;
use timbrel_train::training::{Options, train};

#[test]
#[ignore = "needs TIMBREL_PYTHON"]
fn onnx_runtime_agrees() {
    let _own = crate::common::generator();
    trained_agrees(crate::common::RECIPE);
}

#[test]
#[ignore = "needs TIMBREL_PYTHON"]
fn onnx_runtime_agrees_on_mfccs_and_hidden_layers() {
    let _own = crate::common::generator();
    trained_agrees(&crate::common::mfcc_recipe());
}

fn trained_agrees(text: &str) {
    let python = crate::common::python();
    let root = tempfile::tempdir().unwrap();
    let recipe = crate::common::write_all(root.path(), 40);
    std::fs::write(&recipe, text).unwrap();
    let dataset = Dataset::read(root.path()).unwrap();
    let device = DeviceKind::Cpu.open(false).unwrap();
    let run = RunFolder::new(&root.path().join("run"));
    let options = Options {
        seed: 1,
        epochs: Some(2),
        data: root.path().into(),
        ..Options::default()
    };
    train(&recipe, &dataset, &run, &device, &options).unwrap();
    let target = Target::new(root.path());
    let files = export(&run, &dataset, target, &device).unwrap().files;
    let [timbrel, onnx, _] = files.as_slice() else {
        panic!("{files:?}")
    };
    let model = std::fs::read(timbrel).unwrap();
    let windows = evaluate(&Inference::int8(model.clone()).unwrap(), &dataset, "all").unwrap();
    let recorded = Recorded::new(&model, windows.inputs);
    recorded.check(Runtime::native(&python), &std::fs::read(onnx).unwrap());
}

const SHIPPED: [&str; 5] = ["compact", "tiny", "tiny-16k", "s2-mfcc-3s", "large"];

fn shipped(name: &str, extension: &str) -> Vec<u8> {
    let models = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../models"));
    std::fs::read(models.join(name).with_extension(extension)).unwrap()
}

#[test]
fn shipped_onnx_files_equal_converted_model_files() {
    let _own = crate::common::generator();
    for name in SHIPPED {
        let spec = spec_of(&shipped(name, "timbrel")).unwrap();
        assert!(
            onnx(&spec).unwrap() == shipped(name, "onnx"),
            "{name}.onnx is not what `timbrel convert models/{name}.timbrel` writes"
        );
        // read back and written again it is the same model
        assert!(
            spec.to_bytes().unwrap() == shipped(name, "timbrel"),
            "{name}"
        );
    }
}

#[test]
fn cards_state_the_bytes_of_their_files() {
    let _own = crate::common::generator();
    for name in SHIPPED {
        let card = String::from_utf8(shipped(name, "md")).unwrap();
        for extension in ["timbrel", "onnx"] {
            let bytes = format!("{} bytes", shipped(name, extension).len());
            let file = format!("`{name}.{extension}`");
            let line = card.lines().find(|line| line.contains(&file)).unwrap();
            assert!(line.contains(&bytes), "{line}, not {bytes}");
        }
    }
}

#[test]
#[ignore = "needs TIMBREL_PYTHON"]
fn onnx_runtime_agrees_on_the_shipped_models() {
    let _own = crate::common::generator();
    let python = crate::common::python();
    for name in SHIPPED {
        let model = shipped(name, "timbrel");
        let recorded = Recorded::new(&model, windows(&model, 40));
        recorded.check(Runtime::native(&python), &shipped(name, "onnx"));
    }
}

#[test]
#[ignore = "needs TIMBREL_PYTHON and TIMBREL_DATA"]
fn onnx_runtime_agrees_on_the_valid_split() {
    let _own = crate::common::generator();
    let python = crate::common::python();
    let dataset = Dataset::read(&crate::common::real_data()).unwrap();
    // the model whose hop the cache has
    let model = shipped("tiny", "timbrel");
    let valid = evaluate(&Inference::int8(model.clone()).unwrap(), &dataset, "valid").unwrap();
    let recorded = Recorded::new(&model, valid.inputs);
    recorded.check(Runtime::native(&python), &shipped("tiny", "onnx"));
}

#[cfg(feature = "tract")]
#[test]
fn tract_agrees_where_products_are_largest() {
    let _own = crate::common::generator();
    use timbrel_core::host::tract::TractEngine;

    for (name, spec) in extremes() {
        let recorded = Recorded::new(&spec.to_bytes().unwrap(), windows_of(&spec, 12));
        let mut tract = TractEngine::from_bytes(&onnx(&spec).unwrap()).unwrap();
        for (index, window) in recorded.windows.iter().enumerate() {
            tract.input().copy_from_slice(window);
            let mut logits = vec![0; spec.labels.len()];
            tract.run(&mut logits).unwrap();
            assert_eq!(logits, recorded.logits[index], "{name}");
            assert_eq!(tract.embedding(), recorded.embeddings[index], "{name}");
        }
    }
}

#[test]
#[ignore = "needs TIMBREL_PYTHON"]
fn onnx_runtime_agrees_where_products_are_largest() {
    let _own = crate::common::generator();
    let python = crate::common::python();
    for (_, spec) in extremes() {
        let recorded = Recorded::new(&spec.to_bytes().unwrap(), windows_of(&spec, 12));
        recorded.check(Runtime::native(&python), &onnx(&spec).unwrap());
    }
}

/// QEMU has the instructions that it is asked for, whatever this machine has. A file with i8 weights fails here.
#[test]
#[ignore = "needs TIMBREL_PYTHON and the program qemu-x86_64"]
fn onnx_runtime_agrees_without_vnni() {
    let _own = crate::common::generator();
    let python = crate::common::python();
    let runtime = || Runtime {
        python: &python,
        emulator: Some(["qemu-x86_64", "-cpu", "Haswell"]),
    };
    for (_, spec) in extremes() {
        let recorded = Recorded::new(&spec.to_bytes().unwrap(), windows_of(&spec, 6));
        recorded.check(runtime(), &onnx(&spec).unwrap());
    }
    for name in SHIPPED {
        let model = shipped(name, "timbrel");
        let recorded = Recorded::new(&model, windows(&model, 6));
        recorded.check(runtime(), &shipped(name, "onnx"));
    }
}

/// Make windows for a model: white, one of 0 and 255 alone, and noise.
fn windows(model: &[u8], count: usize) -> Vec<Vec<u8>> {
    windows_of(&spec_of(model).unwrap(), count)
}

fn windows_of(spec: &ModelSpec, count: usize) -> Vec<Vec<u8>> {
    let values = usize::from(spec.front_end.bins()) * usize::from(spec.window.columns);
    let mut numbers = Numbers(99);
    let window = |index: usize| {
        let value = |_| match index {
            0 => 255,
            1 => 255 * (numbers.next() % 2) as u8,
            _ => numbers.next() as u8,
        };
        (0..values).map(value).collect()
    };
    (0..count).map(window).collect()
}

/// Make networks of every operator. The weights of three are all 127 or -127: in the first every activation is 255 by its
/// bias, in the second the products decide, with signs at random, and in the third all signs are equal. The fourth has
/// branches.
fn extremes() -> Vec<(&'static str, ModelSpec)> {
    let random = |numbers: &mut Numbers| {
        if numbers.next().is_multiple_of(2) {
            127
        } else {
            -127
        }
    };
    vec![
        ("saturated", extreme(1 << 24, 8, random)),
        ("random signs", extreme(0, 10, random)),
        ("equal signs", extreme(-(1 << 16), 14, |_| 127)),
        ("branches", crate::branches::spec()),
    ]
}

fn extreme(bias: i32, shift: u8, sign: impl Fn(&mut Numbers) -> i8) -> ModelSpec {
    let geometry = Geometry::square(3, 1, 1);
    let [single, double] = [[1, 1], [2, 2]];
    let parts = [
        (
            Op::Conv {
                geometry,
                pool: double,
            },
            16,
        ),
        (
            Op::Depthwise {
                geometry,
                pool: single,
            },
            16,
        ),
        (
            Op::Conv {
                geometry,
                pool: single,
            },
            24,
        ),
        (
            Op::Conv {
                geometry: Geometry::square(1, 1, 0),
                pool: double,
            },
            32,
        ),
        (Op::Dense, 40),
        (Op::Dense, 7),
    ];
    let mut numbers = Numbers(7);
    let mut layers: Vec<LayerSpec> = Vec::new();
    let mut shape = Shape::new(32, 24, 1);
    for (index, (op, channels)) in parts.into_iter().enumerate() {
        let output = op.output(shape, channels).unwrap();
        let last = index + 1 == parts.len();
        layers.push(LayerSpec {
            op,
            shift: if last { 0 } else { shift },
            input: shape,
            output,
            weights: (0..op.weights(shape, output))
                .map(|_| sign(&mut numbers))
                .collect(),
            biases: vec![if last { 0 } else { bias }; op.biases(output) as usize],
        });
        shape = output;
    }
    ModelSpec {
        front_end: FrontEnd::librosa(512, 256, 32),
        window: WindowSpec {
            columns: 24,
            hop: 24,
        },
        normalisation: vec![Affine::DB80],
        labels: (0..7).map(|class| format!("class {class}")).collect(),
        logits_exponent: 10,
        layers,
        provenance: "a test's".into(),
        rejection: None,
        confidence: Confidence::NEUTRAL,
        graph: None,
    }
}

/// Answers of the int8 engine.
struct Recorded {
    windows: Vec<Vec<u8>>,
    shape: [usize; 2],
    logits: Vec<Vec<i32>>,
    embeddings: Vec<Vec<u8>>,
    /// One per window for a model that rejects what is not music, otherwise none.
    not_music: Vec<i32>,
}

impl Recorded {
    fn new(file: &[u8], windows: Vec<Vec<u8>>) -> Self {
        let model = Model::parse(file).unwrap();
        let info = model.info();
        let mut memory = vec![0; Int8Engine::required_bytes(&model)];
        let mut engine = Int8Engine::new(model, &mut memory).unwrap();
        let (mut all, mut embeddings, mut not_music) = (Vec::new(), Vec::new(), Vec::new());
        for window in &windows {
            engine.input().copy_from_slice(window);
            let mut logits = vec![0; info.classes];
            engine.run(&mut logits).unwrap();
            all.push(logits);
            embeddings.push(engine.embedding().to_vec());
            not_music.extend(engine.not_music());
        }
        Self {
            windows,
            shape: [info.front_end.bins(), info.window.columns].map(usize::from),
            logits: all,
            embeddings,
            not_music,
        }
    }

    /// Run the `.onnx` file in ONNX Runtime.
    fn check(&self, runtime: Runtime<'_>, onnx: &[u8]) {
        let folder = tempfile::tempdir().unwrap();
        let (count, [bins, columns]) = (self.windows.len(), self.shape);
        let logits: Vec<u8> = (self.logits.iter().flatten())
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let (input, embedding) = (self.windows.concat(), self.embeddings.concat());
        let view = |dtype, shape: &[usize], data| TensorView::new(dtype, shape.to_vec(), data);
        let not_music: Vec<u8> = self
            .not_music
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let mut tensors = vec![
            ("input", view(Dtype::U8, &[count, bins, columns], &input)),
            (
                "logits",
                view(Dtype::I32, &[count, logits.len() / count / 4], &logits),
            ),
            (
                "embedding",
                view(Dtype::U8, &[count, embedding.len() / count], &embedding),
            ),
        ];
        if !self.not_music.is_empty() {
            tensors.push(("not_music", view(Dtype::I32, &[count, 1], &not_music)));
        }
        let tensors = tensors
            .into_iter()
            .map(|(name, tensor)| (name, tensor.unwrap()));
        let (model, recorded) = (
            folder.path().join("m.onnx"),
            folder.path().join("r.safetensors"),
        );
        std::fs::write(&model, onnx).unwrap();
        std::fs::write(&recorded, safetensors::serialize(tensors, None).unwrap()).unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/check_onnx.py");
        let mut command = runtime.command();
        let output = command
            .arg(script)
            .arg(model)
            .arg(recorded)
            .output()
            .unwrap();
        let (said, complained) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(output.status.success(), "{said}{complained}");
        println!("{said}");
    }
}

/// The environment that ONNX Runtime runs in.
struct Runtime<'a> {
    python: &'a Path,
    emulator: Option<[&'static str; 3]>,
}

impl<'a> Runtime<'a> {
    const fn native(python: &'a Path) -> Self {
        Self {
            python,
            emulator: None,
        }
    }

    fn command(&self) -> Command {
        match self.emulator {
            None => Command::new(self.python),
            Some([program, arguments @ ..]) => {
                let there = Command::new(program).arg("--version").output();
                assert!(
                    there.is_ok(),
                    "install the program `{program}` (Debian: qemu-user)"
                );
                let mut command = Command::new(program);
                command.args(arguments).arg(self.python);
                command
            }
        }
    }
}
