//! The front of AAC with more than two channels: the centre and the pair beside it, which come first in the usual layouts.
//! Of a layout that the file describes itself, the pair or the single channel that comes first.
//!
//! symphonia's decoder takes one or two channels, of one element of a packet. Elements follow each other without a length,
//! so that an element's end has to be searched: the decoder fails in one way on an element that is cut off, and in another
//! on one that something follows.

use std::boxed::Box;
use std::vec::Vec;

use symphonia::core::audio::{
    AsGenericAudioBufferRef, AudioBuffer, AudioMut, AudioSpec, Channels, GenericAudioBufferRef,
};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::well_known::CODEC_ID_AAC;
use symphonia::core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, FinalizeResult,
};
use symphonia::core::errors::{Error, Result};
use symphonia::core::packet::PacketRef;
use symphonia::core::units::{Duration, Timestamp};

use super::aac_channels;
use crate::host::decode::packets::{codecs, parameters};

/// Samples of a channel in a packet.
const FRAME: usize = 1024;

/// Channels that are decoded: centre, left and right.
const CHANNELS: u16 = 3;

/// What elements of one and of two channels begin with.
const SINGLE: u8 = 0;
const PAIR: u8 = 1;

/// What elements without channels begin with: data, a description of the layout, and padding.
const DATA: u8 = 4;
const LAYOUT: u8 = 5;
const FILL: u8 = 6;

/// What ends a packet, in the upper bits.
const END: u8 = 0b1110_0000;

/// Sample rates (Hz) by index (ISO/IEC 14496-3, 1.6.3.4).
const RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];

/// A decoder of the front channels.
pub(in crate::host::decode) struct Front {
    parameters: AudioCodecParameters,
    centre: Element,
    pair: Element,
    samples: AudioBuffer<f32>,
    /// Interleaved samples of an element.
    decoded: Vec<f32>,
}

impl Front {
    /// Make a decoder for AAC-LC with three to eight channels, or a layout of its own; `None` for every other stream.
    pub(in crate::host::decode) fn new(stream: &AudioCodecParameters) -> Option<Self> {
        let config = stream.extra_data.as_deref();
        let (rate, channels) = match config {
            Some([first, second, ..]) => {
                // frames of 960 samples, and what is not LC, stay refused
                if first >> 3 != 2 || second & 0b100 != 0 {
                    return None;
                }
                let index = usize::from((first & 7) << 1 | second >> 7);
                (*RATES.get(index)?, config.and_then(aac_channels)?)
            }
            _ => (stream.sample_rate?, stream.channels.as_ref()?.count()),
        };
        if matches!(channels, 1 | 2) || channels > 8 {
            return None;
        }
        let spec = AudioSpec::new(rate, Channels::Discrete(CHANNELS));
        Some(Self {
            parameters: parameters(CODEC_ID_AAC, rate, CHANNELS),
            centre: Element::new(rate, 1)?,
            pair: Element::new(rate, 2)?,
            samples: AudioBuffer::new(spec, FRAME),
            decoded: Vec::new(),
        })
    }

    /// Return the packets of the centre and of the pair, empty where there is none.
    fn split(&mut self, packet: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
        let packet = &from_bit(packet, begin(packet));
        // a decoder that was given an element of another kind takes none of its own kind any more
        if !matches!(bits(packet, 0), SINGLE | PAIR) {
            return None;
        }
        if bits(packet, 0) == PAIR {
            let end = *self.pair.ends(packet, None)?.first()?;
            return Some((Vec::new(), cut(packet, end)));
        }
        let ends = self.centre.ends(packet, Some(PAIR))?;
        let both = ends.into_iter().find_map(|end| {
            let rest = from_bit(packet, end);
            let ends = self.pair.ends(&rest, None)?;
            Some((cut(packet, end), cut(&rest, *ends.first()?)))
        });
        if both.is_some() {
            return both;
        }
        let end = *self.centre.ends(packet, None)?.first()?;
        Some((cut(packet, end), Vec::new()))
    }

    fn decode_front(&mut self, packet: &[u8]) -> Result<()> {
        const NO_FRONT: Error = Error::DecodeError("aac: no element of one or two channels");
        self.samples.clear();
        let (centre, pair) = self.split(packet).ok_or(NO_FRONT)?;
        self.samples.render_silence(Some(FRAME));
        if !centre.is_empty() {
            self.centre.decode(&centre, &mut self.decoded)?;
            put(&self.decoded, 1, 0, &mut self.samples);
        }
        if !pair.is_empty() {
            self.pair.decode(&pair, &mut self.decoded)?;
            put(&self.decoded, 2, 1, &mut self.samples);
        }
        Ok(())
    }
}

