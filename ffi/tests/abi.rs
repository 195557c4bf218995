//! The C functions, called as from C: the same answers as in Rust, and errors for all bad input.

mod common;

use std::ffi::CStr;
use std::ptr::{null, null_mut};

use common::*;
use timbrel::timbrel_status::*;
use timbrel::*;

#[test]
fn every_way_to_make_a_classifier_gives_rusts_bits() {
    let (bytes, samples) = (model(), music());
    let expected = rust_says(&samples);
    assert!(expected.windows >= 2);

    let copied = new(&bytes.clone(), &CONFIG).unwrap();
    assert_eq!(c_says(copied, &samples), expected);
    // SAFETY: a live classifier
    assert_eq!(unsafe { timbrel_classifier_reset(copied) }, TIMBREL_OK);
    assert_eq!(c_says(copied, &samples), expected);
    free(copied);

    let mut borrowed = null_mut();
    // SAFETY: the model outlives the classifier
    let status = unsafe {
        timbrel_classifier_new_borrowed(bytes.as_ptr(), bytes.len(), &CONFIG, &mut borrowed)
    };
    assert_eq!(status, TIMBREL_OK);
    assert_eq!(c_says(borrowed, &samples), expected);
    free(borrowed);

    let mut needed = 0;
    // SAFETY: a slice and a writable value
    let status = unsafe { timbrel_required_bytes(bytes.as_ptr(), bytes.len(), &mut needed) };
    assert_eq!(status, TIMBREL_OK);
    for offset in [0, 1, 3, 8, 13] {
        let mut memory = vec![0xEE_u8; needed + offset + 1];
        let mut inside = null_mut();
        // SAFETY: model and memory outlive the classifier
        let status = unsafe {
            let at = memory.as_mut_ptr().add(offset);
            timbrel_classifier_init(
                at,
                needed,
                bytes.as_ptr(),
                bytes.len(),
                &CONFIG,
                &mut inside,
            )
        };
        assert_eq!(status, TIMBREL_OK);
        assert_eq!(c_says(inside, &samples), expected, "offset {offset}");
        free(inside); // allowed, and does nothing
        assert_eq!(
            memory[..offset],
            vec![0xEE; offset],
            "nothing before it is touched"
        );
        assert_eq!(memory[offset + needed], 0xEE, "nothing after it is touched");
    }
}

#[test]
fn too_little_memory_is_refused_at_every_length() {
    let bytes = model();
    let mut needed = 0;
    // SAFETY: a slice and a writable value
    unsafe { timbrel_required_bytes(bytes.as_ptr(), bytes.len(), &mut needed) };
    let mut memory = vec![0_u8; needed];
    for short in (0..needed).step_by(611).chain([needed - 64]) {
        let mut classifier = null_mut();
        // SAFETY: `short` bytes are there
        let status = unsafe {
            timbrel_classifier_init(
                memory.as_mut_ptr(),
                short,
                bytes.as_ptr(),
                bytes.len(),
                &CONFIG,
                &mut classifier,
            )
        };
        assert_eq!(
            (status, classifier),
            (TIMBREL_ERROR_MEMORY, null_mut()),
            "{short}"
        );
    }
}

#[test]
fn bad_models_and_configurations_are_named() {
    let bytes = model();
    assert_eq!(new(&bytes[..500], &CONFIG), Err(TIMBREL_ERROR_MODEL));
    assert!(
        message().contains("model ends after 500 bytes"),
        "{}",
        message()
    );
    let mut flipped = bytes.clone();
    flipped[40_000] ^= 4;
    assert_eq!(new(&flipped, &CONFIG), Err(TIMBREL_ERROR_MODEL));
    assert!(message().contains("checksum"), "{}", message());
    let noise: Vec<u8> = (0..5_000_u32).map(|i| (i * i % 251) as u8).collect();
    assert_eq!(new(&noise, &CONFIG), Err(TIMBREL_ERROR_MODEL));
    assert_eq!(new(&bytes, &config(3_999, 1)), Err(TIMBREL_ERROR_RATE));
    assert!(message().contains("3999"), "{}", message());
    for channels in [0, 9, 65_536, u32::MAX] {
        assert_eq!(
            new(&bytes, &config(44_100, channels)),
            Err(TIMBREL_ERROR_CHANNELS)
        );
    }
    for struct_size in [0, 4, 11] {
        let config = timbrel_config {
            struct_size,
            ..CONFIG
        };
        assert_eq!(new(&bytes, &config), Err(TIMBREL_ERROR_STRUCT_SIZE));
    }
    // a newer program's larger struct is taken
    let newer = timbrel_config {
        struct_size: 64,
        ..CONFIG
    };
    free(new(&bytes, &newer).unwrap());
}

