//! One window of each shipped model, with every set of inner loops that this machine has, the weights repacked and
//! in place: `cargo bench -p timbrel-core --bench engine`.
#![allow(missing_docs, reason = "criterion's macro makes a public function")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use timbrel_core::engine::{Engine, Int8Engine, Kernels};
use timbrel_core::model::Model;

fn windows(criterion: &mut Criterion) {
    for name in ["compact", "tiny", "s2-mfcc-3s"] {
        let path = format!("{}/../models/{name}.timbrel", env!("CARGO_MANIFEST_DIR"));
        let file = std::fs::read(path).expect("a shipped model");
        let model = Model::parse(&file).expect("a shipped model is valid");
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(multiply_adds(&model)));
        for kernels in Kernels::available() {
            let fast = Int8Engine::fast_bytes_with(&model, kernels);
            let least = Int8Engine::required_bytes(&model);
            let sizes = [("repacked", fast), ("in place", least)];
            // without vector instructions there is nothing to repack
            for (layout, bytes) in sizes.into_iter().skip(usize::from(fast == least)) {
                let mut memory = vec![0; bytes];
                let mut engine = Int8Engine::with_kernels(model, kernels, &mut memory)
                    .expect("the memory is what it asked for");
                let mut logits = vec![0; model.classes()];
                let window: Vec<u8> = (0..model.input().len()).map(|at| (at * 37) as u8).collect();
                group.bench_function(BenchmarkId::new(kernels.name(), layout), |bencher| {
                    bencher.iter(|| {
                        engine.input().copy_from_slice(black_box(&window));
                        engine.run(black_box(&mut logits))
                    });
                });
            }
        }
    }
}

/// Measure the way from the bytes of a file to a model, and from a model to an engine with repacked weights.
fn load(criterion: &mut Criterion) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/compact.timbrel");
    let file = std::fs::read(path).expect("a shipped model");
    let model = Model::parse(&file).expect("a shipped model is valid");
    let mut group = criterion.benchmark_group("load compact");
    group.throughput(Throughput::Bytes(file.len() as u64));
    group.bench_function("parse", |bencher| {
        bencher.iter(|| Model::parse(black_box(&file)));
    });
    let mut memory = vec![0; Int8Engine::fast_bytes(&model)];
    group.bench_function("make", |bencher| {
        bencher.iter(|| Int8Engine::new(black_box(model), &mut memory).is_ok());
    });
}

/// Return the multiply-adds of a window: products of every position, those that pooling drops included.
fn multiply_adds(model: &Model<'_>) -> u64 {
    use timbrel_core::model::Op;
    let layers = model.layers().map(|layer| {
        let positions = match layer.op {
            Op::Conv { geometry, .. } | Op::Depthwise { geometry, .. } => {
                let [height, width] = geometry.output(layer.input).unwrap_or_default();
                u64::from(height) * u64::from(width) * u64::from(layer.output.channels)
            }
            _ => layer.output.len(),
        };
        positions * layer.op.taps(layer.input)
    });
    layers.sum()
}

criterion_group!(benches, windows, load);
criterion_main!(benches);
