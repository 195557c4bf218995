//! The frames of flac files, of which several may follow one another.
//!
//! A frame does not state its length: it ends where its checksum agrees and something that may follow a frame begins.
//! Lengths in the file's header are not needed, and what is damaged costs only the frames that it is in.

use std::boxed::Box;
use std::vec::Vec;

use crc::{CRC_8_SMBUS, CRC_16_UMTS, Crc, Table};
use symphonia::core::codecs::audio::well_known::CODEC_ID_FLAC;
use symphonia::core::packet::{Packet, PacketBuilder};
use symphonia::core::units::{Duration, Timestamp};

use super::buffer::Buffer;
use super::error::DecodeError;
use super::frames::skippable;
use super::packets::{Packets, Unit, parameters};
use super::source::Source;

/// What a file begins with.
const MARKER: &[u8] = b"fLaC";

/// Bytes of the block `STREAMINFO`.
const INFO: usize = 34;

/// Most bytes of a frame: 65,535 samples of eight channels with 32 bits, not compressed.
const MOST_FRAME: usize = 65_536 * 8 * 4 + 4096;

/// Bytes that are searched for a frame's end at first; most frames have less.
const USUAL_FRAME: usize = 32 * 1024;

/// Places in a frame that look like the next header, of which a real frame has next to none. Bounds the work for a
/// hostile file.
const MOST_CANDIDATES: usize = 16;

/// Checksum of a frame's header, of which the checksum is a part.
const HEADER_SUM: Crc<u8, Table<1>> = Crc::<u8, Table<1>>::new(&CRC_8_SMBUS);

/// Checksum of a frame: with the checksum itself it is 0.
const FRAME_SUM: Crc<u16, Table<1>> = Crc::<u16, Table<1>>::new(&CRC_16_UMTS);

/// The frames as packets.
pub(super) struct Flac {
    buffer: Buffer,
    /// Whether a header was read.
    begun: bool,
    /// Seconds that the headers announce.
    announced: f64,
    /// Rate of the newest header, Hz.
    rate: u32,
    /// Seconds in frames, and bytes in them and between them.
    seconds: f64,
    used: u64,
    lost: u64,
}

impl Flac {
    /// Read from a source that begins with a header.
    pub(super) fn new(source: Source) -> Self {
        Self {
            buffer: Buffer::new(source),
            begun: false,
            announced: 0.0,
            rate: 0,
            seconds: 0.0,
            used: 0,
            lost: 0,
        }
    }

    /// Read a file's header, up to its first frame.
    fn header(&mut self) -> Result<Unit, DecodeError> {
        self.buffer.skip(MARKER.len() as u64)?;
        let mut info = None;
        loop {
            let bytes = self.buffer.look(4 + INFO)?;
            let Some([kind, length @ ..]) = bytes.first_chunk::<4>().copied() else {
                break;
            };
            // the frames begin without the mark that the last block should have
            if kind == 0xff {
                break;
            }
            if kind & 0x7f == 0 && info.is_none() {
                info = bytes
                    .get(4..4 + INFO)
                    .and_then(<[u8]>::first_chunk)
                    .copied();
            }
            let length = length.iter().fold(0, |sum, b| sum << 8 | u64::from(*b));
            self.buffer.skip(4 + length)?;
            if kind & 0x80 != 0 {
                break;
            }
        }
        let mut info: [u8; INFO] = info.ok_or(DecodeError::Header {
            what: "flac: its first block is missing or cut off",
        })?;
        // rate (20 bits), channels (3), bits (5), samples (36)
        let fields = info.get(10..18).and_then(<[u8]>::first_chunk::<8>);
        let fields = fields.map_or(0, |fields| u64::from_be_bytes(*fields));
        let (rate, channels) = ((fields >> 44) as u32, (fields >> 41 & 7) as u16 + 1);
        if rate == 0 {
            return Err(DecodeError::Header {
                what: "flac: a sample rate of 0 Hz",
            });
        }
        self.rate = rate;
        self.announced += (fields & ((1 << 36) - 1)) as f64 / f64::from(rate);
        // the lengths of blocks and frames may be wrong without harm
        let lengths = info.get_mut(..10).unwrap_or_default();
        let all: [u8; 10] = [0, 16, 0xff, 0xff, 0, 0, 0, 0, 0, 0];
        lengths
            .iter_mut()
            .zip(all)
            .for_each(|(to, from)| *to = from);
        let mut parameters = parameters(CODEC_ID_FLAC, rate, channels);
        parameters.with_extra_data(Box::new(info));
        Ok(Unit::Codec(parameters, "flac"))
    }