#[test]
fn bad_samples_do_not_end_anything() {
    let classifier = new(&model(), &config(22_050, 1)).unwrap();
    let mut consumed = 77;
    // SAFETY: a live classifier, slices and writable values throughout
    unsafe {
        assert_eq!(
            timbrel_classifier_finish(classifier),
            TIMBREL_ERROR_NO_AUDIO
        );
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1e9] {
            let samples = [0.1, 0.2, bad, 0.3];
            let status = timbrel_classifier_push_f32(
                classifier,
                samples.as_ptr(),
                4,
                &mut consumed,
                null_mut(),
            );
            assert_eq!((status, consumed), (TIMBREL_ERROR_SAMPLE, 2));
        }
        assert!(message().contains("sample 2"), "{}", message());
        let mut result = untouched_result();
        let untouched = result;
        let status = timbrel_classifier_result(classifier, &mut result, null_mut(), 0);
        assert_eq!((status, result), (TIMBREL_ERROR_NO_RESULT, untouched));
        let status = timbrel_classifier_push_f32(classifier, null(), 0, &mut consumed, null_mut());
        assert_eq!((status, consumed), (TIMBREL_OK, 0));
        // the samples before the bad ones count, but are too few for an answer
        assert_eq!(
            timbrel_classifier_finish(classifier),
            TIMBREL_ERROR_TOO_SHORT
        );
        assert!(message().contains("too short: 0.00 s"), "{}", message());
        push(classifier, &[0; 22_050]);
        assert_eq!(timbrel_classifier_finish(classifier), TIMBREL_OK);
        let status =
            timbrel_classifier_push_f32(classifier, [0.5].as_ptr(), 1, &mut consumed, null_mut());
        assert_eq!(status, TIMBREL_ERROR_FINISHED);
        let mut few = [0.0; 3];
        let status =
            timbrel_classifier_result(classifier, &mut result, few.as_mut_ptr(), few.len());
        assert_eq!((status, result), (TIMBREL_ERROR_BUFFER, untouched));
        for wrong in [0, 4, OLDEST_RESULT - 1] {
            result.struct_size = wrong;
            let status = timbrel_classifier_result(classifier, &mut result, null_mut(), 0);
            assert_eq!(
                (status, result.class_index),
                (TIMBREL_ERROR_STRUCT_SIZE, 99)
            );
        }
        // an older program's struct is smaller, and nothing is written behind it
        let mut older = untouched;
        older.struct_size = OLDEST_RESULT;
        older.heard = 0.25;
        let status = timbrel_classifier_result(classifier, &mut older, null_mut(), 0);
        assert_eq!((status, older.struct_size), (TIMBREL_OK, OLDEST_RESULT));
        assert_eq!(older.state, timbrel_state::TIMBREL_STATE_SILENCE);
        assert_eq!(older.heard, 0.25);
        // a newer program's struct is larger; what this library does not know of it stays as it is
        let mut larger = (untouched, 0xABCD_EF01_u32);
        larger.0.struct_size += 4;
        let status = timbrel_classifier_result(classifier, &mut larger.0, null_mut(), 0);
        assert_eq!((status, larger.1), (TIMBREL_OK, 0xABCD_EF01));
        assert_eq!(larger.0.struct_size, untouched.struct_size + 4);
        assert_eq!(larger.0.state, timbrel_state::TIMBREL_STATE_SILENCE);
        assert_eq!((larger.0.heard, larger.0.replaced), (1.0, 0));
        let (level, silent) = (larger.0.level_dbfs, larger.0.silent);
        assert!((-70.0..-40.0).contains(&level) && (0.9..1.0).contains(&silent));
        let mut label = [1; 4];
        assert_eq!(
            timbrel_label(classifier, 0, label.as_mut_ptr(), 4),
            TIMBREL_ERROR_BUFFER
        );
        assert_eq!(
            timbrel_label(classifier, 10, label.as_mut_ptr(), 4),
            TIMBREL_ERROR_CLASS
        );
        assert_eq!(label, [1; 4]);
    }
    free(classifier);
}

