//! Decoding: frames without a container, miscounted, joined, and in several formats.
#![cfg(feature = "decode")]

use timbrel_core::audio::InputFormat;
use timbrel_core::host::decode::{AudioReader, DecodeError, MonoReader};

mod common;
#[path = "common/decoded.rs"]
mod decoded;
use decoded::{error, fixture, listen, read, read_one, stereo};

/// Return the place of the tag's count of frames in an mp3.
fn count_place(mp3: &[u8]) -> usize {
    let tag = |name: &[u8]| mp3.windows(4).position(|bytes| bytes == name);
    let tag = tag(b"Xing")
        .or_else(|| tag(b"Info"))
        .expect("the fixture has a tag");
    assert_eq!(mp3[tag + 7] & 1, 1);
    tag + 8
}

#[test]
fn counts_in_an_mp3_cut_nothing() {
    let mp3 = fixture("tone.mp3");
    let whole = read_one(&mp3, stereo(44_100)).len();
    let at = count_place(&mp3);
    let count = u32::from_be_bytes(mp3[at..at + 4].try_into().unwrap());
    for wrong in [0, 1, count / 2, count - 1, 3 * count] {
        let mut bytes = mp3.clone();
        bytes[at..at + 4].copy_from_slice(&wrong.to_be_bytes());
        let samples = read_one(&bytes, stereo(44_100)).len();
        // the delay is still cut off, and no padding
        assert!(
            samples >= whole,
            "{wrong} for {count}: {samples} of {whole}"
        );
        assert!(
            samples < whole + 2 * 4 * 1152,
            "{wrong} for {count}: {samples}"
        );
    }
    // without the tag at all: up to the first frame after it
    let frames = mp3[at..]
        .windows(2)
        .position(|w| w[0] == 0xff && w[1] & 0xfe == 0xfa)
        .unwrap();
    assert!(read_one(&mp3[at + frames..], stereo(44_100)).len() >= whole);
}

#[test]
fn a_count_in_an_mp3_is_believed_only_where_bytes_are_missing_too() {
    let mp3 = fixture("tone.mp3");
    let at = count_place(&mp3);
    // after the count of frames: that of bytes
    assert_eq!(mp3[at - 1] & 2, 2);
    let count = u32::from_be_bytes(mp3[at..at + 4].try_into().unwrap());
    let with_count = |count: u32| {
        let mut bytes = mp3.clone();
        bytes[at..at + 4].copy_from_slice(&count.to_be_bytes());
        bytes
    };
    for count in [0, 1, count, 3 * count, 1000 * count, u32::MAX] {
        let (_, share) = listen(AudioReader::from_bytes(with_count(count), None).unwrap());
        assert_eq!(share, None, "{count}");
    }
    // cut off: what is missing counts by frames, or by bytes where the frames are too many for those
    for count in [count, u32::MAX] {
        let cut = with_count(count)[..mp3.len() * 6 / 10].to_vec();
        let (_, share) = listen(AudioReader::from_bytes(cut, None).unwrap());
        let share = share.unwrap();
        assert!((0.4..0.65).contains(&share), "{count}: {share}");
    }
}

#[test]
fn joined_files_are_heard_to_the_end() {
    let mp3 = fixture("tone.mp3");
    let whole = read_one(&mp3, stereo(44_100));
    let junk_free = [mp3.clone(), mp3.clone(), mp3.clone()].concat();
    let id3v1 = [b"TAG".to_vec(), vec![b' '; 125]].concat();
    let mut id3v2 = b"ID3\x04\0\0\0\0\x20\0".to_vec();
    // a picture that is full of what looks like frames
    id3v2.extend([0xff, 0xfb, 0x90, 0x44].repeat(1_024));
    let tagged = [
        mp3.clone(),
        id3v1.clone(),
        id3v2.clone(),
        mp3.clone(),
        id3v1,
        mp3.clone(),
    ];
    for bytes in [junk_free, tagged.concat()] {
        let samples = read_one(&bytes, stereo(44_100));
        assert_eq!(samples.len(), 3 * whole.len());
        assert!(samples[..whole.len()] == whole);
    }
    // and a gap before all of it, of more than symphonia searches
    let gap = [vec![0; 2 << 20], mp3].concat();
    assert!(read_one(&gap, stereo(44_100)) == whole);
    // a tag that says it is longer than the file
    let tag = b"ID3\x03\0\0\x7f\x7f\x7f\x7f".to_vec();
    let tagged = [tag, vec![0; 100], fixture("tone.mp3")].concat();
    assert!(read_one(&tagged, stereo(44_100)) == whole);
}

/// Make frames of silence in MPEG layer 3 without a tag: side information of zeros has no data.
fn silent_mp3(header: [u8; 4], length: usize, frames: usize) -> Vec<u8> {
    let frame = [header.to_vec(), vec![0; length - 4]].concat();
    frame.repeat(frames)
}

