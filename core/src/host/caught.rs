//! Panics of libraries that read hostile files, caught without a message on standard error.
//!
//! `catch_unwind` alone is not silent: the panic hook runs before it, and prints a message and perhaps a backtrace
//! for what is only the error of a file. The hook belongs to the program, and there is one for all threads. So the
//! first caught call wraps the hook that it finds in one that stays silent while a flag of its own thread is set, and
//! passes every other panic on. A hook that the program sets later replaces it: then these panics are reported again,
//! and nothing else changes. With `panic = "abort"` nothing can be caught, and nothing is wrapped.

use std::any::Any;
use std::borrow::ToOwned;
use std::boxed::Box;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::string::String;
use std::sync::Once;

std::thread_local! {
    /// Whether a panic of this thread is about to be caught here.
    static SILENT: Cell<bool> = const { Cell::new(false) };
}

/// Run a part of a library; return the message of its panic if it panics.
pub(super) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    // a thread that is unwinding must not change the hook
    if cfg!(panic = "unwind") && !std::thread::panicking() {
        HOOK.call_once(|| {
            let previous = take_hook();
            set_hook(Box::new(move |panic| {
                if !SILENT.try_with(Cell::get).unwrap_or(false) {
                    previous(panic);
                }
            }));
        });
    }
    let before = SILENT.replace(true);
    let result = catch_unwind(AssertUnwindSafe(run));
    SILENT.set(before);
    result.map_err(|panic| message(&*panic))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("unknown").to_owned()
}

#[cfg(test)]
mod tests {
    use std::env::{current_exe, var_os};
    use std::panic::catch_unwind;
    use std::process::Command;

    use super::caught;

    /// The hook is the process's, so that the test runs itself in a process of its own.
    #[test]
    #[cfg_attr(
        not(target_arch = "x86_64"),
        ignore = "runs itself, which an emulated program cannot"
    )]
    fn only_panics_that_are_caught_here_are_silent() {
        const CHILD: &str = "TIMBREL_TEST_CAUGHT";
        if var_os(CHILD).is_some() {
            assert_eq!(caught(|| 7), Ok(7));
            assert_eq!(caught(|| panic!("quiet")), Err::<(), _>("quiet".into()));
            assert!(catch_unwind(|| panic!("reported")).is_err());
            return;
        }
        let name = "host::caught::tests::only_panics_that_are_caught_here_are_silent";
        let child = Command::new(current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        assert!(child.status.success());
        let said = std::string::String::from_utf8_lossy(&child.stderr);
        assert!(
            said.contains("reported") && !said.contains("quiet"),
            "{said}"
        );
    }
}
