//! The frames of flac files, of which several may follow one another.
//!
//! A frame does not state its length: it ends where its checksum agrees and something that may follow a frame begins.
//! Lengths in the file's header are not needed, and what is damaged costs only the frames that it is in.

mod header;

use std::boxed::Box;
use std::vec::Vec;

use crc::{CRC_16_UMTS, Crc, Table};
use symphonia::core::codecs::audio::well_known::CODEC_ID_FLAC;
use symphonia::core::packet::{Packet, PacketBuilder};
use symphonia::core::units::{Duration, Timestamp};

use super::buffer::Buffer;
use super::error::DecodeError;
use super::frames::{self, skippable};
use super::packets::{Packets, Unit, parameters};
use super::sniff::is_container;
use super::source::Source;
use header::Header;

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

/// Checksum of a frame: with the checksum itself it is 0.
const FRAME_SUM: Crc<u16, Table<1>> = Crc::<u16, Table<1>>::new(&CRC_16_UMTS);

/// The frames as packets.
pub(super) struct Flac {
    buffer: Buffer,
    /// Whether a header was read, and whether frames came before the first one.
    begun: bool,
    is_headless: bool,
    /// Seconds that the headers announce.
    announced: f64,
    /// The newest `STREAMINFO`, with the rate (Hz) and the channels that hold.
    info: [u8; INFO],
    rate: u32,
    channels: u16,
    /// A frame that waits until its format is announced.
    waiting: Option<Packet>,
    /// The newest frame's header.
    newest: Option<Header>,
    /// Seconds in frames, and bytes in them and between them.
    seconds: f64,
    used: u64,
    lost: u64,
    /// Seconds in frames that are missing, by their numbers.
    gaps: f64,
    /// Whether a frame or a header ended where the buffer begins.
    in_step: bool,
    /// Whether the file ends within a frame.
    is_cut: bool,
    /// Whether a file of another format begins where this one ended.
    has_rest: bool,
}

