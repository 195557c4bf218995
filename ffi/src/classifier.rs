//! Using a classifier.

use core::ffi::c_char;

use timbrel_core::Error;
use timbrel_core::audio::Sample;

use crate::guard::{array, fill, fill_wanted, guard, not_null};
use crate::result::{check_size, timbrel_result, timbrel_state, write_result};
use crate::status::Failure;
use crate::timbrel_classifier;
use crate::timbrel_status::{self, TIMBREL_ERROR_BUFFER, TIMBREL_ERROR_CLASS};

/// Push samples with full scale ±1.0, interleaved if there are several channels.
///
/// Any number of samples may be pushed, and a frame of channels may be split between two calls. The function returns
/// after each window that it completes and, unless it is silent, classifies; call it again with the rest. The division of the audio into
/// calls does not change the result.
///
/// `samples`: `count` values, read during the call only; may be NULL if `count` is 0. `consumed`: number of samples
/// taken from the front; written on success, and also with TIMBREL_ERROR_SAMPLE as the index of the bad sample, after
/// which the caller may continue. `window`: set to 1 if a window was completed, else to 0; may be NULL. One thread at
/// a time per classifier.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_SAMPLE, TIMBREL_ERROR_FINISHED.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_classifier_push_f32(
    classifier: *mut timbrel_classifier,
    samples: *const f32,
    count: usize,
    consumed: *mut usize,
    window: *mut u8,
) -> timbrel_status {
    // SAFETY: the caller vouches for the arguments
    guard(|| unsafe { push(classifier, samples, count, consumed, window) })
}

/// Push 16-bit samples, otherwise as timbrel_classifier_push_f32().
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_classifier_push_i16(
    classifier: *mut timbrel_classifier,
    samples: *const i16,
    count: usize,
    consumed: *mut usize,
    window: *mut u8,
) -> timbrel_status {
    // SAFETY: the caller vouches for the arguments
    guard(|| unsafe { push(classifier, samples, count, consumed, window) })
}

/// Push 32-bit samples, otherwise as timbrel_classifier_push_f32().
///
/// Full scale is 2^31: samples of 24 bits are in the upper bytes, as I2S microphones give them.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_classifier_push_i32(
    classifier: *mut timbrel_classifier,
    samples: *const i32,
    count: usize,
    consumed: *mut usize,
    window: *mut u8,
) -> timbrel_status {
    // SAFETY: the caller vouches for the arguments
    guard(|| unsafe { push(classifier, samples, count, consumed, window) })
}

/// # Safety
/// The pointers are NULL or what timbrel_classifier_push_f32() says.
unsafe fn push<S: Sample>(
    classifier: *mut timbrel_classifier,
    samples: *const S,
    count: usize,
    consumed: *mut usize,
    window: *mut u8,
) -> Result<(), Failure> {
    not_null(consumed)?;
    // SAFETY: the caller vouches for samples and count
    let samples = unsafe { array(samples, count)? };
    // SAFETY: the caller vouches for the classifier
    let pushed = unsafe { borrow(classifier)? }.kind.push(samples);
    if let Err(Error::Sample { index }) = pushed {
        // SAFETY: not NULL, and the caller vouches that it is writable
        unsafe { consumed.write(index) };
    }
    let pushed = pushed?;
    // SAFETY: consumed is not NULL, and the caller vouches that both are writable
    unsafe {
        consumed.write(pushed.consumed);
        if !window.is_null() {
            window.write(u8::from(pushed.window));
        }
    }
    Ok(())
}

/// End the signal and classify the rest of it.
///
/// The rest is the last window's worth of audio if at least half a hop of it is new. A signal shorter than a window
/// is repeated, alternately forwards and backwards, until it fills one. Calling the function again does
/// nothing. One thread at a time per classifier.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_NO_AUDIO, and TIMBREL_ERROR_TOO_SHORT if there was no window and
/// less than half a second of audio; after both, more can be pushed.
///
/// # Safety
/// `classifier` is NULL or a live classifier.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_classifier_finish(
    classifier: *mut timbrel_classifier,
) -> timbrel_status {
    guard(|| {
        // SAFETY: the caller vouches for the classifier
        unsafe { borrow(classifier)? }.kind.finish()?;
        Ok(())
    })
}

/// Forget the signal, so that another one of the same format can be pushed.
///
/// One thread at a time per classifier.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL.
///
/// # Safety
/// `classifier` is NULL or a live classifier.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_classifier_reset(
    classifier: *mut timbrel_classifier,
) -> timbrel_status {
    guard(|| {
        // SAFETY: the caller vouches for the classifier
        unsafe { borrow(classifier)? }.kind.reset();
        Ok(())
    })
}

/// Copy the answer over all windows since the beginning or the last reset.
///
/// `result`: its struct_size is set by the caller, the rest is written on success. `probabilities`: one value per genre, 0 to 1, written on success; room for
/// `probabilities_len` values, at least class_count; NULL with 0 if they are not wanted. No other call for this
/// classifier at the same time.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_STRUCT_SIZE, TIMBREL_ERROR_NO_RESULT, TIMBREL_ERROR_BUFFER.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_classifier_result(
    classifier: *const timbrel_classifier,
    result: *mut timbrel_result,
    probabilities: *mut f32,
    probabilities_len: usize,
) -> timbrel_status {
    guard(|| {
        // SAFETY: the caller vouches for result
        unsafe { check_size(result)? };
        // SAFETY: the caller vouches for the classifier
        let prediction = unsafe { look(classifier)? }.kind.result()?;
        // SAFETY: the caller vouches for both buffers
        unsafe {
            write_result(
                (&prediction).into(),
                prediction.probabilities,
                result,
                probabilities,
                probabilities_len,
            )
        }
    })
}

