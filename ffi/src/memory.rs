//! Making classifiers in the caller's memory, without a heap.

use core::slice;

use timbrel_core::Error;
use timbrel_core::classifier::Classifier;
use timbrel_core::model::Model;

use crate::guard::{array, guard, not_null};
use crate::handle::{Kind, read_config};
use crate::timbrel_status::{self, TIMBREL_ERROR_MEMORY};
use crate::{timbrel_classifier, timbrel_config};

/// Compute the bytes of memory that timbrel_classifier_init() needs for a model.
///
/// The number depends neither on the format of the audio nor on the address of the memory.
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
        let model = Model::parse(file).map_err(Error::from)?;
        let needed = HANDLE_BYTES + Classifier::required_bytes(&model);
        // SAFETY: not NULL, and the caller vouches that it is writable
        unsafe { bytes.write(needed) };
        Ok(())
    })
}

/// Room for the handle itself, at any address.
const HANDLE_BYTES: usize = size_of::<timbrel_classifier>() + align_of::<timbrel_classifier>() - 1;

/// Return how many of `found` bytes a classifier makes use of.
fn memory_for(model: &Model<'_>, found: usize) -> Result<usize, Error> {
    let fast = Classifier::fast_bytes(model);
    if found >= fast {
        return Ok(fast);
    }
    let needed = Classifier::required_bytes(model);
    if found < needed {
        return Err(Error::Memory { needed, found });
    }
    Ok(needed)
}

/// Make a classifier in memory of the caller.
///
/// Nothing is allocated and nothing has to be freed: after the last use of the classifier, the memory is free again.
/// A call that fails leaves the memory as it was, and of more memory than the model makes use of the rest stays
/// untouched.
///
/// `memory`: `memory_len` bytes, at least as many as timbrel_required_bytes() returns, at any address; they belong to
/// the classifier as long as it is used. `model`: `model_len` bytes of a .timbrel file, borrowed: they must stay in
/// place, unchanged, as long as the classifier is used (flash will do). `config`: read during the call only.
/// `classifier`: written on success; points into `memory`. Any thread.
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
        let model = Model::parse(model).map_err(Error::from)?;
        let skip = memory.align_offset(align_of::<timbrel_classifier>());
        let used = skip.saturating_add(size_of::<timbrel_classifier>());
        let rest = memory_len.checked_sub(used).ok_or(TIMBREL_ERROR_MEMORY)?;
        // everything that can be refused is refused before the first byte of the caller's memory changes
        let rest = memory_for(&model, rest)?;
        format.validate(model.front_end().sample_rate)?;
        // SAFETY: `used + rest <= memory_len`, so that handle and rest lie inside the caller's memory
        let (place, rest_at) = unsafe { (memory.add(skip), memory.add(used)) };
        // uninitialised memory must not be seen through a slice of Rust's
        // SAFETY: the `rest` bytes after the handle belong to the caller's memory
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