    /// Take the frame that begins here, if one does and is whole.
    fn frame(&mut self) -> Result<Option<Packet>, DecodeError> {
        let Some((begin, samples)) = frame_header(self.buffer.look(16)?) else {
            return Ok(None);
        };
        let mut most = USUAL_FRAME;
        let length = loop {
            let bytes = self.buffer.look(most)?;
            let is_all = bytes.len() < most;
            let bytes = bytes.get(..most).unwrap_or(bytes);
            match frame_length(bytes, begin, is_all) {
                Found::Length(length) => break length,
                Found::Nothing if !is_all && most < MOST_FRAME => most = MOST_FRAME,
                _ => return Ok(None),
            }
        };
        let data: Vec<u8> = self
            .buffer
            .look(length)?
            .get(..length)
            .unwrap_or_default()
            .into();
        self.buffer.skip(length as u64)?;
        self.used += length as u64;
        self.seconds += f64::from(samples) / f64::from(self.rate.max(1));
        let packet = PacketBuilder::new()
            .track_id(0)
            .pts(Timestamp::ZERO)
            .dur(Duration::from(u64::from(samples)))
            .data(data)
            .build();
        Ok(Some(packet))
    }
}

impl Packets for Flac {
    fn next(&mut self) -> Result<Option<Unit>, DecodeError> {
        loop {
            let bytes = self.buffer.look(4 + INFO)?;
            if bytes.is_empty() {
                return Ok(None);
            }
            if bytes.starts_with(MARKER) {
                match self.header() {
                    // the samples before it count
                    Err(DecodeError::Header { .. }) if self.begun => continue,
                    unit => {
                        self.begun = true;
                        return unit.map(Some);
                    }
                }
            }
            if let Some(length) = skippable(bytes) {
                self.buffer.skip(length)?;
                continue;
            }
            if let Some(packet) = self.frame()? {
                return Ok(Some(Unit::Packet(packet)));
            }
            let bytes = self.buffer.look(USUAL_FRAME)?;
            let next = (1..bytes.len()).find(|at| follows(bytes.get(*at..).unwrap_or_default()));
            let step = next.unwrap_or(bytes.len());
            let zeros = bytes.iter().take(step).filter(|byte| **byte == 0).count();
            self.buffer.skip(step as u64)?;
            self.lost += (step - zeros) as u64;
        }
    }

    fn announced(&self) -> Option<f64> {
        // damage, or something of another format, counts as long as frames of as many bytes
        let all = self.seconds * (1.0 + self.lost as f64 / self.used.max(1) as f64);
        let announced = match self.lost {
            0 => self.announced,
            _ => self.announced.max(all),
        };
        Some(announced).filter(|seconds| *seconds > 0.0)
    }
}

enum Found {
    Length(usize),
    /// No end, and nothing that looked like one.
    Nothing,
    /// The frame is damaged.
    Damage,
}

/// Find the end of the frame that `bytes` begin with; the file ends after them if `is_all`.
fn frame_length(bytes: &[u8], begin: usize, is_all: bool) -> Found {
    let mut sum = FRAME_SUM.digest();
    let (mut summed, mut candidates) = (0, 0);
    // two bytes of checksum are the least
    for at in begin + 2..bytes.len() {
        let (before, after) = bytes.split_at(at);
        if !follows(after) {
            continue;
        }
        sum.update(before.get(summed..).unwrap_or_default());
        summed = at;
        if sum.clone().finalize() == 0 {
            return Found::Length(at);
        }
        candidates += 1;
        if candidates == MOST_CANDIDATES {
            return Found::Damage;
        }
    }
    if !is_all {
        return Found::Nothing;
    }
    // the last one, or something unknown comes after it
    for at in summed..bytes.len() {
        sum.update(bytes.get(at..=at).unwrap_or_default());
        if at > begin && sum.clone().finalize() == 0 {
            return Found::Length(at + 1);
        }
    }
    Found::Damage
}

/// Return whether these bytes can be those after a frame: another one, another file, or a tag.
fn follows(bytes: &[u8]) -> bool {
    match bytes.first() {
        Some(0xff) => frame_header(bytes).is_some(),
        Some(b'f') => bytes.starts_with(MARKER),
        Some(b'I' | b'T' | b'A') => skippable(bytes).is_some(),
        _ => false,
    }
}

/// Return the bytes of the frame header that these bytes begin with, and the samples of a channel in the frame
/// (RFC 9639, 9.1).
fn frame_header(bytes: &[u8]) -> Option<(usize, u32)> {
    let [0xff, 0xf8 | 0xf9, sizes, channels, number] = *bytes.first_chunk::<5>()? else {
        return None;
    };
    let (size, rate) = (sizes >> 4, sizes & 0xf);
    if size == 0 || rate == 0xf || channels >> 4 > 10 || channels & 1 == 1 || channels >> 1 & 7 == 3
    {
        return None;
    }
    let at = match number.leading_ones() {
        0 => 5,
        more @ 2..=7 => 4 + more as usize,
        _ => return None,
    };
    let long = match bytes.get(at..at + 2)? {
        [first, second] => u32::from(*first) << 8 | u32::from(*second),
        _ => return None,
    };
    let (samples, at) = match size {
        1 => (192, at),
        2..=5 => (576 << (size - 2), at),
        6 => ((long >> 8) + 1, at + 1),
        7 => (long + 1, at + 2),
        _ => (256 << (size - 8), at),
    };
    let end = at
        + 1
        + match rate {
            12 => 1,
            13 | 14 => 2,
            _ => 0,
        };
    (HEADER_SUM.checksum(bytes.get(..end)?) == 0).then_some((end, samples))
}
