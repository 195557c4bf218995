//! Functions that need no classifier: versions, and a model's metadata.

use core::ffi::{CStr, c_char};

use timbrel_core::Error;
use timbrel_core::model::{Cost, Model, ModelInfo};

use crate::guard::{array, guard, not_null};
use crate::status::Failure;
use crate::timbrel_status;

/// Version of this interface.
///
/// It changes when a program compiled with an older header would misbehave; compare it with timbrel_abi_version().
pub const TIMBREL_ABI_VERSION: u32 = 1;

/// Metadata of a model.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct timbrel_info {
    /// Rate in Hz to which audio is resampled; any rate that timbrel_config allows may be pushed.
    pub sample_rate: u32,
    /// Number of genres, 1 to 64.
    pub class_count: u32,
    /// Seconds of audio in a window.
    pub window_seconds: f32,
    /// Seconds from one window to the next.
    pub hop_seconds: f32,
    /// Exponent of the logits: a logit's value is its integer times 2 to the power of minus this.
    pub logits_exponent: u32,
}

impl From<&ModelInfo> for timbrel_info {
    fn from(info: &ModelInfo) -> Self {
        let rate = info.front_end.sample_rate as f32;
        let seconds = |columns: u16| f32::from(columns) * f32::from(info.front_end.hop) / rate;
        Self {
            sample_rate: info.front_end.sample_rate,
            class_count: info.classes as u32,
            window_seconds: seconds(info.window.columns),
            hop_seconds: seconds(info.window.hop),
            logits_exponent: u32::from(info.logits_exponent),
        }
    }
}

/// Return the library's TIMBREL_ABI_VERSION.
///
/// Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn timbrel_abi_version() -> u32 {
    TIMBREL_ABI_VERSION
}

/// Return the library's version, for example "0.1.0".
///
/// The string is static. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn timbrel_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    match CStr::from_bytes_with_nul(VERSION.as_bytes()) {
        Ok(version) => version.as_ptr(),
        Err(_) => c"".as_ptr(),
    }
}

/// Check a model and copy its metadata.
///
/// `model`: `model_len` bytes of a model file, anywhere in memory; read during the call only.
/// `info`: written on success. Any thread.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_MODEL.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_model_info(
    model: *const u8,
    model_len: usize,
    info: *mut timbrel_info,
) -> timbrel_status {
    guard(|| {
        not_null(info)?;
        // SAFETY: the caller vouches for model and model_len
        let (found, _) = unsafe { describe(model, model_len)? };
        // SAFETY: not NULL, and the caller vouches that it is writable
        unsafe { info.write((&found).into()) };
        Ok(())
    })
}

/// Check a model and copy the length of its embedding.
///
/// `model`: `model_len` bytes of a model file, anywhere in memory; read during the call only. `values`: number of
/// values that timbrel_classifier_embedding() writes, at most 1024, and 0 for a model without an embedding; written
/// on success. Any thread.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_MODEL.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_model_embedding(
    model: *const u8,
    model_len: usize,
    values: *mut usize,
) -> timbrel_status {
    guard(|| {
        not_null(values)?;
        // SAFETY: the caller vouches for model and model_len
        let (found, _) = unsafe { describe(model, model_len)? };
        // SAFETY: not NULL, and the caller vouches that it is writable
        unsafe { values.write(found.embedding) };
        Ok(())
    })
}

/// Check a model and return its metadata and its cost.
///
/// # Safety
/// `model` is NULL or points to `len` bytes.
pub(crate) unsafe fn describe(model: *const u8, len: usize) -> Result<(ModelInfo, Cost), Failure> {
    not_null(model)?;
    // SAFETY: the caller vouches for model and len
    let bytes = unsafe { array(model, len)? };
    match Model::parse(bytes) {
        #[cfg(feature = "tract")]
        Err(timbrel_core::model::ModelError::NotAModel) => {
            let limits = &timbrel_core::model::Limits::NONE;
            let model = timbrel_core::host::Loaded::tract_within(bytes, limits)?;
            Ok((*model.info(), *model.cost()))
        }
        parsed => {
            let model = parsed.map_err(Error::from)?;
            Ok((model.info(), model.cost()))
        }
    }
}
