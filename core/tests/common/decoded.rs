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

/// Return all samples whatever their format, and the share of the audio that was heard.
pub(crate) fn listen(mut reader: AudioReader) -> (Vec<f32>, Option<f64>) {
    let mut samples = Vec::new();
    while let Some(block) = reader.next_block().unwrap() {
        samples.extend_from_slice(block.samples);
    }
    (samples, reader.share())
}

/// Return the amplitude of a frequency in a channel of interleaved samples: of 0.1 s from 0.1 s on.
pub(crate) fn amplitude(
    samples: &[f32],
    format: InputFormat,
    channel: usize,
    frequency: f64,
) -> f64 {
    let (rate, channels) = (format.sample_rate, usize::from(format.channels));
    let count = rate as usize / 10;
    let own = samples.iter().skip(channel).step_by(channels);
    let (mut sine, mut cosine) = (0.0, 0.0);
    for (n, sample) in own.enumerate().skip(count).take(count) {
        let angle = std::f64::consts::TAU * frequency * n as f64 / f64::from(rate);
        sine += f64::from(*sample) * angle.sin();
        cosine += f64::from(*sample) * angle.cos();
    }
    2.0 * f64::hypot(sine, cosine) / count as f64
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
