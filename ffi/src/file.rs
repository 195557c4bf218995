//! Classifying a whole file in one call.

use core::ffi::{CStr, c_char};
use std::path::Path;

use timbrel_core::host::decode::{AudioReader, DecodeError};

use crate::classifier::write_result;
use crate::guard::{array, fill, guard, not_null};
use crate::heap::timbrel_classifier_free;
use crate::status::Failure;
use crate::timbrel_status::{
    TIMBREL_ERROR_BUFFER, TIMBREL_ERROR_FILE, TIMBREL_ERROR_RATE, TIMBREL_OK,
};
use crate::{heap, timbrel_label, timbrel_result, timbrel_status};

/// Room for any label and the zero byte at its end.
const LABEL_BYTES: usize = 128;

/// Decodes a wav, mp3, flac, ogg or m4a file and classifies it.
///
/// `model`: `model_len` bytes of a model file, read during the call only. `path`: the file's name, ends with a
/// zero byte (on Windows in UTF-8). `result`, `probabilities`: as in timbrel_classifier_result(). The genre's
/// name is copied to `label`, `label_len` bytes of room, 128 are enough for any; NULL with 0 where it is not
/// wanted. Any thread. In libraries built with decode only.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_MODEL, TIMBREL_ERROR_FILE, TIMBREL_ERROR_RATE,
/// TIMBREL_ERROR_CHANNELS, TIMBREL_ERROR_SAMPLE, TIMBREL_ERROR_BUFFER.
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
        not_null(result)?;
        if label_len > 0 {
            not_null(label)?;
        }
        // SAFETY: not NULL, and the caller vouches for the zero at its end
        let path = unsafe { CStr::from_ptr(path) };
        // SAFETY: the caller vouches for model; the classifier does not outlive this call
        let model = unsafe { array(model, model_len)? };
        let mut reader = AudioReader::open(&to_path(path)?)?;
        let classifier = Owned(heap::make(model, reader.format(), None)?);
        // SAFETY: just made, and nobody else has it
        let kind = unsafe { &mut (*classifier.0).kind };
        while let Some(mut block) = reader.next_block()? {
            while !block.is_empty() {
                let pushed = kind.push(block)?;
                block = &block[pushed.consumed..];
            }
        }
        kind.finish()?;
        let prediction = kind.result()?;
        let mut name = [0; LABEL_BYTES];
        // SAFETY: the classifier is live, and the name's room is what is said
        let status = unsafe {
            let class = prediction.class as u32;
            timbrel_label(classifier.0, class, name.as_mut_ptr(), name.len())
        };
        if status != TIMBREL_OK {
            return Err(status.into());
        }
        let used = name
            .iter()
            .position(|c| *c == 0)
            .map_or(name.len(), |end| end + 1);
        let wanted = !(label.is_null() && label_len == 0);
        if wanted && label_len < used {
            return Err(TIMBREL_ERROR_BUFFER.into());
        }
        // SAFETY: the caller vouches for the buffers
        unsafe {
            write_result(&prediction, result, probabilities, probabilities_len)?;
            if wanted {
                fill(label, label_len, &name[..used])?;
            }
        }
        Ok(())
    })
}

/// Frees a classifier on every way out.
struct Owned(*mut crate::timbrel_classifier);

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: it came from heap::make() and is freed here alone
        unsafe { timbrel_classifier_free(self.0) };
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

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Self {
            status: match error {
                DecodeError::Rate(_) => TIMBREL_ERROR_RATE,
                _ => TIMBREL_ERROR_FILE,
            },
            message: error.to_string(),
        }
    }
}
