//! The chunks of an AIFF or AIFF-C file.

use std::boxed::Box;

use symphonia::core::codecs::audio::well_known::*;

use super::blocks::{Blocks, Coding};
use super::error::DecodeError;
use super::packets::Packets;
use super::source::Source;

/// Most chunks before the samples.
const MOST_CHUNKS: u32 = 10_000;

/// Open the samples of an AIFF file, whose chunks may come in any order.
pub(super) fn open(mut source: Source) -> Result<Box<dyn Packets>, DecodeError> {
    source.skip(12)?;
    // where the samples are, if they come first
    let (mut format, mut before) = (None, None);
    let mut at = 0_u64;
    for _ in 0..MOST_CHUNKS {
        let bytes = source.prefix(64)?;
        let (Some(name), Some(length)) = (bytes.first_chunk::<4>(), long(bytes, 4)) else {
            break;
        };
        let length = u64::from(length);
        if name == b"COMM" {
            let end = bytes.len().min(8 + length as usize);
            format = Some(coding(bytes.get(8..end).unwrap_or_default())?);
        }
        if name == b"SSND" {
            let offset = u64::from(long(bytes, 8).unwrap_or(0));
            before = Some((at, length, offset));
        }
        if let (Some((place, length, offset)), Some(_)) = (before, &format) {
            source.unskip(at - place)?;
            source.skip(16 + offset)?;
            return samples(source, format, length, offset);
        }
        let step = 8 + length + length % 2;
        source.skip(step)?;
        at += step;
    }
    Err(DecodeError::Header {
        what: "aiff: it has no samples",
    })
}

fn samples(
    source: Source,
    format: Option<Coding>,
    length: u64,
    offset: u64,
) -> Result<Box<dyn Packets>, DecodeError> {
    let coding = format.ok_or(DecodeError::Header {
        what: "aiff: the samples have no format",
    })?;
    // programs that write to a pipe leave 0 or all ones
    let known = !matches!(length, 0 | 0xffff_ffff | 8);
    let length = length.saturating_sub(8 + offset);
    Ok(Box::new(Blocks::new(
        source,
        coding,
        known.then_some(length),
        "AIFF",
    )?))
}

/// Read a `COMM` chunk: channels, frames, bits, rate as an 80-bit float, and in AIFF-C the compression.
fn coding(bytes: &[u8]) -> Result<Coding, DecodeError> {
    const CUT: DecodeError = DecodeError::Header {
        what: "aiff: its format is cut off",
    };
    let short = |at: usize| {
        let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk::<2>);
        bytes.map(|bytes| u16::from_be_bytes(*bytes)).ok_or(CUT)
    };
    let (channels, bits) = (short(0)?, short(6)?);
    let mantissa = long(bytes, 10).ok_or(CUT)?;
    // the integer part of mantissa · 2^(exponent - 16383 - 63), of whose 64 bits the upper 32 are enough
    let shift = 16_383_u32 + 31;
    let rate = shift
        .checked_sub(u32::from(short(8)?))
        .and_then(|by| mantissa.checked_shr(by));
    let rate = rate.ok_or(DecodeError::Header {
        what: "aiff: an impossible sample rate",
    })?;
    let bytes_per_sample = u32::from(bits.div_ceil(8));
    let pcm = |bytes| match bytes {
        1 => Some(CODEC_ID_PCM_S8),
        2 => Some(CODEC_ID_PCM_S16BE),
        3 => Some(CODEC_ID_PCM_S24BE),
        4 => Some(CODEC_ID_PCM_S32BE),
        _ => None,
    };
    let compression = bytes.get(18..22).unwrap_or(b"NONE");
    let (codec, width) = match compression {
        b"NONE" | b"twos" | b"lpcm" => (pcm(bytes_per_sample), bytes_per_sample),
        b"in24" => (Some(CODEC_ID_PCM_S24BE), 3),
        b"in32" => (Some(CODEC_ID_PCM_S32BE), 4),
        b"raw " => (Some(CODEC_ID_PCM_U8), 1),
        b"sowt" if bytes_per_sample == 1 => (Some(CODEC_ID_PCM_S8), 1),
        b"sowt" if bytes_per_sample == 3 => (Some(CODEC_ID_PCM_S24LE), 3),
        b"sowt" if bytes_per_sample == 4 => (Some(CODEC_ID_PCM_S32LE), 4),
        b"sowt" => (Some(CODEC_ID_PCM_S16LE), 2),
        b"fl32" | b"FL32" => (Some(CODEC_ID_PCM_F32BE), 4),
        b"fl64" | b"FL64" => (Some(CODEC_ID_PCM_F64BE), 8),
        b"alaw" | b"ALAW" => (Some(CODEC_ID_PCM_ALAW), 1),
        b"ulaw" | b"ULAW" => (Some(CODEC_ID_PCM_MULAW), 1),
        b"ima4" => (Some(CODEC_ID_ADPCM_IMA_QT), 34),
        _ => (None, 0),
    };
    let named = match compression {
        b"MAC3" | b"MAC6" => "MACE",
        b"QDM2" | b"QDMC" => "QDesign Music",
        b"NONE" => "PCM of this width",
        _ => "this compression",
    };
    Ok(Coding {
        codec: codec.ok_or(DecodeError::Codec {
            codec: named,
            container: "AIFF",
        })?,
        rate,
        channels,
        block: width * u32::from(channels),
        frames: if compression == b"ima4" { 64 } else { 1 },
    })
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk::<4>);
    bytes.map(|bytes| u32::from_be_bytes(*bytes))
}
