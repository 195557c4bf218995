//! `.onnx` files that somebody has damaged or made to do harm: an error, or a model that runs within its limits. Nothing
//! panics outside tract, and no file makes the loader take much memory.
//!
//! `TIMBREL_MUTANTS=100000 cargo test --release -p timbrel-core --features tract --test onnx` tries as many as it is
//! told to.
#![cfg(feature = "tract")]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use common::{Random, onnx};
use timbrel_core::Error;
use timbrel_core::engine::Engine;
use timbrel_core::host::tract::TractEngine;
use timbrel_core::model::Limits;

/// The system's allocator, which keeps the most bytes that were in use.
struct Measured;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator as it came
unsafe impl GlobalAlloc for Measured {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = IN_USE.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK.fetch_max(now, Relaxed);
        // SAFETY: the caller's promises are passed on
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promises are passed on
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Measured = Measured;

/// Limits of the models: those that are accepted run in a moment.
const LIMITS: Limits = Limits {
    window: 100_000_000,
    second: 100_000_000,
    activations: 4 << 20,
};

/// Most memory that a file may cost, over that of its bytes; the shipped model takes 2 MiB.
const MOST: usize = 64 << 20;

/// Load a file and, if it is accepted, run it; return what was said, and the memory that it took.
fn load(file: &[u8]) -> (Result<(), Error>, usize) {
    let before = IN_USE.load(Relaxed);
    PEAK.store(before, Relaxed);
    let result = TractEngine::from_bytes_within(file, &LIMITS).and_then(|mut engine| {
        let mut logits = vec![0; engine.info().classes];
        engine.run(&mut logits)
    });
    (result, PEAK.load(Relaxed) - before)
}

fn shipped() -> Vec<u8> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    std::fs::read(models.join("compact.onnx")).expect("the shipped model is in the repository")
}

/// Return the file with a text in place of another of the same length.
fn with(file: &[u8], text: &str, other: &str) -> Vec<u8> {
    assert_eq!(text.len(), other.len());
    let at = file.windows(text.len()).position(|w| w == text.as_bytes());
    let at = at.unwrap_or_else(|| panic!("{text} is not in the file"));
    [&file[..at], other.as_bytes(), &file[at + text.len()..]].concat()
}

/// Check that a file is refused with words and without much memory.
#[track_caller]
fn assert_refused(file: &[u8], words: &str) {
    let (result, peak) = load(file);
    let said = result.expect_err("an error").to_string();
    assert!(said.contains(words), "{words:?} is not in: {said}");
    assert!(peak < MOST, "{peak} bytes for: {said}");
}

/// Everything in one test, because the memory is that of the process.
#[test]
fn hostile_files_are_errors_and_take_no_memory() {
    let good = shipped();
    let (result, peak) = load(&good);
    result.unwrap();
    println!("the shipped model: {peak} bytes");

    assert_refused(&with(&good, "\"columns\":", "\"rowsofi\":"), "metadata");
    assert_refused(&without_metadata(&good), "timbrel.labels");
    // the front end says other bins or columns than the graph's input has
    assert_refused(
        &with(&good, "\"n_mels\":128", "\"n_mels\":127"),
        "its input is",
    );
    // two labels made one
    assert_refused(&with(&good, "s\",\"c", "s   c"), "its output is");
    // sizes without their values, which need only a few bytes
    for dims in [&[1 << 40][..], &[1 << 32, 1 << 32], &[1 << 13, 1 << 13, 2]] {
        assert_refused(&onnx::with_tensor(&good, dims), "values");
    }
    for dims in [&[u64::MAX][..], &[1 << 24]] {
        assert_refused(&onnx::with_tensor(&good, dims), "");
    }
    for length in (0..good.len()).step_by(good.len() / 23) {
        assert_refused(&good[..length], "");
    }

    let count = std::env::var("TIMBREL_MUTANTS").map_or(100, |count| count.parse().unwrap());
    let fields = onnx::parse(&good);
    assert_eq!(
        onnx::bytes(&fields),
        good,
        "the fields are not those of the file"
    );
    let (mut accepted, mut most) = (0, 0);
    for seed in 0..count {
        let mut random = Random(seed);
        let mut fields = fields.clone();
        for _ in 0..1 + random.below(3) {
            onnx::change(&mut fields, &mut random);
        }
        let (result, peak) = load(&onnx::bytes(&fields));
        accepted += u64::from(result.is_ok());
        most = most.max(peak);
        assert!(peak < MOST, "seed {seed}: {peak} bytes, {result:?}");
    }
    println!("{count} files: {accepted} accepted, at most {most} bytes");
    assert!(accepted > count / 50 && accepted < count, "{accepted}");
}

/// Return the file with other names for all of its metadata.
fn without_metadata(file: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    let name = b"timbrel.";
    for at in 0..file.len() - name.len() {
        if file[at..].starts_with(name) {
            file[at] = b'T';
        }
    }
    file
}
