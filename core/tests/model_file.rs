//! The model file: a written file is read back, every fault is named with its byte, and nothing hostile gets
//! through or panics.

mod common;

use common::Random;
use common::mutants::crc32;
use proptest::prelude::*;
use timbrel_core::engine::{Engine, Int8Engine};
use timbrel_core::frontend::Feature;
use timbrel_core::model::{Confidence, Model, ModelError, ModelSpec, RejectionSpec};

const CHECKSUM_AT: usize = 16;
const CHECKSUMMED_FROM: usize = 20;

fn file() -> Vec<u8> {
    common::random_model(11).to_bytes().unwrap()
}

fn seal(file: &mut [u8]) {
    let crc = crc32(&file[CHECKSUMMED_FROM..]);
    file[CHECKSUM_AT..][..4].copy_from_slice(&crc.to_le_bytes());
}

/// Check that a file that is accepted also runs, and that writing its model again gives the same file.
fn parse_and_run(file: &[u8]) {
    if let Ok(model) = Model::parse(file) {
        assert!(ModelSpec::from(&model).to_bytes().unwrap() == file);
        let mut memory = vec![0; Int8Engine::required_bytes(&model)];
        let mut engine = Int8Engine::new(model, &mut memory).unwrap();
        engine.input().fill(255);
        engine.run(&mut vec![0; model.classes()]).unwrap();
        assert_eq!(model.labels().count(), model.classes());
    }
}

#[test]
fn a_written_file_is_read_back() {
    for seed in 0..20 {
        let spec = common::random_model(seed);
        let bytes = spec.to_bytes().unwrap();
        let model = Model::parse(&bytes).unwrap();
        assert_eq!(*model.front_end(), spec.front_end);
        assert_eq!(model.window(), spec.window);
        assert!(model.labels().eq(spec.labels.iter().map(String::as_str)));
        assert_eq!(model.provenance(), spec.provenance);
        let again = ModelSpec::from(&model).to_bytes().unwrap();
        assert!(again == bytes, "seed {seed}");
        assert_eq!(bytes.len() % 16, 0);
    }
}

#[test]
fn every_truncation_is_refused() {
    let file = file();
    for length in 0..file.len() {
        let error = Model::parse(&file[..length]).unwrap_err();
        let expected = if length < 8 {
            matches!(error, ModelError::NotAModel)
        } else {
            matches!(error, ModelError::Truncated { found, .. } if found == length)
        };
        assert!(expected, "{length}: {error}");
    }
    let mut longer = file;
    longer.push(0);
    assert!(matches!(
        Model::parse(&longer),
        Err(ModelError::Length { .. })
    ));
}

#[test]
fn every_flipped_bit_is_noticed() {
    let file = file();
    for bit in 0..file.len() * 8 {
        let mut damaged = file.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(Model::parse(&damaged).is_err(), "bit {bit}");
    }
}

/// Return the place where a section begins, from the table in the header.
fn section(file: &[u8], index: usize) -> usize {
    let entry = 32 + index * 8;
    u32::from_le_bytes(file[entry..entry + 4].try_into().unwrap()) as usize
}

/// Return the error for a file with `value` at byte `at` and a valid checksum.
fn error_with(good: &[u8], at: usize, value: &[u8]) -> ModelError {
    let mut file = good.to_vec();
    file[at..at + value.len()].copy_from_slice(value);
    seal(&mut file);
    Model::parse(&file).unwrap_err()
}

fn invalid(what: &'static str, at: usize, found: f64) -> ModelError {
    ModelError::Invalid { what, at, found }
}

