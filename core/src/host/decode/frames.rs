//! MPEG audio and AAC in ADTS: frames without a container, each of which states its own length.
//!
//! Counts in a file's tags and estimates from its length are not trusted: everything that is there is decoded. Only
//! where a LAME tag's count agrees with the frames that were found, its padding is cut off.

mod free;
mod header;
mod tag;

use std::boxed::Box;
use std::collections::VecDeque;

use symphonia::core::codecs::audio::well_known::CODEC_ID_AAC;
use symphonia::core::packet::{Packet, PacketBuilder};
use symphonia::core::units::{Duration, Timestamp};

use super::buffer::Buffer;
use super::error::DecodeError;
use super::packets::{Packets, Unit};
use super::sniff::is_container;
use super::source::Source;
pub(super) use free::Free;
use header::{Header, MOST_BYTES};
use tag::Tag;
pub(super) use tag::skippable;

/// Most bytes before the first frame that are searched for it.
const MOST_JUNK: u64 = 1 << 20;

/// Frames in a row that are needed to believe in the first one, fewer only if the file ends.
const CHAIN: usize = 4;

/// Places at which the length of frames is looked for whose headers do not state it. Bounds the work for a hostile file.
const MOST_SEARCHES: u32 = 10_000;

/// A file with its LAME tag, if any; several files may follow one another.
#[derive(Default)]
struct Segment {
    tag: Tag,
    /// Frames found, without that of the tag, and the bytes of both.
    found: u64,
    bytes: u64,
    /// Samples at the beginning that are still to be cut off.
    delay: u32,
}

impl Segment {
    /// Return the number of frames that the tag announces and that are missing.
    ///
    /// A count of frames alone proves nothing, since it is wrong in many files that are whole: bytes must be missing, too,
    /// and about as many as those frames would have.
    fn missing(&self) -> f64 {
        let Some((frames, bytes)) = self.tag.frames.zip(self.tag.bytes) else {
            return 0.0;
        };
        let absent = u64::from(bytes).saturating_sub(self.bytes);
        let by_bytes = absent as f64 * self.found as f64 / self.bytes.max(1) as f64;
        let by_count = u64::from(frames).saturating_sub(self.found) as f64;
        // with a variable bit rate, the missing part may have other frames than the rest
        if by_count <= 4.0 * by_bytes {
            by_count
        } else {
            by_bytes
        }
    }
}

/// The frames as packets.
pub(super) struct Frames {
    buffer: Buffer,
    /// The container's name; without one, the frames have that of their own format.
    container: Option<&'static str>,
    /// Format of the newest frame.
    newest: Option<Header>,
    /// Bytes of a frame of free format, without padding, as far as one was found.
    free: Option<usize>,
    /// Places at which one was looked for.
    searches: u32,
    /// Whether the newest frame ended where the buffer begins.
    in_step: bool,
    segment: Segment,
    /// Units that wait until it is clear whether the segment ends after them.
    held: VecDeque<Unit>,
    ended: bool,
    /// Whether a file of another format begins where this one ended.
    has_rest: bool,
    /// Bytes in frames, and between them.
    used: u64,
    junk: u64,
    /// Whether the file ends within a frame, and has no tag that counts them.
    is_cut: bool,
    /// Those between them that come after the first frame: damage, or something of another format.
    lost: u64,
    /// Seconds that tags announced and that are missing.
    missing: f64,
    seconds: f64,
}

impl Frames {
    /// Read frames from `source`, of which `missing` bytes are known to be cut off.
    pub(super) fn new(source: Source, container: Option<&'static str>, missing: u64) -> Self {
        Self {
            buffer: Buffer::new(source),
            container,
            newest: None,
            free: None,
            searches: 0,
            in_step: false,
            segment: Segment::default(),
            held: VecDeque::new(),
            ended: false,
            has_rest: false,
            used: 0,
            junk: 0,
            is_cut: false,
            lost: missing,
            missing: 0.0,
            seconds: 0.0,
        }
    }

    fn codec(&self, header: &Header) -> Unit {
        let own = if header.codec == CODEC_ID_AAC {
            "ADTS"
        } else {
            "an mp3 file"
        };
        Unit::Codec(header.parameters(), self.container.unwrap_or(own))
    }

