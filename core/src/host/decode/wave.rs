//! The chunks of a wav file, in every form that programs write: RIFF, its 64-bit successors RF64 and BW64, big-endian RIFX
//! and Sony's Wave64.
//!
//! The length of the whole is ignored, since it is wrong in many files, and that of the samples counts only as far
//! as the file goes.

use std::boxed::Box;

use symphonia::core::codecs::audio::AudioCodecId;
use symphonia::core::codecs::audio::well_known::*;

use super::blocks::{Blocks, Coding};
use super::error::DecodeError;
use super::frames::Frames;
use super::names::wave_codec;
use super::packets::Packets;
use super::source::Source;

/// Most bytes of a `fmt ` chunk that are read.
const MOST_FORMAT: u64 = 256;

/// Most chunks before the samples.
const MOST_CHUNKS: u32 = 10_000;

/// Chunks that tell by their name that the one before them is not padded.
const USUAL: [&[u8]; 8] = [
    b"fmt ", b"data", b"LIST", b"fact", b"bext", b"JUNK", b"id3 ", b"cue ",
];

/// Encoding of numbers and chunks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Riff,
    /// Lengths of 32 bits that are all ones refer to a chunk `ds64`.
    Rf64,
    BigEndian,
    /// Names of 16 bytes, lengths of 64 bits that count the chunk's header.
    Wave64,
}

/// Open the samples of a wav file.
pub(super) fn open(mut source: Source) -> Result<Box<dyn Packets>, DecodeError> {
    let dialect = match source.prefix(4)? {
        b"RF64" | b"BW64" => Dialect::Rf64,
        b"RIFX" => Dialect::BigEndian,
        b"riff" => Dialect::Wave64,
        _ => Dialect::Riff,
    };
    source.skip(if dialect == Dialect::Wave64 { 40 } else { 12 })?;
    let (mut format, mut long_data) = (None, None);
    for _ in 0..MOST_CHUNKS {
        let Some(chunk) = chunk(&mut source, dialect)? else {
            break;
        };
        match &chunk.name {
            b"fmt " => {
                let bytes = source.prefix(chunk.length.min(MOST_FORMAT) as usize)?;
                format = Some(Format::read(bytes, dialect)?);
            }
            b"ds64" => {
                // after the length of the whole
                let bytes = source.prefix(16)?.get(8..16).and_then(<[u8]>::first_chunk);
                long_data = bytes.map(|bytes| u64::from_le_bytes(*bytes));
            }
            b"data" => {
                let format = format.ok_or(DecodeError::Header {
                    what: "wav: the samples come before their format",
                })?;
                return samples(source, &format, dialect, chunk.length, long_data);
            }
            _ => {}
        }
        source.skip(chunk.length)?;
        // some programs leave the padding out
        let next = source.prefix(4)?;
        if !USUAL.contains(&next) {
            source.skip(chunk.padding)?;
        }
    }
    Err(DecodeError::Header {
        what: "wav: it has no samples",
    })
}

struct Chunk {
    name: [u8; 4],
    length: u64,
    /// Bytes between its end and the next chunk.
    padding: u64,
}

/// Read a chunk's header; `None` where the file ends.
fn chunk(source: &mut Source, dialect: Dialect) -> Result<Option<Chunk>, DecodeError> {
    let header = source.prefix(24)?;
    let Some(name) = header.first_chunk::<4>().copied() else {
        return Ok(None);
    };
    let (begin, length, align) = if dialect == Dialect::Wave64 {
        let Some(length) = header.last_chunk::<8>().filter(|_| header.len() == 24) else {
            return Ok(None);
        };
        (24, u64::from_le_bytes(*length).saturating_sub(24), 8)
    } else {
        let Some(length) = header.get(4..8).and_then(<[u8]>::first_chunk::<4>) else {
            return Ok(None);
        };
        let length = match dialect {
            Dialect::BigEndian => u32::from_be_bytes(*length),
            _ => u32::from_le_bytes(*length),
        };
        (8, u64::from(length), 2)
    };
    source.skip(begin)?;
    Ok(Some(Chunk {
        name,
        length,
        padding: (align - length % align) % align,
    }))
}

/// Content of a `fmt ` chunk, in little-endian order or its reverse.
struct Format {
    tag: u16,
    channels: u16,
    rate: u32,
    /// Bytes of a block.
    block: u16,
    bits: u16,
}