#[test]
fn null_is_an_error_everywhere() {
    let bytes = model();
    let classifier = new(&bytes, &CONFIG).unwrap();
    let (model, len) = (bytes.as_ptr(), bytes.len());
    let (mut size, mut made, samples) = (0, null_mut(), [0_i16; 2]);
    let mut memory = [0_u8; 8];
    let mut result = untouched_result();
    let mut state = timbrel_state::TIMBREL_STATE_UNSURE;
    let mut label = [0; 8];
    // SAFETY: every pointer that is not NULL is valid
    let statuses = unsafe {
        [
            timbrel_model_info(null(), len, &mut std::mem::zeroed()),
            timbrel_model_info(model, len, null_mut()),
            timbrel_model_embedding(null(), len, &mut size),
            timbrel_model_embedding(model, len, null_mut()),
            timbrel_required_bytes(null(), len, &mut size),
            timbrel_required_bytes(model, len, null_mut()),
            timbrel_classifier_new(null(), len, &CONFIG, &mut made),
            timbrel_classifier_new(model, len, null(), &mut made),
            timbrel_classifier_new(model, len, &CONFIG, null_mut()),
            timbrel_classifier_new_borrowed(null(), len, &CONFIG, &mut made),
            timbrel_classifier_new_borrowed(model, len, null(), &mut made),
            timbrel_classifier_new_borrowed(model, len, &CONFIG, null_mut()),
            timbrel_classifier_init(null_mut(), 8, model, len, &CONFIG, &mut made),
            timbrel_classifier_init(memory.as_mut_ptr(), 8, null(), len, &CONFIG, &mut made),
            timbrel_classifier_init(memory.as_mut_ptr(), 8, model, len, null(), &mut made),
            timbrel_classifier_init(memory.as_mut_ptr(), 8, model, len, &CONFIG, null_mut()),
            timbrel_classifier_push_i16(null_mut(), samples.as_ptr(), 2, &mut size, null_mut()),
            timbrel_classifier_push_i16(classifier, null(), 2, &mut size, null_mut()),
            timbrel_classifier_push_i16(classifier, samples.as_ptr(), 2, null_mut(), null_mut()),
            timbrel_classifier_push_i32(null_mut(), [0].as_ptr(), 1, &mut size, null_mut()),
            timbrel_classifier_push_i32(classifier, null(), 1, &mut size, null_mut()),
            timbrel_classifier_push_i32(classifier, [0].as_ptr(), 1, null_mut(), null_mut()),
            timbrel_classifier_push_f32(null_mut(), [0.0].as_ptr(), 1, &mut size, null_mut()),
            timbrel_classifier_push_f32(classifier, null(), 1, &mut size, null_mut()),
            timbrel_classifier_finish(null_mut()),
            timbrel_classifier_reset(null_mut()),
            timbrel_classifier_result(null(), &mut result, null_mut(), 0),
            timbrel_classifier_result(classifier, null_mut(), null_mut(), 0),
            timbrel_classifier_window(null(), &mut state, null_mut(), 0),
            timbrel_classifier_window(classifier, null_mut(), null_mut(), 0),
            timbrel_classifier_logits(null(), [0; 64].as_mut_ptr(), 64),
            timbrel_classifier_logits(classifier, null_mut(), 64),
            timbrel_classifier_embedding(null(), [0.0; 96].as_mut_ptr(), 96, &mut size),
            timbrel_label(null(), 0, label.as_mut_ptr(), 8),
            timbrel_label(classifier, 0, null_mut(), 8),
        ]
    };
    assert_eq!(statuses, [TIMBREL_ERROR_NULL; 35]);
    assert!(made.is_null());
    free(null_mut());
    free(classifier);
}

#[test]
fn the_embedding_is_rusts() {
    let (bytes, samples) = (model(), music());
    let expected = rust_embedding(&samples);
    let mut length = 0;
    // SAFETY: a slice and a writable value
    let status = unsafe { timbrel_model_embedding(bytes.as_ptr(), bytes.len(), &mut length) };
    assert_eq!((status, length), (TIMBREL_OK, expected.len()));
    let classifier = new(&bytes, &CONFIG).unwrap();
    let mut values = vec![-1.0; length + 2];
    let mut ask = |room: usize| {
        let mut needed = 0;
        let at = if room == 0 {
            null_mut()
        } else {
            values.as_mut_ptr()
        };
        // SAFETY: a live classifier, and as much room as stated
        let status = unsafe { timbrel_classifier_embedding(classifier, at, room, &mut needed) };
        (status, needed, values.clone())
    };
    let untouched = vec![-1.0; length + 2];
    assert_eq!(ask(length), (TIMBREL_ERROR_NO_RESULT, 0, untouched.clone()));
    c_says(classifier, &samples);
    assert_eq!(ask(0), (TIMBREL_OK, length, untouched.clone()));
    assert_eq!(ask(length - 1), (TIMBREL_ERROR_BUFFER, length, untouched));
    let (status, needed, found) = ask(length + 1);
    assert_eq!((status, needed), (TIMBREL_OK, length));
    assert_eq!(found, [expected, vec![-1.0; 2]].concat());
    // SAFETY: needed may be NULL, values must not where there is a length
    let statuses = unsafe {
        [
            timbrel_classifier_embedding(classifier, values.as_mut_ptr(), length, null_mut()),
            timbrel_classifier_embedding(classifier, null_mut(), length, null_mut()),
        ]
    };
    assert_eq!(statuses, [TIMBREL_OK, TIMBREL_ERROR_NULL]);
    free(classifier);
}

