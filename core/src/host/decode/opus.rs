//! Opus with more than two channels (RFC 7845, 5.1.1): several streams of one or two channels in each packet. The first one
//! has the front pair.

use std::boxed::Box;
use std::vec::Vec;

use symphonia::core::audio::{Channels, GenericAudioBufferRef};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, FinalizeResult,
};
use symphonia::core::errors::{Error, Result};
use symphonia::core::packet::PacketRef;

use super::packets::codecs;

/// A decoder of the first stream.
pub(super) struct Front(Box<dyn AudioDecoder>);

impl Front {
    /// Make a decoder for packets of several streams; `None` for every other stream.
    pub(super) fn new(stream: &AudioCodecParameters) -> Option<Self> {
        let head = stream.extra_data.as_deref()?;
        // after 19 bytes that every header has: streams, and those with two channels, which come first
        let [streams, pairs] = *head.get(19..)?.first_chunk::<2>()?;
        let family = *head.get(18)?;
        if family == 0 || streams < 2 {
            return None;
        }
        let mut first = stream.clone();
        first.with_channels(Channels::Discrete(if pairs > 0 { 2 } else { 1 }));
        let options = AudioDecoderOptions::default();
        codecs().make_audio_decoder(&first, &options).ok().map(Self)
    }
}

impl AudioDecoder for Front {
    fn reset(&mut self) {
        self.0.reset();
    }

    fn codec_info(&self) -> &CodecInfo {
        self.0.codec_info()
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        self.0.codec_params()
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> Result<GenericAudioBufferRef<'_>> {
        let data = first_stream(packet.data).ok_or(Error::DecodeError(
            "opus: a packet of several streams ends in the first",
        ))?;
        let mut first = PacketRef::new(packet.track_id, packet.pts, packet.dur, &data);
        first.trim_start = packet.trim_start;
        first.trim_end = packet.trim_end;
        self.0.decode_ref(&first)
    }

    fn finalize(&mut self) -> FinalizeResult {
        self.0.finalize()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.0.last_decoded()
    }
}

/// Return the packet of the first stream, which states its whole length (RFC 6716, appendix B), as one that does not
/// (3.2 there).
fn first_stream(packet: &[u8]) -> Option<Vec<u8>> {
    let toc = *packet.first()?;
    let mut at = 1;
    let mut header = Vec::from([toc]);
    let (frames, is_variable, padding) = match toc & 3 {
        0 => (1, false, 0),
        1 => (2, false, 0),
        2 => (2, true, 0),
        _ => {
            let count = *packet.get(at)?;
            at += 1;
            let begin = at;
            let padding = if count & 0x40 == 0 {
                0
            } else {
                padding(packet, &mut at)?
            };
            header.push(count);
            header.extend(packet.get(begin..at)?);
            (usize::from(count & 0x3f), count & 0x80 != 0, padding)
        }
    };
    let begin = at;
    let mut data = 0;
    for _ in 1..if is_variable { frames } else { 1 } {
        data += length(packet, &mut at)?;
    }
    header.extend(packet.get(begin..at)?);
    // the length that only this form has
    let last = length(packet, &mut at)?;
    data += if is_variable { last } else { frames * last };
    header.extend(packet.get(at..at + data + padding)?);
    Some(header)
}

/// Read the length of a frame.
fn length(packet: &[u8], at: &mut usize) -> Option<usize> {
    let first = usize::from(*packet.get(*at)?);
    *at += 1;
    if first < 252 {
        return Some(first);
    }
    let second = usize::from(*packet.get(*at)?);
    *at += 1;
    Some(4 * second + first)
}

/// Read the length of what fills a packet up: 255 adds 254 and goes on.
fn padding(packet: &[u8], at: &mut usize) -> Option<usize> {
    let mut sum = 0;
    loop {
        let byte = usize::from(*packet.get(*at)?);
        *at += 1;
        if byte < 255 {
            return Some(sum + byte);
        }
        sum += 254;
    }
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::first_stream;

    #[test]
    fn the_first_stream_of_every_kind_of_packet_is_found() {
        let cases: [(&[u8], &[u8]); 6] = [
            // one frame of two bytes; two of one length; two of two lengths
            (&[0xfc, 2, 7, 8, 0xfc, 9], &[0xfc, 7, 8]),
            (&[0xfd, 1, 7, 8, 9], &[0xfd, 7, 8]),
            (&[0xfe, 1, 2, 7, 8, 8, 9], &[0xfe, 1, 7, 8, 8]),
            // three of one length; two of two lengths; one with padding
            (&[0xff, 3, 1, 7, 8, 9, 9], &[0xff, 3, 7, 8, 9]),
            (&[0xff, 0x82, 1, 2, 7, 8, 8, 9], &[0xff, 0x82, 1, 7, 8, 8]),
            (&[0xff, 0x41, 2, 1, 7, 0, 0, 9], &[0xff, 0x41, 2, 7, 0, 0]),
        ];
        for (packet, expected) in cases {
            assert_eq!(first_stream(packet).as_deref(), Some(expected));
        }
        assert_eq!(first_stream(&[0xfc, 252, 1, 0]), None);
        assert_eq!(first_stream(&[0xfc]), None);
        let long = [vec![0xfc, 252, 1], vec![5; 256]].concat();
        assert_eq!(first_stream(&long).unwrap().len(), 257);
    }
}
