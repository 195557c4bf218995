//! Decoding: more than two channels where the decoders take two, and codecs that QuickTime describes in its own way.
#![cfg(feature = "decode")]

use std::cell::Cell;
use std::f64::consts::TAU;

use timbrel_core::audio::InputFormat;
use timbrel_core::host::decode::{AudioReader, DecodeError};

#[path = "common/decoded.rs"]
mod decoded;
#[cfg(not(feature = "opus"))]
use decoded::error;
use decoded::{amplitude, fixture, listen, read, read_one};

fn format(channels: u16) -> InputFormat {
    InputFormat {
        sample_rate: 48_000,
        channels,
    }
}

/// Check what the channels have at 440, 880 and 1,760 Hz.
fn assert_amplitudes(samples: &[f32], expected: &[[f64; 3]]) {
    let format = format(expected.len() as u16);
    for (channel, levels) in expected.iter().enumerate() {
        for (level, frequency) in levels.iter().zip([440.0, 880.0, 1760.0]) {
            let found = amplitude(samples, format, channel, frequency);
            assert!(
                (found - level).abs() < 0.08,
                "channel {channel}: {found} at {frequency} Hz, not {level}"
            );
        }
    }
}

/// Take the packets out of an m4a, put them in ADTS with a rate's index and a number of channels, and change each by `edit`.
fn adts(m4a: &[u8], rate: u8, channels: u8, edit: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let place = |name: &[u8; 4]| m4a.windows(4).position(|bytes| bytes == name).unwrap();
    let long = |at: usize| u32::from_be_bytes(m4a[at..at + 4].try_into().unwrap()) as usize;
    let sizes = place(b"stsz") + 12;
    let mut at = place(b"mdat") + 4;
    let mut file = Vec::new();
    for index in 0..long(sizes) {
        let length = long(sizes + 4 + 4 * index);
        let packet = edit(&m4a[at..at + length]);
        at += length;
        let all = packet.len() + 7;
        // LC
        file.extend([
            0xff,
            0xf1,
            0x40 | rate << 2 | channels >> 2,
            channels << 6 | (all >> 11) as u8,
        ]);
        file.extend([(all >> 3) as u8, (all << 5) as u8 | 0x1f, 0xfc]);
        file.extend(packet);
    }
    file
}

#[test]
fn the_front_of_aac_in_six_channels_is_heard() {
    let m4a = fixture("surround.m4a");
    let front = [[0.0, 0.3, 0.0], [0.5, 0.0, 0.0], [0.25, 0.0, 0.0]];
    let samples = read_one(&m4a, format(3));
    assert_amplitudes(&samples, &front);
    assert!((0.3..0.37).contains(&(samples.len() as f64 / 3.0 / 48_000.0)));
    let frames = adts(&m4a, 3, 6, <[u8]>::to_vec);
    assert!(read_one(&frames, format(3)) == samples);
    // a layout that the packets describe: one channel and a pair in front, a pair behind, one of low frequencies; no comment
    let layout = [0xa0, 0x99, 0x00, 0xa0, 0x00, 0x21, 0x10, 0x00];
    let described = adts(&m4a, 3, 0, |packet| [&layout[..], packet].concat());
    assert!(read_one(&described, format(3)) == samples);
}

/// Put an element of 29 bits before those of a packet: its tag, gain and window, no bands.
fn with_silence(packet: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 3];
    let mut before = 0;
    for byte in packet.iter().chain([&0]) {
        bytes.push(before << 3 | byte >> 5);
        before = *byte;
    }
    bytes
}

#[test]
fn a_centre_of_silence_hides_no_pair() {
    let m4a = fixture("tone.m4a");
    let stereo = decoded::stereo(44_100);
    let front = InputFormat {
        channels: 3,
        ..stereo
    };
    let frames = adts(&m4a, 4, 3, with_silence);
    let samples = read_one(&frames, front);
    assert!(samples.iter().step_by(3).all(|x| *x == 0.0));
    let pair = samples
        .chunks_exact(3)
        .flat_map(|frame| [frame[1], frame[2]]);
    let alone = read_one(&adts(&m4a, 4, 2, <[u8]>::to_vec), stereo);
    assert!(pair.eq(alone));
    // padding in front, as encoders put their name there, and a packet that is nothing else
    let first = Cell::new(true);
    let named = adts(&m4a, 4, 3, |packet| {
        if first.replace(false) {
            return [&[0xde, 0x02][..], &[0; 14], &[0x01, 0xc0]].concat();
        }
        // data of two bytes
        [&[0x81, 0x02, 0x09, 0x09][..], &with_silence(packet)].concat()
    });
    let heard = read_one(&named, front);
    let frame = 3 * 1024;
    assert_eq!(heard.len(), samples.len() - frame);
    // the noise that the decoder puts in some bands goes on from frame to frame
    let energy = |samples: &mut dyn Iterator<Item = f32>| samples.map(|x| x * x).sum::<f32>();
    let pairs = heard[frame..].iter().zip(&samples[2 * frame..]);
    let apart = energy(&mut pairs.map(|(a, b)| a - b));
    assert!(
        apart < 0.01 * energy(&mut samples.iter().copied()),
        "{apart}"
    );
}

#[test]
fn damaged_packets_of_six_channels_are_skipped() {
    let m4a = fixture("surround.m4a");
    let all = read_one(&m4a, format(3)).len();
    for seed in 0..40_usize {
        let frames = adts(&m4a, 3, 6, |packet| {
            let mut packet = packet.to_vec();
            let at = seed * 7_919 % packet.len();
            packet[at] ^= 0x55;
            packet.truncate(packet.len() - seed % 5);
            packet
        });
        match read(&frames) {
            Ok(parts) => assert!(
                parts
                    .iter()
                    .map(|(_, samples)| samples.len())
                    .sum::<usize>()
                    <= all
            ),
            Err(error) => assert_eq!(error, DecodeError::NoAudio),
        }
    }
}

#[cfg(feature = "opus")]
#[test]
fn the_front_pair_of_opus_in_six_channels_is_heard() {
    let samples = read_one(&fixture("surround.opus"), format(2));
    assert_amplitudes(&samples, &[[0.5, 0.0, 0.0], [0.25, 0.0, 0.0]]);
}

#[cfg(not(feature = "opus"))]
#[test]
fn opus_in_six_channels_is_named() {
    let (codec, container) = ("Opus", "Ogg");
    assert_eq!(
        error(&fixture("surround.opus")),
        DecodeError::Codec { codec, container }
    );
}

#[test]
fn alac_and_companded_samples_in_quicktime_are_read() {
    for (name, tolerance) in [("short.alac.mov", 1e-4), ("short.ulaw.mov", 0.02)] {
        let (samples, _) = listen(AudioReader::from_bytes(fixture(name), None).unwrap());
        assert_eq!(samples.len(), 2_205, "{name}");
        for (n, sample) in samples.iter().enumerate() {
            let expected = 0.5 * (TAU * 440.0 * n as f64 / 44_100.0).sin();
            assert!(
                (f64::from(*sample) - expected).abs() < tolerance,
                "{name}: {n}"
            );
        }
    }
}