#[test]
fn versions_and_metadata_need_no_classifier() {
    assert_eq!(timbrel_abi_version(), TIMBREL_ABI_VERSION);
    let bytes = model();
    // SAFETY: all zeros is a valid value; strings never NULL and end with a zero
    let (info, version, texts) = unsafe {
        let mut info = std::mem::zeroed();
        assert_eq!(
            timbrel_model_info(bytes.as_ptr(), bytes.len(), &mut info),
            TIMBREL_OK
        );
        let text = |status| {
            CStr::from_ptr(timbrel_status_message(status))
                .to_str()
                .unwrap()
        };
        let texts: Vec<&str> = (-1..=19).map(text).collect();
        (info, CStr::from_ptr(timbrel_version()), texts)
    };
    assert_eq!((info.sample_rate, info.class_count), (22_050, 10));
    assert!((info.window_seconds - 2.97).abs() < 0.1 && (info.hop_seconds - 1.49).abs() < 0.1);
    assert_eq!(version.to_str().unwrap(), env!("CARGO_PKG_VERSION"));
    assert_eq!((texts[0], texts[20]), ("unknown status", "unknown status"));
    let distinct: std::collections::HashSet<&&str> = texts[1..20].iter().collect();
    assert_eq!(distinct.len(), 19);
}

#[test]
fn the_large_model_gives_rusts_bits() {
    use timbrel_core::audio::InputFormat;
    use timbrel_core::classifier::Classifier;
    use timbrel_core::model::Model;

    let read = |name: &str| std::fs::read(models().join(name)).unwrap();
    let file = read("large.timbrel");
    // two windows of 3.0 s, as the model takes one every 3.0 s
    let samples = &music()[..2 * 44_100 * 13 / 2];
    let model = Model::parse(&file).unwrap();
    let mut memory = vec![0; Classifier::fast_bytes(&model)];
    let format = InputFormat {
        sample_rate: 44_100,
        channels: 2,
    };
    let mut rust = Classifier::int8(model, format, &mut memory).unwrap();
    let mut rest = samples;
    while !rest.is_empty() {
        rest = &rest[rust.push(rest).unwrap().consumed..];
    }
    rust.finish().unwrap();
    let expected = rust.result().unwrap();
    assert!(expected.windows >= 1);

    for name in ["large.timbrel", "large.onnx"] {
        if name.ends_with("onnx") && cfg!(not(feature = "tract")) {
            continue;
        }
        let classifier = new(&read(name), &CONFIG).unwrap();
        let found = c_says(classifier, samples);
        free(classifier);
        assert_eq!(
            (found.windows, found.class),
            (expected.windows, expected.class),
            "{name}"
        );
        assert_eq!(found.probabilities, expected.probabilities, "{name}");
    }
}

#[cfg(feature = "tract")]
#[test]
fn an_onnx_model_gives_the_same_answer() {
    let bytes = std::fs::read(models().join("compact.onnx")).unwrap();
    let samples = music();
    let classifier = new(&bytes, &CONFIG).unwrap();
    assert_eq!(c_says(classifier, &samples), rust_says(&samples));
    free(classifier);
    assert_eq!(new(&bytes[..3_000], &CONFIG), Err(TIMBREL_ERROR_MODEL));
    let mut memory = vec![0_u8; 200_000];
    let mut classifier = null_mut();
    // SAFETY: as long as stated
    let status = unsafe {
        timbrel_classifier_init(
            memory.as_mut_ptr(),
            memory.len(),
            bytes.as_ptr(),
            bytes.len(),
            &CONFIG,
            &mut classifier,
        )
    };
    assert_eq!(status, TIMBREL_ERROR_MODEL);
}
