//! Samples, or blocks of them with one length, between two places of a file: the content of wav, AIFF and AU.

use std::io::Read;
use std::vec;

use symphonia::core::codecs::audio::AudioCodecId;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::packet::PacketBuilder;
use symphonia::core::units::{Duration, Timestamp};

use super::error::DecodeError;
use super::packets::{Packets, Unit, parameters};
use super::source::Source;

/// Most frames of a packet, unless a block has more.
const MOST_FRAMES: u32 = 1152;

/// Most bytes of a packet, unless a block has more.
const MOST_BYTES: u32 = 64 * 1024;

/// Lengths from here on stand for "unknown" in headers that were written to a pipe.
const HUGE: u64 = 0x7f00_0000;

/// Return whether a file can have been as long as its header says: not one of the largest numbers, while the file has next to
/// nothing of it.
pub(super) fn is_possible(source: &Source, length: Option<u64>) -> bool {
    length.is_none_or(|length| length < HUGE || source.len().is_some_and(|file| file > length / 2))
}

/// How the samples are coded.
pub(super) struct Coding {
    pub(super) codec: AudioCodecId,
    pub(super) rate: u32,
    pub(super) channels: u16,
    /// Bytes of a block, which is one frame where nothing is compressed.
    pub(super) block: u32,
    /// Frames of a block.
    pub(super) frames: u32,
}

/// The samples as packets.
pub(super) struct Blocks {
    source: Source,
    parameters: AudioCodecParameters,
    container: &'static str,
    coding: Coding,
    blocks_per_packet: u32,
    /// Remaining bytes.
    left: u64,
    announced: Option<f64>,
    started: bool,
}

impl Blocks {
    /// Read samples from `source`, which begins with them; `length` is theirs in bytes, if the header states it.
    pub(super) fn new(
        mut source: Source,
        coding: Coding,
        length: Option<u64>,
        container: &'static str,
    ) -> Result<Self, DecodeError> {
        if coding.channels == 0 || coding.block == 0 || coding.frames == 0 {
            return Err(DecodeError::Header {
                what: "no channels, or samples of no length",
            });
        }
        if coding.rate == 0 {
            return Err(DecodeError::Header {
                what: "a sample rate of 0 Hz",
            });
        }
        if source.prefix(1)?.is_empty() || length == Some(0) {
            return Err(DecodeError::NoAudio);
        }
        let blocks = (MOST_FRAMES / coding.frames)
            .min(MOST_BYTES / coding.block)
            .max(1);
        let mut parameters = parameters(coding.codec, coding.rate, coding.channels);
        parameters
            .with_max_frames_per_packet(u64::from(blocks * coding.frames))
            .with_frames_per_block(u64::from(coding.frames));
        let is_believed = is_possible(&source, length);
        let seconds = |bytes: u64| {
            let blocks = bytes / u64::from(coding.block);
            blocks as f64 * f64::from(coding.frames) / f64::from(coding.rate)
        };
        Ok(Self {
            source,
            parameters,
            container,
            blocks_per_packet: blocks,
            left: length.unwrap_or(u64::MAX),
            announced: length.filter(|_| is_believed).map(seconds),
            coding,
            started: false,
        })
    }
}

impl Packets for Blocks {
    fn next(&mut self) -> Result<Option<Unit>, DecodeError> {
        if !core::mem::replace(&mut self.started, true) {
            return Ok(Some(Unit::Codec(self.parameters.clone(), self.container)));
        }
        let wanted = u64::from(self.coding.block * self.blocks_per_packet).min(self.left);
        let mut data = vec![0; wanted as usize];
        let mut read = 0;
        while let Some(rest) = data.get_mut(read..).filter(|rest| !rest.is_empty()) {
            match self.source.read(rest)? {
                0 => break,
                count => read += count,
            }
        }
        let blocks = read as u32 / self.coding.block;
        data.truncate((blocks * self.coding.block) as usize);
        self.left -= read as u64;
        if blocks == 0 {
            return Ok(None);
        }
        let frames = u64::from(blocks * self.coding.frames);
        let packet = PacketBuilder::new()
            .track_id(0)
            .pts(Timestamp::ZERO)
            .dur(Duration::from(frames))
            .data(data)
            .build();
        Ok(Some(Unit::Packet(packet)))
    }

    fn announced(&self) -> Option<f64> {
        self.announced
    }

    fn rest(&mut self) -> Result<Option<Source>, DecodeError> {
        if self.left > 0 {
            return Ok(None);
        }
        let mut source = core::mem::take(&mut self.source);
        source.begin_here(&[])?;
        Ok(Some(source))
    }
}
