//! One second of sound through the parts of the front end: `cargo bench -p timbrel-core --bench frontend`. The resampler
//! and the whole way are in `resample`, the network in `engine`.
#![allow(missing_docs, reason = "criterion's macro makes a public function")]

#[path = "../examples/noise/mod.rs"]
mod noise;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use noise::noise;
use timbrel_core::audio::Pdm;
use timbrel_core::frontend::{FrontEnd, LogMel, Mfcc, Stft, power_to_db};

const MODEL_RATE: u32 = 22_050;

/// Push all samples with a method that takes some and returns their number.
fn push_all(mut samples: &[f32], mut push: impl FnMut(&[f32]) -> usize) {
    while !samples.is_empty() {
        samples = &samples[push(samples)..];
    }
}

/// Measure the columns of one second: spectra, mel bands in decibels, and coefficients.
fn columns(criterion: &mut Criterion) {
    let samples = noise(MODEL_RATE as usize);
    let mut group = criterion.benchmark_group("columns of 1 s");
    group.throughput(Throughput::Elements(u64::from(MODEL_RATE)));
    for hop in [512, 1_708] {
        let front_end = FrontEnd {
            hop,
            ..FrontEnd::COMPACT
        };
        let mut stft = Stft::<2048>::new(hop, front_end.padding).expect("a front end of this size");
        group.bench_function(BenchmarkId::new("STFT", hop), |bencher| {
            bencher.iter(|| {
                push_all(&samples, |rest| {
                    let (taken, column) = stft.push_slice(rest);
                    black_box(column);
                    taken
                });
            });
        });
        let mut log_mel = LogMel::<2048, 128>::new(&front_end).expect("a front end of this size");
        group.bench_function(BenchmarkId::new("log-mel", hop), |bencher| {
            bencher.iter(|| {
                push_all(&samples, |rest| {
                    let (taken, column) = log_mel.push_slice(rest);
                    black_box(column);
                    taken
                });
            });
        });
        let mut mfcc = Mfcc::<2048, 128, 13>::new(&front_end, 0).expect("a front end of this size");
        group.bench_function(BenchmarkId::new("MFCC", hop), |bencher| {
            bencher.iter(|| {
                push_all(&samples, |rest| {
                    let (taken, column) = mfcc.push_slice(rest);
                    black_box(column);
                    taken
                });
            });
        });
    }
}

/// Measure decibels on their own, and a tenth of a second from a digital microphone.
fn rest(criterion: &mut Criterion) {
    let powers: Vec<f32> = noise(128)
        .iter()
        .map(|value| value * value + 1e-9)
        .collect();
    criterion.bench_function("decibels of 128 bands", |bencher| {
        bencher.iter(|| {
            black_box(&powers)
                .iter()
                .map(|power| power_to_db(*power))
                .sum::<f32>()
        });
    });
    let mut group = criterion.benchmark_group("PDM, 0.1 s");
    for (clock, rate) in [(1_411_200, 22_050), (3_072_000, 16_000)] {
        let bytes: Vec<u8> = noise(clock as usize / 80)
            .iter()
            .map(|value| value.to_bits() as u8)
            .collect();
        let mut pdm = Pdm::new(clock, rate).expect("supported rates");
        let mut output = vec![0; rate as usize / 10];
        group.bench_function(format!("{clock} to {rate} Hz"), |bencher| {
            bencher.iter(|| black_box(pdm.process(black_box(&bytes), &mut output)));
        });
    }
}

criterion_group!(benches, columns, rest);
criterion_main!(benches);
