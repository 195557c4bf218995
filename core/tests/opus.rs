//! Opus, which libopus decodes where the feature `opus` is on: in Ogg and in WebM, whole and damaged.
#![cfg(feature = "opus")]

use std::f64::consts::TAU;
use std::path::Path;

use timbrel_core::audio::InputFormat;
use timbrel_core::host::decode::{AudioReader, DecodeError};

mod common;
use common::Random;

const RATE: u32 = 48_000;

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::fs::read(folder.join(name)).unwrap()
}

fn read(bytes: Vec<u8>) -> Result<(InputFormat, Vec<f32>), DecodeError> {
    let mut reader = AudioReader::from_bytes(bytes, None)?;
    let format = reader.format();
    let mut samples = Vec::new();
    while let Some(block) = reader.next_block()? {
        samples.extend_from_slice(block.samples);
    }
    Ok((format, samples))
}

/// Return the amplitude of 440 Hz in every second sample from `channel` on.
fn amplitude(samples: &[f32], channel: usize) -> f64 {
    let own = samples.iter().skip(channel).step_by(2);
    let (mut sine, mut cosine, mut count) = (0.0, 0.0, 0.0);
    for (n, sample) in own.enumerate() {
        let angle = TAU * 440.0 * n as f64 / f64::from(RATE);
        sine += f64::from(*sample) * angle.sin();
        cosine += f64::from(*sample) * angle.cos();
        count += 1.0;
    }
    2.0 * f64::hypot(sine, cosine) / count
}

#[test]
fn a_tone_keeps_its_length_its_pitch_and_its_channels() {
    for name in ["tone.opus", "tone.webm"] {
        let (format, samples) = read(fixture(name)).unwrap();
        let expected = InputFormat {
            sample_rate: RATE,
            channels: 2,
        };
        assert_eq!(format, expected, "{name}");
        let seconds = samples.len() as f64 / 2.0 / f64::from(RATE);
        assert!((0.29..0.33).contains(&seconds), "{name}: {seconds} s");
        // whole periods in the middle
        let middle = &samples[2 * 4800..2 * 9600];
        for (channel, expected) in [0.5, 0.25].into_iter().enumerate() {
            let found = amplitude(middle, channel);
            assert!(
                (found / expected - 1.0).abs() < 0.05,
                "{name}: {found}, not {expected}"
            );
        }
    }
}

#[test]
fn damaged_files_end_with_an_error_or_with_less() {
    let mut random = Random(5);
    for name in ["tone.opus", "tone.webm"] {
        let whole = fixture(name);
        let (_, all) = read(whole.clone()).unwrap();
        for length in (0..whole.len()).step_by(41) {
            if let Ok((_, samples)) = read(whole[..length].to_vec()) {
                assert!(samples.len() <= all.len(), "{name} cut at {length}");
            }
        }
        for _ in 0..100 {
            let mut damaged = whole.clone();
            for _ in 0..4 {
                let at = random.below(whole.len());
                damaged[at] = random.below(256) as u8;
            }
            // an answer or an error, and no panic
            if let Ok((_, samples)) = read(damaged) {
                assert!(samples.iter().all(|sample| sample.is_finite()), "{name}");
            }
        }
    }
}
