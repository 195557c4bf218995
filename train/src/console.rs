//! What the commands say on standard output.

use std::fmt::Display;
use std::io::{ErrorKind, Write, stdout};

use anyhow::Result;

/// Prints a line. Where nobody reads any more (`timbrel … | head`) nothing is said and all goes on: a training
/// must not end because of that.
///
/// # Errors
/// Standard output cannot be written for another reason.
pub fn say(line: impl Display) -> Result<()> {
    match writeln!(stdout(), "{line}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
