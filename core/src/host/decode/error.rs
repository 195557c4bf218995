use core::fmt;
use std::io;

use crate::audio::UnsupportedRate;

/// Reason for not reading an audio file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The system could not read it.
    Io {
        /// The system's error.
        kind: io::ErrorKind,
    },
    /// The file has no bytes.
    Empty,
    /// The content is not wav, mp3, flac, ogg or m4a.
    NotAudio,
    /// It begins like one of them, but its header is damaged, truncated or not supported.
    Header {
        /// The message of the format's reader.
        what: &'static str,
    },
    /// There is no audio track in it.
    NoTrack,
    /// The codec of its audio is not supported.
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
