//! The gate and the duty cycle. Both are small structs of the caller, in which the core's values are kept.

use timbrel_core::audio::Sample;
use timbrel_core::wake::{DutyCycle, DutySettings, Gate, GateSettings, InvalidSetting, Phase};

use crate::guard::{array, guard, not_null};
use crate::kept::{Keeps, borrow, keep, look};
use crate::status::Failure;
use crate::timbrel_status::{self, TIMBREL_ERROR_ARGUMENT, TIMBREL_ERROR_STRUCT_SIZE};

/// A gate that tells sound which may be music from silence, hiss and hum.
///
/// It is the caller's; timbrel_gate_init() fills it, nothing has to be freed, and it may be copied. Its content is the
/// library's.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct timbrel_gate {
    /// What the library keeps here.
    pub content: [u64; 16],
}

// SAFETY: plain data, in which no other type of value is kept
unsafe impl Keeps<Gate> for timbrel_gate {
    const MARK: u64 = 0x6174_6567_6c62_6d69;
}

/// When a gate opens and closes.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct timbrel_gate_settings {
    /// sizeof(timbrel_gate_settings), which tells the library the fields that are there.
    pub struct_size: u32,
    /// Level from which the gate opens, in dB relative to full scale, -90 to 0; -54 if there are no settings.
    pub open_dbfs: f32,
    /// Level from which an open gate stays open, -90 to open_dbfs; -60 if there are no settings.
    pub close_dbfs: f32,
    /// Change of the sound from which the gate opens and stays open, in dB per block of 43 to 64 ms, 0 to 6; 0.5 if there
    /// are no settings. Steady noise has less than 0.4 dB, music 0.7 to 4 dB; 0 looks at the level alone.
    pub least_flux_db: f32,
    /// Seconds that an open gate waits for level and change to return, 0 to 600; 2 if there are no settings.
    pub hold_seconds: f32,
}

/// Make a gate for mono samples, closed.
///
/// `gate`: written on success. `sample_rate`: of the samples in Hz, 4000 to 192000. `settings`: read during the call
/// only; NULL for those that suit most microphones. Any thread.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_ARGUMENT, TIMBREL_ERROR_STRUCT_SIZE.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_gate_init(
    gate: *mut timbrel_gate,
    sample_rate: u32,
    settings: *const timbrel_gate_settings,
) -> timbrel_status {
    guard(|| {
        // SAFETY: the caller vouches for settings
        let settings = unsafe { read_settings(settings)? };
        let made = Gate::new(sample_rate, settings)?;
        // SAFETY: the caller vouches for the gate
        unsafe { keep(gate, made) }
    })
}

/// # Safety
/// Unless NULL, `settings` points to as many bytes as its first field says.
unsafe fn read_settings(settings: *const timbrel_gate_settings) -> Result<GateSettings, Failure> {
    if settings.is_null() {
        return Ok(GateSettings::default());
    }
    not_null(settings)?;
    // SAFETY: the first field is there in every version of the struct
    let size = unsafe { (&raw const (*settings).struct_size).read() };
    if (size as usize) < size_of::<timbrel_gate_settings>() {
        return Err(TIMBREL_ERROR_STRUCT_SIZE.into());
    }
    // SAFETY: the caller says that all of it is there
    let settings = unsafe { settings.read() };
    Ok(GateSettings {
        open_dbfs: settings.open_dbfs,
        close_dbfs: settings.close_dbfs,
        least_flux_db: settings.least_flux_db,
        hold_seconds: settings.hold_seconds,
    })
}

/// Push samples with full scale 2^15, and get whether the gate is open after the last one.
///
/// Push to a classifier what comes while the gate is open, and call timbrel_classifier_reset() when it opens. All
/// samples are taken, any number of them; the division into calls does not change the decision after a sample. A gate
/// takes a few instructions per sample, so it can hear everything.
///
/// `samples`: `count` values, mono, read during the call only; may be NULL if `count` is 0. `open`: 1 or 0, written on
/// success. One thread at a time per gate.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, and TIMBREL_ERROR_ARGUMENT, also for a gate that is not initialised.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_gate_push_i16(
    gate: *mut timbrel_gate,
    samples: *const i16,
    count: usize,
    open: *mut u8,
) -> timbrel_status {
    // SAFETY: the caller vouches for the arguments
    guard(|| unsafe { push(gate, samples, count, open) })
}

/// Push samples with full scale 2^31, as I2S microphones give them, otherwise as timbrel_gate_push_i16().
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_gate_push_i32(
    gate: *mut timbrel_gate,
    samples: *const i32,
    count: usize,
    open: *mut u8,
) -> timbrel_status {
    // SAFETY: the caller vouches for the arguments
    guard(|| unsafe { push(gate, samples, count, open) })
}

/// # Safety
/// The pointers are NULL or what timbrel_gate_push_i16() says.
unsafe fn push<S: Sample>(
    gate: *mut timbrel_gate,
    samples: *const S,
    count: usize,
    open: *mut u8,
) -> Result<(), Failure> {
    not_null(open)?;
    // SAFETY: the caller vouches for the gate, the samples and their count
    let (gate, samples): (&mut Gate, _) = unsafe { (borrow(gate)?, array(samples, count)?) };
    let is_open = gate.push(samples);
    // SAFETY: not NULL, and the caller vouches that it is writable
    unsafe { open.write(u8::from(is_open)) };
    Ok(())
}

