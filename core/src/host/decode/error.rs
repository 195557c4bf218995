use core::fmt;
use std::io;

use crate::audio::UnsupportedRate;

/// Why an audio file cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The system could not read it.
    Io {
        /// What the system said.
        kind: io::ErrorKind,
    },
    /// It has no bytes.
    Empty,
    /// Its content is no wav, mp3, flac, ogg or m4a.
    NotAudio,
    /// It begins like one of them, but its header is damaged, cut off or of a kind that is not supported.
    Header {
        /// What the format's reader says.
        what: &'static str,
    },
    /// There is no audio track in it.
    NoTrack,
    /// Its audio is coded in a way that is not supported.
    UnknownCodec,
    /// Nothing in it can be decoded.
    NoAudio,
    /// Sample rate or channels change in the middle.
    FormatChanged,
    /// The decoder failed on it.
    Decoder,
    /// Its sample rate cannot be resampled.
    Rate(UnsupportedRate),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { kind } => write!(f, "cannot be read: {kind}"),
            Self::Empty => write!(f, "the file is empty"),
            Self::NotAudio => write!(f, "not a wav, mp3, flac, ogg or m4a file"),
            Self::Header { what } => write!(f, "its header cannot be read: {what}"),
            Self::NoTrack => write!(f, "there is no audio track in it"),
            Self::UnknownCodec => write!(f, "its audio codec is not supported"),
            Self::NoAudio => write!(f, "there is no audio in it that can be decoded"),
            Self::FormatChanged => write!(f, "sample rate or channels change in the middle"),
            Self::Decoder => write!(f, "the decoder failed on it"),
            Self::Rate(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for DecodeError {}

impl From<io::Error> for DecodeError {
    fn from(error: io::Error) -> Self {
        Self::Io { kind: error.kind() }
    }
}