/// Copy the answer of the last window alone, in which the windows before it have no part.
///
/// It is what timbrel_classifier_result() gives for audio of that one window. A program calls it after each push that
/// sets `window`, for example to show where speech or silence interrupts the music. `state`: written on success.
/// `probabilities`: one value per genre, 0 to 1, all the same if the window is silent; written on success; room for
/// `probabilities_len` values, at least class_count; NULL with 0 if they are not wanted. No other call for this
/// classifier at the same time.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_NO_RESULT, TIMBREL_ERROR_BUFFER, TIMBREL_ERROR_ARGUMENT.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_classifier_window(
    classifier: *const timbrel_classifier,
    state: *mut timbrel_state,
    probabilities: *mut f32,
    probabilities_len: usize,
) -> timbrel_status {
    guard(|| {
        not_null(state)?;
        // SAFETY: the caller vouches for the classifier
        let answer = unsafe { look(classifier)? }.kind.window()?;
        // SAFETY: the caller vouches for both; state is not NULL
        unsafe {
            fill_wanted(probabilities, probabilities_len, answer.probabilities())?;
            state.write(answer.state.into());
        }
        Ok(())
    })
}

/// Copy the integer logits of the last window.
///
/// They are the same bits on every platform, and zeros before the first window that is not silent. `logits`: one value per genre,
/// written on success; room for `logits_len` values, at least class_count. No other call for this classifier at the
/// same time.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_BUFFER.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_classifier_logits(
    classifier: *const timbrel_classifier,
    logits: *mut i32,
    logits_len: usize,
) -> timbrel_status {
    guard(|| {
        // SAFETY: the caller vouches for the classifier
        let values = unsafe { look(classifier)? }.kind.logits();
        // SAFETY: the caller vouches for logits
        unsafe { fill(logits, logits_len, values) }
    })
}

/// Copy the name of a genre in UTF-8, with a zero byte at its end.
///
/// `class_index`: below class_count. `label`: written on success; room for `label_len` bytes, of which 128 are always
/// enough. No other call for this classifier at the same time.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_CLASS, TIMBREL_ERROR_BUFFER.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_label(
    classifier: *const timbrel_classifier,
    class_index: u32,
    label: *mut c_char,
    label_len: usize,
) -> timbrel_status {
    guard(|| {
        not_null(label)?;
        // SAFETY: the caller vouches for the classifier
        let kind = unsafe { &look(classifier)?.kind };
        let name = kind
            .label(class_index as usize)
            .ok_or(TIMBREL_ERROR_CLASS)?;
        if label_len <= name.len() {
            return Err(TIMBREL_ERROR_BUFFER.into());
        }
        let label = label.cast::<u8>();
        // SAFETY: there is room for the name and one more byte
        unsafe {
            fill(label, label_len, name.as_bytes())?;
            label.add(name.len()).write(0);
        }
        Ok(())
    })
}

/// Copy the embedding of the signal: the mean over its windows of the input of the network's last layer.
///
/// Every value is 0 to 255, in steps whose size does not matter where embeddings of the same model are compared by
/// their angle. `values`: written on success; room for `values_len` values; NULL with 0 to ask for the number alone.
/// `needed`: number of values, also written with TIMBREL_ERROR_BUFFER; may be NULL. No other call for this classifier
/// at the same time.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_NO_EMBEDDING, TIMBREL_ERROR_NO_RESULT,
/// TIMBREL_ERROR_BUFFER.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_classifier_embedding(
    classifier: *const timbrel_classifier,
    values: *mut f32,
    values_len: usize,
    needed: *mut usize,
) -> timbrel_status {
    guard(|| {
        // SAFETY: the caller vouches for the classifier
        let embedding = unsafe { look(classifier)? }.kind.embedding()?;
        if values_len > 0 {
            not_null(values)?;
        }
        if !needed.is_null() {
            not_null(needed)?;
            // SAFETY: not NULL, and the caller vouches that it is writable
            unsafe { needed.write(embedding.len()) };
        }
        if values.is_null() {
            return Ok(());
        }
        if values_len < embedding.len() {
            return Err(TIMBREL_ERROR_BUFFER.into());
        }
        for (index, value) in embedding.enumerate() {
            // SAFETY: there is room for all values, and the caller vouches that it is writable
            unsafe { values.add(index).write(value) };
        }
        Ok(())
    })
}

/// # Safety
/// Unless NULL, it is a live classifier that nobody else uses during `'a`.
unsafe fn borrow<'a>(
    classifier: *mut timbrel_classifier,
) -> Result<&'a mut timbrel_classifier, Failure> {
    not_null(classifier)?;
    // SAFETY: not NULL, and the caller vouches for the rest
    Ok(unsafe { &mut *classifier })
}

/// # Safety
/// Unless NULL, it is a live classifier that nobody changes during `'a`.
unsafe fn look<'a>(
    classifier: *const timbrel_classifier,
) -> Result<&'a timbrel_classifier, Failure> {
    not_null(classifier)?;
    // SAFETY: not NULL, and the caller vouches for the rest
    Ok(unsafe { &*classifier })
}
