//! The chunks of a wav file, in every form that programs write: RIFF, its 64-bit successors RF64 and BW64, big-endian RIFX
//! and Sony's Wave64.
//!
//! The length of the whole is ignored, since it is wrong in many files, and that of the samples counts only as far
//! as the file goes.

use std::boxed::Box;
use std::io::Result as IoResult;
use std::vec::Vec;

use symphonia::core::codecs::audio::AudioCodecId;
use symphonia::core::codecs::audio::well_known::*;

use super::blocks::{Blocks, Coding, is_possible};
use super::error::DecodeError;
use super::frames::Frames;
use super::names::wave_codec;
use super::packets::{Packets, Unit};
use super::sniff::{DISGUISE, disguised, is_container, is_known};
use super::source::Source;

/// Most bytes of a `fmt ` chunk that are read.
const MOST_FORMAT: u64 = 256;

/// Most chunks before the samples.
const MOST_CHUNKS: u32 = 10_000;

/// Bytes that tell what comes after the samples.
const LOOK: usize = 16;

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
    let mut header = Vec::new();
    for _ in 0..MOST_CHUNKS {
        let Some(chunk) = chunk(&mut source, dialect)? else {
            break;
        };
        // some programs write names in capitals
        match &chunk.name.map(|byte| byte.to_ascii_lowercase()) {
            b"fmt " => {
                let bytes = source.prefix(chunk.length.min(MOST_FORMAT) as usize)?;
                format = Some(Format::read(bytes, dialect)?);
                header = header_with(bytes, dialect);
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
                let length = length(&mut source, dialect, chunk.length, long_data)?;
                return samples(source, &format, dialect, length, header);
            }
            // samples in a list of several chunks, with silence between them
            b"list" if source.prefix(4)? == b"wavl" => {
                source.skip(4)?;
                continue;
            }
            _ => {}
        }
        source.skip(chunk.length)?;
        skip_padding(&mut source, chunk.padding)?;
    }
    Err(DecodeError::Header {
        what: "wav: it has no samples",
    })
}

/// Skip what pads a chunk, which some programs leave out.
fn skip_padding(source: &mut Source, padding: u64) -> IoResult<()> {
    let next = source.prefix(4)?;
    if USUAL.iter().any(|name| next.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    source.skip(padding)
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

/// Return the length of the samples in bytes, `None` where the header's is unknown or wrong.
fn length(
    source: &mut Source,
    dialect: Dialect,
    length: u64,
    long: Option<u64>,
) -> Result<Option<u64>, DecodeError> {
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
    Ok(match length {
        Some(length) if goes_on(source, length)? => None,
        length => length,
    })
}

fn samples(
    mut source: Source,
    format: &Format,
    dialect: Dialect,
    length: Option<u64>,
    header: Vec<u8>,
) -> Result<Box<dyn Packets>, DecodeError> {
    if matches!(format.tag, 0x50 | 0x55) {
        let missing = length
            .filter(|_| is_possible(&source, length))
            .zip(source.len());
        let missing = missing.map_or(0, |(length, found)| length.saturating_sub(found));
        if let Some(length) = length {
            source.limit(length);
        }
        return Ok(Box::new(Frames::new(source, Some("wav"), missing)));
    }
    if (format.tag, format.bits) == (1, 16)
        && let Some(codec) = disguised(source.prefix(DISGUISE)?)
    {
        return Err(DecodeError::Codec {
            codec,
            container: "wav",
        });
    }
    let coding = format.coding(dialect == Dialect::BigEndian)?;
    let samples = Blocks::new(source, coding, length, "wav")?;
    let padding = length.unwrap_or(0) % 2;
    Ok(match dialect {
        Dialect::Wave64 => Box::new(samples),
        _ => Box::new(Wave {
            samples,
            dialect,
            padding,
            header,
        }),
    })
}

/// Return the beginning of a file with the content of this `fmt ` chunk.
fn header_with(format: &[u8], dialect: Dialect) -> Vec<u8> {
    let length = format.len() as u32;
    let (tag, length) = match dialect {
        Dialect::BigEndian => (b"RIFX", length.to_be_bytes()),
        _ => (b"RIFF", length.to_le_bytes()),
    };
    [tag.as_slice(), &[0; 4], b"WAVEfmt ", &length, format].concat()
}

/// The samples of a file, after which others may come.
struct Wave {
    samples: Blocks,
    dialect: Dialect,
    /// Bytes between the samples and the next chunk.
    padding: u64,
    /// What a file with samples of this format begins with.
    header: Vec<u8>,
}

impl Packets for Wave {
    fn next(&mut self) -> Result<Option<Unit>, DecodeError> {
        self.samples.next()
    }

    fn announced(&self) -> Option<f64> {
        self.samples.announced()
    }

    /// Take the next chunk of samples, as a file of its own, or what comes after the last chunk.
    fn rest(&mut self) -> Result<Option<Source>, DecodeError> {
        let Some(mut source) = self.samples.rest()? else {
            return Ok(None);
        };
        skip_padding(&mut source, self.padding)?;
        for _ in 0..MOST_CHUNKS {
            let bytes = source.prefix(LOOK)?;
            if starts_with_name(bytes, b"data") {
                source.replace(0, &self.header)?;
                break;
            }
            if !is_chunk(bytes) || is_container(bytes) {
                break;
            }
            let Some(chunk) = chunk(&mut source, self.dialect)? else {
                break;
            };
            source.skip(chunk.length)?;
            skip_padding(&mut source, chunk.padding)?;
        }
        Ok(Some(source))
    }
}

/// Return whether these bytes begin with the name of a chunk, in capitals or not.
fn starts_with_name(bytes: &[u8], name: &[u8; 4]) -> bool {
    let begin = bytes.first_chunk::<4>();
    begin.is_some_and(|begin| begin.eq_ignore_ascii_case(name))
}

/// Return whether these bytes can begin a chunk: its name is text.
fn is_chunk(bytes: &[u8]) -> bool {
    let name = bytes.first_chunk::<4>();
    name.is_some_and(|name| name.iter().all(|byte| matches!(byte, b' '..=b'~')))
}

/// Return whether the samples go on after the length that the header states: neither the end of the file, nor a chunk,
/// nor a tag, nor another file, nor a gap is there.
fn goes_on(source: &mut Source, length: u64) -> Result<bool, DecodeError> {
    let bytes = source.read_at(length, 4096)?;
    let is_end = bytes.len() < 4096
        || is_chunk(&bytes)
        || is_known(&bytes)
        || is_chunk(bytes.get(1..).unwrap_or_default())
        || bytes.iter().filter(|byte| **byte == 0).count() > bytes.len() / 2;
    Ok(!is_end)
}