/// Put interleaved samples of some channels in the planes from `first` on.
fn put(samples: &[f32], channels: usize, first: usize, to: &mut AudioBuffer<f32>) {
    for channel in 0..channels {
        let from = samples.iter().skip(channel).step_by(channels);
        if let Some(plane) = to.plane_mut(first + channel) {
            plane
                .iter_mut()
                .zip(from)
                .for_each(|(to, from)| *to = *from);
        }
    }
}

impl AudioDecoder for Front {
    fn reset(&mut self) {
        self.centre.decoder.reset();
        self.pair.decoder.reset();
    }

    fn codec_info(&self) -> &CodecInfo {
        self.pair.decoder.codec_info()
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.parameters
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> Result<GenericAudioBufferRef<'_>> {
        let decoded = self.decode_front(packet.data);
        if decoded.is_err() {
            self.samples.clear();
        }
        decoded.map(|()| self.samples.as_generic_audio_buffer_ref())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.samples.as_generic_audio_buffer_ref()
    }
}

/// The decoder of an element, and one to search for its end.
struct Element {
    decoder: Box<dyn AudioDecoder>,
    probe: Box<dyn AudioDecoder>,
    /// Bytes of the newest one.
    length: usize,
}

impl Element {
    fn new(rate: u32, channels: u16) -> Option<Self> {
        let parameters = parameters(CODEC_ID_AAC, rate, channels);
        let make = || {
            let options = AudioDecoderOptions::default();
            codecs().make_audio_decoder(&parameters, &options).ok()
        };
        Some(Self {
            decoder: make()?,
            probe: make()?,
            length: 64,
        })
    }

    fn decode(&mut self, packet: &[u8], samples: &mut Vec<f32>) -> Result<()> {
        let decoded = self.decoder.decode_ref(&packet_of(packet))?;
        decoded.copy_to_vec_interleaved(samples);
        Ok(())
    }

    /// Return whether the element is cut off that these bytes begin with.
    fn is_cut(&mut self, bytes: &[u8]) -> bool {
        matches!(
            self.probe.decode_ref(&packet_of(bytes)),
            Err(Error::IoError(_))
        )
    }

    /// Return the places, in bits, where the element can end that a packet begins with, the likeliest one first; `next` is what
    /// follows it.
    fn ends(&mut self, packet: &[u8], next: Option<u8>) -> Option<Vec<usize>> {
        let begin = |count: usize| packet.get(..count).unwrap_or(packet);
        // a number of bytes that is too small and one that is enough, at first not far from the last element's
        let (mut short, mut long) = (0, packet.len());
        let mut step = 16;
        let mut at = self.length.clamp(1, packet.len().max(1));
        while step < packet.len() && (short == 0 || long == packet.len()) {
            if self.is_cut(begin(at)) {
                short = at;
                at = (at + step).min(packet.len());
            } else {
                long = at;
                // nothing at all would be a whole packet
                at = at.saturating_sub(step).max(1);
            }
            step *= 2;
        }
        while long > short + 1 {
            let middle = short.midpoint(long);
            if self.is_cut(begin(middle)) {
                short = middle;
            } else {
                long = middle;
            }
        }
        if long == packet.len() && self.is_cut(packet) {
            return None;
        }
        self.length = long;
        // with the end of a packet put there, it must be whole; the decoder may have wanted a byte more than it needed
        let places = (8 * long).saturating_sub(15)..=8 * long;
        let ends = places.rev().filter(|end| {
            let is_next = next.is_none_or(|next| bits(packet, *end) == next);
            is_next
                && self
                    .probe
                    .decode_ref(&packet_of(&cut(packet, *end)))
                    .is_ok()
        });
        Some(ends.take(if next.is_none() { 1 } else { 16 }).collect())
    }
}

fn packet_of(bytes: &[u8]) -> PacketRef<'_> {
    PacketRef::new(0, Timestamp::ZERO, Duration::from(FRAME as u64), bytes)
}

/// Return the three bits at a place.
fn bits(bytes: &[u8], at: usize) -> u8 {
    (byte(bytes, at) >> 5) as u8
}

/// Return the eight bits at a place.
fn byte(bytes: &[u8], at: usize) -> u16 {
    let byte = |at: usize| u16::from(bytes.get(at).copied().unwrap_or(0));
    let word = byte(at / 8) << 8 | byte(at / 8 + 1);
    word << (at % 8) >> 8
}

/// Return the place of the first element that has channels.
fn begin(packet: &[u8]) -> usize {
    let mut at = 0;
    while at < 8 * packet.len() {
        let number = |after, bits: u32| usize::from(byte(packet, at + after) >> (8 - bits));
        at = match bits(packet, at) {
            DATA => {
                let more = if number(8, 8) == 255 {
                    number(16, 8) + 1
                } else {
                    0
                };
                let begin = at + if more > 0 { 24 } else { 16 };
                let begin = if number(7, 1) == 1 {
                    begin.next_multiple_of(8)
                } else {
                    begin
                };
                begin + 8 * (number(8, 8) + more.saturating_sub(1))
            }
            LAYOUT => layout_end(packet, at),
            FILL if number(3, 4) == 15 => at + 15 + 8 * (14 + number(7, 8)),
            FILL => at + 7 + 8 * number(3, 4),
            _ => return at,
        };
    }
    at
}

