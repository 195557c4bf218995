//! Samples of 32 bits, and the answers of single windows, through C.

mod common;

use std::ptr::null_mut;

use common::*;
use timbrel::timbrel_state::*;
use timbrel::timbrel_status::*;
use timbrel::*;
use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::{Classifier, State};
use timbrel_core::model::Model;

type Push<S> = unsafe extern "C" fn(
    *mut timbrel_classifier,
    *const S,
    usize,
    *mut usize,
    *mut u8,
) -> timbrel_status;

/// A window's state and the bits of its probabilities.
type Answer = (timbrel_state, Vec<u32>);

fn window(classifier: *const timbrel_classifier) -> Result<Answer, timbrel_status> {
    let (mut state, mut probabilities) = (TIMBREL_STATE_UNSURE, [-1.0_f32; 64]);
    // SAFETY: a live classifier, and as much room as stated
    let status = unsafe {
        timbrel_classifier_window(classifier, &mut state, probabilities.as_mut_ptr(), 64)
    };
    assert!(status == TIMBREL_OK || probabilities == [-1.0; 64]);
    let bits = probabilities[..10].iter().map(|p| p.to_bits()).collect();
    if status == TIMBREL_OK {
        Ok((state, bits))
    } else {
        Err(status)
    }
}

fn result(classifier: *const timbrel_classifier) -> (timbrel_result, Vec<u32>) {
    let (mut result, mut probabilities) = (untouched_result(), [0.0_f32; 10]);
    // SAFETY: a live classifier, and as much room as stated
    let status = unsafe {
        timbrel_classifier_result(classifier, &mut result, probabilities.as_mut_ptr(), 10)
    };
    assert_eq!(status, TIMBREL_OK);
    (result, probabilities.map(f32::to_bits).to_vec())
}

/// Push all samples and return the answer of each window that they complete.
fn windows<S>(
    classifier: *mut timbrel_classifier,
    push: Push<S>,
    mut samples: &[S],
) -> Vec<Answer> {
    let mut answers = Vec::new();
    while !samples.is_empty() {
        let (mut consumed, mut complete) = (0, 0);
        // SAFETY: a live classifier, a slice and writable values
        let status = unsafe {
            push(
                classifier,
                samples.as_ptr(),
                samples.len(),
                &mut consumed,
                &mut complete,
            )
        };
        assert_eq!(status, TIMBREL_OK);
        if complete == 1 {
            answers.push(window(classifier).unwrap());
        }
        samples = &samples[consumed..];
    }
    answers
}

/// Push all samples and finish.
fn heard<S>(push: Push<S>, samples: &[S]) -> (timbrel_result, Vec<u32>, Vec<Answer>) {
    let classifier = new(&model(), &CONFIG).unwrap();
    let answers = windows(classifier, push, samples);
    // SAFETY: a live classifier
    assert_eq!(unsafe { timbrel_classifier_finish(classifier) }, TIMBREL_OK);
    let (result, probabilities) = result(classifier);
    free(classifier);
    (result, probabilities, answers)
}

#[test]
fn samples_of_32_bits_are_their_value_over_2_to_the_31() {
    // all 32 bits of a sample are used
    let noise = |i: usize| (i as u32).wrapping_mul(2_654_435_761) >> 16;
    let wide: Vec<i32> = music()
        .iter()
        .enumerate()
        .map(|(i, sample)| (i32::from(*sample) << 16) | noise(i) as i32)
        .collect();
    let floats: Vec<f32> = wide
        .iter()
        .map(|sample| (f64::from(*sample) / 2_f64.powi(31)) as f32)
        .collect();
    let found = heard(timbrel_classifier_push_i32, &wide);
    assert!(found.2.len() >= 2);
    assert_eq!(found, heard(timbrel_classifier_push_f32, &floats));
    let narrow = music();
    let shifted: Vec<i32> = narrow.iter().map(|s| i32::from(*s) << 16).collect();
    assert_eq!(
        heard(timbrel_classifier_push_i32, &shifted),
        heard(timbrel_classifier_push_i16, &narrow)
    );
}

#[test]
fn a_windows_answer_is_that_of_audio_of_one_window() {
    let music = music();
    let noise: Vec<i16> = (0..100_000_u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 18) as i16 - 8_192)
        .collect();
    let mut states = Vec::new();
    // a window has 247,000 samples of stereo at 44.1 kHz; shorter signals are one window
    for samples in [&music[..100_000], &noise, &[0; 100_000]] {
        let classifier = new(&model(), &CONFIG).unwrap();
        assert_eq!(window(classifier), Err(TIMBREL_ERROR_NO_RESULT));
        push(classifier, samples);
        // SAFETY: a live classifier
        assert_eq!(unsafe { timbrel_classifier_finish(classifier) }, TIMBREL_OK);
        let (whole, probabilities) = result(classifier);
        assert_eq!(whole.windows, 1);
        assert_eq!(window(classifier), Ok((whole.state, probabilities)));
        states.push(whole.state);
        let (mut state, mut few) = (TIMBREL_STATE_UNSURE, [0.5; 9]);
        // SAFETY: a live classifier and as much room as stated
        let statuses = unsafe {
            [
                timbrel_classifier_window(classifier, &mut state, few.as_mut_ptr(), 9),
                timbrel_classifier_window(classifier, &mut state, null_mut(), 10),
            ]
        };
        assert_eq!(statuses, [TIMBREL_ERROR_BUFFER, TIMBREL_ERROR_NULL]);
        assert_eq!((state, few), (TIMBREL_STATE_UNSURE, [0.5; 9]));
        // SAFETY: a live classifier; probabilities are not wanted
        let status = unsafe { timbrel_classifier_window(classifier, &mut state, null_mut(), 0) };
        assert_eq!((status, state), (TIMBREL_OK, whole.state));
        free(classifier);
    }
    assert_eq!(
        states[1..],
        [TIMBREL_STATE_NOT_MUSIC, TIMBREL_STATE_SILENCE]
    );
}

#[test]
fn the_windows_are_rusts_and_silence_is_among_them() {
    let mut samples = vec![0_i16; 2 * 44_100 * 6];
    samples.extend(music());
    samples.extend(vec![0_i16; 2 * 44_100 * 6]);
    let found = heard(timbrel_classifier_push_i16, &samples).2;
    let bytes = model();
    let model = Model::parse(&bytes).unwrap();
    let mut memory = vec![0; Classifier::required_bytes(&model)];
    let format = InputFormat {
        sample_rate: 44_100,
        channels: 2,
    };
    let mut classifier = Classifier::int8(model, format, &mut memory).unwrap();
    let (mut rest, mut expected) = (&samples[..], Vec::new());
    while !rest.is_empty() {
        let (before, pushed) = (classifier.windows_run(), classifier.push(rest).unwrap());
        rest = &rest[pushed.consumed..];
        if pushed.window {
            let answer = classifier.window().unwrap();
            let silent = classifier.windows_run() == before;
            assert_eq!(answer.state == State::Silence, silent);
            let bits = answer.probabilities().iter().map(|p| p.to_bits());
            expected.push((answer.state.into(), bits.collect()));
        }
    }
    assert_eq!(found, expected);
    let equal = (TIMBREL_STATE_SILENCE, vec![0.1_f32.to_bits(); 10]);
    assert!(found.first() == Some(&equal) && found.last() == Some(&equal));
    assert!(found.iter().any(|answer| answer.0 != TIMBREL_STATE_SILENCE));
}