#[test]
fn every_wrong_field_is_named_with_its_byte_and_value() {
    // log-mel, since the rows of MFCC are bounded by n_mels
    let good = common::random_model(12).to_bytes().unwrap();
    let at = section(&good, 0);
    let mels = Model::parse(&good).unwrap().front_end().n_mels;
    let short = |value: u16| value.to_le_bytes().to_vec();
    let real = |value: f32| value.to_le_bytes().to_vec();
    for (what, offset, value, found) in [
        ("feature", 0, vec![3], 3.0),
        ("mel scale", 1, vec![0], 0.0),
        ("mel norm", 2, vec![2], 2.0),
        ("padding", 3, vec![7], 7.0),
        ("sample rate", 4, 999_u32.to_le_bytes().to_vec(), 999.0),
        ("n_fft", 8, short(1000), 1000.0),
        ("hop", 10, short(0), 0.0),
        ("hop", 10, short(513), 513.0),
        ("n_mels", 12, short(257), 257.0),
        ("bins", 14, short(mels - 1), f64::from(mels) - 1.0),
        ("f_min", 16, real(-0.5), -0.5),
        ("f_max", 20, real(11_026.0), 11_026.0),
        ("f_max", 20, real(f32::INFINITY), f64::INFINITY),
        ("amin", 24, real(0.0), 0.0),
        ("top_db", 28, real(201.0), 201.0),
        ("window columns", 32, short(1025), 1025.0),
        ("window hop", 34, short(0), 0.0),
        ("classes", 36, short(65), 65.0),
        ("logits exponent", 38, vec![32], 32.0),
        ("decibel reference", 39, vec![0], 0.0),
        ("reserved", 47, vec![1], 1.0),
    ] {
        let error = error_with(&good, at + offset, &value);
        assert_eq!(error, invalid(what, at + offset, found));
        let text = format!(
            "model is invalid: {what} at byte {} is {found}",
            at + offset
        );
        assert_eq!(error.to_string(), text);
    }
    let error = error_with(&good, at + 16, &f32::NAN.to_le_bytes());
    assert!(
        error
            .to_string()
            .contains(&format!("f_min at byte {} is NaN", at + 16))
    );
    let at = section(&good, 1);
    for (offset, value) in [(0, 1.5e6_f32), (4, -1e7)] {
        let error = error_with(&good, at + offset, &value.to_le_bytes());
        assert_eq!(error, invalid("normalisation", at + offset, value.into()));
    }
    // "class 0" in seven bytes, then the length of the next name
    let at = section(&good, 2) + 8;
    assert_eq!(
        error_with(&good, at, &[0]),
        invalid("label length", at, 0.0)
    );
    // a NUL in it, and the name of the class before it
    let error = error_with(&good, at + 3, &[0]);
    assert_eq!(error, invalid("byte of a label", at, 0.0));
    let error = error_with(&good, at + 7, b"0");
    assert_eq!(error, invalid("class with a repeated label", at, 1.0));
}

#[test]
fn nothing_may_be_hidden_in_a_file() {
    let good = common::random_model(12).to_bytes().unwrap();
    let labels = section(&good, 2);
    let dense = section(&good, 4) - 48;
    for (what, at) in [
        ("reserved", 10),
        ("reserved", 11),
        ("reserved", 24),
        ("reserved", 31),
        ("gap", labels + 3 * 8),
        ("reserved", dense + 41),
        ("geometry of a dense layer", dense + 2),
        ("fused pool", dense + 10),
        ("multiplier", dense + 40),
        ("section offset", 32),
        ("section offset", 40),
        ("weights offset", dense + 24),
    ] {
        let error = error_with(&good, at, &[good[at] ^ 0x10]);
        assert_eq!(
            error,
            invalid(what, at, f64::from(good[at] ^ 0x10)),
            "byte {at}"
        );
    }
    // a gap of 16 zeros between the last section and the end
    let mut longer = [good.clone(), vec![0; 16]].concat();
    let length = longer.len() as u32;
    longer[12..16].copy_from_slice(&length.to_le_bytes());
    seal(&mut longer);
    let error = Model::parse(&longer).unwrap_err();
    assert_eq!(error, invalid("length", 12, f64::from(length)));
}

/// Make a file with further sections, as the text of the format describes it.
fn extended(sections: &[(u32, &[u8])]) -> Vec<u8> {
    let mut file = file();
    let table = file.len() as u32;
    file[20..24].copy_from_slice(&table.to_le_bytes());
    file.extend((sections.len() as u32).to_le_bytes());
    file.extend([0; 12]);
    let mut at = table as usize + 16 + 16 * sections.len();
    for (id, content) in sections {
        for value in [*id, at as u32, content.len() as u32, 0] {
            file.extend(value.to_le_bytes());
        }
        at += content.len().next_multiple_of(16);
    }
    for (_, content) in sections {
        file.extend_from_slice(content);
        file.resize(file.len().next_multiple_of(16), 0);
    }
    let length = file.len() as u32;
    file[12..16].copy_from_slice(&length.to_le_bytes());
    seal(&mut file);
    file
}