impl Flac {
    /// Read from a source that begins with a header, or with a frame.
    pub(super) fn new(source: Source) -> Self {
        Self {
            buffer: Buffer::new(source),
            begun: false,
            is_headless: false,
            announced: 0.0,
            info: any_info(),
            rate: 0,
            channels: 0,
            waiting: None,
            newest: None,
            seconds: 0.0,
            used: 0,
            lost: 0,
            gaps: 0.0,
            in_step: false,
            is_cut: false,
            has_rest: false,
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
        self.newest = None;
        self.announced += (fields & ((1 << 36) - 1)) as f64 / f64::from(rate);
        // the lengths of blocks and frames may be wrong without harm
        let lengths = info.iter_mut().zip(any_info()).take(10);
        lengths.for_each(|(to, from)| *to = from);
        self.info = info;
        Ok(self.codec(rate, channels))
    }

    /// Go on with a rate and a number of channels.
    fn codec(&mut self, rate: u32, channels: u16) -> Unit {
        (self.rate, self.channels) = (rate, channels);
        if let Some(fields) = self.info.get_mut(10..18).and_then(<[u8]>::first_chunk_mut) {
            let kept = u64::from_be_bytes(*fields) & 0x0000_01ff_ffff_ffff;
            let format = u64::from(rate) << 44 | u64::from(channels - 1) << 41;
            *fields = (kept | format).to_be_bytes();
        }
        let mut parameters = parameters(CODEC_ID_FLAC, rate, channels);
        parameters.with_extra_data(Box::new(self.info));
        Unit::Codec(parameters, "flac")
    }

    /// Take the frame that begins here, if one does and is whole.
    fn frame(&mut self) -> Result<Option<Unit>, DecodeError> {
        let Some(header) = Header::read(self.buffer.look(16)?) else {
            return Ok(None);
        };
        let mut most = USUAL_FRAME;
        let length = loop {
            let bytes = self.buffer.look(most)?;
            let is_all = bytes.len() < most;
            let bytes = bytes.get(..most).unwrap_or(bytes);
            match frame_length(bytes, header.bytes, is_all) {
                Found::Length(length) => break length,
                Found::Nothing if most < MOST_FRAME => most = MOST_FRAME,
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
        let rate = header.rate.unwrap_or(self.rate);
        let seconds = |samples| samples as f64 / f64::from(rate.max(1));
        self.seconds += seconds(u64::from(header.samples));
        let gap = self.newest.as_ref().map_or(0, |newest| newest.gap(&header));
        self.gaps += seconds(gap);
        self.newest = Some(header);
        let packet = PacketBuilder::new()
            .track_id(0)
            .pts(Timestamp::ZERO)
            .dur(Duration::from(u64::from(header.samples)))
            .data(data)
            .build();
        if (rate, header.channels) == (self.rate, self.channels) {
            return Ok(Some(Unit::Packet(packet)));
        }
        // the frames know better than the file's header, and can change
        self.waiting = Some(packet);
        Ok(Some(self.codec(rate, header.channels)))
    }
}

impl Packets for Flac {
    fn next(&mut self) -> Result<Option<Unit>, DecodeError> {
        if let Some(packet) = self.waiting.take() {
            return Ok(Some(Unit::Packet(packet)));
        }
        loop {
            let bytes = self.buffer.look(4 + INFO)?;
            if bytes.is_empty() {
                return Ok(None);
            }
            if bytes.starts_with(MARKER) {
                self.in_step = true;
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
            if let Some(unit) = self.frame()? {
                (self.in_step, self.is_cut) = (true, false);
                self.is_headless |= !self.begun;
                return Ok(Some(unit));
            }
            let bytes = self.buffer.look(frames::LOOK)?;
            if self.in_step && (is_container(bytes) || frames::begin(bytes)) {
                self.has_rest = true;
                return Ok(None);
            }
            self.in_step = false;
            self.is_cut = matches!(bytes, [0xff, 0xf8 | 0xf9, ..] | [0xff]);
            let bytes = self.buffer.look(USUAL_FRAME)?;
            let next = (1..bytes.len()).find(|at| follows(bytes.get(*at..).unwrap_or_default()));
            let step = next.unwrap_or(bytes.len());
            let zeros = bytes.iter().take(step).filter(|byte| **byte == 0).count();
            self.buffer.skip(step as u64)?;
            self.lost += (step - zeros) as u64;
        }
    }

    /// The header's count is wrong in many files that are whole, and so counts only for one that is damaged.
    fn announced(&self) -> Option<f64> {
        // damage, or something of another format, counts as long as frames of as many bytes
        let lost = self.seconds * self.lost as f64 / self.used.max(1) as f64;
        let found = self.seconds + lost.max(self.gaps);
        if self.is_cut {
            return Some(found.max(self.announced));
        }
        (self.lost > 0 || self.gaps > 0.0).then_some(found)
    }

    fn is_cut_off(&self) -> bool {
        self.is_headless
    }

    fn rest(&mut self) -> Result<Option<Source>, DecodeError> {
        Ok(if self.has_rest {
            Some(self.buffer.take()?)
        } else {
            None
        })
    }
}

/// Return what stands for `STREAMINFO` in a file that has none: blocks of 16 to 65,535 samples, and samples of 16 bits, where
/// the frames do not say otherwise.
fn any_info() -> [u8; INFO] {
    let mut info = [0; INFO];
    let known = [0, 16, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xf0];
    info.iter_mut().zip(known).for_each(|(to, from)| *to = from);
    info
}

/// Bytes that [`first_frame`] looks at.
pub(super) const LOOK: usize = 4 * USUAL_FRAME;

/// Return where the first whole frame begins in a file whose beginning is missing.
pub(super) fn first_frame(bytes: &[u8]) -> Option<usize> {
    (0..bytes.len()).find(|at| {
        let rest = bytes.get(*at..).unwrap_or_default();
        let is_sync = matches!(rest, [0xff, 0xf8 | 0xf9, ..]);
        let header = Header::read(rest).filter(|_| is_sync);
        header.is_some_and(|header| {
            matches!(frame_length(rest, header.bytes, false), Found::Length(_))
        })
    })
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
        Some(0xff) => Header::read(bytes).is_some(),
        Some(b'f') => bytes.starts_with(MARKER),
        Some(b'I' | b'T' | b'A') => skippable(bytes).is_some(),
        _ => false,
    }
}
