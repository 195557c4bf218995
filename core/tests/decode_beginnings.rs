//! Decoding: files whose beginning is missing, or comes late.
#![cfg(feature = "decode")]

use timbrel_core::audio::InputFormat;
use timbrel_core::host::decode::{AudioReader, DecodeError};

mod common;
#[path = "common/decoded.rs"]
mod decoded;
use decoded::{error, fixture, read_one, stereo};

/// Return all samples of a file, and whether it is said to be cut off.
fn listen(bytes: &[u8]) -> (InputFormat, Vec<f32>, bool) {
    let mut reader = AudioReader::from_bytes(bytes.to_vec(), None).unwrap();
    let (format, mut samples) = (reader.format(), Vec::new());
    while let Some(block) = reader.next_block().unwrap() {
        samples.extend_from_slice(block.samples);
    }
    let warnings = reader.warnings();
    assert_eq!(warnings.len(), usize::from(reader.is_cut_off()));
    (format, samples, reader.is_cut_off())
}

#[test]
fn a_flac_without_its_beginning_is_heard_and_said_to_be_cut_off() {
    let flac = fixture("tone.flac");
    let whole = read_one(&flac, stereo(44_100));
    let (_, samples, is_cut_off) = listen(&flac);
    assert!(samples == whole && !is_cut_off);
    // without the header: with every frame, and from within the first one on
    for (begin, lost) in [(5, 0), (flac.len() / 4, 1)] {
        let (format, samples, is_cut_off) = listen(&flac[begin..]);
        assert_eq!(format, stereo(44_100));
        assert!(is_cut_off);
        assert!(whole.ends_with(&samples), "{begin}: not the end of it");
        let frame = 2 * 4_608;
        assert!(
            samples.len() + (lost + 1) * frame > whole.len(),
            "{begin}: {}",
            samples.len()
        );
    }
}

#[test]
fn an_ogg_without_its_beginning_is_named() {
    let ogg = fixture("tone.ogg");
    let pages: Vec<usize> = (0..ogg.len())
        .filter(|at| ogg[*at..].starts_with(b"OggS"))
        .collect();
    // from the second page on, and from within it
    for begin in [pages[1], pages[1] + 9] {
        let error = error(&ogg[begin..]);
        assert!(
            matches!(error, DecodeError::Header { what } if what.starts_with("ogg: the beginning of the file is missing")),
            "{begin}: {error}"
        );
    }
}

#[test]
fn a_file_that_begins_after_something_else_is_heard() {
    let head = b"HTTP/1.0 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n";
    let mut wav = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x22\x56\0\0\x44\xac\0\0\x02\0\x10\0data\0\0\0\0".to_vec();
    wav.extend((0..9_000_u32).flat_map(|i| ((i * 7 % 30_011) as i16).to_le_bytes()));
    for file in [
        fixture("tone.flac"),
        fixture("tone.ogg"),
        fixture("tone.mp3"),
        wav,
    ] {
        let (format, expected, _) = listen(&file);
        let (found, samples, is_cut_off) = listen(&[&head[..], &file].concat());
        assert_eq!(found, format);
        assert!(samples == expected && !is_cut_off);
    }
}

#[test]
fn noise_is_no_file_without_its_beginning() {
    let mut random = common::Random(8);
    for _ in 0..4 {
        // full of what looks like the first bytes of frames and pages
        let mut noise: Vec<u8> = (0..200_000).map(|_| random.next() as u8).collect();
        for at in (0..noise.len() - 8).step_by(50) {
            noise[at..at + 2].copy_from_slice(&[0xff, 0xf8]);
            noise[at + 20..at + 24].copy_from_slice(b"OggS");
        }
        assert_eq!(error(&noise), DecodeError::NotAudio);
    }
}
