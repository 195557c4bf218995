//! Decoding: every format, and every way in which a file can be broken.
#![cfg(feature = "decode")]

use std::error::Error as _;
use std::f64::consts::TAU;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use timbrel_core::audio::{InputFormat, UnsupportedRate};
use timbrel_core::host::decode::{AudioReader, DecodeError, read_mono};

mod common;
use common::Random;

const RATE: u32 = 44_100;
const TONE_HZ: f64 = 440.0;
const FIXTURES: [&str; 4] = ["tone.mp3", "tone.flac", "tone.ogg", "tone.m4a"];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// Make the fixtures' tone: 0.3 s, 0.5 on the left and 0.25 on the right.
fn tone(rate: u32) -> Vec<[f64; 2]> {
    let at = |i| (TAU * TONE_HZ * f64::from(i) / f64::from(rate)).sin();
    (0..rate * 3 / 10)
        .map(|i| [0.5 * at(i), 0.25 * at(i)])
        .collect()
}

#[derive(Clone, Copy, Debug)]
enum Coding {
    U8,
    I16,
    I24,
    F32,
}

fn wav(rate: u32, channels: u16, coding: Coding, samples: &[f64]) -> Vec<u8> {
    let mut data = Vec::new();
    for sample in samples {
        match coding {
            Coding::U8 => data.push((sample * 127.0 + 128.0).round() as u8),
            Coding::I16 => data.extend(((sample * 32_767.0).round() as i16).to_le_bytes()),
            Coding::I24 => {
                data.extend(&((sample * 8_388_607.0).round() as i32).to_le_bytes()[..3]);
            }
            Coding::F32 => data.extend((*sample as f32).to_le_bytes()),
        }
    }
    let (bits, tag) = match coding {
        Coding::U8 => (8, 1_u16),
        Coding::I16 => (16, 1),
        Coding::I24 => (24, 1),
        Coding::F32 => (32, 3),
    };
    let frame = channels * bits / 8;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + data.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0");
    file.extend(tag.to_le_bytes());
    file.extend(channels.to_le_bytes());
    file.extend(rate.to_le_bytes());
    file.extend((rate * u32::from(frame)).to_le_bytes());
    file.extend(frame.to_le_bytes());
    file.extend(bits.to_le_bytes());
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}

fn stereo_wav(rate: u32, coding: Coding) -> Vec<u8> {
    wav(rate, 2, coding, tone(rate).as_flattened())
}

fn read_all(mut reader: AudioReader) -> Result<Vec<f32>, DecodeError> {
    let mut samples = Vec::new();
    while let Some(block) = reader.next_block()? {
        assert!(!block.samples.is_empty());
        samples.extend_from_slice(block.samples);
    }
    Ok(samples)
}

fn read_bytes(bytes: &[u8], extension: Option<&str>) -> Result<Vec<f32>, DecodeError> {
    read_all(AudioReader::from_bytes(bytes.to_vec(), extension)?)
}

/// Write a file with this content and name, which is deleted with the folder.
fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// Measure the amplitude of a frequency in the middle of a signal.
fn amplitude(samples: &[f32], frequency: f64, rate: u32) -> f64 {
    // 0.1 s: whole periods of the tone
    let length = rate as usize / 10;
    let middle = &samples[(samples.len() - length) / 2..][..length];
    let (mut re, mut im) = (0.0, 0.0);
    for (i, sample) in middle.iter().enumerate() {
        let (sin, cos) = (TAU * frequency * i as f64 / f64::from(rate)).sin_cos();
        re += f64::from(*sample) * cos;
        im += f64::from(*sample) * sin;
    }
    2.0 * re.hypot(im) / length as f64
}

fn assert_is_tone(samples: &[f32], level: f64, rate: u32, what: &str) {
    let found = amplitude(samples, TONE_HZ, rate);
    // LAME lowers the level by 5 %
    assert!((found / level - 1.0).abs() < 0.06, "{what}: level {found}");
    for other in [TONE_HZ / 2.0, 2.0 * TONE_HZ, TONE_HZ + 50.0] {
        let found = amplitude(samples, other, rate);
        assert!(found < 0.05 * level, "{what}: {found} at {other} Hz");
    }
}