#[test]
fn unknown_sections_are_skipped_unless_they_are_critical() {
    const CRITICAL: u32 = 0x8000_0000;
    let plain = file();
    let file = extended(&[(7, b"thresholds"), (9, b""), (900, &[1; 40])]);
    let model = Model::parse(&file).unwrap();
    // nothing but the skipped sections distinguishes the models
    assert!(ModelSpec::from(&model).to_bytes().unwrap() == plain);
    assert_eq!(model.as_bytes().len(), file.len());
    let file_with_critical = extended(&[(7, b"thresholds"), (CRITICAL | 3, b"must know")]);
    let error = Model::parse(&file_with_critical).unwrap_err();
    assert_eq!(error, ModelError::UnknownSection { id: CRITICAL | 3 });
    assert_eq!(
        error.to_string(),
        "model needs a newer reader: section 0x80000003 is unknown"
    );
    let table = plain.len();
    for (what, at, value) in [
        ("extensions", 20, table as u32 - 16),
        ("extension count", table, 0),
        ("extension head", table + 4, 1),
        ("extension entry", table + 28, 1),
        ("section offset", table + 20, table as u32),
        // ids ascend
        ("extension id", table + 32, 7),
    ] {
        let error = error_with(&file, at, &value.to_le_bytes());
        assert_eq!(error, invalid(what, at, f64::from(value)));
    }
    let error = error_with(&file, table, &u32::MAX.to_le_bytes());
    assert!(matches!(error, ModelError::Truncated { .. }), "{error}");
    for length in 0..file.len() {
        assert!(Model::parse(&file[..length]).is_err());
    }
}

/// The test's model with a rejection and a calibration.
fn honest() -> ModelSpec {
    let mut spec = common::random_model(11);
    let bytes = spec.to_bytes().unwrap();
    let embedding = Model::parse(&bytes).unwrap().info().embedding;
    spec.rejection = Some(RejectionSpec {
        bias: -70_000,
        exponent: 9,
        weights: (0..embedding).map(|i| (i * 37 % 256) as u8 as i8).collect(),
    });
    spec.confidence = Confidence {
        scale: 0.75,
        unsure_below: 0.5,
    };
    spec
}

#[test]
fn rejection_and_confidence_are_read_back_and_sum_up() {
    let spec = honest();
    let file = spec.to_bytes().unwrap();
    let model = Model::parse(&file).unwrap();
    assert!(ModelSpec::from(&model).to_bytes().unwrap() == file);
    assert_eq!(model.confidence(), spec.confidence);
    let info = model.info();
    assert_eq!(info.rejection_exponent, Some(9));
    // up to 1.5, in steps of 2^-9
    assert!(
        [None, Some(i32::MIN), Some(0), Some(768)].map(|logit| info.has_vote(logit)) == [true; 4]
    );
    assert!([769, i32::MAX].map(|logit| info.has_vote(Some(logit))) == [false; 2]);
    let plain = common::random_model(11).to_bytes().unwrap();
    let plain = Model::parse(&plain).unwrap();
    assert_eq!(
        (plain.rejection(), plain.confidence()),
        (None, Confidence::NEUTRAL)
    );
    let mut memory = vec![0; Int8Engine::required_bytes(&model)];
    let mut engine = Int8Engine::new(model, &mut memory).unwrap();
    let mut random = Random(3);
    for _ in 0..5 {
        engine.input().fill_with(|| random.below(256) as u8);
        let mut logits = [0; 3];
        engine.run(&mut logits).unwrap();
        let weights = &spec.rejection.as_ref().unwrap().weights;
        let products = weights.iter().zip(engine.embedding());
        let sum: i64 = products.map(|(w, e)| i64::from(*w) * i64::from(*e)).sum();
        assert_eq!(engine.not_music().map(i64::from), Some(sum - 70_000));
    }
}