    /// Find the next frame that can be believed; its bytes are the buffer's first ones.
    fn find(&mut self) -> Result<Option<Header>, DecodeError> {
        loop {
            let bytes = self.buffer.look(MOST_BYTES + header::LENGTH)?;
            if bytes.len() < header::LENGTH {
                return Ok(None);
            }
            if let Some(length) = skippable(bytes) {
                // it ends a tag that has no header, and was taken for damage
                let before = tag::before_footer(bytes);
                self.lost = self.lost.saturating_sub(before);
                self.junk = self.junk.saturating_sub(before);
                self.buffer.skip(length)?;
                continue;
            }
            let is_other = self.in_step && self.container.is_none() && is_container(bytes);
            if is_other {
                self.has_rest = true;
                return Ok(None);
            }
            if !self.in_step {
                self.find_free_format()?;
            }
            let bytes = self.buffer.look(MOST_BYTES + header::LENGTH)?;
            if let Some(header) = Header::read(bytes, self.free) {
                if bytes.len() < header.bytes {
                    // the last frame is cut off, or it is not a frame
                    self.is_cut |= self.in_step && self.segment.tag.frames.is_none();
                } else if self.is_believed(&header)? {
                    return Ok(Some(header));
                }
            }
            if core::mem::take(&mut self.in_step) {
                // perhaps frames of a free format begin here
                continue;
            }
            let bytes = self.buffer.look(MOST_BYTES)?;
            let next = bytes
                .iter()
                .skip(1)
                .position(|byte| matches!(*byte, 0xff | b'I' | b'T' | b'A'));
            let step = 1 + next.unwrap_or(bytes.len() - 1);
            let zeros = bytes.iter().take(step).filter(|byte| **byte == 0).count();
            self.buffer.skip(step as u64)?;
            self.junk += (step - zeros) as u64;
            if self.newest.is_some() {
                self.lost += (step - zeros) as u64;
            }
            if self.newest.is_none() && self.junk > MOST_JUNK {
                return Err(DecodeError::NotAudio);
            }
        }
    }

    /// Find the length of the frames, where their headers do not state it.
    fn find_free_format(&mut self) -> Result<(), DecodeError> {
        if self.searches == MOST_SEARCHES || !free::is_header(self.buffer.look(free::LOOK)?) {
            return Ok(());
        }
        self.searches += 1;
        let Some(found) = free::length(self.buffer.look(free::LOOK)?) else {
            return Ok(());
        };
        if found > free::MOST_BYTES && self.newest.is_none() {
            return Err(DecodeError::Codec {
                codec: "MP3 of free format with frames of more than 2,304 bytes",
                container: self.container.unwrap_or("an mp3 file"),
            });
        }
        self.free = Some(found).filter(|found| *found <= free::MOST_BYTES);
        Ok(())
    }