fn assert_is_stereo_tone(reader: AudioReader, what: &str) {
    let expected = InputFormat {
        sample_rate: RATE,
        channels: 2,
    };
    assert_eq!(reader.format(), expected, "{what}");
    let samples = read_all(reader).unwrap();
    let channel = |c| samples.iter().skip(c).step_by(2).copied();
    let (left, right): (Vec<f32>, Vec<f32>) = (channel(0).collect(), channel(1).collect());
    assert_eq!(left.len(), right.len());
    let seconds = left.len() as f64 / f64::from(RATE);
    assert!((0.3..0.37).contains(&seconds), "{what}: {seconds} s");
    assert_is_tone(&left, 0.5, RATE, what);
    assert_is_tone(&right, 0.25, RATE, what);
}

#[test]
fn every_format_is_decoded() {
    for name in FIXTURES {
        assert_is_stereo_tone(AudioReader::open(fixture(name)).unwrap(), name);
        // the content decides, not the name
        let bytes = std::fs::read(fixture(name)).unwrap();
        for extension in [None, Some("wav"), Some("mp3")] {
            let reader = AudioReader::from_bytes(bytes.clone(), extension).unwrap();
            assert_is_stereo_tone(reader, name);
        }
    }
    for coding in [Coding::U8, Coding::I16, Coding::I24, Coding::F32] {
        let reader = AudioReader::from_bytes(stereo_wav(RATE, coding), None).unwrap();
        assert_is_stereo_tone(reader, &format!("wav {coding:?}"));
    }
}

#[test]
fn wav_samples_are_exact() {
    let values = [-32_768, -32_767, -1, 0, 1, 12_345, 32_767_i16];
    let samples: Vec<f64> = values.iter().map(|v| f64::from(*v) / 32_767.0).collect();
    let mut bytes = wav(8_000, 1, Coding::I16, &samples);
    let start = bytes.len() - 2 * values.len();
    for (at, value) in values.iter().enumerate() {
        bytes[start + 2 * at..][..2].copy_from_slice(&value.to_le_bytes());
    }
    let expected: Vec<f32> = values.iter().map(|v| f32::from(*v) / 32_768.0).collect();
    assert_eq!(read_bytes(&bytes, None).unwrap(), expected);
}

#[test]
fn read_mono_mixes_down_and_resamples() {
    let mut paths: Vec<_> = FIXTURES.iter().map(|name| fixture(name)).collect();
    let wavs: Vec<_> = [8_000, 48_000, 96_000]
        .map(|rate| file("tone.wav", &stereo_wav(rate, Coding::I16)))
        .into();
    paths.extend(wavs.iter().map(|(_, path)| path.clone()));
    for path in paths {
        let samples = read_mono(&path, 22_050).unwrap();
        assert!(samples.len() >= 22_050 * 3 / 10, "{path:?}");
        assert_is_tone(&samples, 0.375, 22_050, &path.display().to_string());
    }
}

/// Make an ID3v2 tag with one picture of `size` bytes, as shops put it in front of an mp3.
fn id3_with_cover(size: usize) -> Vec<u8> {
    let synchsafe = |n: usize| [21, 14, 7, 0].map(|shift| (n >> shift & 0x7f) as u8);
    let mut picture = b"\0image/jpeg\0\x03\0".to_vec();
    // bytes that look like the beginning of an mp3 frame now and then
    let mut random = Random(3);
    picture.extend((0..size).map(|_| {
        if random.below(9) == 0 {
            0xff
        } else {
            random.next() as u8
        }
    }));
    let mut tag = b"ID3\x04\0\0".to_vec();
    tag.extend(synchsafe(picture.len() + 10));
    tag.extend(b"APIC");
    tag.extend(synchsafe(picture.len()));
    tag.extend([0, 0]);
    tag.extend(picture);
    tag
}

