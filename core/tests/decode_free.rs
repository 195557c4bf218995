//! Decoding: MPEG audio of free format, whose headers do not state the bit rate.
#![cfg(feature = "decode")]

use std::io::Cursor;

use timbrel_core::audio::InputFormat;
use timbrel_core::host::decode::{AudioReader, DecodeError};

#[path = "common/decoded.rs"]
mod decoded;
use decoded::{error, fixture, listen, read, read_one, stereo};

/// Return an mp3 with a constant rate as one of free format: without the rate in its frames' headers.
fn freed(mp3: &[u8]) -> Vec<u8> {
    let mut mp3 = mp3.to_vec();
    // MPEG-1, layer 3, 64 kbit/s at 44.1 kHz, padded or not
    let is_header =
        |bytes: &[u8]| matches!(bytes, [0xff, 0xfa | 0xfb, third, ..] if third & 0xfd == 0x50);
    let mut at = (0..mp3.len()).find(|at| is_header(&mp3[*at..])).unwrap();
    let mut frames = 0;
    while at < mp3.len() && is_header(&mp3[at..]) {
        let length = 144 * 64_000 / 44_100 + usize::from(mp3[at + 2] >> 1 & 1);
        mp3[at + 2] &= 0x0f;
        at += length;
        frames += 1;
    }
    assert!(frames > 10, "{frames}");
    mp3
}

fn apart(one: &[f32], other: &[f32]) -> f32 {
    let apart = one.iter().zip(other).map(|(a, b)| (a - b).abs());
    apart.fold(0.0, f32::max)
}

#[test]
fn free_format_has_the_samples_of_the_same_file_with_a_stated_rate() {
    let mp3 = fixture("tone.mp3");
    let expected = read_one(&mp3, stereo(44_100));
    assert!(expected.iter().any(|x| x.abs() > 0.4));
    let free = freed(&mp3);
    let samples = read_one(&free, stereo(44_100));
    // another decoder, which rounds otherwise
    assert_eq!(samples.len(), expected.len());
    let error = apart(&samples, &expected);
    assert!(error < 1e-4, "{error}");
    let (streamed, share) = listen(AudioReader::from_stream(Cursor::new(free.clone())).unwrap());
    assert!(streamed == samples);
    assert_eq!(share, None);
    // before and behind another file, and after something else
    let both = [expected.clone(), samples.clone()].concat();
    let joined = read_one(&[mp3.clone(), free.clone()].concat(), stereo(44_100));
    assert_eq!(joined.len(), both.len());
    assert!(apart(&joined, &both) < 1e-4);
    let joined = read_one(&[free.clone(), mp3].concat(), stereo(44_100));
    assert_eq!(joined.len(), both.len());
    let flac = fixture("tone.flac");
    let (joined, _) = listen(AudioReader::from_bytes([flac, free].concat(), None).unwrap());
    assert!(joined.ends_with(&samples));
}

#[test]
fn damage_in_a_free_format_costs_only_its_frames() {
    let free = freed(&fixture("tone.mp3"));
    let whole = read_one(&free, stereo(44_100)).len();
    let middle = free.len() / 2;
    let mut broken = free.repeat(3);
    broken[free.len() + middle..][..300].fill(0x55);
    let (samples, _) = listen(AudioReader::from_bytes(broken, None).unwrap());
    assert!(
        (2 * whole..3 * whole).contains(&samples.len()),
        "{} of 3 times {whole}",
        samples.len()
    );
    // cut off within a frame
    let (samples, _) = listen(AudioReader::from_bytes(free[..middle].to_vec(), None).unwrap());
    assert!(samples.len() > whole / 3, "{} of {whole}", samples.len());
}

/// Make frames of silence: side information of zeros has no data.
fn silent(header: [u8; 4], length: usize, frames: usize) -> Vec<u8> {
    [header.to_vec(), vec![0; length - 4]]
        .concat()
        .repeat(frames)
}

#[test]
fn free_format_of_other_layers_and_rates_is_heard() {
    let mut joined = Vec::new();
    let mut lengths = Vec::new();
    // MPEG-1 layer 3 at 640 kbit/s and 44.1 kHz, MPEG-2 layer 3 in mono at 22.05 kHz, MPEG-1 layer 2 at 48 kHz
    for (header, length, format, samples) in [
        ([0xff, 0xfb, 0x00, 0x44], 2_089, stereo(44_100), 2 * 1152),
        (
            [0xff, 0xf3, 0x00, 0xc4],
            326,
            InputFormat::mono(22_050),
            576,
        ),
        ([0xff, 0xfd, 0x04, 0x04], 700, stereo(48_000), 2 * 1152),
    ] {
        let bytes = silent(header, length, 30);
        let parts = read(&bytes).unwrap();
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].0, format);
        assert_eq!(parts[0].1.len(), 30 * samples);
        joined.extend(bytes);
        lengths.push((format, 30 * samples));
    }
    // one file after another, the last with a stated rate: no frame is lost where one begins
    joined.extend(silent([0xff, 0xfb, 0x50, 0xc4], 208, 30));
    lengths.push((InputFormat::mono(44_100), 30 * 1152));
    let parts = read(&joined).unwrap();
    let parts = parts
        .iter()
        .map(|(format, samples)| (*format, samples.len()));
    assert_eq!(parts.collect::<Vec<_>>(), lengths);
}

#[test]
fn frames_that_no_decoder_takes_are_named() {
    // LAME's highest rate at 32 kHz: 2,880 bytes
    let error = error(&silent([0xff, 0xfb, 0x08, 0x44], 2_880, 30));
    assert!(matches!(error, DecodeError::Codec { .. }), "{error:?}");
    let expected =
        "MP3 of free format with frames of more than 2,304 bytes in an mp3 file is not supported";
    assert_eq!(error.to_string(), expected);
}
