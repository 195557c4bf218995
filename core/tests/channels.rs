//! From several channels at any rate to the columns that a classifier keeps, against numpy's mean, soxr and librosa.

mod common;

use std::f64::consts::TAU;
use std::path::Path;

use safetensors::SafeTensors;
use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::Classifier;
use timbrel_core::frontend::{Affine, FrontEnd, WindowSpec};

/// Rates (Hz) that devices have, those between them, and the limits of what is possible.
const RATES: [u32; 22] = [
    4_000, 8_000, 11_025, 11_999, 12_000, 16_000, 22_050, 22_051, 24_000, 32_000, 37_800, 44_100,
    48_000, 64_000, 88_200, 96_000, 96_001, 176_400, 192_000, 264_600, 767_999, 768_000,
];

const BANDS: usize = 16;
const FRONT_END: FrontEnd = FrontEnd::librosa(512, 256, BANDS as u16);

/// Largest difference (dB) of cells within 50 dB of the loudest one: 0.0039 is half the step of the columns kept. A
/// shift by a single sample of any rate moves some cells by far more.
const LARGEST: f64 = 0.02;

/// Make the same channel as `reference/make_channels.py`.
fn channel(index: usize, channels: usize, rate: u32) -> Vec<f64> {
    let rate = f64::from(rate);
    let speed = (rate / 8_000.0).min(1.0);
    let mut signal = vec![0.0; (0.4 * rate) as usize];
    for pulse in (index..17).step_by(channels) {
        let pulse = pulse as f64;
        let frequency = 500.0 + 137.0 * pulse % 1300.0;
        let level = 0.9 - 0.03 * pulse;
        for (at, sample) in signal.iter_mut().enumerate() {
            let after = speed * (at as f64 / rate - (0.004 + 0.0237 * pulse));
            let envelope = (-0.5 * (after / 3e-4).powi(2)).exp();
            *sample += level * envelope * (TAU * frequency * after + pulse).cos();
        }
    }
    signal
}

fn interleaved(channels: usize, rate: u32) -> Vec<f32> {
    let signals: Vec<Vec<f64>> = (0..channels)
        .map(|index| channel(index, channels, rate))
        .collect();
    let frames = 0..signals[0].len();
    frames
        .flat_map(|frame| signals.iter().map(move |signal| signal[frame] as f32))
        .collect()
}

/// Return the columns (dB) that a classifier keeps, up to the last one before the end.
fn columns(format: InputFormat, samples: &[f32]) -> Vec<Vec<f64>> {
    let window = WindowSpec {
        columns: 20,
        hop: 20,
    };
    let mut recorder = common::Recorder::new(FRONT_END, window, vec![Affine::DB80; BANDS]);
    let mut memory = vec![0; Classifier::<&mut common::Recorder>::feature_bytes(&recorder.info)];
    let mut classifier = Classifier::new(&mut recorder, format, &mut memory).unwrap();
    let mut columns = Vec::new();
    // less than a hop at a time, whatever the rates, and not a multiple of the channels
    for mut block in samples.chunks(89) {
        while !block.is_empty() {
            block = &block[classifier.push(block).unwrap().consumed..];
            if classifier.columns() as usize > columns.len() {
                let column = classifier.newest_column().unwrap();
                columns.push(column.iter().map(|cell| f64::from(*cell) / 128.0).collect());
            }
        }
        assert_eq!(classifier.columns() as usize, columns.len());
    }
    columns
}

#[test]
fn channels_and_rates_agree_with_an_independent_mean_and_resampler() {
    let reference =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/channels.safetensors");
    let bytes = std::fs::read(reference).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    for rate in RATES {
        for channels in [2, 6] {
            let tensor = file.tensor(&format!("{rate} {channels}")).unwrap();
            let values = tensor.data().as_chunks().0.iter();
            let expected: Vec<f64> = values.map(|b| f64::from(f32::from_le_bytes(*b))).collect();
            let format = InputFormat {
                sample_rate: rate,
                channels: channels as u16,
            };
            let columns = columns(format, &interleaved(channels, rate));
            // at the end a filter's delay and half a frame are missing
            assert!((30..=expected.len() / BANDS).contains(&columns.len()));
            let loudest = expected.iter().copied().fold(f64::MIN, f64::max);
            let (mut compared, mut largest) = (0, 0.0_f64);
            for (cell, expected) in columns.iter().flatten().zip(&expected) {
                if *expected > loudest - 50.0 {
                    compared += 1;
                    largest = largest.max((cell - expected).abs());
                }
            }
            println!("{rate} Hz, {channels} channels: {compared} cells, at most {largest:.4} dB");
            assert!(compared > 150, "{compared} cells");
            assert!(
                largest <= LARGEST,
                "{rate} Hz, {channels} channels: {largest} dB"
            );
        }
    }
}
