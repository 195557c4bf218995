//! Status codes, and the message of a thread's last error.

use core::ffi::{CStr, c_char};

use timbrel_core::Error;

#[cfg(feature = "std")]
use crate::message::Message;

/// Outcome of a function.
///
/// New values are only ever added at the end.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum timbrel_status {
    /// Success.
    TIMBREL_OK = 0,
    /// A pointer that must not be NULL is NULL.
    TIMBREL_ERROR_NULL = 1,
    /// The model is invalid: damaged, cut off, or another kind of file.
    TIMBREL_ERROR_MODEL = 2,
    /// The memory is smaller than timbrel_required_bytes() returns, or there is none to allocate.
    TIMBREL_ERROR_MEMORY = 3,
    /// The sample rate is not supported; timbrel_last_error() says which are.
    TIMBREL_ERROR_RATE = 4,
    /// The number of channels is not in 1 to 8.
    TIMBREL_ERROR_CHANNELS = 5,
    /// A sample is NaN, infinite, or beyond ±1,000,000.
    TIMBREL_ERROR_SAMPLE = 6,
    /// The signal is finished; call timbrel_classifier_reset() before pushing more.
    TIMBREL_ERROR_FINISHED = 7,
    /// No window has been classified yet.
    TIMBREL_ERROR_NO_RESULT = 8,
    /// The signal has no samples.
    TIMBREL_ERROR_NO_AUDIO = 9,
    /// The struct_size of a struct is not set, or smaller than in the oldest version of the struct.
    TIMBREL_ERROR_STRUCT_SIZE = 10,
    /// A buffer is too small for its content.
    TIMBREL_ERROR_BUFFER = 11,
    /// The index is not that of a class.
    TIMBREL_ERROR_CLASS = 12,
    /// The audio file cannot be read; timbrel_last_error() has the reason.
    TIMBREL_ERROR_FILE = 13,
    /// A defect in the library was caught. The classifier must be freed.
    TIMBREL_ERROR_INTERNAL = 14,
    /// The model has no embedding.
    TIMBREL_ERROR_NO_EMBEDDING = 15,
    /// A pointer is not aligned to its type, a count is larger than any array, or a setting is out of its range.
    TIMBREL_ERROR_ARGUMENT = 16,
    /// The model costs more than the limits allow; timbrel_model_cost() returns what it costs.
    TIMBREL_ERROR_COST = 17,
    /// The signal ends before its first window and after less than half a second: too little for an answer.
    TIMBREL_ERROR_TOO_SHORT = 18,
}

use timbrel_status::*;

/// A status with its message.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: timbrel_status,
    #[cfg(feature = "std")]
    pub(crate) message: Message,
}

impl Failure {
    /// Join a status with what is known beyond it.
    #[cfg_attr(not(feature = "std"), allow(unused_variables))]
    pub(crate) fn with_details(status: timbrel_status, details: impl core::fmt::Display) -> Self {
        Self {
            status,
            #[cfg(feature = "std")]
            message: Message::of(details, message_of(status)),
        }
    }
}

impl From<timbrel_status> for Failure {
    fn from(status: timbrel_status) -> Self {
        Self {
            status,
            #[cfg(feature = "std")]
            message: Message::Fixed(message_of(status)),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::Model(_) => TIMBREL_ERROR_MODEL,
            Error::Cost(_) => TIMBREL_ERROR_COST,
            Error::Memory { .. } => TIMBREL_ERROR_MEMORY,
            Error::Rate(_) => TIMBREL_ERROR_RATE,
            Error::Channels { .. } => TIMBREL_ERROR_CHANNELS,
            Error::Sample { .. } => TIMBREL_ERROR_SAMPLE,
            Error::Finished => TIMBREL_ERROR_FINISHED,
            Error::NoResult => TIMBREL_ERROR_NO_RESULT,
            Error::NoAudio => TIMBREL_ERROR_NO_AUDIO,
            Error::NoEmbedding => TIMBREL_ERROR_NO_EMBEDDING,
            Error::TooShort { .. } => TIMBREL_ERROR_TOO_SHORT,
            #[cfg(feature = "tract")]
            Error::Onnx(_) => TIMBREL_ERROR_MODEL,
            _ => TIMBREL_ERROR_INTERNAL,
        };
        Self::with_details(status, error)
    }
}

