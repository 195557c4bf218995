//! Listening for some seconds in every minute: a clock that counts samples, and the milliseconds of pauses.

use super::{InvalidSetting, check_rate};

/// Times of a [`DutyCycle`], in milliseconds.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DutySettings {
    /// After the microphone is switched on, until its samples are of use: 0 to 10,000.
    pub settle_ms: u32,
    /// Of samples to classify: 500 to 600,000. A model's window has 2,800.
    pub listen_ms: u32,
    /// From the beginning of a turn to that of the next one: at least the sum of both, at most 86,400,000, a day.
    pub every_ms: u32,
}

/// Part of a turn.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The microphone has just been switched on; its samples are not to be classified.
    Settling,
    /// Samples are to be classified.
    Listening,
    /// The turn is over. The microphone may be off.
    Pausing,
}

/// The samples at the front of those that came, up to the next change of phase.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portion {
    /// Their number, at least 1 unless none came.
    pub consumed: usize,
    /// Their phase.
    pub phase: Phase,
    /// Whether they are the last ones to be classified in this turn.
    pub ends: bool,
}

/// Listens for some seconds in every minute or hour.
///
/// ```
/// use timbrel_core::wake::{DutyCycle, DutySettings, Phase};
///
/// // 3 s in every minute, for a microphone that needs 50 ms to start
/// let settings = DutySettings { settle_ms: 50, listen_ms: 3_000, every_ms: 60_000 };
/// let mut duty = DutyCycle::new(16_000, settings)?;
/// let mut answers = 0;
/// for _ in 0..400 {
///     let mut block = &[0_i16; 256][..]; // from the microphone
///     while !block.is_empty() {
///         let portion = duty.push(block.len());
///         let (samples, rest) = block.split_at(portion.consumed);
///         block = rest;
///         if portion.phase == Phase::Listening {
///             let _ = samples; // to Classifier::push
///         }
///         if portion.ends {
///             answers += 1; // Classifier::finish, result and reset
///         }
///     }
///     let pause = duty.pause_ms();
///     if pause > 0 {
///         // switch the microphone off, sleep, and switch it on
///         duty.slept(pause);
///     }
/// }
/// assert_eq!(answers, 2);
/// # Ok::<(), timbrel_core::wake::InvalidSetting>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DutyCycle {
    sample_rate: u32,
    every_ms: u32,
    /// Samples from the beginning of a turn to the ends of its phases.
    settle: u64,
    listen: u64,
    every: u64,
    /// Samples since the beginning of the turn.
    at: u64,
}

impl DutyCycle {
    /// Make a cycle for samples per second of one channel, `4_000..=192_000`, at the beginning of a turn.
    ///
    /// # Errors
    /// [`InvalidSetting`] for a rate or a time out of its range.
    pub fn new(sample_rate: u32, settings: DutySettings) -> Result<Self, InvalidSetting> {
        let sample_rate = check_rate(sample_rate)?;
        let DutySettings {
            settle_ms,
            listen_ms,
            every_ms,
        } = settings;
        let what = if settle_ms > 10_000 {
            Some("settle_ms must be 0 to 10,000")
        } else if !(500..=600_000).contains(&listen_ms) {
            Some("listen_ms must be 500 to 600,000")
        } else if !(settle_ms + listen_ms..=86_400_000).contains(&every_ms) {
            Some("every_ms must be at least settle_ms + listen_ms, and at most a day")
        } else {
            None
        };
        if let Some(what) = what {
            return Err(InvalidSetting { what });
        }
        let samples = |ms: u32| u64::from(ms) * u64::from(sample_rate) / 1_000;
        Ok(Self {
            sample_rate,
            every_ms,
            settle: samples(settle_ms),
            listen: samples(settle_ms + listen_ms),
            every: samples(every_ms),
            at: 0,
        })
    }

    /// Count samples (of one channel) that came, up to the next change of phase; call it again with the number of the rest.
    pub fn push(&mut self, count: usize) -> Portion {
        let (phase, end) = if self.at < self.settle {
            (Phase::Settling, self.settle)
        } else if self.at < self.listen {
            (Phase::Listening, self.listen)
        } else {
            (Phase::Pausing, self.every)
        };
        let consumed = end.saturating_sub(self.at).min(count as u64);
        self.pass(consumed);
        Portion {
            consumed: consumed as usize,
            phase,
            ends: phase == Phase::Listening && consumed > 0 && !self.is_before(end),
        }
    }

    /// Return the milliseconds until the next turn, rounded up; 0 while settling or listening.
    #[must_use]
    pub fn pause_ms(&self) -> u32 {
        if self.at < self.listen {
            return 0;
        }
        let left = self.every.saturating_sub(self.at) * 1_000;
        // the rate is positive, which the compiler does not see here: it would add a panic for zero
        left.div_ceil(u64::from(self.sample_rate.max(1))) as u32
    }

    /// Count milliseconds in which no samples came. A turn begins at the end of the pause, however late that is.
    pub fn slept(&mut self, ms: u32) {
        if self.at >= self.listen {
            let ms = ms.min(self.every_ms);
            self.pass(u64::from(ms) * u64::from(self.sample_rate) / 1_000);
        }
    }

    /// End the turn early, for example because there is nothing to hear; what remains of it is a pause.
    pub fn end_turn(&mut self) {
        self.at = self.at.max(self.listen);
        self.pass(0);
    }

    /// Let time pass, at most to the beginning of the next turn.
    fn pass(&mut self, samples: u64) {
        self.at += samples;
        if self.at >= self.every {
            self.at = 0;
        }
    }

    /// Whether the clock is between the beginning of the turn, exclusive, and `end`.
    fn is_before(&self, end: u64) -> bool {
        0 < self.at && self.at < end
    }
}
