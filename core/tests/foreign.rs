//! An engine from outside the crate: its failure reaches the caller of `push`, who may continue.

use timbrel_core::Error;
use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::Classifier;
use timbrel_core::engine::Engine;
use timbrel_core::frontend::{Affine, FrontEnd, WindowSpec};
use timbrel_core::model::ModelInfo;

const FRONT_END: FrontEnd = FrontEnd::librosa(512, 256, 16);
const WINDOW: WindowSpec = WindowSpec {
    columns: 20,
    hop: 7,
};
const FAILURE: Error = Error::Engine {
    what: "the accelerator does not answer",
};

/// An accelerator that fails to run its first window.
struct Accelerator {
    window: Vec<u8>,
    runs: u32,
}

impl Engine for Accelerator {
    fn info(&self) -> ModelInfo {
        ModelInfo::new(FRONT_END, WINDOW, 2, 0)
    }

    fn label(&self, class: usize) -> Option<&str> {
        ["loud", "quiet"].get(class).copied()
    }

    fn normalisation(&self, _: usize) -> Affine {
        Affine::DB80
    }

    fn input(&mut self) -> &mut [u8] {
        &mut self.window
    }

    fn run(&mut self, logits: &mut [i32]) -> Result<(), Error> {
        self.runs += 1;
        if self.runs == 1 {
            return Err(FAILURE);
        }
        logits.copy_from_slice(&[3, 1]);
        Ok(())
    }
}

#[test]
fn its_failure_is_the_pushs_error() {
    let info = ModelInfo::new(FRONT_END, WINDOW, 2, 0);
    let accelerator = Accelerator {
        window: vec![0; info.window_len()],
        runs: 0,
    };
    // what it does not say, it does not have
    assert_eq!(
        (accelerator.embedding(), accelerator.not_music()),
        (&[][..], None)
    );
    let mut memory = vec![0; Classifier::<Accelerator>::feature_bytes(&info)];
    let format = InputFormat::mono(22_050);
    let mut classifier = Classifier::new(accelerator, format, &mut memory).unwrap();
    let samples: Vec<f32> = (0..20_000)
        .map(|i| ((i * i) % 113) as f32 / 113.0)
        .collect();
    let error = classifier.push(&samples).unwrap_err();
    assert_eq!(error, FAILURE);
    assert!(error.to_string().contains("accelerator"), "{error}");
    assert_eq!(classifier.result().unwrap_err(), Error::NoResult);
    let mut rest = &samples[..];
    while !rest.is_empty() {
        rest = &rest[classifier.push(rest).unwrap().consumed..];
    }
    assert_eq!(classifier.result().unwrap().label, "loud");
}
