//! Decoding: Matroska, whose files are made here.
#![cfg(feature = "decode")]

use timbrel_core::audio::InputFormat;
use timbrel_core::host::decode::{AudioReader, DecodeError};

#[path = "common/decoded.rs"]
mod decoded;
use decoded::{error, fixture, listen, read_one};

/// Make an element of an mkv file, whose length has eight bytes.
fn element(id: &[u8], content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u64 | 1 << 56).to_be_bytes();
    [id, &length, content].concat()
}

/// Make an mkv file of PCM with 16 bits in clusters of one second, and the samples.
fn mkv(clusters: usize) -> (Vec<u8>, Vec<f32>) {
    mkv_of(b"A_PCM/INT/LIT", clusters)
}

/// Make that file with any name of its codec.
fn mkv_of(codec: &[u8], clusters: usize) -> (Vec<u8>, Vec<f32>) {
    let rate = 8_000_usize;
    let header = element(b"\x1a\x45\xdf\xa3", &element(b"\x42\x82", b"matroska"));
    let audio = [
        element(b"\xb5", &(rate as f64).to_be_bytes()),
        element(b"\x9f", &[1]),
        element(b"\x62\x64", &[16]),
    ];
    let track = [
        element(b"\xd7", &[1]),
        element(b"\x73\xc5", &[1]),
        element(b"\x83", &[2]),
        element(b"\x86", codec),
        element(b"\xe1", &audio.concat()),
    ];
    let tracks = element(b"\x16\x54\xae\x6b", &element(b"\xae", &track.concat()));
    let scale = element(b"\x2a\xd7\xb1", &1_000_000_u32.to_be_bytes());
    let length = element(b"\x44\x89", &(1000.0 * clusters as f64).to_be_bytes());
    let apps = [element(b"\x4d\x80", b"test"), element(b"\x57\x41", b"test")];
    let info = [scale, length, apps.concat()].concat();
    let info = element(b"\x15\x49\xa9\x66", &info);
    let mut samples = Vec::new();
    let mut all = Vec::new();
    for second in 0..clusters {
        let time = element(b"\xe7", &(1000 * second as u32).to_be_bytes());
        let mut cluster = time;
        for tenth in 0..10_u16 {
            let mut block = vec![0x81];
            block.extend((100 * tenth).to_be_bytes());
            block.push(0x80);
            for _ in 0..rate / 10 {
                let sample = (samples.len() as u32 * 7_919) as i16;
                samples.push(f32::from(sample) / 32_768.0);
                block.extend(sample.to_le_bytes());
            }
            cluster.extend(element(b"\xa3", &block));
        }
        all.extend(element(b"\x1f\x43\xb6\x75", &cluster));
    }
    // the index, whose place comes before everything
    let place = |at: usize| {
        let seek = [
            element(b"\x53\xab", b"\x1c\x53\xbb\x6b"),
            element(b"\x53\xac", &(at as u64).to_be_bytes()),
        ];
        element(b"\x11\x4d\x9b\x74", &element(b"\x4d\xbb", &seek.concat()))
    };
    let before = [place(0), info.clone(), tracks.clone()].concat().len();
    let index = element(b"\x1c\x53\xbb\x6b", &element(b"\xec", &[0; 8]));
    let segment = [place(before + all.len()), info, tracks, all, index].concat();
    let file = [header, element(b"\x18\x53\x80\x67", &segment)].concat();
    (file, samples)
}

#[test]
fn codecs_in_mkv_are_named() {
    for (codec, name) in [
        (&b"A_AC3"[..], "AC-3"),
        (b"A_EAC3", "E-AC-3"),
        (b"A_DTS", "DTS"),
        (b"A_TRUEHD", "TrueHD"),
        (b"A_MPC", "Musepack"),
        (b"A_TTA1", "True Audio"),
        (b"A_WAVPACK4", "WavPack"),
        (b"A_ATRAC/AT1", "ATRAC"),
        (b"A_REAL/ATRC", "ATRAC"),
    ] {
        let error = error(&mkv_of(codec, 1).0);
        assert!(matches!(error, DecodeError::Codec { .. }), "{error:?}");
        assert_eq!(
            error.to_string(),
            format!("{name} in Matroska is not supported")
        );
    }
    // one without a name that messages know
    let error = error(&mkv_of(b"A_REAL/COOK", 1).0);
    assert_eq!(error, DecodeError::UnknownCodec);
}

#[test]
fn an_mkv_that_breaks_off_is_heard_as_far_as_it_goes() {
    let (whole, samples) = mkv(5);
    let mono = InputFormat::mono(8_000);
    assert!(read_one(&whole, mono) == samples);
    for share in [0.3, 0.5, 0.79, 0.95] {
        let end = (whole.len() as f64 * share) as usize;
        let mut reader = AudioReader::from_bytes(whole[..end].to_vec(), None).unwrap();
        let mut heard = Vec::new();
        while let Some(block) = reader.next_block().unwrap() {
            heard.extend_from_slice(block.samples);
        }
        assert!(heard[..] == samples[..heard.len()]);
        let part = heard.len() as f64 / samples.len() as f64;
        assert!((part - share).abs() < 0.03, "{part} of {share}");
        assert!((reader.share().unwrap() - part).abs() < 0.01);
    }
}

#[test]
fn a_file_with_an_unsupported_codec_behind_another_is_missing_from_the_share() {
    let flac = fixture("tone.flac");
    let (mkv, _) = mkv_of(b"A_AC3", 1);
    let (_, share) = listen(AudioReader::from_bytes([&flac[..], &mkv].concat(), None).unwrap());
    // the packets count: without the header of flac, and those of the mkv are a second of 16 bits at 8 kHz
    let mut packets = &flac[4..];
    loop {
        let is_last = packets[0] & 0x80 != 0;
        let length = u32::from_be_bytes([0, packets[1], packets[2], packets[3]]) as usize;
        packets = &packets[4 + length..];
        if is_last {
            break;
        }
    }
    let by_bytes = packets.len() as f64 / (packets.len() + 16_000) as f64;
    assert!((share.unwrap() - by_bytes).abs() < 0.001, "{share:?}");
}