/// Get what a gate measures, to choose settings for a microphone.
///
/// `level_dbfs`: level of the last block of 43 to 64 ms, about its mean. `flux_db`: mean change of the sound from block to
/// block over the last second, in dB. Both are written on success. No other call for this gate at the same time.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_ARGUMENT.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_gate_level(
    gate: *const timbrel_gate,
    level_dbfs: *mut f32,
    flux_db: *mut f32,
) -> timbrel_status {
    guard(|| {
        not_null(level_dbfs)?;
        not_null(flux_db)?;
        // SAFETY: the caller vouches for the gate
        let gate: &Gate = unsafe { look(gate)? };
        let (level, flux) = (gate.level_dbfs(), gate.flux_db());
        // SAFETY: not NULL, and the caller vouches that both are writable
        unsafe {
            level_dbfs.write(level);
            flux_db.write(flux);
        }
        Ok(())
    })
}

/// A clock that listens for some seconds in every minute or hour.
///
/// It is the caller's; timbrel_duty_init() fills it, nothing has to be freed, and it may be copied. Its content is the
/// library's.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct timbrel_duty {
    /// What the library keeps here.
    pub content: [u64; 8],
}

// SAFETY: plain data, in which no other type of value is kept
unsafe impl Keeps<DutyCycle> for timbrel_duty {
    const MARK: u64 = 0x7974_7564_6c62_6d69;
}

/// Part of a turn of a duty cycle.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum timbrel_phase {
    /// The microphone has just been switched on; its samples are not to be classified.
    TIMBREL_PHASE_SETTLING = 0,
    /// Samples are to be classified.
    TIMBREL_PHASE_LISTENING = 1,
    /// The turn is over. The microphone may be off.
    TIMBREL_PHASE_PAUSING = 2,
}

/// Make a duty cycle at the beginning of a turn.
///
/// `duty`: written on success. `sample_rate`: samples per second of one channel, 4000 to 192000. `settle_ms`: after the
/// microphone is switched on, until its samples are of use, 0 to 10000. `listen_ms`: of samples to classify, 500 to
/// 600000. `every_ms`: from turn to turn, at least the sum of both, at most 86400000. Any thread.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_ARGUMENT.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_duty_init(
    duty: *mut timbrel_duty,
    sample_rate: u32,
    settle_ms: u32,
    listen_ms: u32,
    every_ms: u32,
) -> timbrel_status {
    guard(|| {
        let settings = DutySettings {
            settle_ms,
            listen_ms,
            every_ms,
        };
        let made = DutyCycle::new(sample_rate, settings)?;
        // SAFETY: the caller vouches for the duty cycle
        unsafe { keep(duty, made) }
    })
}

/// Count samples that came, up to the next change of phase; call it again with the number of the rest.
///
/// `count`: samples of one channel. `consumed`: the samples at their front that are of one phase, at least 1 unless `count`
/// is 0. `phase`: their phase; push them to a classifier if it is TIMBREL_PHASE_LISTENING. `ends`: 1 if they are the last
/// ones to be classified in this turn, else 0. All three are written on success. One thread at a time per duty cycle.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, and TIMBREL_ERROR_ARGUMENT, also for a duty cycle that is not initialised.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_duty_push(
    duty: *mut timbrel_duty,
    count: usize,
    consumed: *mut usize,
    phase: *mut timbrel_phase,
    ends: *mut u8,
) -> timbrel_status {
    guard(|| {
        not_null(consumed)?;
        not_null(phase)?;
        not_null(ends)?;
        // SAFETY: the caller vouches for the duty cycle
        let portion = unsafe { borrow::<_, DutyCycle>(duty)? }.push(count);
        // SAFETY: not NULL, and the caller vouches that all three are writable
        unsafe {
            consumed.write(portion.consumed);
            phase.write(match portion.phase {
                Phase::Settling => timbrel_phase::TIMBREL_PHASE_SETTLING,
                Phase::Listening => timbrel_phase::TIMBREL_PHASE_LISTENING,
                Phase::Pausing => timbrel_phase::TIMBREL_PHASE_PAUSING,
            });
            ends.write(u8::from(portion.ends));
        }
        Ok(())
    })
}

/// Get the milliseconds until the next turn, rounded up; 0 while there are samples to classify.
///
/// `ms`: written on success. No other call for this duty cycle at the same time.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_ARGUMENT.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_duty_pause(
    duty: *const timbrel_duty,
    ms: *mut u32,
) -> timbrel_status {
    guard(|| {
        not_null(ms)?;
        // SAFETY: the caller vouches for the duty cycle
        let pause = unsafe { look::<_, DutyCycle>(duty)? }.pause_ms();
        // SAFETY: not NULL, and the caller vouches that it is writable
        unsafe { ms.write(pause) };
        Ok(())
    })
}

/// Count milliseconds of a pause in which no samples came.
///
/// The next turn begins at the end of the pause, however late that is. Outside of a pause it does nothing. One thread at a
/// time per duty cycle.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_ARGUMENT.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_duty_slept(duty: *mut timbrel_duty, ms: u32) -> timbrel_status {
    guard(|| {
        // SAFETY: the caller vouches for the duty cycle
        unsafe { borrow::<_, DutyCycle>(duty)? }.slept(ms);
        Ok(())
    })
}

/// End a turn early, for example because there is nothing to hear; what remains of it is a pause.
///
/// One thread at a time per duty cycle.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_ARGUMENT.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_duty_end_turn(duty: *mut timbrel_duty) -> timbrel_status {
    guard(|| {
        // SAFETY: the caller vouches for the duty cycle
        unsafe { borrow::<_, DutyCycle>(duty)? }.end_turn();
        Ok(())
    })
}

impl From<InvalidSetting> for Failure {
    fn from(error: InvalidSetting) -> Self {
        Self::with_details(TIMBREL_ERROR_ARGUMENT, error)
    }
}
