//! The header of Sun's and NeXT's AU files.

use std::boxed::Box;

use symphonia::core::codecs::audio::well_known::*;

use super::blocks::{Blocks, Coding};
use super::error::DecodeError;
use super::packets::Packets;
use super::source::Source;

/// Open the samples: the header tells where they begin, their length, encoding, rate and channels.
pub(super) fn open(mut source: Source) -> Result<Box<dyn Packets>, DecodeError> {
    let header = source.prefix(24)?;
    let is_little = header.starts_with(b"dns.");
    let mut words = header
        .as_chunks::<4>()
        .0
        .iter()
        .skip(1)
        .map(|bytes| match is_little {
            true => u32::from_le_bytes(*bytes),
            false => u32::from_be_bytes(*bytes),
        });
    let mut word = || {
        words.next().ok_or(DecodeError::Header {
            what: "au: its header is cut off",
        })
    };
    let (begin, length, encoding) = (word()?, word()?, word()?);
    let (rate, channels) = (word()?, word()?);
    let order = |big, little| if is_little { little } else { big };
    let (codec, width) = match encoding {
        1 => (CODEC_ID_PCM_MULAW, 1),
        2 => (CODEC_ID_PCM_S8, 1),
        3 => (order(CODEC_ID_PCM_S16BE, CODEC_ID_PCM_S16LE), 2),
        4 => (order(CODEC_ID_PCM_S24BE, CODEC_ID_PCM_S24LE), 3),
        5 => (order(CODEC_ID_PCM_S32BE, CODEC_ID_PCM_S32LE), 4),
        6 => (order(CODEC_ID_PCM_F32BE, CODEC_ID_PCM_F32LE), 4),
        7 => (order(CODEC_ID_PCM_F64BE, CODEC_ID_PCM_F64LE), 8),
        27 => (CODEC_ID_PCM_ALAW, 1),
        _ => {
            return Err(DecodeError::Codec {
                codec: "ADPCM",
                container: "AU",
            });
        }
    };
    let channels = u16::try_from(channels).map_err(|_| DecodeError::Header {
        what: "au: an impossible number of channels",
    })?;
    source.skip(u64::from(begin.max(24)))?;
    // 0 and all ones: written to a pipe
    let length = Some(u64::from(length)).filter(|length| !matches!(length, 0 | 0xffff_ffff));
    let coding = Coding {
        codec,
        rate,
        channels,
        block: width * u32::from(channels),
        frames: 1,
    };
    Ok(Box::new(Blocks::new(source, coding, length, "AU")?))
}