    /// Return whether the bytes that look like a frame are one: it is where the last one ended and like it, or others
    /// follow.
    fn is_believed(&mut self, header: &Header) -> Result<bool, DecodeError> {
        if self.in_step
            && self
                .newest
                .as_ref()
                .is_some_and(|newest| newest.is_like(header))
            && (!header.is_free() || self.is_followed(header)?)
        {
            return Ok(true);
        }
        let needed = if self.newest.is_some() { 2 } else { CHAIN };
        let bytes = self.buffer.look(needed * MOST_BYTES + 16)?;
        let mut at = header.bytes;
        for _ in 1..needed {
            let rest = bytes.get(at..).unwrap_or_default();
            if rest.len() < header::LENGTH || skippable(rest).is_some() {
                return Ok(self
                    .newest
                    .as_ref()
                    .is_none_or(|newest| newest.is_like(header)));
            }
            match Header::read(rest, self.free) {
                Some(next) if header.is_like(&next) => at += next.bytes,
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Return whether something that can come after a frame comes after this one, whose length another file of free format
    /// may have changed.
    fn is_followed(&mut self, header: &Header) -> Result<bool, DecodeError> {
        let bytes = self.buffer.look(header.bytes + header::LENGTH)?;
        let rest = bytes.get(header.bytes..).unwrap_or_default();
        let is_frame = Header::read(rest, self.free).is_some();
        Ok(rest.len() < header::LENGTH
            || is_frame
            || skippable(rest).is_some()
            || is_container(rest))
    }

    /// Take a frame, or a tag that has the form of one.
    fn take(&mut self, header: Header) -> Result<(), DecodeError> {
        // the decoder of a free format sees what follows, too, to find the frames' length by itself
        let ahead = if header.is_free() { free::AHEAD } else { 0 };
        let bytes = self.buffer.look(header.bytes + ahead)?;
        let end = bytes.len().min(header.bytes + ahead);
        let frame: Box<[u8]> = bytes.get(..end).unwrap_or_default().into();
        self.buffer.skip(header.bytes as u64)?;
        self.used += header.bytes as u64;
        self.in_step = true;
        let is_new = self
            .newest
            .as_ref()
            .is_none_or(|newest| !newest.has_format_of(&header));
        if let Some(tag) = Tag::read(&frame, &header) {
            self.end_segment();
            self.segment = Segment {
                delay: tag.delay,
                tag,
                found: 0,
                bytes: header.bytes as u64,
            };
            if is_new {
                self.held.push_back(self.codec(&header));
            }
            self.newest = Some(header);
            return Ok(());
        }
        if self
            .newest
            .as_ref()
            .is_some_and(|newest| !newest.is_like(&header))
        {
            // another file begins, without a tag
            self.end_segment();
            self.segment = Segment::default();
        }
        if is_new {
            self.held.push_back(self.codec(&header));
        }
        self.segment.found += 1;
        self.segment.bytes += header.bytes as u64;
        self.seconds += f64::from(header.samples) / f64::from(header.rate);
        let cut = self.segment.delay.min(header.samples);
        self.segment.delay -= cut;
        let data = frame.get(header.start..).unwrap_or_default();
        let packet = PacketBuilder::new()
            .track_id(0)
            .pts(Timestamp::ZERO)
            .dur(Duration::from(u64::from(header.samples - cut)))
            .trim_start(Duration::from(u64::from(cut)))
            .data(data)
            .build();
        self.held.push_back(Unit::Packet(packet));
        self.newest = Some(header);
        Ok(())
    }

    /// Cut the padding off the packets that are held, if the count of the segment's tag agrees.
    fn end_segment(&mut self) {
        let Segment { tag, found, .. } = &self.segment;
        if let Some(newest) = &self.newest {
            let seconds = f64::from(newest.samples) / f64::from(newest.rate);
            self.missing += self.segment.missing() * seconds;
        }
        let agrees = tag.frames.map(u64::from) == Some(*found);
        let mut padding = if agrees { tag.padding } else { 0 };
        for unit in self.held.iter_mut().rev() {
            let Unit::Packet(packet) = unit else {
                break;
            };
            if padding == 0 {
                break;
            }
            padding = cut_end(packet, padding);
        }
    }
}

/// Return whether frames follow each other from the first of these bytes on.
pub(super) fn begin(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    let free = free::length(rest).filter(|length| *length <= free::MOST_BYTES);
    let Some(first) = Header::read(rest, free) else {
        return false;
    };
    (0..CHAIN).all(|_| {
        let header = Header::read(rest, free).filter(|header| first.is_like(header));
        let next = header.and_then(|header| rest.get(header.bytes..));
        rest = next.unwrap_or_default();
        next.is_some()
    })
}

/// Bytes that [`begin`] looks at.
pub(super) const LOOK: usize = CHAIN * MOST_BYTES;

/// Cut samples off a packet's end and return the number of those that it did not have.
fn cut_end(packet: &mut Packet, samples: u32) -> u32 {
    let has = packet.dur.get() as u32;
    let cut = samples.min(has);
    packet.trim_end = Duration::from(u64::from(cut));
    packet.dur = Duration::from(u64::from(has - cut));
    samples - cut
}

impl Packets for Frames {
    fn next(&mut self) -> Result<Option<Unit>, DecodeError> {
        loop {
            // as many frames as the padding may fill, which has at most 4095 samples
            let holds = if self.segment.tag.padding == 0 { 0 } else { 16 };
            if self.held.len() > holds || self.ended {
                return Ok(self.held.pop_front());
            }
            match self.find()? {
                Some(header) => self.take(header)?,
                None => {
                    self.ended = true;
                    self.end_segment();
                    // a few chance hits in something else
                    if self.used == 0 || self.used < self.junk / 8 {
                        return Err(DecodeError::NotAudio);
                    }
                }
            }
        }
    }

    fn announced(&self) -> Option<f64> {
        // as long as frames of as many bytes
        let lost = self.seconds * self.lost as f64 / self.used.max(1) as f64;
        let missing = self.missing.max(lost);
        (missing > 0.0).then_some(self.seconds + missing)
    }

    fn is_cut_off(&self) -> bool {
        let is_known = |all: f64| all > 1.02 * self.seconds;
        self.is_cut && !self.announced().is_some_and(is_known)
    }

    fn rest(&mut self) -> Result<Option<Source>, DecodeError> {
        Ok(if self.has_rest {
            Some(self.buffer.take()?)
        } else {
            None
        })
    }
}
