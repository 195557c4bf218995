//! Music, and its answers through Rust and through C.
#![allow(dead_code, reason = "each test file uses its part")]

use std::ffi::CStr;
use std::path::{Path, PathBuf};
use std::ptr::null_mut;

use timbrel::timbrel_status::*;
use timbrel::*;
use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::Classifier;
use timbrel_core::model::Model;

pub(crate) const CONFIG: timbrel_config = config(44_100, 2);

pub(crate) const fn config(sample_rate: u32, channels: u32) -> timbrel_config {
    timbrel_config {
        struct_size: size_of::<timbrel_config>() as u32,
        sample_rate,
        channels,
    }
}

/// Return the folder of the shipped models; cargo runs tests in their package's folder.
pub(crate) fn models() -> PathBuf {
    Path::new("../models").into()
}

pub(crate) fn model() -> Vec<u8> {
    std::fs::read(models().join("compact.timbrel")).unwrap()
}

/// Make stereo at 44.1 kHz, long enough for two windows.
pub(crate) fn music() -> Vec<i16> {
    let wave = |i: i64| ((i * (i / 9_000 % 7 + 1)) % 200 - 100) * 90 + i * i % 512;
    (0..2 * 44_100 * 14_i64)
        .map(|i| wave(i / 2) as i16 / (1 + i % 2) as i16)
        .collect()
}

/// All answers of a classifier.
#[derive(Debug, PartialEq)]
pub(crate) struct Said {
    pub(crate) class: usize,
    pub(crate) confidence: f32,
    pub(crate) probabilities: Vec<f32>,
    pub(crate) windows: u32,
    pub(crate) logits: Vec<i32>,
    pub(crate) label: String,
}

pub(crate) fn rust_says(samples: &[i16]) -> Said {
    through_rust(samples).0
}

pub(crate) fn rust_embedding(samples: &[i16]) -> Vec<f32> {
    through_rust(samples).1
}

fn through_rust(samples: &[i16]) -> (Said, Vec<f32>) {
    let bytes = model();
    let model = Model::parse(&bytes).unwrap();
    let mut memory = vec![0; Classifier::required_bytes(&model)];
    let format = InputFormat {
        sample_rate: 44_100,
        channels: 2,
    };
    let mut classifier = Classifier::int8(model, format, &mut memory).unwrap();
    let mut rest = samples;
    while !rest.is_empty() {
        rest = &rest[classifier.push(rest).unwrap().consumed..];
    }
    classifier.finish().unwrap();
    let result = classifier.result().unwrap();
    let said = Said {
        class: result.class,
        confidence: result.confidence,
        probabilities: result.probabilities.to_vec(),
        windows: result.windows,
        logits: classifier.logits().to_vec(),
        label: result.label.into(),
    };
    (said, classifier.embedding().unwrap().collect())
}

pub(crate) fn message() -> String {
    // SAFETY: never NULL, ends with a zero
    unsafe { CStr::from_ptr(timbrel_last_error()) }
        .to_str()
        .unwrap()
        .into()
}

/// Return a result that no call has written to.
pub(crate) fn untouched_result() -> timbrel_result {
    timbrel_result {
        struct_size: size_of::<timbrel_result>() as u32,
        class_index: 99,
        confidence: 0.0,
        windows: 0,
        class_count: 0,
        state: timbrel_state::TIMBREL_STATE_UNSURE,
        level_dbfs: 0.0,
        clipped: 0.0,
        silent: 0.0,
        not_music: 0.0,
        cancelled: 0.0,
        heard: 0.0,
        replaced: 0,
        first_replaced: 0,
        core_only: 0,
        cut_off: 0,
    }
}

/// Size of the first timbrel_result, whose last field was `cancelled`.
#[allow(dead_code, reason = "each test file uses its part")]
pub(crate) const OLDEST_RESULT: u32 = 44;

/// Push samples, which must succeed, and return the number of samples taken.
pub(crate) fn push(classifier: *mut timbrel_classifier, samples: &[i16]) -> usize {
    let (mut consumed, mut window) = (usize::MAX, 9);
    // SAFETY: a live classifier, a slice, and two writable values
    let status = unsafe {
        timbrel_classifier_push_i16(
            classifier,
            samples.as_ptr(),
            samples.len(),
            &mut consumed,
            &mut window,
        )
    };
    assert_eq!(status, TIMBREL_OK);
    assert!(window == 1 || (window == 0 && consumed == samples.len()));
    consumed
}

pub(crate) fn c_says(classifier: *mut timbrel_classifier, samples: &[i16]) -> Said {
    let mut rest = samples;
    while !rest.is_empty() {
        let piece = &rest[..rest.len().min(7_777)];
        rest = &rest[push(classifier, piece)..];
    }
    let mut result = untouched_result();
    let (mut probabilities, mut logits, mut label) = ([0.0; 64], [0; 64], [0; 128]);
    // SAFETY: a live classifier and buffers of the stated lengths
    unsafe {
        assert_eq!(timbrel_classifier_finish(classifier), TIMBREL_OK);
        let status =
            timbrel_classifier_result(classifier, &mut result, probabilities.as_mut_ptr(), 64);
        assert_eq!(status, TIMBREL_OK);
        assert_eq!(
            timbrel_classifier_logits(classifier, logits.as_mut_ptr(), 64),
            TIMBREL_OK
        );
        let status = timbrel_label(classifier, result.class_index, label.as_mut_ptr(), 128);
        assert_eq!(status, TIMBREL_OK);
        Said {
            class: result.class_index as usize,
            confidence: result.confidence,
            probabilities: probabilities[..result.class_count as usize].to_vec(),
            windows: result.windows,
            logits: logits[..result.class_count as usize].to_vec(),
            label: CStr::from_ptr(label.as_ptr()).to_str().unwrap().into(),
        }
    }
}

pub(crate) fn new(
    model: &[u8],
    config: &timbrel_config,
) -> Result<*mut timbrel_classifier, timbrel_status> {
    let mut classifier = null_mut();
    // SAFETY: a slice and a writable pointer
    let status =
        unsafe { timbrel_classifier_new(model.as_ptr(), model.len(), config, &mut classifier) };
    assert_eq!(
        status == TIMBREL_OK,
        !classifier.is_null(),
        "written on success only"
    );
    if status == TIMBREL_OK {
        Ok(classifier)
    } else {
        Err(status)
    }
}

pub(crate) fn free(classifier: *mut timbrel_classifier) {
    // SAFETY: made by timbrel_classifier_new() and not used again
    unsafe { timbrel_classifier_free(classifier) };
}