/// Return the place after a description of the layout (ISO/IEC 14496-3, 4.5.2.1).
fn layout_end(packet: &[u8], begin: usize) -> usize {
    let number = |at, bits: u32| usize::from(byte(packet, begin + at) >> (8 - bits));
    // front, side and back channels, those of low frequencies, data, and coupling channels
    let fields = [
        (13, 4, 5),
        (17, 4, 5),
        (21, 4, 5),
        (25, 2, 4),
        (27, 3, 4),
        (30, 4, 5),
    ];
    let channels: usize = fields
        .iter()
        .map(|(at, bits, each)| number(*at, *bits) * each)
        .sum();
    // three ways of mixing down, each with a number if it is there
    let mut at = 34;
    for bits in [4, 4, 3] {
        at += 1 + if number(at, 1) == 1 { bits } else { 0 };
    }
    // a comment, from the next whole byte on
    let comment = (begin + at + channels).next_multiple_of(8);
    comment + 8 + 8 * usize::from(byte(packet, comment))
}

/// Return the first bits of a packet, and its end.
fn cut(bytes: &[u8], bits: usize) -> Vec<u8> {
    let (whole, part) = (bits / 8, bits % 8);
    let mut packet = bytes.get(..whole).unwrap_or(bytes).to_vec();
    let kept = bytes.get(whole).copied().unwrap_or(0) & !(0xff >> part);
    packet.push(kept | END >> part);
    packet.push((u16::from(END) << 8 >> part) as u8);
    packet
}

/// Return a packet without its first bits.
fn from_bit(bytes: &[u8], bits: usize) -> Vec<u8> {
    let (whole, part) = (bits / 8, bits % 8);
    let rest = bytes.get(whole..).unwrap_or_default();
    let next = rest.iter().skip(1).chain([&0]);
    rest.iter()
        .zip(next)
        .map(|(first, second)| (first << part) | (u16::from(*second) << part >> 8) as u8)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{begin, bits, byte, cut, from_bit, layout_end};

    #[test]
    fn bits_are_cut_and_moved() {
        let bytes = [0b1010_1100, 0b0101_0011, 0xff];
        assert_eq!(bits(&bytes, 6), 0b000);
        assert_eq!(byte(&bytes, 3), 0b0110_0010);
        assert_eq!(bits(&bytes, 2), 0b101);
        assert_eq!(cut(&bytes, 4), [0b1010_1110, 0]);
        assert_eq!(cut(&bytes, 14), [0b1010_1100, 0b0101_0011, 0b1000_0000]);
        assert_eq!(cut(&bytes, 16), [0b1010_1100, 0b0101_0011, 0b1110_0000, 0]);
        assert_eq!(from_bit(&bytes, 3), [0b0110_0010, 0b1001_1111, 0b1111_1000]);
        assert_eq!(from_bit(&bytes, 8), [0b0101_0011, 0xff]);
    }

    #[test]
    fn a_layout_is_as_long_as_its_channels_and_its_comment() {
        // one pair in front, one channel of low frequencies, no mixing; 34 + 3 + 5 + 4 bits, a byte of length and one of text
        let bytes = [0xa1, 0x10, 0x80, 0x20, 0, 0x08, 0x01, 0x41, 0x21];
        assert_eq!(layout_end(&bytes, 0), 64);
        assert_eq!(begin(&bytes), 64);
    }

    #[test]
    fn elements_without_channels_are_skipped() {
        // padding of no, of one and of 15 bytes, then a single channel
        assert_eq!(begin(&[0b1100_0000, 0]), 7);
        assert_eq!(begin(&[0b1100_0010, 0xfe, 0]), 15);
        let long = [&[0b1101_1110, 0b0000_0010][..], &[0; 20]].concat();
        assert_eq!(begin(&long), 15 + 8 * 15);
        // data of two bytes, on whole bytes and not
        assert_eq!(begin(&[0b1000_0001, 2, 9, 9, 0]), 32);
        assert_eq!(begin(&[0b1000_0000, 2, 9, 9, 0]), 32);
        // one after another, beyond as many bits as there are bytes
        let two = [
            &[0b1101_1110, 0b0000_0010][..],
            &[0; 14],
            &[0b0000_0001, 0b1000_0100, 0, 0, 0],
        ]
        .concat();
        assert_eq!(begin(&two), 15 + 8 * 15 + 7 + 8);
        // more than there is
        assert!(begin(&[0b1100_1110]) >= 8);
    }
}
