//! When to listen: a [`Gate`] that opens for sound that changes, and a [`DutyCycle`] of listening and pausing.
//!
//! Both stand before a [`Classifier`](crate::classifier::Classifier), so that silence and pauses cost next to nothing.
//! They work in integers: every target decides the same. Neither allocates.
//!
//! ```
//! use timbrel_core::wake::{Gate, GateSettings};
//! # use timbrel_core::{Error, classifier::Classifier, engine::Engine};
//!
//! # fn all<E: Engine>(classifier: &mut Classifier<'_, E>, blocks: &[[i16; 256]]) -> Result<(), Error> {
//! # let mut gate = Gate::new(16_000, GateSettings::default()).unwrap();
//! let mut was_open = false;
//! for block in blocks {
//!     let open = gate.push(block);
//!     if open && !was_open {
//!         classifier.reset(); // another piece
//!     }
//!     was_open = open;
//!     let mut rest = if open { &block[..] } else { &[] };
//!     while !rest.is_empty() {
//!         rest = &rest[classifier.push(rest)?.consumed..];
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod duty;
mod gate;
mod level;

use core::fmt;

pub use duty::{DutyCycle, DutySettings, Phase, Portion};
pub use gate::{Gate, GateSettings};

/// A setting of a [`Gate`] or a [`DutyCycle`] that is out of its range.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidSetting {
    /// The setting and its range.
    pub what: &'static str,
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}

impl core::error::Error for InvalidSetting {}

/// Check a sample rate, and return it.
fn check_rate(sample_rate: u32) -> Result<u32, InvalidSetting> {
    if (4_000..=192_000).contains(&sample_rate) {
        Ok(sample_rate)
    } else {
        Err(InvalidSetting {
            what: "the sample rate must be 4,000 to 192,000 Hz",
        })
    }
}
