//! Output of the commands.

use std::fmt::Display;
use std::io::{ErrorKind, Write, stdout};

use anyhow::Result;

/// Print a line. If nobody reads any more (`timbrel … | head`), print nothing and continue: a training must not end
/// because of that.
///
/// # Errors
/// Standard output cannot be written for another reason.
pub fn say(line: impl Display) -> Result<()> {
    match writeln!(stdout(), "{line}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