impl Format {
    fn read(bytes: &[u8], dialect: Dialect) -> Result<Self, DecodeError> {
        let short = |at: usize| {
            let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk::<2>);
            bytes.map(|bytes| match dialect {
                Dialect::BigEndian => u16::from_be_bytes(*bytes),
                _ => u16::from_le_bytes(*bytes),
            })
        };
        let long = |at: usize| {
            let (first, second) = (u32::from(short(at)?), u32::from(short(at + 2)?));
            Some(match dialect {
                Dialect::BigEndian => first << 16 | second,
                _ => second << 16 | first,
            })
        };
        let read = || {
            let tag = match (short(0)?, short(24)) {
                // extensible: the tag begins an identifier
                (0xfffe, Some(tag)) => tag,
                (tag, _) => tag,
            };
            Some(Self {
                tag,
                channels: short(2)?,
                rate: long(4)?,
                block: short(12)?,
                bits: short(14).unwrap_or(0),
            })
        };
        read().ok_or(DecodeError::Header {
            what: "wav: its format is cut off",
        })
    }

    /// Return the bytes of a sample: by the block where that is possible, by the bits otherwise.
    fn sample_bytes(&self) -> u16 {
        let bytes = self.bits.div_ceil(8);
        let by_block = self.block.checked_div(self.channels).unwrap_or(0);
        let divides = self.block == by_block.wrapping_mul(self.channels);
        if divides && (bytes..=4).contains(&by_block) && by_block > 0 {
            by_block
        } else {
            bytes
        }
    }

    fn coding(&self, big_endian: bool) -> Result<Coding, DecodeError> {
        let (block, channels) = (u32::from(self.block), u32::from(self.channels));
        let pcm = |little, big| Ok((if big_endian { big } else { little }, 1));
        // after a header for each channel two samples per byte, and those of the header
        let adpcm = |codec, header, samples| {
            let coded = block
                .checked_sub(header * channels)
                .filter(|_| channels > 0);
            let coded = coded.ok_or(DecodeError::Header {
                what: "wav: blocks shorter than their header",
            })?;
            Ok((codec, coded * 2 / channels + samples))
        };
        let bytes = self.sample_bytes();
        let (codec, frames): (AudioCodecId, u32) = match (self.tag, bytes) {
            (1, 1) => pcm(CODEC_ID_PCM_U8, CODEC_ID_PCM_U8),
            (1, 2) => pcm(CODEC_ID_PCM_S16LE, CODEC_ID_PCM_S16BE),
            (1, 3) => pcm(CODEC_ID_PCM_S24LE, CODEC_ID_PCM_S24BE),
            (1, 4) => pcm(CODEC_ID_PCM_S32LE, CODEC_ID_PCM_S32BE),
            (1, _) => Err(DecodeError::Codec {
                codec: "PCM of this width",
                container: "wav",
            }),
            (3, 4) => pcm(CODEC_ID_PCM_F32LE, CODEC_ID_PCM_F32BE),
            (3, 8) => pcm(CODEC_ID_PCM_F64LE, CODEC_ID_PCM_F64BE),
            (6, _) => Ok((CODEC_ID_PCM_ALAW, 1)),
            (7, _) => Ok((CODEC_ID_PCM_MULAW, 1)),
            (2, _) => adpcm(CODEC_ID_ADPCM_MS, 7, 2),
            (0x11, _) => adpcm(CODEC_ID_ADPCM_IMA_WAV, 4, 1),
            (tag, _) => Err(match wave_codec(tag) {
                Some(codec) => DecodeError::Codec {
                    codec,
                    container: "wav",
                },
                None => DecodeError::Header {
                    what: "wav: an unknown format tag",
                },
            }),
        }?;
        Ok(Coding {
            codec,
            rate: self.rate,
            channels: self.channels,
            block: match frames {
                // companded samples have one byte
                1 if matches!(self.tag, 6 | 7) => channels,
                1 if matches!(self.tag, 1 | 3) => channels * u32::from(bytes),
                _ => block,
            },
            frames,
        })
    }
}

fn samples(
    mut source: Source,
    format: &Format,
    dialect: Dialect,
    length: u64,
    long: Option<u64>,
) -> Result<Box<dyn Packets>, DecodeError> {
    let is_unknown = u32::try_from(length).is_ok_and(|length| length == u32::MAX);
    let length = match long {
        Some(long) if dialect == Dialect::Rf64 && is_unknown => Some(long),
        _ => Some(length).filter(|_| !is_unknown),
    };
    // programs that write to a pipe leave 0; an empty file has nothing after it, or another chunk
    let length = length.filter(|length| *length > 0);
    if length.is_none() && source.prefix(4)? == b"LIST" {
        return Err(DecodeError::NoAudio);
    }
    let length = match length {
        Some(length) if goes_on(&mut source, length)? => None,
        length => length,
    };
    if let Some(length) = length {
        source.limit(length);
    }
    if matches!(format.tag, 0x50 | 0x55) {
        return Ok(Box::new(Frames::new(source, Some("wav"))));
    }
    let coding = format.coding(dialect == Dialect::BigEndian)?;
    Ok(Box::new(Blocks::new(source, coding, length, "wav")?))
}

/// Return whether the samples go on after the length that the header states: neither the end of the file, nor a chunk,
/// nor a tag, nor a gap is there.
fn goes_on(source: &mut Source, length: u64) -> Result<bool, DecodeError> {
    let bytes = source.read_at(length, 4096)?;
    let is_chunk = |bytes: &[u8]| {
        let name = bytes.first_chunk::<4>();
        name.is_some_and(|name| name.iter().all(|byte| matches!(byte, b' '..=b'~')))
    };
    let is_end = bytes.len() < 4096
        || is_chunk(&bytes)
        || is_chunk(bytes.get(1..).unwrap_or_default())
        || bytes.iter().filter(|byte| **byte == 0).count() > bytes.len() / 2;
    Ok(!is_end)
}