fn message_of(status: timbrel_status) -> &'static CStr {
    match status {
        TIMBREL_OK => c"success",
        TIMBREL_ERROR_NULL => c"a pointer is NULL",
        TIMBREL_ERROR_MODEL => c"the model is invalid",
        TIMBREL_ERROR_MEMORY => c"too little memory",
        TIMBREL_ERROR_RATE => c"unsupported sample rate",
        TIMBREL_ERROR_CHANNELS => c"unsupported number of channels",
        TIMBREL_ERROR_SAMPLE => c"a sample is not a number, infinite or out of range",
        TIMBREL_ERROR_FINISHED => c"the signal is finished",
        TIMBREL_ERROR_NO_RESULT => c"no window has been classified yet",
        TIMBREL_ERROR_NO_AUDIO => c"no samples were pushed",
        TIMBREL_ERROR_STRUCT_SIZE => c"struct_size is wrong",
        TIMBREL_ERROR_BUFFER => c"a buffer is too small",
        TIMBREL_ERROR_CLASS => c"no such class",
        TIMBREL_ERROR_FILE => c"the file cannot be read as audio",
        TIMBREL_ERROR_INTERNAL => c"internal error",
        TIMBREL_ERROR_NO_EMBEDDING => c"the model has no embedding",
        TIMBREL_ERROR_ARGUMENT => {
            c"a pointer is misaligned, a count is too large, or a setting is out of its range"
        }
        TIMBREL_ERROR_COST => c"the model costs more than the limits allow",
        TIMBREL_ERROR_TOO_SHORT => c"too short: less than half a second of audio",
    }
}

/// Return the meaning of a status in English.
///
/// Never NULL; the string is static. A number that is not a status gives "unknown status". Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn timbrel_status_message(status: i32) -> *const c_char {
    const ALL: [timbrel_status; 19] = [
        TIMBREL_OK,
        TIMBREL_ERROR_NULL,
        TIMBREL_ERROR_MODEL,
        TIMBREL_ERROR_MEMORY,
        TIMBREL_ERROR_RATE,
        TIMBREL_ERROR_CHANNELS,
        TIMBREL_ERROR_SAMPLE,
        TIMBREL_ERROR_FINISHED,
        TIMBREL_ERROR_NO_RESULT,
        TIMBREL_ERROR_NO_AUDIO,
        TIMBREL_ERROR_STRUCT_SIZE,
        TIMBREL_ERROR_BUFFER,
        TIMBREL_ERROR_CLASS,
        TIMBREL_ERROR_FILE,
        TIMBREL_ERROR_INTERNAL,
        TIMBREL_ERROR_NO_EMBEDDING,
        TIMBREL_ERROR_ARGUMENT,
        TIMBREL_ERROR_COST,
        TIMBREL_ERROR_TOO_SHORT,
    ];
    // taken as a number, since a C program may pass any number, and an enum of Rust must not hold any
    let known = ALL.iter().find(|known| **known as i32 == status);
    known
        .map_or(c"unknown status", |known| message_of(*known))
        .as_ptr()
}

/// Return the message of the last failure on this thread, with details beyond its status.
///
/// Never NULL; empty if nothing failed, and always empty in a library built without std. The string is valid until
/// the next call of a timbrel function on this thread.
#[unsafe(no_mangle)]
pub extern "C" fn timbrel_last_error() -> *const c_char {
    #[cfg(feature = "std")]
    return last::pointer();
    #[cfg(not(feature = "std"))]
    return c"".as_ptr();
}

/// The thread's last error.
#[cfg(feature = "std")]
pub(crate) mod last {
    use std::cell::RefCell;
    use std::ffi::c_char;

    use crate::message::Message;

    thread_local! {
        static LAST: RefCell<Message> = const { RefCell::new(Message::Fixed(c"")) };
    }

    pub(super) fn pointer() -> *const c_char {
        // during a thread's end the message may be gone already
        let pointer = LAST.try_with(|last| last.borrow().as_ptr());
        pointer.unwrap_or(c"".as_ptr())
    }

    pub(crate) fn set(message: Message) {
        let _ = LAST.try_with(|last| *last.borrow_mut() = message);
    }
}
