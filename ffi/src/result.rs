//! The answer as C sees it.

use core::mem::offset_of;

use timbrel_core::classifier::{Prediction, State};

use crate::guard::{fill_wanted, not_null};
use crate::status::Failure;
use crate::timbrel_status::TIMBREL_ERROR_STRUCT_SIZE;

/// Whether the audio is music whose genre the model knows.
///
/// New values are only ever added at the end; treat a value that you do not know as TIMBREL_STATE_UNSURE.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum timbrel_state {
    /// It is.
    TIMBREL_STATE_MUSIC = 0,
    /// All windows are silent, or all but one in 32.
    TIMBREL_STATE_SILENCE = 1,
    /// The model rejects more than half of the windows that are not silent: speech, noise, tones.
    TIMBREL_STATE_NOT_MUSIC = 2,
    /// The most probable genre is less probable than the model's threshold.
    TIMBREL_STATE_UNSURE = 3,
}

use timbrel_state::*;

/// The answer so far.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct timbrel_result {
    /// Set it to sizeof(timbrel_result) before the call: the library writes as much as that and leaves it as it is.
    pub struct_size: u32,
    /// Index of the most probable genre; timbrel_label() returns its name. It is always there; `state` tells whether it
    /// means anything.
    pub class_index: u32,
    /// Its probability, 0 to 1.
    pub confidence: f32,
    /// Windows of the audio, silent ones included.
    pub windows: u32,
    /// Number of genres.
    pub class_count: u32,
    /// Whether the audio is music whose genre the model knows.
    pub state: timbrel_state,
    /// Root mean square of the audio, its channels mixed, in dB relative to full scale; at least -120.
    pub level_dbfs: f32,
    /// Share of the samples at or beyond full scale, 0 to 1.
    pub clipped: f32,
    /// Share of the audio that is silent, below -84 dBFS, 0 to 1.
    pub silent: f32,
    /// Share of the windows that the model rejects as not music, among those that are not silent, 0 to 1.
    pub not_music: f32,
    /// Share of the audio whose channels cancel each other, 0 to 1; its loudest channel was heard instead of the mean.
    pub cancelled: f32,
    /// Share of the audio that the file announces which could be decoded, 0 to 1: less than 0.9 for a file that is damaged or
    /// broken off. 1 where the file announces nothing, and for pushed samples.
    pub heard: f32,
    /// Number of the file's samples that were not finite and were replaced by silence. 0 for pushed samples, which are
    /// refused.
    pub replaced: u32,
    /// Index of the first of them among the file's interleaved samples.
    pub first_replaced: u32,
    /// 1 if the file is HE-AAC, of which only the core is heard, without the band above it; else 0.
    pub core_only: u32,
    /// 1 if a part of the file is missing without any word of how much, which `heard` cannot tell: it ends within a frame or
    /// without its last page, or its beginning is missing; else 0.
    pub cut_off: u32,
}

/// Size of the oldest version of [`timbrel_result`], which has the fields before this one.
const OLDEST: usize = offset_of!(timbrel_result, heard);

impl From<State> for timbrel_state {
    fn from(state: State) -> Self {
        match state {
            State::Music => TIMBREL_STATE_MUSIC,
            State::Silence => TIMBREL_STATE_SILENCE,
            State::NotMusic => TIMBREL_STATE_NOT_MUSIC,
            _ => TIMBREL_STATE_UNSURE,
        }
    }
}

impl From<&Prediction<'_>> for timbrel_result {
    fn from(prediction: &Prediction<'_>) -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            class_index: prediction.class as u32,
            confidence: prediction.confidence,
            windows: prediction.windows,
            class_count: prediction.probabilities.len() as u32,
            state: prediction.state.into(),
            level_dbfs: prediction.level_dbfs,
            clipped: prediction.clipped,
            silent: prediction.silent,
            not_music: prediction.not_music,
            cancelled: prediction.cancelled,
            heard: 1.0,
            replaced: 0,
            first_replaced: 0,
            core_only: 0,
            cut_off: 0,
        }
    }
}

/// Check the size that the caller states of its result. A smaller one is of an older header, as far as there was one; a
/// larger one is of a newer header, whose further fields this library does not know and leaves alone.
///
/// # Safety
/// Unless NULL, `result` points to as many bytes as its first field says.
pub(crate) unsafe fn check_size(result: *const timbrel_result) -> Result<(), Failure> {
    not_null(result)?;
    // SAFETY: the first field is there in every version of the struct
    let size = unsafe { (&raw const (*result).struct_size).read() };
    if (size as usize) < OLDEST {
        return Err(TIMBREL_ERROR_STRUCT_SIZE.into());
    }
    Ok(())
}

/// Write an answer to the caller's memory, both parts or none, and of the result as much as both sides know.
///
/// # Safety
/// `result` is writable as far as its size says, and passed [`check_size`]; `probabilities` is NULL or has `len` writable values.
pub(crate) unsafe fn write_result(
    answer: timbrel_result,
    values: &[f32],
    result: *mut timbrel_result,
    probabilities: *mut f32,
    len: usize,
) -> Result<(), Failure> {
    // SAFETY: the caller vouches for both
    unsafe {
        fill_wanted(probabilities, len, values)?;
        let struct_size = (&raw const (*result).struct_size).read();
        let answer = timbrel_result {
            struct_size,
            ..answer
        };
        let bytes = size_of::<timbrel_result>().min(struct_size as usize);
        (&raw const answer)
            .cast::<u8>()
            .copy_to_nonoverlapping(result.cast(), bytes);
    }
    Ok(())
}