#[test]
fn tags_are_skipped() {
    let mp3 = std::fs::read(fixture("tone.mp3")).unwrap();
    for size in [100, 5_000, 3_000_000] {
        let mut bytes = id3_with_cover(size);
        bytes.extend(&mp3);
        // and an ID3v1 tag at the end
        bytes.extend(b"TAG");
        bytes.extend([b' '; 125]);
        let reader = AudioReader::from_bytes(bytes, Some("mp3")).unwrap();
        assert_is_stereo_tone(reader, &format!("cover of {size} bytes"));
    }
}

#[test]
fn chained_ogg_is_read_to_its_end() {
    let one = std::fs::read(fixture("tone.ogg")).unwrap();
    let both = [one.clone(), one.clone()].concat();
    let (once, twice) = (
        read_bytes(&one, None).unwrap(),
        read_bytes(&both, None).unwrap(),
    );
    assert_eq!(twice.len(), 2 * once.len());
}

fn error(bytes: &[u8], extension: &str) -> DecodeError {
    read_bytes(bytes, Some(extension)).expect_err("this is not an audio file")
}

#[test]
fn each_broken_file_gets_its_error() {
    assert_eq!(error(b"", "mp3"), DecodeError::Empty);
    let text = "This is not music.\n".repeat(2_000);
    for extension in ["mp3", "wav", "flac", "ogg", "m4a", "txt"] {
        assert_eq!(error(text.as_bytes(), extension), DecodeError::NotAudio);
        assert_eq!(error(b"x", extension), DecodeError::NotAudio);
        assert_eq!(error(&[0; 50_000], extension), DecodeError::NotAudio);
    }
    let video = std::fs::read(fixture("cover.mp4")).unwrap();
    assert_eq!(error(&video, "mp4"), DecodeError::NoTrack);
    assert_eq!(
        error(&wav(RATE, 1, Coding::I16, &[]), "wav"),
        DecodeError::NoAudio
    );
    // a tag without a coding
    let mut unknown = wav(RATE, 1, Coding::I16, &[0.0; 100]);
    unknown[20..22].copy_from_slice(&0x1234_u16.to_le_bytes());
    let what = "wav: an unknown format tag";
    assert_eq!(error(&unknown, "wav"), DecodeError::Header { what });
}

#[test]
fn system_errors_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = AudioReader::open(folder.path().join("missing.mp3")).unwrap_err();
    assert_eq!(missing, io::Error::from(ErrorKind::NotFound).into());
    assert_eq!(missing.to_string(), "cannot be read: no such file");
    let source = missing.source().unwrap();
    let source = source.downcast_ref::<io::Error>().unwrap();
    assert_eq!(source.kind(), ErrorKind::NotFound);
    assert!(source.raw_os_error().is_some());
    let directory = AudioReader::open(folder.path()).unwrap_err();
    assert_eq!(directory, io::Error::from(ErrorKind::IsADirectory).into());
}

#[test]
fn unsupported_rates_are_named() {
    for rate in [1_234, 3_999, 768_001] {
        let (_folder, path) = file("odd.wav", &wav(rate, 1, Coding::I16, &[0.1; 100]));
        let error = UnsupportedRate {
            rate,
            lowest: 4_000,
            highest: 768_000,
        };
        assert_eq!(read_mono(&path, 22_050), Err(DecodeError::Rate(error)));
    }
}

#[test]
fn every_rate_of_a_file_is_read() {
    for rate in [
        4_000, 5_512, 12_000, 12_345, 37_800, 44_056, 47_999, 64_000, 88_200, 176_400, 192_000,
        352_800, 384_000, 500_001, 768_000,
    ] {
        let (_folder, path) = file("tone.wav", &stereo_wav(rate, Coding::I16));
        let samples = read_mono(&path, 22_050).unwrap();
        let expected = 22_050 * 3 / 10;
        assert!(
            samples.len().abs_diff(expected) <= 4,
            "{rate}: {}",
            samples.len()
        );
        assert_is_tone(&samples, 0.375, 22_050, &format!("{rate} Hz"));
        let format = AudioReader::open(&path).unwrap().format();
        assert_eq!(format.sample_rate, rate);
    }
}

