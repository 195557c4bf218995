use core::fmt;

/// Reason for refusing a model file.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ModelError {
    /// The file does not begin with the magic bytes of a `.timbrel` file.
    NotAModel,
    /// The file has another version of the format.
    Version {
        /// The version that the file states.
        found: u16,
    },
    /// The bytes end before something that must be there.
    Truncated {
        /// Bytes needed, at least.
        needed: usize,
        /// Bytes found.
        found: usize,
    },
    /// There are more bytes than the header states.
    Length {
        /// Length that the header states.
        stated: u32,
        /// Length in bytes.
        found: usize,
    },
    /// The content has changed since it was written.
    Checksum {
        /// CRC-32 in the header.
        stated: u32,
        /// CRC-32 of the content.
        computed: u32,
    },
    /// The file has a section that its reader must know, and this one does not.
    UnknownSection {
        /// The section's id.
        id: u32,
    },
    /// A field holds a value that it must not hold.
    Invalid {
        /// The field's name in `docs/model-format.md`.
        what: &'static str,
        /// Its offset in the file, in bytes.
        at: usize,
        /// The value, which an f64 holds exactly.
        found: f64,
    },
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NotAModel => write!(f, "not a .timbrel model: the first bytes are not TIMBREL"),
            Self::Version { found } => write!(
                f,
                "model format version {found} is unknown, expected {}",
                super::codes::VERSION
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
            Self::UnknownSection { id } => write!(
                f,
                "model needs a newer reader: section {id:#010x} is unknown"
            ),
            Self::Invalid { what, at, found } => {
                write!(f, "model is invalid: {what} at byte {at} is {found}")
            }
        }
    }
}

impl core::error::Error for ModelError {}
