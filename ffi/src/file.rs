//! Classifying a whole file in one call.

use core::ffi::{CStr, c_char};
use std::path::Path;

use timbrel_core::Error;
use timbrel_core::host::Loaded;
use timbrel_core::host::decode::DecodeError;
use timbrel_core::host::piece::{Heard, Listener, PieceError};

use crate::guard::{array, fill, guard, not_null};
use crate::result::{check_size, write_result};
use crate::status::Failure;
use crate::timbrel_status::{TIMBREL_ERROR_BUFFER, TIMBREL_ERROR_FILE};
use crate::{timbrel_result, timbrel_status};

/// Decode a wav, mp3, flac, ogg, m4a, aac, AIFF, AU, CAF, mkv or webm file and classify it.
///
/// `model`: `model_len` bytes of a model file, read during the call only. `path`: name of the file, with a zero byte
/// at its end (on Windows in UTF-8). `result`, `probabilities`: as in timbrel_classifier_result(). `label`: name of
/// the genre as in timbrel_label(), room for `label_len` bytes; NULL with 0 if it is not wanted. Any thread. In
/// libraries built with decode only.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_MODEL, TIMBREL_ERROR_FILE, TIMBREL_ERROR_RATE,
/// TIMBREL_ERROR_CHANNELS, TIMBREL_ERROR_SAMPLE, TIMBREL_ERROR_NO_AUDIO, TIMBREL_ERROR_TOO_SHORT,
/// TIMBREL_ERROR_STRUCT_SIZE, TIMBREL_ERROR_BUFFER.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_classify_file(
    model: *const u8,
    model_len: usize,
    path: *const c_char,
    result: *mut timbrel_result,
    probabilities: *mut f32,
    probabilities_len: usize,
    label: *mut c_char,
    label_len: usize,
) -> timbrel_status {
    guard(|| {
        not_null(model)?;
        not_null(path)?;
        // SAFETY: the caller vouches for result
        unsafe { check_size(result)? };
        if label_len > 0 {
            not_null(label)?;
        }
        // SAFETY: not NULL, and the caller vouches for the zero at its end
        let path = unsafe { CStr::from_ptr(path) };
        // SAFETY: the caller vouches for model, which is not used after this call
        let model = unsafe { array(model, model_len)? };
        let model = load(model)?;
        let heard = Listener::new(&model).file(&to_path(path)?)?;
        let name = [heard.genre().as_bytes(), &[0]].concat();
        let wanted = !(label.is_null() && label_len == 0);
        if wanted && label_len < name.len() {
            return Err(TIMBREL_ERROR_BUFFER.into());
        }
        let values: Vec<f32> = heard.probabilities.iter().map(|(_, p)| *p).collect();
        // SAFETY: the caller vouches for the buffers
        unsafe {
            write_result(
                (&heard).into(),
                &values,
                result,
                probabilities,
                probabilities_len,
            )?;
            if wanted {
                fill(label.cast::<u8>(), label_len, &name)?;
            }
        }
        Ok(())
    })
}

/// Load a model for the engines that this library was built with, whatever else of the core the program uses.
fn load(file: &[u8]) -> Result<Loaded<'_>, Error> {
    if cfg!(feature = "tract") {
        Loaded::from_bytes(file)
    } else {
        Loaded::int8(file)
    }
}

impl From<&Heard> for timbrel_result {
    fn from(heard: &Heard) -> Self {
        let (replaced, first) = heard.replaced.unwrap_or_default();
        let narrow = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        Self {
            struct_size: size_of::<Self>() as u32,
            class_index: heard.class as u32,
            confidence: heard.confidence(),
            windows: heard.windows,
            class_count: heard.probabilities.len() as u32,
            state: heard.state.into(),
            level_dbfs: heard.level_dbfs,
            clipped: heard.clipped,
            silent: heard.silent,
            not_music: heard.not_music,
            cancelled: heard.cancelled,
            heard: heard.share.map_or(1.0, |share| share as f32),
            replaced: narrow(replaced),
            first_replaced: narrow(first),
            core_only: heard.core_only.into(),
            cut_off: heard.cut_off.into(),
        }
    }
}

#[cfg(unix)]
fn to_path(name: &CStr) -> Result<std::borrow::Cow<'_, Path>, Failure> {
    use std::os::unix::ffi::OsStrExt;
    Ok(Path::new(std::ffi::OsStr::from_bytes(name.to_bytes())).into())
}

#[cfg(not(unix))]
fn to_path(name: &CStr) -> Result<std::borrow::Cow<'_, Path>, Failure> {
    let name = name
        .to_str()
        .map_err(|_| Failure::from(TIMBREL_ERROR_FILE))?;
    Ok(Path::new(name).into())
}

impl From<PieceError> for Failure {
    fn from(error: PieceError) -> Self {
        match error {
            PieceError::Classify(error) => error.into(),
            PieceError::Decode(DecodeError::Rate(rate)) => Error::from(rate).into(),
            PieceError::Decode(DecodeError::Channels { found }) => Error::Channels { found }.into(),
            error => Self::with_details(TIMBREL_ERROR_FILE, error),
        }
    }
}
