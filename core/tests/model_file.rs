//! The model file: what is written is read back, and nothing hostile gets through or panics.

mod common;

use common::Random;
use proptest::prelude::*;
use timbrel_core::engine::{Engine, Int8Engine};
use timbrel_core::frontend::Feature;
use timbrel_core::model::{Model, ModelError, ModelSpec};

const CHECKSUM_AT: usize = 16;
const CHECKSUMMED_FROM: usize = 20;

fn file() -> Vec<u8> {
    common::random_model(11).to_bytes().unwrap()
}

/// CRC-32 bit by bit, from its definition (reflected polynomial 0xEDB88320).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

fn seal(file: &mut [u8]) {
    let crc = crc32(&file[CHECKSUMMED_FROM..]);
    file[CHECKSUM_AT..][..4].copy_from_slice(&crc.to_le_bytes());
}

/// A file that is accepted must also run.
fn parse_and_run(file: &[u8]) {
    if let Ok(model) = Model::parse(file) {
        let mut memory = vec![0; Int8Engine::required_bytes(&model)];
        let mut engine = Int8Engine::new(model, &mut memory).unwrap();
        engine.input().fill(255);
        engine.run(&mut vec![0; model.classes()]).unwrap();
        assert_eq!(model.labels().count(), model.classes());
    }
}

#[test]
fn what_is_written_is_read() {
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

#[test]
fn a_wrong_field_is_named_with_its_place() {
    let mut file = file();
    let front_end = u32::from_le_bytes(file[32..36].try_into().unwrap()) as usize;
    file[front_end + 8..][..2].copy_from_slice(&1000_u16.to_le_bytes());
    seal(&mut file);
    let error = Model::parse(&file).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("model is invalid: n_fft at byte {front_end} is 1000")
    );
}

#[test]
fn a_front_end_of_cepstra_that_cannot_be_is_refused() {
    let spec = common::random_model(10);
    let (mels, bins) = (spec.front_end.n_mels, spec.front_end.bins());
    assert!(matches!(spec.front_end.feature, Feature::Mfcc { .. }) && bins != mels);
    let good = spec.to_bytes().unwrap();
    let section = |index: usize| {
        let entry = 32 + index * 8;
        u32::from_le_bytes(good[entry..entry + 4].try_into().unwrap()) as usize
    };
    let refused = |at: usize, value: &[u8]| {
        let mut file = good.clone();
        file[at..at + value.len()].copy_from_slice(value);
        seal(&mut file);
        Model::parse(&file).unwrap_err().to_string()
    };
    let front_end = section(0);
    // what a reader that knows log-mel alone says of feature 2
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

    /// Damage behind a valid checksum: what an attacker writes, not what a bad cable does.
    #[test]
    fn resealed_damage_never_panics(seed: u64, edits in 1..6_usize) {
        let mut random = Random(seed);
        let mut file = common::random_model(seed % 50).to_bytes().unwrap();
        for _ in 0..edits {
            // the first kilobyte holds all that steers; weights beyond it cannot do harm
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
