//! MPEG audio of free format: headers that do not state the bit rate (ISO/IEC 11172-3, 2.4.2.3), so that only the distance
//! from one to the next tells a frame's length. Symphonia refuses it, so another decoder takes it.

use std::boxed::Box;
use std::vec::Vec;

use nanomp3_core::{DecodeError, Decoder, MAX_SAMPLES_PER_FRAME};
use symphonia::core::audio::{
    AsGenericAudioBufferRef, Audio, AudioBuffer, AudioMut, AudioSpec, Channels,
    GenericAudioBufferRef,
};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_MP2, CODEC_ID_MP3};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, FinalizeResult};
use symphonia::core::errors::{Error, Result};
use symphonia::core::packet::PacketRef;

/// Most bytes of a frame that the decoder takes: 704 kbit/s at 44.1 kHz. The standard says no more than that decoders
/// need not go beyond 320; LAME writes up to 640.
pub(super) const MOST_BYTES: usize = 2304;

/// Fewest bytes of a frame that are looked for: 8 kbit/s at 48 kHz.
const FEWEST_BYTES: usize = 24;

/// Most bytes of a frame that are recognised.
const MOST_RECOGNISED: usize = 1 << 13;

/// Bytes that [`length`] looks at: two frames and the header of a third.
pub(super) const LOOK: usize = 2 * (MOST_RECOGNISED + 1) + 4;

/// Bytes after a frame that its decoder looks at: as many.
pub(super) const AHEAD: usize = 2 * (MOST_BYTES + 1) + 4;

/// What parameters of a codec begin with for a free format; the length of a frame follows.
const MARK: &[u8] = b"free";

/// Return whether the header of a frame of layer 2 or 3 begins here that does not state the bit rate.
pub(super) fn is_header(bytes: &[u8]) -> bool {
    let Some([0xff, second, third, _]) = bytes.first_chunk::<4>() else {
        return false;
    };
    let (version, layer) = (second >> 3 & 3, 4 - (second >> 1 & 3));
    let is_audio = *second >= 0xe0 && version != 1 && matches!(layer, 2 | 3);
    is_audio && third >> 4 == 0 && third >> 2 & 3 != 3
}

/// Return the length of the frame that begins with such a header, without padding: that to the next header which has another
/// one as far behind it.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    let first = bytes.first_chunk::<4>().filter(|_| is_header(bytes))?;
    let is_like = |header: &[u8]| {
        matches!(header, [0xff, second, third, ..]
            if second & 0xfe == first[1] & 0xfe && third & 0xfc == first[2] & 0xfc)
    };
    let padding = |at: usize| {
        bytes
            .get(at + 2)
            .map_or(0, |third| usize::from(third >> 1 & 1))
    };
    (FEWEST_BYTES..MOST_RECOGNISED).find(|length| {
        let second = length + padding(0);
        let third = second + length + padding(second);
        [second, third]
            .iter()
            .all(|at| bytes.get(*at..).is_some_and(is_like))
    })
}

/// Return what marks the parameters of a free format.
pub(super) fn mark(length: usize) -> Box<[u8]> {
    [MARK, &(length as u32).to_le_bytes()].concat().into()
}

/// A decoder for a free format.
pub(crate) struct Free {
    parameters: AudioCodecParameters,
    decoder: Box<Decoder>,
    /// Bytes of a frame without padding.
    length: usize,
    /// Whether the decoder knows the length, too.
    knows: bool,
    samples: Vec<f32>,
    buffer: AudioBuffer<f32>,
}

impl Free {
    /// Make a decoder for a stream of free format; `None` for every other stream.
    pub(crate) fn new(stream: &AudioCodecParameters) -> Option<Self> {
        let length = stream.extra_data.as_deref()?.strip_prefix(MARK)?;
        let length = u32::from_le_bytes(*length.first_chunk()?) as usize;
        matches!(stream.codec, CODEC_ID_MP2 | CODEC_ID_MP3).then(|| Self {
            parameters: stream.clone(),
            decoder: Box::new(Decoder::new()),
            length,
            knows: false,
            samples: std::vec![0.0; MAX_SAMPLES_PER_FRAME],
            buffer: AudioBuffer::default(),
        })
    }

    /// Decode the frame that the data begin with into the buffer.
    fn frame(&mut self, data: &[u8]) -> core::result::Result<(), &'static str> {
        let padding = data.get(2).map_or(0, |third| usize::from(third >> 1 & 1));
        let frame = data.get(..self.length + padding).unwrap_or(data);
        // once the length is known, a frame alone is enough; the last ones have nothing like them behind
        let given = if self.knows { frame } else { data };
        let (_, result) = self.decoder.decode(given, &mut self.samples);
        self.knows = !matches!(result, Err(DecodeError::NoFrame | DecodeError::Corrupt(_)));
        let info = match result {
            Ok(info) => info,
            Err(_) => return Err("mpeg audio of free format: damaged"),
        };
        let channels = usize::from(info.channels.num());
        let spec = AudioSpec::new(info.sample_rate, Channels::Discrete(channels as u16));
        if self.buffer.spec() != &spec {
            self.buffer = AudioBuffer::new(spec, MAX_SAMPLES_PER_FRAME / 2);
        }
        self.buffer.render_uninit(Some(info.samples_produced));
        for channel in 0..channels {
            let from = self.samples.iter().skip(channel).step_by(channels);
            if let Some(plane) = self.buffer.plane_mut(channel) {
                plane
                    .iter_mut()
                    .zip(from)
                    .for_each(|(to, from)| *to = *from);
            }
        }
        Ok(())
    }
}

impl AudioDecoder for Free {
    fn reset(&mut self) {
        *self.decoder = Decoder::new();
        self.knows = false;
    }

    fn codec_info(&self) -> &CodecInfo {
        const INFO: CodecInfo = CodecInfo {
            short_name: "mp3",
            long_name: "MPEG Audio Layer 2 or 3 of free format",
            profiles: &[],
        };
        &INFO
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.parameters
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> Result<GenericAudioBufferRef<'_>> {
        self.buffer.clear();
        self.frame(packet.data).map_err(Error::DecodeError)?;
        let (start, end) = (packet.trim_start.get(), packet.trim_end.get());
        self.buffer.trim(start as usize, end as usize);
        Ok(self.buffer.as_generic_audio_buffer_ref())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.buffer.as_generic_audio_buffer_ref()
    }
}
