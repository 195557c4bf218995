//! Without memory, making a classifier is an error and neither a crash nor a leak.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::*;
use timbrel::timbrel_status::*;

/// The system's allocator, which has nothing for those who ask for too much, and counts what is in use.
struct Failing;

/// Bytes from which on an allocation fails.
static TOO_MUCH: AtomicUsize = AtomicUsize::new(usize::MAX);
/// Large allocations that are in use, and the size from which on one counts as such.
static LARGE: AtomicUsize = AtomicUsize::new(0);
const LARGE_BYTES: usize = 16_000;

// SAFETY: every call goes to the system's allocator as it came, or fails
unsafe impl GlobalAlloc for Failing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() >= TOO_MUCH.load(Ordering::SeqCst) {
            return null_mut();
        }
        if layout.size() >= LARGE_BYTES {
            LARGE.fetch_add(1, Ordering::SeqCst);
        }
        // SAFETY: the caller's promises are passed on
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if layout.size() >= LARGE_BYTES {
            LARGE.fetch_sub(1, Ordering::SeqCst);
        }
        // SAFETY: the caller's promises are passed on
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Failing = Failing;

#[test]
fn without_memory_a_classifier_is_refused() {
    let (bytes, samples) = (model(), music());
    let expected = rust_says(&samples);
    // tables that all classifiers of a process share are made by the first one
    free(new(&bytes, &CONFIG).unwrap());
    let before = LARGE.load(Ordering::SeqCst);
    // the copy of the model fails, then the working memory, which is larger than the model
    for limit in [20_000, bytes.len() + 1] {
        TOO_MUCH.store(limit, Ordering::SeqCst);
        let made = new(&bytes, &CONFIG);
        TOO_MUCH.store(usize::MAX, Ordering::SeqCst);
        assert_eq!(made, Err(TIMBREL_ERROR_MEMORY), "{limit}");
        assert_eq!(message(), "too little memory");
        assert_eq!(LARGE.load(Ordering::SeqCst), before, "a leak");
    }
    let classifier = new(&bytes, &CONFIG).unwrap();
    assert_eq!(c_says(classifier, &samples), expected);
    free(classifier);
    assert_eq!(LARGE.load(Ordering::SeqCst), before, "a leak");
}
