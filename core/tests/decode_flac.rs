//! Decoding: flac files that are joined, damaged, cut off, or wrong about themselves.
#![cfg(feature = "decode")]

use timbrel_core::audio::InputFormat;
use timbrel_core::host::decode::AudioReader;

#[path = "common/decoded.rs"]
mod decoded;
use decoded::{fixture, listen, read, read_one, stereo};

#[test]
fn flac_files_that_are_joined_are_heard_to_the_end() {
    let flac = fixture("tone.flac");
    let once = read_one(&flac, stereo(44_100));
    let tag = [b"TAG".to_vec(), vec![b' '; 125]].concat();
    let twice = [flac.clone(), tag.clone(), flac.clone(), tag].concat();
    let samples = read_one(&twice, stereo(44_100));
    assert_eq!(samples.len(), 2 * once.len());
    assert!(samples[..once.len()] == once && samples[once.len()..] == once);
    let (mono, values) = mono_flac(48_000, 3_000);
    let parts = read(&[flac.clone(), mono.clone(), flac].concat()).unwrap();
    let expected = [
        (stereo(44_100), once.clone()),
        (InputFormat::mono(48_000), values.clone()),
        (stereo(44_100), once),
    ];
    assert!(parts == expected);
    // a damaged frame costs itself
    let mut damaged = mono.clone();
    let at = mono.len() / 2;
    damaged[at] ^= 0x55;
    let samples = read_one(&damaged, InputFormat::mono(48_000));
    assert_eq!(samples.len(), values.len() - 1_000);
    let mut reader = AudioReader::from_bytes(damaged, None).unwrap();
    while reader.next_block().unwrap().is_some() {}
    assert!((reader.share().unwrap() - 2.0 / 3.0).abs() < 1e-6);
}

/// Make a flac file with frames of 1,000 samples, and the samples.
fn mono_flac(rate: u32, count: usize) -> (Vec<u8>, Vec<f32>) {
    flac_of(rate, count, |at| (at as u32 * 7_919) as i16)
}

/// Make a flac file whose frames of 1,000 samples are not compressed (RFC 9639), and its samples as they are read.
fn flac_of(rate: u32, count: usize, sample: impl Fn(usize) -> i16) -> (Vec<u8>, Vec<f32>) {
    let crc = |bytes: &[u8], bits: u32, polynomial: u32| {
        let top = 1 << (bits - 1);
        bytes.iter().fold(0_u32, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte) << (bits - 8), |sum, _| {
                (sum << 1 ^ if sum & top == 0 { 0 } else { polynomial }) & (2 * top - 1)
            })
        })
    };
    let mut file = b"fLaC\x80\0\0\x22".to_vec();
    file.extend([0x03, 0xe8, 0x03, 0xe8, 0, 0, 0, 0, 0, 0]);
    let fields = u64::from(rate) << 44 | 15 << 36 | count as u64;
    file.extend(fields.to_be_bytes());
    file.extend([0; 16]);
    let mut values = Vec::new();
    for number in 0..count / 1_000 {
        let mut frame = vec![0xff, 0xf8, 0x70, 0x08, number as u8, 0x03, 0xe7];
        frame.push(crc(&frame, 8, 0x07) as u8);
        // verbatim
        frame.push(0x02);
        for _ in 0..1_000 {
            let sample = sample(values.len());
            values.push(f32::from(sample) / 32_768.0);
            frame.extend(sample.to_be_bytes());
        }
        frame.extend((crc(&frame, 16, 0x8005) as u16).to_be_bytes());
        file.extend(frame);
    }
    (file, values)
}

#[test]
fn a_beginning_of_a_tag_within_a_frame_does_not_end_it() {
    // as samples, which are not compressed here
    let (flac, samples) = flac_of(48_000, 1_000, |at| match at {
        300 => i16::from_be_bytes(*b"TA"),
        301 => i16::from_be_bytes(*b"G "),
        _ => at as i16 * 31,
    });
    assert!(flac.windows(3).any(|bytes| bytes == b"TAG"));
    assert!(read_one(&flac, InputFormat::mono(48_000)) == samples);
}

#[test]
fn a_frame_without_an_end_is_given_up() {
    let (flac, samples) = mono_flac(48_000, 3_000);
    // more than a frame can have, in which nothing looks like the next one
    let header = &flac[42..50];
    let endless = [&flac, header, &vec![0; 5 << 20]].concat();
    assert!(read_one(&endless, InputFormat::mono(48_000)) == samples);
}

#[test]
fn a_flac_file_with_an_impossible_block_length_is_read() {
    let flac = fixture("tone.flac");
    let expected = read_one(&flac, stereo(44_100));
    for lengths in [[0, 0, flac[10], flac[11]], [0, 9, flac[10], flac[11]]] {
        let mut bytes = flac.clone();
        bytes[8..12].copy_from_slice(&lengths);
        assert!(read_one(&bytes, stereo(44_100)) == expected, "{lengths:?}");
    }
}

#[test]
fn a_count_in_the_header_is_believed_only_of_a_file_that_is_cut_off() {
    let (flac, values) = mono_flac(48_000, 10_000);
    // the lower 36 bits: the samples of a channel
    let with_count = |count: u64| {
        let mut bytes = flac.clone();
        let fields = 48_000_u64 << 44 | 15 << 36 | count;
        bytes[18..26].copy_from_slice(&fields.to_be_bytes());
        bytes
    };
    for count in [0, 1, 5_000, 30_000, (1 << 36) - 1] {
        let (samples, share) = listen(AudioReader::from_bytes(with_count(count), None).unwrap());
        assert!(samples == values, "{count}");
        assert_eq!(share, None, "{count}");
    }
    // six frames and half of one
    let frame = (flac.len() - 42) / 10;
    let cut = &with_count(10_000)[..42 + 6 * frame + frame / 2];
    let (samples, share) = listen(AudioReader::from_bytes(cut.to_vec(), None).unwrap());
    assert!(samples == values[..6_000]);
    assert!((share.unwrap() - 0.6).abs() < 1e-6);
}

#[test]
fn frames_that_are_missing_in_the_middle_are_missing_from_the_share() {
    let (flac, values) = mono_flac(48_000, 10_000);
    let frame = (flac.len() - 42) / 10;
    let (from, to) = (42 + 3 * frame, 42 + 7 * frame);
    let zeros = [&flac[..from], &vec![0; to - from], &flac[to..]].concat();
    let hole = [&flac[..from], &flac[to..]].concat();
    for bytes in [zeros, hole] {
        let (samples, share) = listen(AudioReader::from_bytes(bytes, None).unwrap());
        assert!(samples == [&values[..3_000], &values[7_000..]].concat());
        assert!((share.unwrap() - 0.6).abs() < 1e-6);
    }
}

#[test]
fn the_frames_know_their_rate_better_than_the_file() {
    // frames that state 44.1 kHz in stereo, in a file that says 22,050 Hz and one channel
    let flac = fixture("tone.flac");
    let expected = read_one(&flac, stereo(44_100));
    let mut bytes = flac.clone();
    let fields = u64::from_be_bytes(bytes[18..26].try_into().unwrap());
    let fields = 22_050 << 44 | fields & ((1 << 41) - 1);
    bytes[18..26].copy_from_slice(&fields.to_be_bytes());
    assert!(read_one(&bytes, stereo(44_100)) == expected);
}
