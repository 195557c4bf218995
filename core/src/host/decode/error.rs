use core::fmt;
use std::io;
use std::sync::Arc;

use crate::audio::UnsupportedRate;

/// Reason why an audio file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The system could not read it.
    Io(SystemError),
    /// The file is empty.
    Empty,
    /// Its content is not in any of the supported formats, nor in one that is known by name.
    NotAudio,
    /// It is in a format that is known and not supported.
    Foreign {
        /// Name of the format.
        format: &'static str,
    },
    /// Its container is supported, and the codec of the audio in it is not.
    Codec {
        /// Name of the codec.
        codec: &'static str,
        /// Name of the container.
        container: &'static str,
    },
    /// Its header is damaged, cut off or of a kind that is not supported.
    Header {
        /// The reader's reason.
        what: &'static str,
    },
    /// The file has no audio track.
    NoTrack,
    /// The codec of its audio is not known.
    UnknownCodec,
    /// Nothing in it can be decoded.
    NoAudio,
    /// The decoder failed on it.
    Decoder,
    /// Its sample rate cannot be resampled.
    Rate(UnsupportedRate),
    /// It has no channels, or more than [`MAX_CHANNELS`](crate::audio::MAX_CHANNELS).
    Channels {
        /// Its channels.
        found: u16,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // the system's own words have a number in them, and the kind's are unusual
            Self::Io(error) if error.kind() == io::ErrorKind::NotFound => {
                write!(f, "cannot be read: no such file")
            }
            Self::Io(error) => write!(f, "cannot be read: {}", error.kind()),
            Self::Empty => write!(f, "the file is empty"),
            Self::NotAudio => write!(
                f,
                "not a wav, mp3, flac, ogg, m4a, aac, aiff, au, caf, mkv or webm file"
            ),
            Self::Foreign { format } => {
                write!(f, "the file's format is not supported: {format}")
            }
            Self::Codec { codec, container } => {
                write!(f, "{codec} in {container} is not supported")
            }
            Self::Header { what } => write!(f, "the header cannot be read: {what}"),
            Self::NoTrack => write!(f, "the file has no audio track"),
            Self::UnknownCodec => write!(f, "the audio codec is not known"),
            Self::NoAudio => write!(f, "the file has no audio that can be decoded"),
            Self::Decoder => write!(f, "the decoder failed"),
            Self::Rate(error) => error.fmt(f),
            Self::Channels { found } => write!(f, "{found} channels are not supported"),
        }
    }
}

impl core::error::Error for DecodeError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io(SystemError(error)) => Some(&**error),
            _ => None,
        }
    }
}

impl From<io::Error> for DecodeError {
    fn from(error: io::Error) -> Self {
        Self::Io(SystemError(Arc::new(error)))
    }
}

/// An error of the system, shared by the clones of a [`DecodeError`]. Two of the same kind are equal.
#[derive(Clone, Debug)]
pub struct SystemError(Arc<io::Error>);

impl SystemError {
    /// Return its kind.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        self.0.kind()
    }
}

impl PartialEq for SystemError {
    fn eq(&self, other: &Self) -> bool {
        self.kind() == other.kind()
    }
}

impl Eq for SystemError {}
