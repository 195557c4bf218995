//! Decoding: samples in several chunks, and files that follow one another.
#![cfg(feature = "decode")]

use std::io::Cursor;

use timbrel_core::audio::InputFormat;
use timbrel_core::host::decode::AudioReader;

#[path = "common/decoded.rs"]
mod decoded;
use decoded::{fixture, listen, read, read_one, stereo};

fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    [name, &(data.len() as u32).to_le_bytes()[..], data].concat()
}

fn riff(chunks: &[&[u8]]) -> Vec<u8> {
    chunk(b"RIFF", &[b"WAVE", &*chunks.concat()].concat())
}

/// Make the content of a `fmt ` chunk: 16 bits, mono.
fn format(rate: u32) -> Vec<u8> {
    let mut format = b"\x01\0\x01\0".to_vec();
    format.extend(rate.to_le_bytes());
    format.extend((2 * rate).to_le_bytes());
    format.extend(b"\x02\0\x10\0");
    format
}

/// Make samples as bytes, and the values that they stand for.
fn samples(count: u32, step: u32) -> (Vec<u8>, Vec<f32>) {
    let samples = (0..count).map(|i| (i.wrapping_mul(step) % 30_011) as i16);
    let floats = samples.clone().map(|x| f32::from(x) / 32_768.0).collect();
    (samples.flat_map(i16::to_le_bytes).collect(), floats)
}

fn wav(rate: u32, data: &[u8]) -> Vec<u8> {
    riff(&[&chunk(b"fmt ", &format(rate)), &chunk(b"data", data)])
}

#[test]
fn samples_in_several_chunks_are_heard_to_the_end() {
    let (first, mut expected) = samples(9_000, 7);
    let (second, more) = samples(5_000, 13);
    expected.extend(more);
    let fmt = chunk(b"fmt ", &format(22_050));
    let parts = [chunk(b"data", &first), chunk(b"data", &second)];
    let note = chunk(b"LIST", b"INFOIART\x04\0\0\0Art\0");
    let list = chunk(b"LIST", &[b"wavl", &*parts.concat()].concat());
    let files = [
        riff(&[&fmt, &parts[0], &parts[1]]),
        riff(&[&fmt, &parts[0], &note, &parts[1], &note]),
        riff(&[&fmt, &list]),
    ];
    for file in files {
        assert!(read_one(&file, InputFormat::mono(22_050)) == expected);
        // the same from a stream, which cannot be sought
        let reader = AudioReader::from_stream(Cursor::new(file)).unwrap();
        let (samples, share) = listen(reader);
        assert!(samples == expected);
        assert!(share.unwrap() > 0.999);
    }
}

#[test]
fn files_of_different_formats_are_heard_one_after_another() {
    let (data, values) = samples(9_000, 7);
    let mut au = b".snd\0\0\0\x18".to_vec();
    au.extend((data.len() as u32).to_be_bytes());
    au.extend(b"\0\0\0\x03\0\0\x56\x22\0\0\0\x01");
    au.extend(
        data.as_chunks::<2>()
            .0
            .iter()
            .flat_map(|[low, high]| [*high, *low]),
    );
    let files = [
        wav(22_050, &data),
        au,
        fixture("tone.flac"),
        fixture("tone.mp3"),
        wav(48_000, &data),
    ];
    let alone: Vec<Vec<f32>> = files
        .iter()
        .map(|file| read(file).unwrap().remove(0).1)
        .collect();
    assert!(alone[0] == values && alone[1] == values);
    for (first, one) in files.iter().zip(&alone) {
        for (second, other) in files.iter().zip(&alone) {
            let expected = [one.as_slice(), other].concat();
            let bytes = [first.as_slice(), second].concat();
            let (samples, share) = listen(AudioReader::from_bytes(bytes.clone(), None).unwrap());
            assert!(samples == expected);
            assert!(share.is_none_or(|share| share > 0.999), "{share:?}");
            let (samples, _) = listen(AudioReader::from_stream(Cursor::new(bytes)).unwrap());
            assert!(samples == expected);
        }
    }
    // what plays on as another file may be a container that symphonia reads
    let bytes = [fixture("tone.mp3"), fixture("tone.ogg")].concat();
    let (samples, _) = listen(AudioReader::from_bytes(bytes, None).unwrap());
    let ogg = read_one(&fixture("tone.ogg"), stereo(44_100));
    assert!(samples == [alone[3].as_slice(), &ogg].concat());
}

