//! Opus, which libopus decodes where the feature `opus` is on: in each of its containers, whole and damaged.
#![cfg(feature = "opus")]

use std::f64::consts::TAU;

mod common;
#[path = "common/decoded.rs"]
mod decoded;

use common::Random;
use decoded::{fixture, read, read_one, stereo};

const RATE: u32 = 48_000;

const FILES: [&str; 4] = ["tone.opus", "tone.webm", "opus.mp4", "opus.caf"];

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
    for name in FILES {
        let samples = read_one(&fixture(name), stereo(RATE));
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
    for name in FILES {
        let whole = fixture(name);
        let all = read_one(&whole, stereo(RATE));
        for length in (0..whole.len()).step_by(41) {
            if let Ok(parts) = read(&whole[..length]) {
                let count: usize = parts.iter().map(|(_, samples)| samples.len()).sum();
                assert!(count <= all.len(), "{name} cut at {length}");
            }
        }
        for _ in 0..100 {
            let mut damaged = whole.clone();
            for _ in 0..4 {
                let at = random.below(whole.len());
                damaged[at] = random.below(256) as u8;
            }
            // an answer or an error, and no panic
            if let Ok(parts) = read(&damaged) {
                let mut samples = parts.iter().flat_map(|(_, samples)| samples);
                assert!(samples.all(|sample| sample.is_finite()), "{name}");
            }
        }
    }
}
