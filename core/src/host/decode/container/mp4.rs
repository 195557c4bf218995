//! Boxes of an mp4 file that its reader does not take, or cannot name.

use std::vec::Vec;

use symphonia::core::codecs::audio::AudioCodecId;
use symphonia::core::codecs::audio::well_known::*;

use crate::host::decode::error::DecodeError;
use crate::host::decode::source::Source;

/// Most bytes that are kept of a file that cannot be sought: its index is often at its end.
const MOST_HELD: usize = 64 << 20;

/// Largest index that is read.
const MOST_INDEX: u64 = 32 << 20;

/// Most boxes of the file that are read.
const MOST_BOXES: u32 = 100_000;

/// What a file says of its audio.
#[derive(Default)]
pub(super) struct Sound {
    /// Name of the first audio track's codec.
    pub(super) codec: Option<[u8; 4]>,
    /// Whether its samples are little-endian: only QuickTime's PCM has this mark.
    pub(super) is_little: bool,
}

impl Sound {
    /// Return the name of a codec that is not supported.
    pub(super) fn unsupported(&self) -> Option<&'static str> {
        Some(match &self.codec? {
            b"drms" | b"enca" => "encrypted audio",
            b"samr" | b"sawb" => "AMR",
            b"ima4" => "IMA ADPCM",
            b"ms\0\x02" | b"ms\0\x11" => "ADPCM",
            b"QDM2" | b"QDMC" => "QDesign Music",
            b"MAC3" | b"MAC6" => "MACE",
            b"Qclp" | b"sqcp" => "QCELP",
            b"agsm" => "GSM 6.10",
            b"ac-4" => "AC-4",
            b"mlpa" => "TrueHD",
            b"mha1" | b"mhm1" => "MPEG-H",
            b"dtsc" | b"dtsh" | b"dtsl" | b"dtse" | b"dtsx" => "DTS",
            _ => return None,
        })
    }

    /// Return the codec of QuickTime's PCM, whose order of bytes its reader overlooks.
    pub(super) fn pcm(&self) -> Option<AudioCodecId> {
        let order = |big, little| if self.is_little { little } else { big };
        Some(match &self.codec? {
            b"in24" => order(CODEC_ID_PCM_S24BE, CODEC_ID_PCM_S24LE),
            b"in32" => order(CODEC_ID_PCM_S32BE, CODEC_ID_PCM_S32LE),
            b"fl32" => order(CODEC_ID_PCM_F32BE, CODEC_ID_PCM_F32LE),
            b"fl64" => order(CODEC_ID_PCM_F64BE, CODEC_ID_PCM_F64LE),
            _ => return None,
        })
    }
}

/// Patch what a player would overlook: boxes that are longer than the file, and descriptions after the first one.
pub(super) fn repair(source: &mut Source) -> Result<Sound, DecodeError> {
    source.hold(MOST_HELD)?;
    let mut sound = Sound::default();
    let Some(end) = source.len() else {
        return Ok(sound);
    };
    let (mut at, mut has_index, mut is_segment) = (0, false, false);
    for _ in 0..MOST_BOXES {
        let header = source.read_at(at, 16)?;
        let Some(found) = Box::read(&header, end - at) else {
            break;
        };
        is_segment |= at == 0 && matches!(&found.name, b"styp" | b"sidx" | b"moof");
        if found.length > end - at {
            if &found.name == b"moov" {
                return Err(DecodeError::Header {
                    what: "mp4: the file is cut off in its index (moov)",
                });
            }
            // truncated: 0 means the rest of the file
            if &found.name == b"mdat" {
                source.patch(at, std::vec![0; 4]);
            }
            break;
        }
        if &found.name == b"moov" {
            has_index = true;
            if found.length <= MOST_INDEX {
                let index = source.read_at(at, found.length as usize)?;
                let mut tables = Tables::default();
                tables.walk(&index, 0, 0);
                for (place, bytes) in tables.patches {
                    source.patch(at + place as u64, bytes);
                }
                sound = tables.sound;
            }
        }
        at += found.length;
        if at >= end {
            break;
        }
    }
    let what = match (has_index, is_segment) {
        (true, _) => return Ok(sound),
        (false, true) => "mp4: a segment of a stream, without the part that describes it",
        (false, false) => {
            "mp4: it has no index (moov): the file is cut off, or its recording was not completed"
        }
    };
    Err(DecodeError::Header { what })
}

/// The header of a box.
struct Box {
    name: [u8; 4],
    /// Length with the header.
    length: u64,
    header: usize,
}

impl Box {
    fn read(bytes: &[u8], rest: u64) -> Option<Self> {
        let length = u32::from_be_bytes(*bytes.first_chunk::<4>()?);
        let name = *bytes.get(4..)?.first_chunk::<4>()?;
        let (length, header) = match length {
            0 => (rest, 8),
            1 => (u64::from_be_bytes(*bytes.get(8..)?.first_chunk::<8>()?), 16),
            length => (u64::from(length), 8),
        };
        (length >= header as u64).then_some(Self {
            name,
            length,
            header,
        })
    }
}

/// What the boxes of an index hold.
#[derive(Default)]
struct Tables {
    /// For tables `stsd` that have several entries: players take the first one that is audio; the reader takes exactly one.
    patches: Vec<(usize, Vec<u8>)>,
    sound: Sound,
    /// Kind of the newest track.
    kind: [u8; 4],
}

impl Tables {
    fn walk(&mut self, index: &[u8], begin: usize, depth: u32) {
        let mut at = begin;
        let end = index.len();
        while let Some(found) = index
            .get(at..end)
            .and_then(|rest| Box::read(rest, rest.len() as u64))
        {
            let length = usize::try_from(found.length)
                .unwrap_or(usize::MAX)
                .min(end - at);
            let content = at + found.header;
            let inner = index.get(..at + length).unwrap_or_default();
            let word = |at: usize| inner.get(at..).and_then(<[u8]>::first_chunk::<4>);
            match &found.name {
                b"moov" | b"trak" | b"mdia" | b"minf" | b"stbl" if depth < 8 => {
                    self.walk(inner, content, depth + 1);
                }
                // QuickTime has another one for the place of the data
                b"hdlr" if word(content + 4) != Some(b"dhlr") => {
                    self.kind = word(content + 8).copied().unwrap_or_default();
                }
                b"stsd" => {
                    let count = word(content + 4).map_or(0, |count| u32::from_be_bytes(*count));
                    if count > 1 {
                        self.patches
                            .push((content + 4, 1_u32.to_be_bytes().to_vec()));
                    }
                    if &self.kind == b"soun" && self.sound.codec.is_none() {
                        let entry = inner.get(content + 8..).unwrap_or_default();
                        self.sound = Sound {
                            codec: word(content + 12).copied(),
                            is_little: entry.windows(6).any(|bytes| bytes == b"enda\0\x01"),
                        };
                    }
                }
                _ => {}
            }
            if length == 0 {
                return;
            }
            at += length;
        }
    }
}
