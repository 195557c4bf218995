//! Boxes of an mp4 file that its reader does not take, or cannot name.

use std::vec::Vec;

use symphonia::core::audio::Channels;
use symphonia::core::codecs::audio::well_known::*;
use symphonia::core::codecs::audio::{AudioCodecParameters, CODEC_ID_NULL_AUDIO};

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
    channels: u16,
    /// Rate (Hz).
    rate: u32,
    /// Configuration of ALAC, which QuickTime has one box deeper.
    cookie: Option<Vec<u8>>,
    /// Share of the file that the first of several has.
    pub(super) share: Option<f64>,
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

    /// Read the description of a track (`stsd`) from its first entry on.
    fn read(entry: &[u8]) -> Self {
        let short = |at: usize| {
            let bytes = entry.get(at..).and_then(<[u8]>::first_chunk::<2>);
            bytes.map_or(0, |bytes| u16::from_be_bytes(*bytes))
        };
        // an inner box: its length, its name, its version, and 24 bytes
        let alac = b"\0\0\0\x24alac\0\0\0\0";
        let place = entry.windows(alac.len()).position(|bytes| bytes == alac);
        let cookie = place.and_then(|at| entry.get(at + alac.len()..at + 36));
        Self {
            codec: entry.get(4..).and_then(<[u8]>::first_chunk::<4>).copied(),
            is_little: entry.windows(6).any(|bytes| bytes == b"enda\0\x01"),
            channels: short(24),
            rate: u32::from(short(32)),
            cookie: cookie.map(<[u8]>::to_vec),
            share: None,
        }
    }

    /// Complete what the reader says of a codec of QuickTime: it overlooks the order of PCM's bytes, companded samples, and where
    /// the configuration of ALAC is.
    pub(super) fn complete(&self, codec: &mut AudioCodecParameters) {
        let order = |big, little| if self.is_little { little } else { big };
        let is_unknown = codec.codec == CODEC_ID_NULL_AUDIO;
        let known = match self.codec.as_ref() {
            Some(b"in24") => order(CODEC_ID_PCM_S24BE, CODEC_ID_PCM_S24LE),
            Some(b"in32") => order(CODEC_ID_PCM_S32BE, CODEC_ID_PCM_S32LE),
            Some(b"fl32") => order(CODEC_ID_PCM_F32BE, CODEC_ID_PCM_F32LE),
            Some(b"fl64") => order(CODEC_ID_PCM_F64BE, CODEC_ID_PCM_F64LE),
            Some(b"ulaw") if is_unknown => CODEC_ID_PCM_MULAW,
            Some(b"alaw") if is_unknown => CODEC_ID_PCM_ALAW,
            Some(b"alac") if is_unknown && self.cookie.is_some() => CODEC_ID_ALAC,
            _ => return,
        };
        codec.for_codec(known);
        if is_unknown {
            codec
                .with_sample_rate(self.rate)
                .with_channels(Channels::Discrete(self.channels));
        }
        if let Some(cookie) = self.cookie.as_deref().filter(|_| is_unknown) {
            codec.with_extra_data(cookie.into());
        }
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
    let mut has_fragments = false;
    for _ in 0..MOST_BOXES {
        let header = source.read_at(at, 16)?;
        let Some(found) = Box::read(&header, end - at) else {
            break;
        };
        has_fragments |= &found.name == b"moof";
        if &found.name == b"ftyp" && at > 0 && has_index && !has_fragments {
            sound.share = Some(at as f64 / end as f64);
            source.limit(at);
            return Ok(sound);
        }
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
                        self.sound = Sound::read(entry);
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
