//! Memory that ends: whichever allocation of a loaded model and of its listener fails, there is an error or the answer, and
//! nothing ends the process.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::Path;
use std::ptr::null_mut;

use timbrel_core::Error;
use timbrel_core::audio::InputFormat;
use timbrel_core::host::Loaded;
use timbrel_core::host::piece::{Heard, Listener, PieceError};

/// The system's allocator, which has no memory for a thread after so many allocations.
struct Failing;

thread_local! {
    /// Allocations before the first one that fails.
    static BEFORE: Cell<usize> = const { Cell::new(usize::MAX) };
    /// Whether those after it fail too.
    static FOR_GOOD: Cell<bool> = const { Cell::new(false) };
    /// Allocations that failed.
    static FAILED: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came, or fails
unsafe impl GlobalAlloc for Failing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match BEFORE.get() {
            0 => {
                if !FOR_GOOD.get() {
                    BEFORE.set(usize::MAX);
                }
                FAILED.set(FAILED.get() + 1);
                null_mut()
            }
            before => {
                BEFORE.set(before.saturating_sub(usize::from(before != usize::MAX)));
                // SAFETY: the caller's promises are passed on
                unsafe { System.alloc(layout) }
            }
        }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Failing = Failing;

fn listen(file: &[u8], rate: u32, samples: &[f32]) -> Result<Heard, PieceError> {
    let model = Loaded::int8(file)?;
    // what nobody reads need not be allocated
    std::hint::black_box(&model);
    Listener::new(&model).samples(InputFormat::mono(rate), samples)
}

#[test]
fn any_allocation_may_fail() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    let file = std::fs::read(models.join("tiny.timbrel")).unwrap();
    let samples: Vec<f32> = (0..120_000)
        .map(|i| (i % 101) as f32 / 101.0 - 0.5)
        .collect();
    // rates whose tables no other classifier of the process has made
    for (for_good, rate) in [(false, 32_000), (true, 24_000)] {
        let (mut heard, mut errors) = (Vec::with_capacity(64), 0);
        for count in 0.. {
            FAILED.set(0);
            FOR_GOOD.set(for_good);
            BEFORE.set(count);
            let said = listen(&file, rate, &samples);
            BEFORE.set(usize::MAX);
            match said {
                Err(error) => {
                    let memory = matches!(error, PieceError::Classify(Error::Memory { .. }));
                    assert!(memory && FAILED.get() > 0, "{error}");
                    errors += 1;
                }
                // without a table for the resampler the taps are computed on the way
                Ok(answer) => heard.push(answer),
            }
            if FAILED.get() == 0 {
                break;
            }
        }
        assert!(heard.iter().all(|answer| *answer == heard[0]));
        // the classifier's memory, the list of the answer and the names of its ten classes at least
        assert!(errors >= 12, "{errors}");
    }
}