#[test]
fn wrong_extensions_are_named_with_their_byte_and_value() {
    let good = honest().to_bytes().unwrap();
    let table = u32::from_le_bytes(good[20..24].try_into().unwrap()) as usize;
    let place = |entry: usize| {
        let at = table + 16 + 16 * entry + 4;
        u32::from_le_bytes(good[at..at + 4].try_into().unwrap()) as usize
    };
    let (rejection, confidence) = (place(0), place(1));
    let float = |value: f32| value.to_le_bytes().to_vec();
    for (what, at, bytes, found) in [
        ("rejection exponent", rejection + 4, vec![32], 32.0),
        ("rejection", rejection + 9, vec![1], 1.0),
        (
            "largest possible rejection",
            rejection,
            i32::MIN.to_le_bytes().to_vec(),
            f64::from(i32::MIN),
        ),
        ("confidence scale", confidence, float(0.0), 0.0),
        ("confidence scale", confidence, float(100.5), 100.5),
        ("unsure threshold", confidence + 4, float(1.5), 1.5),
        ("unsure threshold", confidence + 4, float(-0.0), 0.0),
    ] {
        let error = error_with(&good, at, &bytes);
        assert_eq!(error, invalid(what, at, found));
    }
    let neutral = [float(1.0), float(0.0)].concat();
    let error = error_with(&good, confidence, &neutral);
    assert_eq!(error, invalid("neutral confidence", confidence, 1.0));
    // NaN is not equal to itself
    let error = error_with(&good, confidence, &float(f32::NAN));
    assert!(error.to_string().contains("confidence scale"), "{error}");
    let mut spec = honest();
    spec.rejection.as_mut().unwrap().weights.pop();
    let error = spec.to_bytes().unwrap_err();
    assert!(error.to_string().contains("rejection length"), "{error}");
}

#[test]
fn the_shipped_models_are_read() {
    let models = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    for (name, embedding) in [
        ("compact", 96),
        ("tiny", 96),
        ("tiny-16k", 96),
        ("s2-mfcc-3s", 64),
        ("large", 296),
    ] {
        let file = std::fs::read(models.join(name).with_extension("timbrel")).unwrap();
        let model = Model::parse(&file).unwrap();
        assert_eq!(model.info().embedding, embedding, "{name}");
        assert!(ModelSpec::from(&model).to_bytes().unwrap() == file);
    }
}

#[test]
fn a_front_end_of_cepstra_that_cannot_be_is_refused() {
    let spec = common::random_model(10);
    let (mels, bins) = (spec.front_end.n_mels, spec.front_end.bins());
    assert!(matches!(spec.front_end.feature, Feature::Mfcc { .. }) && bins != mels);
    let good = spec.to_bytes().unwrap();
    let refused = |at: usize, value: &[u8]| error_with(&good, at, value).to_string();
    let front_end = section(&good, 0);
    // as a reader that knows only log-mel refuses feature 2
    assert_eq!(
        refused(front_end, &[3]),
        format!("model is invalid: feature at byte {front_end} is 3")
    );
    assert!(refused(front_end, &[1]).contains("bins"));
    for wrong in [0, mels + 1, u16::MAX] {
        let error = refused(front_end + 14, &wrong.to_le_bytes());
        assert!(error.contains(&format!("is {wrong}")), "{error}");
    }
    // fewer or more rows than the first layer and the normalisation have
    for other in (1..=mels).filter(|other| *other != bins) {
        refused(front_end + 14, &other.to_le_bytes());
    }
    let mut spec = spec;
    spec.normalisation.push(spec.normalisation[0]);
    let error = spec.to_bytes().unwrap_err().to_string();
    assert!(error.contains("normalisation length"), "{error}");
}

#[test]
fn another_version_is_named() {
    let mut file = file();
    file[8] = 9;
    assert_eq!(
        Model::parse(&file).unwrap_err(),
        ModelError::Version { found: 9 }
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// Damage with a valid checksum: an attacker's work, not a bad cable's.
    #[test]
    fn resealed_damage_never_panics(seed: u64, edits in 1..6_usize) {
        let mut random = Random(seed);
        let mut file = common::random_model(seed % 50).to_bytes().unwrap();
        for _ in 0..edits {
            // the first kilobyte holds all structure; the weights after it can do no harm
            let at = 8 + random.below(file.len().min(1024) - 8);
            let edge = [0, 1, 2, 127, 128, 255][random.below(6)];
            file[at] = if random.below(2) == 0 { edge } else { random.next() as u8 };
        }
        seal(&mut file);
        parse_and_run(&file);
    }

    #[test]
    fn random_bytes_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        parse_and_run(&bytes);
        // the same with a header that passes
        if bytes.len() > 80 {
            bytes[..10].copy_from_slice(b"TIMBREL\0\x01\0");
            let length = bytes.len() as u32;
            bytes[12..16].copy_from_slice(&length.to_le_bytes());
            bytes[10..12].fill(0);
            seal(&mut bytes);
            parse_and_run(&bytes);
        }
    }
}
