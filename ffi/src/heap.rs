//! Classifiers on the heap.

use timbrel_core::Error;
use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::Classifier;
use timbrel_core::model::{Limits, Model};

use crate::cost::read_limits;
use crate::guard::{array, guard, not_null};
use crate::handle::{Heap, Kind, read_config};
use crate::status::Failure;
use crate::timbrel_status::TIMBREL_ERROR_MEMORY;
use crate::{timbrel_classifier, timbrel_config, timbrel_cost, timbrel_status};

/// Make a classifier on the heap, with a copy of the model.
///
/// `model`: `model_len` bytes of a .timbrel file, or of an .onnx file if the library was built with
/// tract; copied. `config`: read during the call only. `classifier`: written on success; free it with
/// timbrel_classifier_free(). Any thread. In libraries with std only.
///
/// A model that costs more than 4 * 10^9 multiply-adds per window or per second of audio, or 64 MiB of activations, is
/// refused, and the message of timbrel_last_error() has its cost.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_MODEL, TIMBREL_ERROR_COST, TIMBREL_ERROR_MEMORY,
/// TIMBREL_ERROR_RATE, TIMBREL_ERROR_CHANNELS, TIMBREL_ERROR_STRUCT_SIZE, TIMBREL_ERROR_ARGUMENT.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_classifier_new(
    model: *const u8,
    model_len: usize,
    config: *const timbrel_config,
    classifier: *mut *mut timbrel_classifier,
) -> timbrel_status {
    // SAFETY: the caller vouches for the arguments
    guard(|| unsafe { copying(model, model_len, config, &Limits::DEFAULT, classifier) })
}

/// Make a classifier as timbrel_classifier_new() does, within other limits than its own.
///
/// `most`: the most that the model may cost, with its struct_size set; read during the call only. UINT64_MAX in a
/// field allows everything.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_classifier_new_within(
    model: *const u8,
    model_len: usize,
    config: *const timbrel_config,
    most: *const timbrel_cost,
    classifier: *mut *mut timbrel_classifier,
) -> timbrel_status {
    guard(|| {
        // SAFETY: the caller vouches for the arguments
        unsafe {
            let limits = read_limits(most)?;
            copying(model, model_len, config, &limits, classifier)
        }
    })
}

/// # Safety
/// The pointers are NULL or what timbrel_classifier_new() says.
unsafe fn copying(
    model: *const u8,
    model_len: usize,
    config: *const timbrel_config,
    limits: &Limits,
    classifier: *mut *mut timbrel_classifier,
) -> Result<(), Failure> {
    not_null(classifier)?;
    not_null(model)?;
    // SAFETY: the caller vouches for config
    let format = unsafe { read_config(config)? };
    // SAFETY: the caller vouches for model and model_len
    let bytes = Box::into_raw(copy(unsafe { array(model, model_len)? })?);
    // SAFETY: it is freed after the last use of the classifier only
    let made = make(unsafe { &*bytes }, format, Some(bytes), limits);
    if made.is_err() {
        // SAFETY: it came from a Box, and nothing was made that points to it
        drop(unsafe { Box::from_raw(bytes) });
    }
    // SAFETY: not NULL, and the caller vouches that it is writable
    unsafe { classifier.write(made?) };
    Ok(())
}

/// Make a classifier on the heap over a model that the caller keeps.
///
/// As timbrel_classifier_new(), with its limits, but the `model_len` bytes of the model must stay in place, unchanged, until the
/// classifier is freed: a file mapped into memory, for example.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_classifier_new_borrowed(
    model: *const u8,
    model_len: usize,
    config: *const timbrel_config,
    classifier: *mut *mut timbrel_classifier,
) -> timbrel_status {
    guard(|| {
        not_null(classifier)?;
        not_null(model)?;
        // SAFETY: the caller vouches for config
        let format = unsafe { read_config(config)? };
        // SAFETY: the caller keeps the model in place until the classifier is freed
        let made = make(
            unsafe { array(model, model_len)? },
            format,
            None,
            &Limits::DEFAULT,
        )?;
        // SAFETY: not NULL, and the caller vouches that it is writable
        unsafe { classifier.write(made) };
        Ok(())
    })
}

