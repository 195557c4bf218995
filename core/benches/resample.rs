//! A tenth of a second of audio through the resampler, in blocks and sample by sample: `cargo bench -p timbrel-core
//! --bench resample`. Throughput counts samples at the model's rate.
#![allow(missing_docs, reason = "criterion's macro makes a public function")]

#[path = "../examples/noise/mod.rs"]
mod noise;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use noise::noise;
use timbrel_core::audio::{InputFormat, Resampler};
use timbrel_core::classifier::Classifier;
use timbrel_core::model::Model;

const MODEL_RATE: u32 = 22_050;
const RATES: [u32; 6] = [8_000, 16_000, 32_000, 44_100, 48_000, 96_000];

fn resampler(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("resample");
    group.throughput(Throughput::Elements(u64::from(MODEL_RATE / 10)));
    for rate in RATES {
        let input = noise(rate as usize / 10);
        let mut resampler = Resampler::new(rate, MODEL_RATE).expect("a supported rate");
        let mut output = vec![0.0; MODEL_RATE as usize / 8];
        group.bench_function(BenchmarkId::new("blocks", rate), |bencher| {
            bencher.iter(|| resampler.process(black_box(&input), black_box(&mut output)));
        });
        group.bench_function(BenchmarkId::new("samples", rate), |bencher| {
            bencher.iter(|| {
                for sample in black_box(&input) {
                    resampler.push(*sample);
                    while let Some(sample) = resampler.pull() {
                        black_box(sample);
                    }
                }
            });
        });
    }
}

/// Measure the way from interleaved samples to the genre, ten seconds at a time: mixing, resampling, log-mel and
/// network.
fn classifier(criterion: &mut Criterion) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/compact.timbrel");
    let file = std::fs::read(path).expect("a shipped model");
    let model = Model::parse(&file).expect("a shipped model is valid");
    let mut group = criterion.benchmark_group("classify 10 s");
    group.sample_size(20);
    for (rate, channels) in [(MODEL_RATE, 1), (44_100, 1), (44_100, 2), (48_000, 2)] {
        let format = InputFormat {
            sample_rate: rate,
            channels,
        };
        let samples = noise(10 * rate as usize * usize::from(channels));
        let mut memory = vec![0; Classifier::fast_bytes(&model)];
        let mut classifier =
            Classifier::int8(model, format, &mut memory).expect("all it asked for");
        group.bench_function(format!("{rate} Hz, {channels} channels"), |bencher| {
            bencher.iter(|| {
                classifier.reset();
                let mut rest = black_box(&samples[..]);
                while !rest.is_empty() {
                    let pushed = classifier.push(rest).expect("noise is finite");
                    rest = &rest[pushed.consumed..];
                }
                classifier.finish()
            });
        });
    }
}

criterion_group!(benches, resampler, classifier);
criterion_main!(benches);
