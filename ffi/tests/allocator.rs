//! Memory that ends: whichever allocation of a C function fails, there is an error, and neither an abort nor a leak. And
//! memory that does not grow, however many classifiers are made and freed.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::{null, null_mut};

use common::*;
use timbrel::timbrel_status::*;
use timbrel::*;

/// The system's allocator, which counts the memory of each thread and may have none for it.
struct Failing;

thread_local! {
    /// Allocations before one fails.
    static BEFORE: Cell<usize> = const { Cell::new(usize::MAX) };
    /// Whether those after it fail too.
    static FOR_GOOD: Cell<bool> = const { Cell::new(false) };
    /// Allocations that failed.
    static FAILED: Cell<usize> = const { Cell::new(0) };
    /// Bytes in use.
    static IN_USE: Cell<isize> = const { Cell::new(0) };
}

fn fails() -> bool {
    let before = BEFORE.get();
    BEFORE.set(match before {
        usize::MAX => before,
        0 if FOR_GOOD.get() => 0,
        _ => before.wrapping_sub(1),
    });
    before == 0
}

// SAFETY: every call goes to the system's allocator as it came, or fails
unsafe impl GlobalAlloc for Failing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if fails() {
            FAILED.set(FAILED.get() + 1);
            return null_mut();
        }
        IN_USE.set(IN_USE.get() + layout.size() as isize);
        // SAFETY: the caller's promises are passed on
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.set(IN_USE.get() - layout.size() as isize);
        // SAFETY: the caller's promises are passed on
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Failing = Failing;

/// Call `body` with memory for so many allocations, and return its answer and whether one failed.
fn with_allocations<T>(count: usize, for_good: bool, body: impl FnOnce() -> T) -> (T, bool) {
    FAILED.set(0);
    FOR_GOOD.set(for_good);
    BEFORE.set(count);
    let answer = body();
    BEFORE.set(usize::MAX);
    (answer, FAILED.get() > 0)
}

/// Replace the thread's message by one that takes no memory.
fn forget_message() {
    assert_eq!(
        // SAFETY: NULL is refused.
        unsafe { timbrel_classifier_finish(null_mut()) },
        TIMBREL_ERROR_NULL
    );
}

/// Make a classifier in one of the ways, and return it or the status.
fn make(
    way: usize,
    file: &[u8],
    config: &timbrel_config,
) -> Result<*mut timbrel_classifier, timbrel_status> {
    let most = timbrel_cost {
        struct_size: size_of::<timbrel_cost>() as u32,
        window: u64::MAX,
        second: u64::MAX,
        activations: u64::MAX,
    };
    let (at, len, mut made) = (file.as_ptr(), file.len(), null_mut());
    // SAFETY: a slice that outlives the classifier, and a writable pointer
    let status = unsafe {
        match way {
            0 => timbrel_classifier_new(at, len, config, &mut made),
            1 => timbrel_classifier_new_borrowed(at, len, config, &mut made),
            _ => timbrel_classifier_new_within(at, len, config, &most, &mut made),
        }
    };
    assert_eq!(status == TIMBREL_OK, !made.is_null());
    if status == TIMBREL_OK {
        Ok(made)
    } else {
        Err(status)
    }
}

/// Make a classifier, classify, and return the last window's logits. It allocates nothing itself.
fn listen(
    way: usize,
    file: &[u8],
    config: &timbrel_config,
    samples: &[i16],
) -> Result<[i32; 10], timbrel_status> {
    let classifier = make(way, file, config)?;
    let mut rest = samples;
    while !rest.is_empty() {
        rest = &rest[push(classifier, rest)..];
    }
    let (mut logits, mut label) = ([0; 10], [0; 128]);
    // SAFETY: a live classifier and buffers of the stated lengths
    unsafe {
        assert_eq!(timbrel_classifier_finish(classifier), TIMBREL_OK);
        assert_eq!(
            timbrel_classifier_logits(classifier, logits.as_mut_ptr(), 10),
            TIMBREL_OK
        );
        assert_eq!(
            timbrel_label(classifier, 9, label.as_mut_ptr(), 128),
            TIMBREL_OK
        );
    }
    free(classifier);
    Ok(logits)
}