#[test]
fn a_format_that_changes_gives_one_stream() {
    // 64 kbit/s mono at 44.1 kHz, 64 kbit/s stereo at 48 kHz, 32 kbit/s mono at 22.05 kHz (MPEG-2)
    let mono = silent_mp3([0xff, 0xfb, 0x50, 0xc4], 208, 20);
    let fast = silent_mp3([0xff, 0xfb, 0x54, 0x44], 192, 20);
    let slow = silent_mp3([0xff, 0xf3, 0x40, 0xc4], 104, 20);
    let tone = fixture("tone.mp3");
    let whole = read_one(&tone, stereo(44_100)).len();
    let parts = read(&[mono, tone.clone(), fast, slow, tone].concat()).unwrap();
    let lengths: Vec<(InputFormat, usize)> = parts
        .iter()
        .map(|(format, samples)| (*format, samples.len()))
        .collect();
    let expected = [
        (InputFormat::mono(44_100), 20 * 1152),
        (stereo(44_100), whole),
        (stereo(48_000), 2 * 20 * 1152),
        (InputFormat::mono(22_050), 20 * 576),
        (stereo(44_100), whole),
    ];
    assert_eq!(lengths, expected);
}

#[test]
fn an_ogg_that_does_not_end_with_a_page_is_heard() {
    let ogg = fixture("tone.ogg");
    let whole = read_one(&ogg, stereo(44_100));
    for end in [&[0; 100_000][..], b"OggS\0\x04", b"and some text"] {
        let bytes = [ogg.as_slice(), end].concat();
        assert_eq!(
            read_one(&bytes, stereo(44_100)),
            whole,
            "{} bytes",
            end.len()
        );
    }
}

#[test]
fn one_mono_signal_is_made_of_all_formats() {
    let mono = silent_mp3([0xff, 0xfb, 0x50, 0xc4], 208, 50);
    let bytes = [mono, fixture("tone.mp3")].concat();
    let reader = AudioReader::from_bytes(bytes, None).unwrap();
    let mut reader = MonoReader::new(reader, 22_050).unwrap();
    let mut samples: Vec<f32> = Vec::new();
    while let Some(block) = reader.next_block().unwrap() {
        samples.extend_from_slice(block);
    }
    let (silence, tone) = samples.split_at(50 * 576);
    assert!(silence[..28_000].iter().all(|x| x.abs() < 1e-3));
    let mut alone = MonoReader::new(
        AudioReader::from_bytes(fixture("tone.mp3"), None).unwrap(),
        22_050,
    )
    .unwrap();
    let mut expected = Vec::new();
    while let Some(block) = alone.next_block().unwrap() {
        expected.extend_from_slice(block);
    }
    assert_eq!(tone.len(), expected.len());
    // the decoder's filters hold the silence before it, where they would be empty
    let apart = tone.iter().zip(&expected).map(|(a, b)| (a - b).abs());
    assert!(apart.fold(0.0, f32::max) < 1e-3);
}

#[test]
fn a_frame_that_looks_right_by_chance_is_not_believed() {
    let mp3 = fixture("tone.mp3");
    let mut random = common::Random(5);
    let mut noise: Vec<u8> = (0..300_000).map(|_| random.next() as u8 | 1).collect();
    assert_eq!(error(&noise), DecodeError::NotAudio);
    // a few real frames in the middle of something else
    let frames = &mp3[mp3.len() / 2..];
    noise.splice(150_000..150_000, frames.iter().copied());
    let frames = read(&noise);
    assert!(frames.is_err(), "{:?}", frames.map(|parts| parts.len()));
}

#[test]
fn a_tag_that_counts_frames_tells_what_is_missing() {
    // with and without a checksum in the frames, 64 kbit/s in mono
    for (second, checksum) in [(0xfb, [0, 0]), (0xfa, [0x12, 0x34])] {
        let length = 208;
        let header = [0xff, second, 0x50, 0xc4];
        let mut tag = [&header[..], &checksum, &[0; 15], b"Xing"].concat();
        tag.extend(3_u32.to_be_bytes());
        tag.extend(20_u32.to_be_bytes());
        tag.extend((21 * length as u32).to_be_bytes());
        tag.resize(length, 0);
        let file = [tag, silent_mp3(header, length, 10)].concat();
        let reader = AudioReader::from_bytes(file, None).unwrap();
        let (samples, share) = listen(reader);
        assert_eq!(
            (samples.len(), share),
            (10 * 1152, Some(0.5)),
            "{checksum:?}"
        );
    }
}