#[test]
fn a_truncated_file_is_played_as_far_as_it_goes() {
    for name in FIXTURES {
        let bytes = std::fs::read(fixture(name)).unwrap();
        let whole = read_bytes(&bytes, None).unwrap().len();
        // an ogg is mostly headers when it is this short
        let part = read_bytes(&bytes[..bytes.len() * 9 / 10], None);
        match part {
            Ok(samples) => assert!(samples.len() < whole, "{name}"),
            // an m4a has its index at the end
            Err(error) => {
                let what = "mp4: the file is cut off in its index (moov)";
                assert_eq!((name, error), ("tone.m4a", DecodeError::Header { what }));
            }
        }
        // only the first bytes; less than two frames of an mp3 could be anything
        let header = read_bytes(&bytes[..40], None).unwrap_err();
        let named = match name {
            "tone.mp3" => header == DecodeError::NotAudio,
            _ => matches!(header, DecodeError::Header { .. } | DecodeError::NoAudio),
        };
        assert!(named, "{name}: {header:?}");
    }
}

#[test]
fn a_corrupt_packet_is_skipped() {
    for name in ["tone.mp3", "tone.flac", "tone.ogg"] {
        let mut bytes = std::fs::read(fixture(name)).unwrap();
        let whole = read_bytes(&bytes, None).unwrap().len();
        // after an ogg's headers
        let at = bytes.len() * 9 / 10;
        bytes[at..at + 60].fill(0x55);
        let rest = read_bytes(&bytes, None).unwrap().len();
        assert!(rest > whole / 2, "{name}: {rest} of {whole}");
    }
}

/// Files that are cut, overwritten and doubled at random: any answer will do, as long as there is one.
#[test]
fn hostile_files_do_no_harm() {
    let mut files: Vec<_> = FIXTURES
        .iter()
        .chain(&["cover.mp4"])
        .map(|name| (name.to_string(), std::fs::read(fixture(name)).unwrap()))
        .collect();
    for coding in [Coding::U8, Coding::I24, Coding::F32] {
        files.push((format!("{coding:?}.wav"), stereo_wav(8_000, coding)));
    }
    let mut random = Random(11);
    let (mut read, mut refused, mut failed) = (0, 0, 0);
    for (name, original) in &files {
        for _ in 0..250 {
            let mut bytes = original.clone();
            for _ in 0..1 + random.below(8) {
                if bytes.is_empty() {
                    break;
                }
                // most of what can go wrong is in the headers
                let limit = if random.below(2) == 0 {
                    300
                } else {
                    bytes.len()
                };
                let at = random.below(limit.clamp(1, bytes.len()));
                match random.below(8) {
                    0 => bytes.truncate(at.max(1)),
                    1 => drop(bytes.remove(at)),
                    2 => bytes.insert(at, random.next() as u8),
                    3 => bytes[at] = [0, 0x7f, 0x80, 0xff][random.below(4)],
                    _ => bytes[at] ^= 1 << random.below(8),
                }
            }
            let extension = name.rsplit('.').next();
            match read_bytes(&bytes, extension) {
                Ok(samples) => {
                    assert!(samples.len() < 3_000_000, "{name}");
                    read += 1;
                }
                Err(DecodeError::Decoder) => failed += 1,
                Err(_) => refused += 1,
            }
        }
    }
    println!("{read} read, {refused} refused, {failed} caught in a decoder");
    assert!(read > 100 && refused > 100);
}

#[test]
#[ignore = "needs TIMBREL_DATA"]
fn recordings_are_decoded() {
    let data = PathBuf::from(std::env::var_os("TIMBREL_DATA").expect("TIMBREL_DATA is set"));
    let mut files = 0;
    for (folder, extension) in [
        ("cc", "ogg"),
        ("gtzan/audio/short", "flac"),
        ("golden", "wav"),
    ] {
        let paths = std::fs::read_dir(data.join(folder)).unwrap();
        let paths = paths.map(|entry| entry.unwrap().path());
        let audio = paths.filter(|path| path.extension().is_some_and(|e| e == extension));
        for path in audio.take(5) {
            let samples = read_mono(&path, 22_050).unwrap();
            let peak = samples.iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
            assert!(!samples.is_empty() && peak < 1.2, "{path:?}: {peak}");
            files += 1;
        }
    }
    assert!(files > 0, "no audio in TIMBREL_DATA");
}
