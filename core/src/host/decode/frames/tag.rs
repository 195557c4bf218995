//! Tags: those of Xing, LAME and Fraunhofer's encoder, which have the form of a frame, and those between files.

use symphonia::core::codecs::audio::well_known::CODEC_ID_MP3;

use super::header::Header;
use crate::host::decode::sniff::id3_length;

/// Samples that a decoder of layer 3 adds to the encoder's delay.
const DECODER_DELAY: u32 = 529;

/// What an APE tag's header and footer begin with.
const APE: &[u8] = b"APETAGEX";

/// The counts of a tag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tag {
    /// Frames after the tag.
    pub(super) frames: Option<u32>,
    /// Bytes of the tag's frame and of all after it.
    pub(super) bytes: Option<u32>,
    /// Samples before the music.
    pub(super) delay: u32,
    /// Samples after it.
    pub(super) padding: u32,
}

impl Tag {
    /// Read the tag in a frame, if it is a tag.
    pub(super) fn read(frame: &[u8], header: &Header) -> Option<Self> {
        if header.codec != CODEC_ID_MP3 {
            return None;
        }
        let (side, end) = header.side;
        let is_silent = |to| {
            frame
                .get(side..to)
                .is_some_and(|side| side.iter().all(|b| *b == 0))
        };
        if frame.get(36..40) == Some(b"VBRI") && is_silent(36) {
            return Some(Self {
                frames: long(frame, 50),
                bytes: long(frame, 46),
                ..Self::default()
            });
        }
        if !matches!(frame.get(end..end + 4)?, b"Xing" | b"Info") || !is_silent(end) {
            return None;
        }
        let flags = long(frame, end + 4)?;
        let fields = [(1, 4), (2, 4), (4, 100), (8, 4)];
        let lengths = fields.map(|(flag, length)| if flags & flag == 0 { 0 } else { length });
        let count = |flag, at| long(frame, at).filter(|_| flags & flag != 0);
        let frames = count(1, end + 8);
        let bytes = count(2, end + 8 + lengths[0]);
        let lame = end + 8 + lengths.iter().sum::<usize>();
        let (delay, padding) = lame_trim(frame, lame).unwrap_or_default();
        // a count that leaves nothing cannot be right
        let all = frames.map(|frames| u64::from(frames) * u64::from(header.samples));
        let is_possible = all.is_none_or(|all| all > u64::from(delay + padding));
        Some(Self {
            frames: frames.filter(|_| is_possible),
            bytes,
            delay,
            padding,
        })
    }
}

/// Read the delay and padding of LAME's part of the tag at `at`. Its checksum is ignored: programs that change
/// the count leave it as it was.
fn lame_trim(frame: &[u8], at: usize) -> Option<(u32, u32)> {
    let encoder = frame.get(at..at + 4)?;
    let trim = long(frame, at + 20)? & 0xff_ffff;
    let padding = (trim & 0xfff).saturating_sub(DECODER_DELAY);
    matches!(encoder, b"LAME" | b"Lavf" | b"Lavc")
        .then_some((DECODER_DELAY + (trim >> 12), padding))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk::<4>);
    bytes.map(|bytes| u32::from_be_bytes(*bytes))
}

/// Return the length of a tag (ID3, or APE's) before or after frames that these bytes begin.
pub(in crate::host::decode) fn skippable(bytes: &[u8]) -> Option<u64> {
    match bytes.first_chunk::<3>()? {
        b"ID3" => id3_length(bytes),
        b"TAG" => Some(128),
        b"APE" => {
            let (is_header, length) = ape(bytes)?;
            Some(if is_header { 32 + length } else { 32 })
        }
        _ => None,
    }
}

/// Return the number of bytes of an APE tag that come before its end, where these bytes begin with that and the tag has no
/// header.
pub(super) fn before_footer(bytes: &[u8]) -> u64 {
    match ape(bytes) {
        Some((false, length)) => length.saturating_sub(32),
        _ => 0,
    }
}

/// Read the header or the footer of an APE tag, which have one form: which of both it is, and the length that it states, of
/// the entries and the footer.
fn ape(bytes: &[u8]) -> Option<(bool, u64)> {
    let word = |at: usize| {
        let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk::<4>);
        bytes.map(|bytes| u32::from_le_bytes(*bytes))
    };
    let is_header = word(20)? >> 29 & 1 == 1;
    let length = u64::from(word(12)?);
    bytes.starts_with(APE).then_some((is_header, length))
}
