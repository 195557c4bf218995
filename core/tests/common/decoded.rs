//! Whole files, decoded.
#![allow(dead_code, reason = "each test file uses its part")]

use std::path::Path;

use timbrel_core::audio::InputFormat;
use timbrel_core::host::decode::{AudioReader, DecodeError};

/// Read a fixture.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::fs::read(folder.join(name)).unwrap()
}

/// Return the format of two channels at a rate.
pub(crate) fn stereo(sample_rate: u32) -> InputFormat {
    InputFormat {
        sample_rate,
        channels: 2,
    }
}

/// Return all samples by format, in the order in which the formats come.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<(InputFormat, Vec<f32>)>, DecodeError> {
    let mut reader = AudioReader::from_bytes(bytes.to_vec(), None)?;
    let mut parts: Vec<(InputFormat, Vec<f32>)> = Vec::new();
    while let Some(block) = reader.next_block()? {
        match parts.last_mut() {
            Some((format, samples)) if *format == block.format => {
                samples.extend_from_slice(block.samples);
            }
            _ => parts.push((block.format, block.samples.to_vec())),
        }
    }
    Ok(parts)
}

/// Return the samples of a file with one format.
pub(crate) fn read_one(bytes: &[u8], format: InputFormat) -> Vec<f32> {
    let mut parts = read(bytes).unwrap();
    assert_eq!(parts.len(), 1);
    assert_eq!(parts[0].0, format);
    parts.remove(0).1
}

/// Return the error of a file that must not be decoded.
pub(crate) fn error(bytes: &[u8]) -> DecodeError {
    read(bytes).expect_err("this must not be decoded")
}
