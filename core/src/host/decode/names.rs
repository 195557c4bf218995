//! Names of codecs and containers for messages.

use symphonia::core::codecs::audio::AudioCodecId;
use symphonia::core::codecs::audio::well_known::*;

/// Return the name of a codec that files are likely to have.
pub(super) fn codec_name(codec: AudioCodecId) -> Option<&'static str> {
    Some(match codec {
        CODEC_ID_AAC => "AAC",
        CODEC_ID_OPUS => "Opus",
        CODEC_ID_SPEEX => "Speex",
        CODEC_ID_ALAC => "ALAC",
        CODEC_ID_AC3 => "AC-3",
        CODEC_ID_EAC3 => "E-AC-3",
        CODEC_ID_AC4 => "AC-4",
        CODEC_ID_DCA => "DTS",
        CODEC_ID_TRUEHD => "TrueHD",
        CODEC_ID_MP1 => "MPEG layer 1",
        CODEC_ID_MP2 => "MPEG layer 2",
        CODEC_ID_MP3 => "MP3",
        CODEC_ID_FLAC => "FLAC",
        CODEC_ID_VORBIS => "Vorbis",
        CODEC_ID_WMA => "Windows Media Audio",
        CODEC_ID_WAVPACK => "WavPack",
        CODEC_ID_MONKEYS_AUDIO => "Monkey's Audio",
        CODEC_ID_MUSEPACK => "Musepack",
        CODEC_ID_TTA => "True Audio",
        CODEC_ID_ATRAC1 | CODEC_ID_ATRAC3 | CODEC_ID_ATRAC3PLUS | CODEC_ID_ATRAC9 => "ATRAC",
        CODEC_ID_ADPCM_MS | CODEC_ID_ADPCM_IMA_WAV | CODEC_ID_ADPCM_IMA_QT => {
            "ADPCM with these channels"
        }
        _ => return None,
    })
}

/// Return the name of an unsupported codec by its format tag in wav.
pub(super) fn wave_codec(tag: u16) -> Option<&'static str> {
    Some(match tag {
        0x0003 => "float PCM of this width",
        0x0008 | 0x2001 => "DTS",
        0x0010 | 0x0016 | 0x0017 | 0x0020 | 0x0069..=0x006b => "ADPCM of this kind",
        0x0031 => "GSM 6.10",
        0x0014 | 0x0040 | 0x0045 => "G.721 or G.726",
        0x0022 => "TrueSpeech",
        0x0050 => "MPEG audio of this kind",
        0x00ff | 0x1600 | 0x1601 | 0x1602 | 0x1610 | 0xa106 => "AAC",
        0x0160..=0x0163 => "Windows Media Audio",
        0x0270 => "ATRAC3",
        0x2000 => "AC-3",
        0x566f | 0x674f..=0x6771 => "Vorbis",
        0x704f => "Opus",
        0xf1ac => "FLAC",
        _ => return None,
    })
}
