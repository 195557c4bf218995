//! Headers of frames: MPEG audio (ISO/IEC 11172-3 and 13818-3, 2.4.1.3) and ADTS (ISO/IEC 13818-7, 6.2).

use symphonia::core::codecs::audio::AudioCodecId;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_AAC, CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3,
};

use super::free;
use crate::host::decode::packets::parameters;

/// Bytes that a header needs to be read.
pub(super) const LENGTH: usize = 7;

/// Most bytes of a frame: ADTS has 13 bits for it.
pub(super) const MOST_BYTES: usize = 1 << 13;

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) codec: AudioCodecId,
    /// Sample rate (Hz).
    pub(super) rate: u32,
    /// 0 where the packets describe their layout.
    pub(super) channels: u16,
    /// Samples per channel.
    pub(super) samples: u32,
    /// Bytes of the frame, with its header.
    pub(super) bytes: usize,
    /// Where the part begins that the decoder takes.
    pub(super) start: usize,
    /// Where the side information begins, and where it ends (layer 3).
    pub(super) side: (usize, usize),
    /// For a free format: the bytes of a frame without padding.
    free: Option<usize>,
}

/// Bit rates (kbit/s) by index: MPEG-1 layers 1, 2 and 3, MPEG-2 layer 1 and layers 2 and 3.
const BIT_RATES: [[u16; 15]; 5] = [
    [
        0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448,
    ],
    [
        0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384,
    ],
    [
        0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
    ],
    [
        0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256,
    ],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];

/// Sample rates (Hz) of ADTS by index.
const AAC_RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];

impl Header {
    /// Read the header that these bytes begin with. `free`: the bytes of a frame whose header does not state the bit
    /// rate, without padding; without it, such a header is none.
    pub(super) fn read(bytes: &[u8], free: Option<usize>) -> Option<Self> {
        match *bytes.first_chunk::<LENGTH>()? {
            [0xff, second, ..] if second & 0xf6 == 0xf0 => adts(bytes.first_chunk()?),
            [0xff, second, third, fourth, ..] if second & 0xe0 == 0xe0 => {
                mpeg([second, third, fourth], free)
            }
            _ => None,
        }
    }

    /// Return whether a decoder for one takes the other.
    pub(super) fn has_format_of(&self, other: &Self) -> bool {
        self.is_like(other) && self.channels == other.channels
    }

    /// Return whether both can be frames of one stream.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let essence = |header: &Self| (header.codec, header.rate, header.samples, header.free);
        essence(self) == essence(other)
    }

    /// Return whether the frame is of a free format.
    pub(super) fn is_free(&self) -> bool {
        self.free.is_some()
    }

    pub(super) fn parameters(&self) -> AudioCodecParameters {
        let mut parameters = parameters(self.codec, self.rate, self.channels);
        if let Some(bytes) = self.free {
            parameters.with_extra_data(free::mark(bytes));
        }
        parameters
    }
}

fn mpeg([second, third, fourth]: [u8; 3], free: Option<usize>) -> Option<Header> {
    let (version, layer) = (second >> 3 & 3, 4 - (second >> 1 & 3));
    let is_first = version == 3;
    let (codec, row) = match (layer, is_first) {
        (1, true) => (CODEC_ID_MP1, 0),
        (1, false) => (CODEC_ID_MP1, 3),
        (2, true) => (CODEC_ID_MP2, 1),
        (2, false) => (CODEC_ID_MP2, 4),
        (3, true) => (CODEC_ID_MP3, 2),
        (3, false) => (CODEC_ID_MP3, 4),
        _ => return None,
    };
    // version 2.5 halves once more
    let halvings = match version {
        3 => 0,
        2 => 1,
        0 => 2,
        _ => return None,
    };
    let rate = [44_100, 48_000, 32_000].get(usize::from(third >> 2 & 3))? >> halvings;
    let bit_rate = BIT_RATES.get(row)?.get(usize::from(third >> 4))?;
    // layer 1 has none of its own here: no encoder that writes one is known
    let free = free.filter(|_| *bit_rate == 0 && layer > 1);
    if *bit_rate == 0 && free.is_none() {
        return None;
    }
    let samples = match (layer, is_first) {
        (1, _) => 384,
        (3, false) => 576,
        _ => 1152,
    };
    // layer 1 counts in slots of four bytes
    let slot = if layer == 1 { 4 } else { 1 };
    let slots = samples / 8 * u32::from(*bit_rate) * 1000 / (rate * slot);
    let padding = third >> 1 & 1;
    let stated = (slots + u32::from(padding)) * slot;
    let bytes = free.map_or(stated as usize, |bytes| bytes + usize::from(padding));
    let channels = if fourth >> 6 == 3 { 1 } else { 2 };
    let begin = if second & 1 == 0 { 6 } else { 4 };
    let side = match (is_first, channels) {
        (true, 2) => 32,
        (true, _) | (false, 2) => 17,
        (false, _) => 9,
    };
    Some(Header {
        codec,
        rate,
        channels,
        samples,
        bytes,
        start: 0,
        side: (begin, 4 + side),
        free,
    })
}

fn adts(bytes: &[u8; LENGTH]) -> Option<Header> {
    let [_, second, third, fourth, fifth, sixth, seventh] = bytes.map(usize::from);
    let rate = *AAC_RATES.get(third >> 2 & 0xf)?;
    let channels = match (third & 1) << 2 | fourth >> 6 {
        7 => 8,
        count => count as u16,
    };
    let start = if second & 1 == 0 { 9 } else { 7 };
    let length = (fourth & 3) << 11 | fifth << 3 | sixth >> 5;
    let blocks = 1 + (seventh & 3) as u32;
    (length > start).then_some(Header {
        codec: CODEC_ID_AAC,
        rate,
        channels,
        samples: 1024 * blocks,
        bytes: length,
        start,
        side: (0, 0),
        free: None,
    })
}