fn make(
    model: &'static [u8],
    format: InputFormat,
    owned: Option<*mut [u8]>,
    limits: &Limits,
) -> Result<*mut timbrel_classifier, Failure> {
    let model = match Model::parse(model) {
        #[cfg(feature = "tract")]
        Err(timbrel_core::model::ModelError::NotAModel) => {
            return onnx(model, format, owned, limits);
        }
        parsed => parsed.map_err(Error::from)?,
    };
    limits.check(&model.cost()).map_err(Error::from)?;
    allocate(Classifier::fast_bytes(&model), owned, |memory| {
        Kind::int8(model, format, memory)
    })
}

#[cfg(feature = "tract")]
fn onnx(
    model: &[u8],
    format: InputFormat,
    owned: Option<*mut [u8]>,
    limits: &Limits,
) -> Result<*mut timbrel_classifier, Failure> {
    use timbrel_core::engine::Engine;
    use timbrel_core::host::tract::TractEngine;
    let engine = TractEngine::from_bytes_within(model, limits)?;
    let needed = Classifier::<TractEngine>::feature_bytes(&engine.info());
    let kind = |memory| Classifier::new(engine, format, memory).map(Kind::Tract);
    allocate(needed, owned, kind)
}

/// Allocate zeros, or return an error if memory is exhausted.
fn zeros(len: usize) -> Result<Box<[u8]>, Failure> {
    let mut bytes = room(len)?;
    bytes.resize(len, 0);
    Ok(bytes.into_boxed_slice())
}

/// Copy bytes of the caller's, or return an error if memory is exhausted.
fn copy(from: &[u8]) -> Result<Box<[u8]>, Failure> {
    let mut bytes = room(from.len())?;
    bytes.extend_from_slice(from);
    Ok(bytes.into_boxed_slice())
}

/// Allocate room for exactly `len` values, or return an error if memory is exhausted.
fn room<T>(len: usize) -> Result<Vec<T>, Failure> {
    let mut values = Vec::new();
    let reserved = values.try_reserve_exact(len);
    reserved.map_err(|_| Failure::from(TIMBREL_ERROR_MEMORY))?;
    Ok(values)
}

/// Make a classifier in `needed` bytes of fresh memory, which is freed again on failure.
fn allocate(
    needed: usize,
    model: Option<*mut [u8]>,
    kind: impl FnOnce(&'static mut [u8]) -> Result<Kind, Error>,
) -> Result<*mut timbrel_classifier, Failure> {
    // as a Box has no constructor that may fail, the handle is the only value of a boxed slice, whose layout is the same
    let mut handle = room(1)?;
    let memory = Box::into_raw(zeros(needed)?);
    // SAFETY: it lives until timbrel_classifier_free(), and only the classifier uses it
    match kind(unsafe { &mut *memory }) {
        Ok(kind) => {
            let heap = Some(Heap { memory, model });
            handle.push(timbrel_classifier { kind, heap });
            Ok(Box::into_raw(handle.into_boxed_slice()).cast())
        }
        Err(error) => {
            // SAFETY: it came from a Box, and nothing was made that points to it
            drop(unsafe { Box::from_raw(memory) });
            Err(error.into())
        }
    }
}

/// Free a classifier.
///
/// It frees what timbrel_classifier_new() or timbrel_classifier_new_borrowed() allocated, and leaves NULL and a
/// classifier in the caller's memory alone. The pointer is invalid afterwards.
///
/// # Safety
/// `classifier` is NULL or came from this library and is not freed yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_classifier_free(classifier: *mut timbrel_classifier) {
    guard(|| {
        if classifier.is_null() {
            return Ok(());
        }
        // SAFETY: the caller vouches that it is a live classifier, used by nobody else
        let Some(heap) = (unsafe { (*classifier).heap.take() }) else {
            return Ok(());
        };
        // SAFETY: heap was Some, so it came from Box::into_raw in allocate(), as did its memory; the
        // classifier goes first, since it points to the rest
        unsafe {
            drop(Box::from_raw(classifier));
            drop(Box::from_raw(heap.memory));
            if let Some(model) = heap.model {
                drop(Box::from_raw(model));
            }
        }
        Ok(())
    });
}
