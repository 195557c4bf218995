//! Digital microphones that send bits.

use timbrel_core::audio::{BitOrder, Pdm, UnsupportedClock};

use crate::guard::{array, guard, not_null, output};
use crate::kept::{Keeps, borrow, keep};
use crate::status::Failure;
use crate::timbrel_status::{self, TIMBREL_ERROR_RATE};

/// A converter from the bits of one PDM microphone to samples.
///
/// It is the caller's; timbrel_pdm_init() fills it, nothing has to be freed, and it may be copied. Its content is the
/// library's.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct timbrel_pdm {
    /// What the library keeps here.
    pub content: [u64; 160],
}

// SAFETY: plain data, in which no other type of value is kept
unsafe impl Keeps<Pdm> for timbrel_pdm {
    const MARK: u64 = 0x6d64_706c_6562_726d;
}

/// Make a converter.
///
/// `pdm`: written on success. `clock_hz`: the microphone's clock, 64, 96, 128, 160 or 192 times `rate_hz`; best is 1411200
/// Hz for 22050 Hz, the rate of the shipped model. `gain`: factor of the samples, 0 to 256; 8 to 32 are usual, since music
/// in a room is far below a microphone's full scale. `lsb_first`: 0 if the first bit is a byte's most significant one, as
/// SPI peripherals store it, else 1. Any thread.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_RATE, TIMBREL_ERROR_ARGUMENT.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_pdm_init(
    pdm: *mut timbrel_pdm,
    clock_hz: u32,
    rate_hz: u32,
    gain: f32,
    lsb_first: u8,
) -> timbrel_status {
    guard(|| {
        let order = match lsb_first {
            0 => BitOrder::MsbFirst,
            _ => BitOrder::LsbFirst,
        };
        let made = Pdm::new(clock_hz, rate_hz)?;
        // SAFETY: the caller vouches for the converter
        unsafe { keep(pdm, made.with_order(order).with_gain(gain)) }
    })
}

/// Convert bits to samples with full scale 2^15, until the output is full or the input is used up.
///
/// A constant is removed, and what exceeds 16 bits is limited. The division into calls does not change the samples.
///
/// `bytes`: `count` bytes of eight bits each, read during the call only; may be NULL if `count` is 0. `consumed`: number of
/// bytes taken from the front, all of them unless the output is full. `samples`: room for `samples_len` samples, which
/// must not overlap the bytes. `produced`: number of samples written. Outputs are written on success. One thread at a
/// time per converter.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, and TIMBREL_ERROR_ARGUMENT, also for a converter that is not initialised.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_pdm_process(
    pdm: *mut timbrel_pdm,
    bytes: *const u8,
    count: usize,
    consumed: *mut usize,
    samples: *mut i16,
    samples_len: usize,
    produced: *mut usize,
) -> timbrel_status {
    guard(|| {
        not_null(consumed)?;
        not_null(produced)?;
        // SAFETY: the caller vouches for the bytes, and for the samples, which do not overlap them
        let (bytes, samples) = unsafe { (array(bytes, count)?, output(samples, samples_len)?) };
        // SAFETY: the caller vouches for the converter
        let progress = unsafe { borrow::<_, Pdm>(pdm)? }.process(bytes, samples);
        // SAFETY: not NULL, and the caller vouches that both are writable
        unsafe {
            consumed.write(progress.consumed);
            produced.write(progress.produced);
        }
        Ok(())
    })
}

impl From<UnsupportedClock> for Failure {
    fn from(error: UnsupportedClock) -> Self {
        Self::with_details(TIMBREL_ERROR_RATE, error)
    }
}
