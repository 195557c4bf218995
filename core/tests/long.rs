//! Hours of audio through one classifier: the same content gives the same bits however late it comes, and nothing is
//! allocated on the way.
//!
//! `TIMBREL_HOURS=24 cargo test --release -p timbrel-core --test long` hears as many hours as it is told to.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::Classifier;
use timbrel_core::model::Model;

/// The system's allocator, which counts the calls of each thread: the test harness allocates in its own.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises are passed on
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Windows after which the tune begins again.
const PERIOD: usize = 5;

#[test]
fn the_same_content_gives_the_same_bits_hours_later() {
    // an emulated machine is far slower
    let short = if cfg!(target_arch = "x86_64") {
        0.25
    } else {
        0.025
    };
    let hours = std::env::var("TIMBREL_HOURS").map_or(short, |hours| hours.parse().unwrap());
    let bytes = include_bytes!("../../models/tiny.timbrel");
    let model = Model::parse(bytes).unwrap();
    let (front_end, window) = (*model.front_end(), model.window());
    // at twice the model's rate, so that the resampler's phase is part of what must not drift
    let format = InputFormat::mono(2 * front_end.sample_rate);
    let hop = 2 * usize::from(front_end.hop) * usize::from(window.hop);
    let tune = common::music(5, PERIOD * hop, format.sample_rate);
    let periods = (hours * 3600.0 * f64::from(format.sample_rate)) as usize / tune.len();
    assert!(periods > 8);
    let mut memory = vec![0; Classifier::required_bytes(&model)];
    let mut classifier = Classifier::int8(model, format, &mut memory).unwrap();
    // the logits of the windows of one period, once the silence before the signal is out of sight
    let mut first: Vec<Vec<i32>> = Vec::with_capacity(PERIOD);
    let (mut windows, mut before) = (0, 0);
    for period in 0..periods {
        if period == 4 {
            before = ALLOCATIONS.get();
        }
        let mut rest = tune.as_slice();
        while !rest.is_empty() {
            let pushed = classifier.push(rest).unwrap();
            rest = &rest[pushed.consumed..];
            if !pushed.window {
                continue;
            }
            match windows {
                0..PERIOD => {}
                _ if first.len() < PERIOD => first.push(classifier.logits().to_vec()),
                _ => assert_eq!(
                    classifier.logits(),
                    first[windows % PERIOD],
                    "window {windows}"
                ),
            }
            windows += 1;
        }
    }
    assert_eq!(ALLOCATIONS.get(), before, "allocations");
    assert!(first.iter().any(|logits| *logits != first[0]), "one answer");
    let result = classifier.result().unwrap();
    assert_eq!(result.windows as usize, windows);
    let sum: f32 = result.probabilities.iter().sum();
    assert!((sum - 1.0).abs() < 1e-5, "{sum}");
    println!("{hours} hours, {windows} windows");
}
