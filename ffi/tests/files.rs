//! Files through the C interface.
#![cfg(feature = "decode")]

mod common;

use std::ffi::{CStr, CString};
use std::path::Path;

use common::*;
use timbrel::timbrel_status::*;
use timbrel::*;

/// Make a wav file of two channels at 44.1 kHz from a form tag, the bits of a sample and the samples' bytes, whose header
/// announces `announced` bytes.
fn wav(tag: u16, bits: u16, data: &[u8], announced: u32) -> Vec<u8> {
    let frame = bits / 4;
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + announced).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0");
    wav.extend(tag.to_le_bytes());
    wav.extend(2_u16.to_le_bytes());
    wav.extend(44_100_u32.to_le_bytes());
    wav.extend((44_100 * u32::from(frame)).to_le_bytes());
    wav.extend(frame.to_le_bytes());
    wav.extend(bits.to_le_bytes());
    wav.extend(b"data");
    wav.extend(announced.to_le_bytes());
    wav.extend(data);
    wav
}

/// Classify a file with room for some probabilities and bytes of the label.
fn classify(
    path: &Path,
    probabilities_len: usize,
    label_len: usize,
) -> (timbrel_status, timbrel_result, Vec<f32>, String) {
    let bytes = model();
    let path = CString::new(path.to_str().unwrap()).unwrap();
    let mut result = untouched_result();
    let (mut probabilities, mut label) = ([0.0_f32; 64], [0; 128]);
    // SAFETY: buffers of at least the stated lengths
    let status = unsafe {
        timbrel_classify_file(
            bytes.as_ptr(),
            bytes.len(),
            path.as_ptr(),
            &mut result,
            probabilities.as_mut_ptr(),
            probabilities_len,
            label.as_mut_ptr(),
            label_len,
        )
    };
    // SAFETY: zeroed, so there is a zero at its end
    let label = unsafe { CStr::from_ptr(label.as_ptr()) };
    let label = label.to_str().unwrap().to_owned();
    (status, result, probabilities[..10].to_vec(), label)
}

#[test]
fn files_are_classified_in_one_call() {
    let folder = tempfile::tempdir().unwrap();
    let samples = music();
    let data: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    let music = wav(1, 16, &data, data.len() as u32);
    std::fs::write(folder.path().join("music.wav"), music).unwrap();
    std::fs::write(folder.path().join("text.mp3"), "no music at all").unwrap();
    let expected = rust_says(&samples);
    let (status, result, probabilities, label) =
        classify(&folder.path().join("music.wav"), 64, 128);
    assert_eq!(
        (status, probabilities, label),
        (TIMBREL_OK, expected.probabilities, expected.label)
    );
    assert_eq!(
        (result.class_index as usize, result.windows),
        (expected.class, expected.windows)
    );
    let notes = (
        result.heard,
        result.replaced,
        result.core_only,
        result.cut_off,
    );
    assert_eq!(notes, (1.0, 0, 0, 0));
    for (name, room, label_room, status) in [
        ("text.mp3", 64, 128, TIMBREL_ERROR_FILE),
        ("missing.wav", 64, 128, TIMBREL_ERROR_FILE),
        ("music.wav", 9, 128, TIMBREL_ERROR_BUFFER),
        ("music.wav", 64, 3, TIMBREL_ERROR_BUFFER),
    ] {
        let path = folder.path().join(name);
        let (found, result, probabilities, label) = classify(&path, room, label_room);
        assert_eq!((found, result.class_index), (status, 99), "{name}");
        assert_eq!(
            (probabilities, label),
            (vec![0.0; 10], String::new()),
            "nothing is written"
        );
    }
}

#[test]
fn damage_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut samples: Vec<f32> = music().iter().map(|s| f32::from(*s) / 32_768.0).collect();
    samples[1_005] = f32::NAN;
    samples[50_007] = f32::INFINITY;
    let data: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    // broken off after a third
    let path = folder.path().join("broken.wav");
    std::fs::write(&path, wav(3, 32, &data, 3 * data.len() as u32)).unwrap();
    let (status, result, ..) = classify(&path, 64, 128);
    assert_eq!(status, TIMBREL_OK);
    assert!((result.heard - 1.0 / 3.0).abs() < 1e-3, "{}", result.heard);
    assert_eq!((result.replaced, result.first_replaced), (2, 1_005));
}

#[test]
fn a_file_that_is_cut_off_without_a_word_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let flac = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../core/tests/fixtures/second.flac"
    );
    let flac = std::fs::read(flac).unwrap();
    // without its beginning, too
    for (begin, expected) in [(0, 0), (5, 1)] {
        let path = folder.path().join("cut.flac");
        std::fs::write(&path, &flac[begin..]).unwrap();
        let (status, result, ..) = classify(&path, 64, 128);
        assert_eq!((status, result.cut_off), (TIMBREL_OK, expected));
    }
}
