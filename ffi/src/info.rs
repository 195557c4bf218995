//! What is known without a classifier: versions, and what a model says of itself.

use core::ffi::{CStr, c_char};

use timbrel_core::model::ModelInfo;

use crate::guard::{array, guard, not_null};
use crate::status::Failure;
use crate::timbrel_status;

/// Version of this interface. It changes when a program that was compiled against an older header would
/// misbehave; compare it with `timbrel_abi_version()`.
pub const TIMBREL_ABI_VERSION: u32 = 1;

/// What a model says of itself.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct timbrel_info {
    /// Rate in Hz that audio is resampled to. Any supported rate may be pushed.
    pub sample_rate: u32,
    /// Number of genres, 1 to 64.
    pub class_count: u32,
    /// Seconds of audio in a window.
    pub window_seconds: f32,
    /// Seconds from one window to the next.
    pub hop_seconds: f32,
    /// A logit's value is its integer times 2 to the power of minus this.
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

/// The library's TIMBREL_ABI_VERSION. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn timbrel_abi_version() -> u32 {
    TIMBREL_ABI_VERSION
}

/// The library's version, for example "0.1.0"; static. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn timbrel_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    match CStr::from_bytes_with_nul(VERSION.as_bytes()) {
        Ok(version) => version.as_ptr(),
        Err(_) => c"".as_ptr(),
    }
}

/// Checks a model and tells what it says of itself.
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
        not_null(model)?;
        // SAFETY: the caller vouches for model and model_len
        let bytes = unsafe { array(model, model_len)? };
        let found = (&describe(bytes)?).into();
        // SAFETY: not NULL, and the caller vouches that it is writable
        unsafe { info.write(found) };
        Ok(())
    })
}

#[cfg(feature = "std")]
fn describe(bytes: &[u8]) -> Result<ModelInfo, Failure> {
    Ok(*timbrel_core::host::Loaded::from_bytes(bytes)?.info())
}

#[cfg(not(feature = "std"))]
fn describe(bytes: &[u8]) -> Result<ModelInfo, Failure> {
    let model = timbrel_core::model::Model::parse(bytes).map_err(timbrel_core::Error::from)?;
    Ok(model.info())
}
