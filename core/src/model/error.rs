use core::fmt;

/// Why a model file is refused.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelError {
    /// The file does not begin as a `.timbrel` file does.
    NotAModel,
    /// Written for another version of the format.
    Version {
        /// The version that the file states.
        found: u16,
    },
    /// The bytes end before something that must be there.
    Truncated {
        /// Bytes that are needed at least.
        needed: usize,
        /// Bytes that are there.
        found: usize,
    },
    /// More bytes than the file says it has.
    Length {
        /// The length that the header states.
        stated: u32,
        /// The length there is.
        found: usize,
    },
    /// The content is not what was written.
    Checksum {
        /// CRC-32 in the header.
        stated: u32,
        /// CRC-32 of the content.
        computed: u32,
    },
    /// A field holds a value that it must not hold.
    Invalid {
        /// The field's name in `docs/model-format.md`.
        what: &'static str,
        /// Its offset in the file, in bytes.
        at: usize,
        /// The value, for a float its bits.
        found: u32,
    },
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NotAModel => write!(f, "not a .timbrel model: the first bytes are not TIMBREL"),
            Self::Version { found } => write!(
                f,
                "model format version {found} is unknown, expected {}",
                super::format::VERSION
            ),
            Self::Truncated { needed, found } => {
                write!(f, "model ends after {found} bytes, {needed} are needed")
            }
            Self::Length { stated, found } => {
                write!(f, "model states {stated} bytes and has {found}")
            }
            Self::Checksum { stated, computed } => write!(
                f,
                "model is damaged: checksum {computed:08x}, expected {stated:08x}"
            ),
            Self::Invalid { what, at, found } => {
                write!(f, "model is invalid: {what} at byte {at} is {found}")
            }
        }
    }
}

impl core::error::Error for ModelError {}