#[test]
fn what_follows_an_ogg_is_heard() {
    let ogg = fixture("tone.ogg");
    let whole = read_one(&ogg, stereo(44_100));
    let id3 = b"ID3\x04\0\0\0\0\0\x05empty";
    let (data, _) = samples(9_000, 7);
    for next in [
        fixture("tone.mp3"),
        [&id3[..], &fixture("tone.mp3")].concat(),
        fixture("tone.flac"),
        wav(22_050, &data),
        fixture("tone.m4a"),
    ] {
        let (alone, _) = listen(AudioReader::from_bytes(next.clone(), None).unwrap());
        let expected = [whole.as_slice(), &alone].concat();
        let bytes = [ogg.as_slice(), &next].concat();
        let mut reader = AudioReader::from_bytes(bytes.clone(), None).unwrap();
        let mut samples = Vec::new();
        while let Some(block) = reader.next_block().unwrap() {
            samples.extend_from_slice(block.samples);
        }
        assert!(
            samples == expected,
            "{} of {}",
            samples.len(),
            expected.len()
        );
        assert!(!reader.is_cut_off());
        let (samples, _) = listen(AudioReader::from_stream(Cursor::new(bytes)).unwrap());
        assert!(
            samples == expected,
            "{} of {}",
            samples.len(),
            expected.len()
        );
    }
    // the second half of the pages is damage, not the beginning of a file
    let mut broken = [ogg.as_slice(), &ogg, &[0; 9]].concat();
    let second = ogg.len() + ogg.windows(4).rposition(|four| four == b"OggS").unwrap();
    broken[second..second + 4].copy_from_slice(b"OgXS");
    let (samples, _) = listen(AudioReader::from_bytes(broken, None).unwrap());
    assert!(samples.len() > whole.len() && samples[..whole.len()] == whole);
}

#[test]
fn what_follows_the_samples_and_is_no_audio_changes_nothing() {
    let (data, values) = samples(9_000, 7);
    let file = wav(22_050, &data);
    let zip = b"PK\x03\x04\x14\0".repeat(1_000);
    for rest in [&zip[..], b"TAG and some text", &[0; 5_000], &[0xff; 3_000]] {
        let bytes = [file.as_slice(), rest].concat();
        let (samples, share) = listen(AudioReader::from_bytes(bytes, None).unwrap());
        assert!(samples == values);
        assert!(share.unwrap() > 0.999);
    }
    // audio that cannot be played is missing: half of the file
    let broken = riff(&[&chunk(b"fmt ", &format(0)), &chunk(b"data", &data)]);
    let (samples, share) = listen(AudioReader::from_bytes([file, broken].concat(), None).unwrap());
    assert!(samples == values);
    let share = share.unwrap();
    assert!((0.45..0.55).contains(&share), "{share}");
}

/// Make a CAF file: 16 bits, mono at 22,050 Hz.
fn caf(data: &[u8]) -> Vec<u8> {
    let mut file = b"caff\0\x01\0\0desc\0\0\0\0\0\0\0\x20".to_vec();
    file.extend(22_050_f64.to_be_bytes());
    // little-endian integers, 2 bytes and one frame in a packet, one channel, 16 bits
    file.extend(b"lpcm\0\0\0\x02\0\0\0\x02\0\0\0\x01\0\0\0\x01\0\0\0\x10data");
    file.extend((data.len() as u64 + 4).to_be_bytes());
    file.extend([0; 4]);
    file.extend(data);
    file
}

#[test]
fn what_follows_a_container_is_no_obstacle_and_missing_if_it_is_a_file() {
    let (data, values) = samples(9_000, 7);
    let file = caf(&data);
    for (rest, expected) in [
        (&b"TAG and some text"[..], 1.0),
        (&[0; 5], 1.0),
        (&[0; 5_000], 1.0),
        (&file, 0.5),
    ] {
        let bytes = [file.as_slice(), rest].concat();
        let (samples, share) = listen(AudioReader::from_bytes(bytes, None).unwrap());
        assert!(samples == values);
        let share = share.unwrap();
        assert!((share - expected).abs() < 0.01, "{share}");
    }
    let (samples, share) =
        listen(AudioReader::from_bytes(file[..file.len() * 6 / 10].to_vec(), None).unwrap());
    assert!(samples == values[..samples.len()]);
    let share = share.unwrap();
    assert!((share - 0.6).abs() < 0.01, "{share}");
    let m4a = fixture("tone.m4a");
    let (samples, share) = listen(AudioReader::from_bytes(m4a.repeat(3), None).unwrap());
    assert!(samples == read_one(&m4a, stereo(44_100)));
    assert!((share.unwrap() - 1.0 / 3.0).abs() < 0.02, "{share:?}");
}
