//! What errors say: each names the fault and, where there is one, the number that is wrong.

use std::error::Error as _;

use timbrel_core::Error;
use timbrel_core::audio::UnsupportedRate;
use timbrel_core::frontend::FrontEnd;
use timbrel_core::model::ModelError;

#[test]
fn errors_of_a_classifier_name_the_fault() {
    let rate = UnsupportedRate {
        rate: 3_999,
        lowest: 4_000,
        highest: 768_000,
    };
    for (error, text) in [
        (
            Error::Memory {
                needed: 9,
                found: 7,
            },
            "9 bytes of memory are needed, 7 were given",
        ),
        (Error::Channels { found: 9 }, "9 channels are not supported"),
        (
            Error::Sample { index: 12 },
            "sample 12 is not a number, infinite or out of range",
        ),
        (
            Error::Finished,
            "the signal is finished: reset before pushing more",
        ),
        (Error::NoResult, "no result yet: no window is complete"),
        (Error::NoAudio, "no audio: not one sample was pushed"),
        (
            Error::TooShort { seconds: 0.25 },
            "too short: 0.25 s of audio, 0.5 s are needed",
        ),
        (Error::NoEmbedding, "the model has no embedding"),
        (
            Error::Engine { what: "no power" },
            "the engine failed: no power",
        ),
        (
            ModelError::Version { found: 9 }.into(),
            "model format version 9 is unknown, expected 1",
        ),
    ] {
        assert_eq!(error.to_string(), text);
        assert!(error.source().is_none(), "{text}: nothing would be added");
    }
    // the text of an error inside is passed on
    assert_eq!(Error::from(rate).to_string(), rate.to_string());
    assert!(rate.to_string().contains("3999"));
}

#[test]
fn errors_of_a_model_file_name_the_place() {
    for (error, text) in [
        (
            ModelError::NotAModel,
            "not a .timbrel model: the first bytes are not TIMBREL",
        ),
        (
            ModelError::Truncated {
                needed: 64,
                found: 3,
            },
            "model ends after 3 bytes, 64 are needed",
        ),
        (
            ModelError::Length {
                stated: 100,
                found: 101,
            },
            "model states 100 bytes and has 101",
        ),
        (
            ModelError::Checksum {
                stated: 0xab,
                computed: 0x1234_5678,
            },
            "model is damaged: checksum 12345678, expected 000000ab",
        ),
        (
            ModelError::UnknownSection { id: 0x80 },
            "model needs a newer reader: section 0x00000080 is unknown",
        ),
        (
            ModelError::Invalid {
                what: "hop",
                at: 40,
                found: 0.0,
            },
            "model is invalid: hop at byte 40 is 0",
        ),
    ] {
        assert_eq!(error.to_string(), text);
        assert_eq!(Error::from(error).to_string(), text);
    }
}

#[test]
fn a_field_beyond_its_limits_is_named() {
    let good = FrontEnd::librosa(2048, 512, 128);
    assert_eq!(good.validate(), Ok(()));
    type Change = fn(&mut FrontEnd);
    let cases: [(&str, &str, Change); 9] = [
        ("n_fft", "1000", |f| f.n_fft = 1_000),
        ("hop", "0", |f| f.hop = 0),
        ("n_mels", "257", |f| f.n_mels = 257),
        ("sample rate", "999", |f| f.sample_rate = 999),
        ("f_min", "-1", |f| f.f_min = -1.0),
        ("f_max", "11026", |f| f.f_max = 11_026.0),
        ("amin", "2", |f| f.amin = 2.0),
        ("top_db", "0", |f| f.top_db = 0.0),
        ("top_db", "201", |f| f.top_db = 201.0),
    ];
    for (name, found, change) in cases {
        let mut bad = good;
        change(&mut bad);
        let error = bad.validate().unwrap_err();
        assert_eq!(error.to_string(), format!("{name} cannot be {found}"));
    }
}

#[cfg(feature = "decode")]
#[test]
fn errors_of_a_file_say_what_it_is_or_lacks() {
    use timbrel_core::host::decode::DecodeError;
    let rate = UnsupportedRate {
        rate: 1_000,
        lowest: 4_000,
        highest: 768_000,
    };
    let system = |kind| DecodeError::from(std::io::Error::from(kind));
    for (error, text) in [
        (
            system(std::io::ErrorKind::NotFound),
            "cannot be read: no such file",
        ),
        (
            system(std::io::ErrorKind::PermissionDenied),
            "cannot be read: permission denied",
        ),
        (DecodeError::Empty, "the file is empty"),
        (
            DecodeError::Foreign {
                format: "a zip file",
            },
            "the file's format is not supported: a zip file",
        ),
        (
            DecodeError::Codec {
                codec: "DTS",
                container: "wav",
            },
            "DTS in wav is not supported",
        ),
        (
            DecodeError::Header {
                what: "it is cut off",
            },
            "the header cannot be read: it is cut off",
        ),
        (DecodeError::NoTrack, "the file has no audio track"),
        (DecodeError::UnknownCodec, "the audio codec is not known"),
        (
            DecodeError::NoAudio,
            "the file has no audio that can be decoded",
        ),
        (DecodeError::Decoder, "the decoder failed"),
        (
            DecodeError::Channels { found: 9 },
            "9 channels are not supported",
        ),
    ] {
        assert_eq!(error.to_string(), text);
        let has_cause = matches!(error, DecodeError::Io(_));
        assert_eq!(error.source().is_some(), has_cause, "{text}");
        assert_eq!(error, error.clone());
    }
    assert!(DecodeError::NotAudio.to_string().contains("wav, mp3, flac"));
    assert_eq!(DecodeError::Rate(rate).to_string(), rate.to_string());
    // two of one kind are equal, whatever else the system says
    let other = std::io::Error::other("a reason");
    assert_eq!(DecodeError::from(other), system(std::io::ErrorKind::Other));
    assert_ne!(
        system(std::io::ErrorKind::Other),
        system(std::io::ErrorKind::NotFound)
    );
}