#[test]
fn a_file_that_ends_within_a_frame_is_cut_off() {
    let plain = silent_mp3([0xff, 0xfb, 0x50, 0xc4], 208, 20);
    let tagged = fixture("tone.mp3");
    for (bytes, expected) in [
        (&plain[..], false),
        (&plain[..plain.len() - 50], true),
        // its tag tells how much is missing
        (&tagged[..tagged.len() * 6 / 10], false),
        (&tagged, false),
    ] {
        let mut reader = AudioReader::from_bytes(bytes.to_vec(), None).unwrap();
        while reader.next_block().unwrap().is_some() {}
        assert_eq!(reader.is_cut_off(), expected, "{} bytes", bytes.len());
    }
    // in wav, the length of the samples tells it
    let mut wav =
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x55\0\x01\0\x44\xac\0\0\0\0\0\0\x01\0\0\0data".to_vec();
    wav.extend((plain.len() as u32).to_le_bytes());
    wav.extend(&plain[..plain.len() / 2]);
    let mut reader = AudioReader::from_bytes(wav, None).unwrap();
    while reader.next_block().unwrap().is_some() {}
    let share = reader.share().unwrap();
    assert!((share - 0.5).abs() < 0.03, "{share}");
}

#[test]
fn a_tag_without_a_beginning_is_not_missing_audio() {
    let mp3 = fixture("tone.mp3");
    let entries = [0x55; 3_000];
    let mut tag = entries.to_vec();
    tag.extend(b"APETAGEX\xe8\x03\0\0");
    tag.extend((entries.len() as u32 + 32).to_le_bytes());
    tag.extend([1, 0, 0, 0]);
    tag.extend([0; 12]);
    let (samples, share) =
        listen(AudioReader::from_bytes([mp3.clone(), tag].concat(), None).unwrap());
    assert!(samples == read_one(&mp3, stereo(44_100)));
    assert_eq!(share, None);
}

#[test]
fn an_ogg_without_its_last_page_is_cut_off() {
    let ogg = fixture("tone.ogg");
    for (end, expected) in [
        (ogg.len(), false),
        (ogg.len() - 100, true),
        (ogg.len() * 9 / 10, true),
    ] {
        let mut reader = AudioReader::from_bytes(ogg[..end].to_vec(), None).unwrap();
        while reader.next_block().unwrap().is_some() {}
        assert_eq!(reader.is_cut_off(), expected, "{end} of {}", ogg.len());
    }
}

/// Make a frame of AAC in ADTS: one channel of silence, filled with zeros up to a length.
fn silent_aac(rate: u8, length: usize) -> Vec<u8> {
    let header = [
        0xff,
        0xf1,
        0x40 | rate << 2,
        0x40 | (length >> 11) as u8,
        (length >> 3) as u8,
        (length << 5) as u8 | 0x1f,
        0xfc,
    ];
    // no sections, ended
    let body = [0x00, 0xc8, 0x00, 0x80, 0x23, 0x80];
    let mut frame = [&header[..], &body].concat();
    frame.resize(length, 0);
    frame
}

#[test]
fn three_frames_at_the_beginning_are_not_believed_wherever_they_are() {
    let mp3 = fixture("tone.mp3");
    let whole = read_one(&mp3, stereo(44_100));
    // as long as frames can be, so that the fourth, which is not there, is far away
    let three = silent_aac(4, 8_190).repeat(3);
    for junk in (1..140_000).step_by(2_048) {
        // zeros alone would be skipped before frames are searched for
        let bytes = [b"U", &vec![0; junk][..], &three, b"no frame", &mp3].concat();
        let parts = read(&bytes).unwrap();
        let lengths: Vec<usize> = parts.iter().map(|(_, samples)| samples.len()).collect();
        assert_eq!(lengths, [whole.len()], "after {junk} bytes");
        assert!(parts[0].1 == whole, "after {junk} bytes");
    }
}

#[test]
fn aac_without_a_container_is_read() {
    // with a checksum in each frame
    let checked = |frame: Vec<u8>| {
        let (header, body) = frame.split_at(7);
        // as audio, this would be a coupling channel
        [header, &[0x40, 0], body].concat()
    };
    let mut frame = checked(silent_aac(4, 15)[..13].to_vec());
    frame[1] = 0xf0;
    let samples = read_one(&frame.repeat(30), InputFormat::mono(44_100));
    assert!(samples.len() >= 25 * 1024, "{}", samples.len());
    let frame = |rate: u8| silent_aac(rate, 13);
    let parts = read(&[frame(4).repeat(30), frame(3).repeat(30)].concat()).unwrap();
    let formats: Vec<InputFormat> = parts.iter().map(|(format, _)| *format).collect();
    assert_eq!(
        formats,
        [InputFormat::mono(44_100), InputFormat::mono(48_000)]
    );
    for (_, samples) in &parts {
        assert!(samples.len() >= 25 * 1024, "{}", samples.len());
    }
}
