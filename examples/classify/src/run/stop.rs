//! Ctrl-C and the signals that ask a program to end.

use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

/// Handle signals: the first one asks to stop, and the second one ends the program at once.
pub(crate) fn listen() {
    // without a handler the first signal ends the program, which loses nothing that was written
    let _ = ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        crate::complain("finishing the files in hand; Ctrl-C again stops at once");
    });
}

/// Return whether a signal has asked to stop.
pub(crate) fn is_asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