#[test]
fn any_allocation_may_fail() {
    let (file, mut samples) = (model(), music());
    samples.truncate(2 * 44_100 * 3);
    let mut fewest = usize::MAX;
    for (way, for_good) in [0, 1, 2]
        .into_iter()
        .flat_map(|way| [(way, false), (way, true)])
    {
        // a rate whose table no other classifier of the process has made
        let config = config(
            [8_000, 11_025, 16_000, 24_000, 32_000, 96_000][2 * way + usize::from(for_good)],
            2,
        );
        let mut all = Vec::with_capacity(100);
        forget_message();
        let before = IN_USE.get();
        for count in 0.. {
            let (said, failed) =
                with_allocations(count, for_good, || listen(way, &file, &config, &samples));
            if said == Err(TIMBREL_ERROR_MEMORY) {
                assert!(failed);
                assert_eq!(message(), "too little memory");
                assert_eq!(IN_USE.get(), before, "a leak");
                continue;
            }
            // without a table for the resampler the taps are computed on the way
            all.push(said.unwrap());
            if !failed {
                fewest = fewest.min(count);
                break;
            }
        }
        assert!(all.iter().all(|logits| *logits == all[0]));
    }
    // the handle and the working memory at least
    assert!(fewest >= 2, "{fewest}");
}

#[test]
fn errors_are_reported_without_memory() {
    let file = model();
    let mut flipped = file.clone();
    flipped[40_000] ^= 4;
    for (bytes, config, status) in [
        (&flipped, CONFIG, TIMBREL_ERROR_MODEL),
        (&file, config(3_999, 1), TIMBREL_ERROR_RATE),
        (&file, config(8_000, 9), TIMBREL_ERROR_CHANNELS),
    ] {
        // a borrowed model is not copied, so that memory is needed for the handle, the samples and the message alone
        for count in 0..20 {
            let (made, failed) = with_allocations(count, true, || make(1, bytes, &config));
            let no_memory = made == Err(TIMBREL_ERROR_MEMORY);
            assert!(made == Err(status) || no_memory && failed, "{made:?}");
            assert!(!message().is_empty());
        }
        // SAFETY: never NULL, and static
        let general = unsafe { std::ffi::CStr::from_ptr(timbrel_status_message(status as i32)) };
        assert_ne!(message().as_bytes(), general.to_bytes(), "no details");
    }
    let mut info = std::mem::MaybeUninit::uninit();
    let (status, failed) = with_allocations(0, true, || {
        // SAFETY: a slice and memory for the answer
        unsafe { timbrel_model_info(file.as_ptr(), file.len(), info.as_mut_ptr()) }
    });
    assert_eq!(
        (status, failed),
        (TIMBREL_OK, false),
        "nothing is allocated"
    );
    // SAFETY: NULL is refused
    let status = unsafe { timbrel_model_info(null(), 0, info.as_mut_ptr()) };
    assert_eq!(status, TIMBREL_ERROR_NULL);
}

/// Make and free classifiers by turns, of which many live at once.
fn make_and_free(file: &[u8], count: usize, at_once: usize) {
    let mut alive = vec![null_mut(); at_once];
    forget_message();
    let before = IN_USE.get();
    for turn in 0..count {
        let slot = &mut alive[turn * 7 % at_once];
        free(*slot);
        *slot = make(turn % 3, file, &config(22_050, 1)).unwrap();
        if turn % 64 == 0 {
            push(*slot, &[9; 2_000]);
        }
    }
    alive.iter().for_each(|classifier| free(*classifier));
    assert_eq!(IN_USE.get(), before, "a leak");
}

/// `TIMBREL_CLASSIFIERS=1000000 cargo test --release -p timbrel-ffi --test allocator` makes as many as it is told to.
#[test]
fn a_thousand_classifiers_live_at_once_and_leave_nothing() {
    let told = std::env::var("TIMBREL_CLASSIFIERS").map(|count| count.parse().unwrap());
    let file = std::fs::read(models().join("tiny.timbrel")).unwrap();
    let (threads, at_once) = (8, 125);
    let each = told.unwrap_or(2_000_usize) / threads;
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| make_and_free(&file, each, at_once));
        }
    });
}
