//! AAC: what its configuration says, and the front channels of streams with more than two.

mod front;

use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_AAC;

pub(super) use front::Front;

/// Return the number of a configuration of AAC that stands for its channels: as many, up to six.
pub(super) fn aac_channels(config: &[u8]) -> Option<usize> {
    config.get(1).map(|second| usize::from(second >> 3 & 0xf))
}

/// Return the configuration of AAC-LC for the core of a stream of HE-AAC, which adds the band above and, in version 2,
/// the second channel; `None` for every other stream.
///
/// Fields as ISO/IEC 14496-3, 1.6.2.1 has them: object type (5 bits), index of the rate (4), channels (4).
pub(super) fn aac_core(config: &[u8]) -> Option<[u8; 2]> {
    let [first, second, ..] = *config else {
        return None;
    };
    let (object, rate) = (first >> 3, (first & 7) << 1 | second >> 7);
    let channels = second >> 3 & 0xf;
    // LC, SBR and PS; a rate that is written out in full is not handled
    let is_extended = matches!(object, 5 | 29) || object == 2 && config.len() > 2;
    // for LC, the next bits mark frames of 960 samples, which stay refused
    let is_core = object != 2 || second & 0b100 == 0;
    (is_extended && is_core && rate < 13 && channels > 0)
        .then_some([2 << 3 | rate >> 1, (rate & 1) << 7 | channels << 3])
}

/// Return whether a stream is HE-AAC, whose core is all that is decoded.
pub(super) fn is_extended_aac(parameters: &AudioCodecParameters) -> bool {
    let config = match parameters.extra_data.as_deref() {
        Some(config) if parameters.codec == CODEC_ID_AAC => config,
        _ => return false,
    };
    match config {
        // SBR or PS comes first
        [first, ..] if matches!(first >> 3, 5 | 29) => true,
        // after LC: a mark of 11 bits, object type 5, and whether the band is there
        [_, _, 0x56, 0xe5, present, ..] => present & 0x80 != 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use symphonia::core::codecs::audio::well_known::CODEC_ID_FLAC;

    use super::*;

    #[test]
    fn channels_of_aac_are_read() {
        assert_eq!(aac_channels(&[0x12, 0x10]), Some(2));
        assert_eq!(aac_channels(&[0x12, 0x18, 0x56]), Some(3));
        assert_eq!(aac_channels(&[0x12]), None);
    }

    #[test]
    fn the_core_of_he_aac_is_plain_aac() {
        // SBR in front (object type 5), 22.05 kHz in stereo; PS in front (29), 24 kHz in mono
        assert_eq!(aac_core(&[0x2b, 0x92, 0x08, 0x00]), Some([0x13, 0x90]));
        assert_eq!(aac_core(&[0xeb, 0x09, 0x88, 0x00]), Some([0x13, 0x08]));
        // LC that is followed by SBR; LC alone, with frames of 960 samples, and with channels of its own
        assert_eq!(
            aac_core(&[0x13, 0x90, 0x56, 0xe5, 0xa0]),
            Some([0x13, 0x90])
        );
        // the last index of a rate, and the first reserved one
        assert_eq!(aac_core(&[0x2e, 0x10]), Some([0x16, 0x10]));
        assert_eq!(aac_core(&[0x2e, 0x90]), None);
        for config in [
            &[0x12, 0x10][..],
            &[0x12, 0x14, 0x56],
            &[0x12, 0x00, 0x05],
            &[0x12],
            &[],
        ] {
            assert_eq!(aac_core(config), None, "{config:x?}");
        }
    }
    #[test]
    fn he_aac_is_known_by_its_configuration() {
        let is_extended = |codec, config: &[u8]| {
            let mut parameters = AudioCodecParameters::new();
            parameters.for_codec(codec).with_extra_data(config.into());
            is_extended_aac(&parameters)
        };
        for (config, expected) in [
            (&[0x2b, 0x92][..], true),
            (&[0xeb, 0x09], true),
            (&[0x13, 0x90, 0x56, 0xe5, 0xa0], true),
            // the mark without the band, another mark, and LC alone
            (&[0x13, 0x90, 0x56, 0xe5, 0x20], false),
            (&[0x13, 0x90, 0x56, 0xe4, 0xa0], false),
            (&[0x13, 0x90], false),
            (&[], false),
        ] {
            assert_eq!(is_extended(CODEC_ID_AAC, config), expected, "{config:x?}");
        }
        assert!(!is_extended(CODEC_ID_FLAC, &[0x2b, 0x92]));
        assert!(!is_extended_aac(&AudioCodecParameters::new()));
    }
}
