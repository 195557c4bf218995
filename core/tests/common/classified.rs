//! A small model and its answers, bit for bit.
#![allow(dead_code, reason = "each test file uses its part")]

use timbrel_core::Error;
use timbrel_core::audio::{InputFormat, Sample};
use timbrel_core::classifier::{Classifier, State};
use timbrel_core::frontend::{FrontEnd, WindowSpec};
use timbrel_core::model::{Geometry, Model, ModelSpec, Op, Shape};

use crate::common::{self, Random};

/// Describe a small model: 512/256, 16 bands, windows of 20 columns every 7, so 5,120 samples at 22,050 Hz.
pub(crate) fn spec() -> ModelSpec {
    over(LOG_MEL)
}

pub(crate) const LOG_MEL: FrontEnd = FrontEnd::librosa(512, 256, 16);

pub(crate) fn over(front_end: FrontEnd) -> ModelSpec {
    with_window(front_end, 20)
}

/// Describe the same model with windows of more columns.
pub(crate) fn with_window(front_end: FrontEnd, columns: u16) -> ModelSpec {
    let mut random = Random(5);
    let window = WindowSpec { columns, hop: 7 };
    let conv = Op::Conv {
        geometry: Geometry::square(3, 2, 1),
        pool: [1, 1],
    };
    let input = Shape::new(front_end.bins(), columns, 1);
    let layer = common::layer(&mut random, conv, input, 6).unwrap();
    common::model(&mut random, front_end, window, vec![layer], 4)
}

/// All answers of a classifier, bit for bit.
#[derive(Debug, PartialEq)]
pub(crate) struct Said {
    pub(crate) windows: Vec<Vec<i32>>,
    pub(crate) probabilities: Vec<u32>,
    pub(crate) class: usize,
    pub(crate) count: u32,
    pub(crate) state: State,
    /// Level, and the shares that are clipped, silent, not music and cancelled.
    pub(crate) signal: [u32; 5],
}

/// Push `samples` in pieces of the given sizes, the last one taking the rest, and finish.
pub(crate) fn classify<S: Sample>(
    spec: &ModelSpec,
    format: InputFormat,
    samples: &[S],
    mut pieces: impl Iterator<Item = usize>,
) -> Result<Said, Error> {
    let bytes = spec.to_bytes().unwrap();
    let model = Model::parse(&bytes).unwrap();
    let mut memory = vec![0x5A; Classifier::required_bytes(&model)];
    let mut classifier = Classifier::int8(model, format, &mut memory)?;
    let mut windows = Vec::new();
    let mut rest = samples;
    while !rest.is_empty() {
        let size = pieces.next().unwrap_or(rest.len()).min(rest.len());
        let pushed = classifier.push(&rest[..size])?;
        assert!(pushed.window || pushed.consumed == size);
        if pushed.window {
            windows.push(classifier.logits().to_vec());
        }
        rest = &rest[pushed.consumed..];
    }
    classifier.finish()?;
    windows.push(classifier.logits().to_vec());
    let result = classifier.result()?;
    Ok(Said {
        windows,
        probabilities: result.probabilities.iter().map(|p| p.to_bits()).collect(),
        class: result.class,
        count: result.windows,
        state: result.state,
        signal: [
            result.level_dbfs,
            result.clipped,
            result.silent,
            result.not_music,
            result.cancelled,
        ]
        .map(f32::to_bits),
    })
}

pub(crate) fn whole<S: Sample>(format: InputFormat, samples: &[S]) -> Result<Said, Error> {
    classify(&spec(), format, samples, std::iter::empty())
}
