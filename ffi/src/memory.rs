//! Making classifiers, on the heap and in the caller's memory.

use core::slice;

use timbrel_core::classifier::Classifier;
use timbrel_core::model::Model;

use crate::guard::{array, guard, not_null};
use crate::handle::{Kind, read_config};
use crate::timbrel_status::{self, TIMBREL_ERROR_MEMORY};
use crate::{timbrel_classifier, timbrel_config};

/// Tells how many bytes of memory timbrel_classifier_init() needs for a model. The number does not depend
/// on the audio's form, nor on where the memory begins.
///
/// `model`: `model_len` bytes of a .timbrel file; read during the call only.
/// `bytes`: written on success. Any thread.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_MODEL.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_required_bytes(
    model: *const u8,
    model_len: usize,
    bytes: *mut usize,
) -> timbrel_status {
    guard(|| {
        not_null(bytes)?;
        not_null(model)?;
        // SAFETY: the caller vouches for model and model_len
        let file = unsafe { array(model, model_len)? };
        let model = Model::parse(file).map_err(timbrel_core::Error::from)?;
        let needed = HANDLE_BYTES + Classifier::required_bytes(&model);
        // SAFETY: not NULL, and the caller vouches that it is writable
        unsafe { bytes.write(needed) };
        Ok(())
    })
}

/// Room for the handle itself, wherever the memory begins.
const HANDLE_BYTES: usize = size_of::<timbrel_classifier>() + align_of::<timbrel_classifier>() - 1;

/// Makes a classifier in the caller's memory. Nothing is allocated, and nothing has to be freed: when the
/// classifier is not used any more, the memory is the caller's again.
///
/// `memory`: `memory_len` bytes, at least as many as timbrel_required_bytes() says, at any address; they
/// belong to the classifier as long as it is used. `model`: `model_len` bytes of a .timbrel file, borrowed:
/// they stay where they are, unchanged, as long as the classifier is used (flash will do). `config`: read
/// during the call only. `classifier`: written on success; points into `memory`. Any thread.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_MODEL, TIMBREL_ERROR_MEMORY,
/// TIMBREL_ERROR_RATE, TIMBREL_ERROR_CHANNELS, TIMBREL_ERROR_STRUCT_SIZE.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_classifier_init(
    memory: *mut u8,
    memory_len: usize,
    model: *const u8,
    model_len: usize,
    config: *const timbrel_config,
    classifier: *mut *mut timbrel_classifier,
) -> timbrel_status {
    guard(|| {
        not_null(classifier)?;
        not_null(memory)?;
        not_null(model)?;
        // SAFETY: the caller vouches for config
        let format = unsafe { read_config(config)? };
        // SAFETY: the caller keeps the model in place as long as the classifier is used
        let model: &'static [u8] = unsafe { array(model, model_len)? };
        Model::parse(model).map_err(timbrel_core::Error::from)?;
        let skip = memory.align_offset(align_of::<timbrel_classifier>());
        let used = skip.saturating_add(size_of::<timbrel_classifier>());
        let rest = memory_len.checked_sub(used).ok_or(TIMBREL_ERROR_MEMORY)?;
        // SAFETY: `used <= memory_len`, so that handle and rest lie inside the caller's memory
        let (place, rest_at) = unsafe { (memory.add(skip), memory.add(used)) };
        // uninitialised memory must not be seen through a slice of Rust's
        // SAFETY: `rest` bytes behind the handle are the caller's to give
        unsafe { rest_at.write_bytes(0, rest) };
        // SAFETY: just written, inside the caller's memory, and given to the classifier alone
        let rest: &'static mut [u8] = unsafe { slice::from_raw_parts_mut(rest_at, rest) };
        let made = timbrel_classifier {
            kind: Kind::int8(model, format, rest)?,
            #[cfg(feature = "std")]
            heap: None,
        };
        let place = place.cast::<timbrel_classifier>();
        // SAFETY: aligned, inside the caller's memory, and disjoint from `rest`
        unsafe { place.write(made) };
        // SAFETY: not NULL, and the caller vouches that it is writable
        unsafe { classifier.write(place) };
        Ok(())
    })
}
