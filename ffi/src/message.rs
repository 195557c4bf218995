//! Messages of errors, which may have no memory to be written in.

use std::ffi::{CStr, c_char};
use std::fmt::{self, Display, Write};

/// Text with a zero at its end.
#[derive(Debug)]
pub(crate) enum Message {
    /// That of a status, which needs no memory.
    Fixed(&'static CStr),
    /// One with details.
    Written(Vec<u8>),
}

impl Message {
    /// Write a message, or take `fixed` where there is no memory for it.
    pub(crate) fn of(content: impl Display, fixed: &'static CStr) -> Self {
        let mut text = Text(Vec::new());
        match write!(text, "{content}\0") {
            Ok(()) => Self::Written(text.0),
            Err(_) => Self::Fixed(fixed),
        }
    }

    /// Return the address of the first character.
    pub(crate) fn as_ptr(&self) -> *const c_char {
        match self {
            Self::Fixed(text) => text.as_ptr(),
            Self::Written(text) => text.as_ptr().cast(),
        }
    }
}

/// Text that is an error where memory ends, in place of the end of the process.
struct Text(Vec<u8>);

impl Write for Text {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let Self(text) = self;
        text.try_reserve(part.len()).map_err(|_| fmt::Error)?;
        text.extend_from_slice(part.as_bytes());
        Ok(())
    }
}
