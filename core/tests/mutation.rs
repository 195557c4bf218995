//! Model files at the edges of what is valid and beyond: whatever is accepted is the only file of its model, and the
//! engine computes what the definition says; everything else is refused. Nothing panics.
//!
//! `TIMBREL_MUTANTS=10000000 cargo test --release -p timbrel-core --test mutation` tries as many as it is told to.

mod common;

use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use common::Random;
use common::mutants;
use common::reference::{reference, run};
use timbrel_core::engine::{Engine, Int8Engine};
use timbrel_core::model::{Limits, Model, ModelSpec};

/// Most multiply-adds of a network that is compared with the reference, which takes a thousand times as long.
const AFFORDABLE: u64 = 40_000;
/// Most bytes of activations: a network with branches may place small ones far apart.
const ROOM: u64 = 1 << 24;

/// Numbers of accepted and refused files.
#[derive(Default)]
struct Tally {
    refused: AtomicU64,
    run: AtomicU64,
    /// Those of `run` that have branches.
    branched: AtomicU64,
    costly: AtomicU64,
}

/// Run `check` for the seeds `0..count` on all cores.
fn for_each_seed(count: u64, check: impl Fn(u64) + Sync) {
    let next = AtomicU64::new(0);
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= count {
                        return;
                    }
                    check(seed);
                }
            });
        }
    });
}

/// Names the seed when a check of it panics.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("seed {}", self.0);
        }
    }
}

fn check(seed: u64, tally: &Tally) {
    let _named = Named(seed);
    let file = mutants::file(seed);
    let Ok(model) = Model::parse(&file) else {
        tally.refused.fetch_add(1, Ordering::Relaxed);
        return;
    };
    let spec = ModelSpec::from(&model);
    let again = spec
        .to_bytes()
        .expect("what was accepted is accepted again");
    let model = Model::parse(&again).unwrap();
    // a file with sections that this reader skips is the only other one
    let extended = mutants::has_unknown_section(&file);
    assert!(again == file || extended, "two files of one model");
    assert_eq!(model.labels().count(), model.classes());
    let cost = model.cost();
    if cost.window > AFFORDABLE || cost.activations > ROOM {
        tally.costly.fetch_add(1, Ordering::Relaxed);
        // the definition would take minutes; that the engine ends without a panic is worth something, too
        if Limits::DEFAULT.check(&cost).is_ok() && cost.window < 100 * AFFORDABLE {
            let mut memory = vec![0; Int8Engine::required_bytes(&model)];
            let mut engine = Int8Engine::new(model, &mut memory).unwrap();
            engine.input().fill(255);
            engine.run(&mut vec![0; model.classes()]).unwrap();
        }
        return;
    }
    let mut random = Random(!seed);
    let len = model.input().len();
    let window: Vec<u8> = (0..len)
        .map(|_| match seed % 4 {
            0 => 255,
            _ => random.next() as u8,
        })
        .collect();
    assert_eq!(run(&spec, &window), reference(&spec, &window));
    check_rejection(&spec, model, &window);
    tally.run.fetch_add(1, Ordering::Relaxed);
    let branches = u64::from(model.arena().is_some());
    tally.branched.fetch_add(branches, Ordering::Relaxed);
}

/// Compare the rejection logit with the sum in i64 over the engine's embedding.
fn check_rejection(spec: &ModelSpec, model: Model<'_>, window: &[u8]) {
    let mut memory = vec![0; Int8Engine::required_bytes(&model)];
    let mut engine = Int8Engine::new(model, &mut memory).unwrap();
    engine.input().copy_from_slice(window);
    engine.run(&mut vec![0; model.classes()]).unwrap();
    let expected = spec.rejection.as_ref().map(|rejection| {
        let products = rejection.weights.iter().zip(engine.embedding());
        let sum: i64 = products.map(|(w, x)| i64::from(*w) * i64::from(*x)).sum();
        i64::from(rejection.bias) + sum
    });
    assert_eq!(engine.not_music().map(i64::from), expected);
}

#[test]
fn mutants_are_refused_or_computed_as_defined() {
    // an emulated machine is far slower, and its kernels are what it is here for
    let default = if cfg!(target_arch = "x86_64") {
        100_000
    } else {
        4_000
    };
    let count = std::env::var("TIMBREL_MUTANTS").map_or(default, |count| count.parse().unwrap());
    let tally = Tally::default();
    for_each_seed(count, |seed| check(seed, &tally));
    let [refused, run, branched, costly] =
        [tally.refused, tally.run, tally.branched, tally.costly].map(AtomicU64::into_inner);
    println!(
        "{count} files: {refused} refused, {run} equal to the reference, {branched} of them with branches, {costly} run or \
         not"
    );
    assert_eq!(refused + run + costly, count);
    // a generator of nothing but good or bad files would show nothing
    assert!(refused > count / 5 && run > count / 5, "{refused} {run}");
    assert!(branched > count / 50, "{branched}");
}

fn shipped() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../models");
    ["compact", "tiny", "tiny-16k", "s2-mfcc-3s"]
        .into_iter()
        .map(move |name| {
            let path = format!("{models}/{name}.timbrel");
            (name, std::fs::read(path).unwrap())
        })
}

/// All of them where the checksum takes microseconds, else some.
const STEP: usize = if cfg!(target_arch = "x86_64") { 1 } else { 499 };

#[test]
fn every_flipped_bit_of_the_shipped_models_is_noticed() {
    let mut flips = 0;
    for (name, mut file) in shipped() {
        for bit in (0..file.len() * 8).step_by(STEP) {
            file[bit / 8] ^= 1 << (bit % 8);
            assert!(Model::parse(&file).is_err(), "{name}: bit {bit}");
            file[bit / 8] ^= 1 << (bit % 8);
            flips += 1;
        }
        assert!(Model::parse(&file).is_ok());
    }
    println!("{flips} flips");
}

#[test]
fn every_truncation_of_the_shipped_models_is_refused() {
    let mut truncations = 0;
    for (name, file) in shipped() {
        for length in (0..file.len()).step_by(STEP) {
            assert!(Model::parse(&file[..length]).is_err(), "{name}: {length}");
            truncations += 1;
        }
        // the same with a length and a checksum that fit
        for length in (0..file.len()).rev().step_by(61 * STEP) {
            let mut short = file[..length].to_vec();
            mutants::seal(&mut short);
            assert!(Model::parse(&short).is_err(), "{name}: {length}, sealed");
        }
    }
    println!("{truncations} truncations");
}
