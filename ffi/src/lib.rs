//! The C ABI. `include/timbrel.h`, which cbindgen generates from this crate, is its documentation; the rules for all
//! functions are in `docs/c-api.md`.
//!
//! Without feature `std` the crate needs neither an operating system nor an allocator, and classifiers live only in
//! the caller's memory.
#![cfg_attr(not(feature = "std"), no_std)]
#![deny(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]
#![allow(non_camel_case_types, reason = "the names are C's")]

mod classifier;
mod cost;
#[cfg(feature = "decode")]
mod file;
mod guard;
mod handle;
#[cfg(feature = "std")]
mod heap;
mod info;
mod kept;
mod memory;
#[cfg(feature = "std")]
mod message;
mod pdm;
mod result;
mod status;
mod wake;

pub use classifier::*;
pub use cost::*;
#[cfg(feature = "decode")]
pub use file::*;
pub use handle::*;
#[cfg(feature = "std")]
pub use heap::*;
pub use info::*;
pub use memory::*;
pub use pdm::*;
pub use result::*;
pub use status::*;
pub use wake::*;

/// Stop: without std nothing can catch a panic. The core's portable path has none; should one be reached all the same,
/// stopping is the only harmless answer.
#[cfg(not(feature = "std"))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
