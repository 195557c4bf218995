//! Packets of coded audio, one after the other.

use std::boxed::Box;

use symphonia::core::audio::Channels;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_AAC, CODEC_ID_OPUS, CODEC_ID_PCM_ALAW, CODEC_ID_PCM_MULAW,
};
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, AudioDecoder};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::packet::Packet;

use super::aac::{Front, aac_channels, aac_core};
use super::error::DecodeError;
use super::frames::Free;
use super::names::codec_name;
use super::source::Source;

/// The next piece of a stream.
pub(super) enum Unit {
    /// The packets from here on need a decoder for this, and the container's name for messages.
    Codec(AudioCodecParameters, &'static str),
    Packet(Packet),
}

/// A stream that was taken out of its container. Its first unit is a [`Unit::Codec`].
pub(super) trait Packets: Send + Sync {
    /// Return the next unit, `None` at the end.
    fn next(&mut self) -> Result<Option<Unit>, DecodeError>;

    /// Return the seconds of audio that the file announces, as far as it is known now.
    fn announced(&self) -> Option<f64>;

    /// Return whether the file turned out to end too early, where it does not say how much is missing.
    fn is_cut_off(&self) -> bool {
        false
    }

    /// Take what comes after the end, where that can be another file.
    fn rest(&mut self) -> Result<Option<Source>, DecodeError> {
        Ok(None)
    }
}

/// Return parameters of a codec with unnamed channels.
pub(super) fn parameters(codec: AudioCodecId, rate: u32, channels: u16) -> AudioCodecParameters {
    let mut parameters = AudioCodecParameters::new();
    parameters
        .for_codec(codec)
        .with_sample_rate(rate)
        .with_channels(Channels::Discrete(channels));
    parameters
}

/// Return the decoders that are compiled in.
#[cfg(not(feature = "opus"))]
pub(super) fn codecs() -> &'static CodecRegistry {
    symphonia::default::get_codecs()
}

/// Return the decoders that are compiled in.
#[cfg(feature = "opus")]
pub(super) fn codecs() -> &'static CodecRegistry {
    static ALL: std::sync::OnceLock<CodecRegistry> = std::sync::OnceLock::new();
    ALL.get_or_init(|| {
        let mut all = CodecRegistry::new();
        symphonia::default::register_enabled_codecs(&mut all);
        all.register_audio_decoder::<symphonia_adapter_libopus::OpusDecoder>();
        all
    })
}

/// Make the decoder for a stream.
pub(super) fn decoder(
    parameters: &AudioCodecParameters,
    container: &'static str,
) -> Result<Box<dyn AudioDecoder>, DecodeError> {
    let mut parameters = parameters.clone();
    if matches!(parameters.codec, CODEC_ID_PCM_ALAW | CODEC_ID_PCM_MULAW) {
        // containers give the width in the file, the decoder means its own
        parameters.bits_per_sample = None;
        parameters.bits_per_coded_sample = None;
    }
    let mut channels = parameters.channels.as_ref().map(Channels::count);
    if parameters.codec == CODEC_ID_AAC {
        let config = parameters.extra_data.as_deref();
        // where the container leaves it to the stream
        channels = channels.max(config.and_then(aac_channels));
        if let Some(core) = config.and_then(aac_core) {
            channels = aac_channels(&core);
            parameters.extra_data = Some(Box::new(core));
        }
        if let Some(front) = Front::new(&parameters) {
            return Ok(Box::new(front));
        }
    }
    if let Some(free) = Free::new(&parameters) {
        return Ok(Box::new(free));
    }
    let options = AudioDecoderOptions::default();
    if parameters.codec == CODEC_ID_OPUS {
        // the only rate that the decoder gives in every case, whatever rate the container states for the recording
        parameters.sample_rate = Some(48_000);
        #[cfg(feature = "opus")]
        if let Some(front) = super::opus::Front::new(&parameters) {
            return Ok(Box::new(front));
        }
    }
    let made = codecs().make_audio_decoder(&parameters, &options);
    made.map_err(|_| match codec_name(parameters.codec) {
        Some("AAC") if channels.is_some_and(|count| count > 2) => DecodeError::Codec {
            codec: "AAC with more than two channels",
            container,
        },
        Some(codec) => DecodeError::Codec { codec, container },
        None => DecodeError::UnknownCodec,
    })
}
