//! Decoding: containers with faults that players overlook, and formats that are refused by name. The inputs are made from the fixtures.
#![cfg(feature = "decode")]

use timbrel_core::audio::InputFormat;
use timbrel_core::host::decode::{AudioReader, DecodeError};

#[path = "common/decoded.rs"]
mod decoded;
use decoded::{error, fixture, read, read_one, stereo};

#[test]
fn foreign_formats_are_named() {
    let flac = fixture("tone.flac");
    let mp3 = fixture("tone.mp3");
    let mut zip = b"PK\x03\x04\x0a\0\0\0\0\0".to_vec();
    zip.extend([0; 24]);
    zip.extend(&flac);
    let mut packet = [0xff; 188];
    packet[..4].copy_from_slice(b"\x47\x40\x11\x10");
    packet[100..104].copy_from_slice(&mp3[..4]);
    for (bytes, name) in [
        (zip, "zip"),
        (
            [b"\r\n<!DOCTYPE HTML><title>".to_vec(), mp3.clone()].concat(),
            "web page",
        ),
        (
            [&[b'a'; 257][..], b"ustar\x0000", &[0; 248], &mp3].concat(),
            "a tar archive",
        ),
        (
            [b"#EXTM3U\n".to_vec(), b"song.mp3\n".repeat(9)].concat(),
            "playlist",
        ),
        (
            [&[0x56, 0xe0, 0x04][..], &[0x11; 4]].concat().repeat(9),
            "LATM",
        ),
        (packet.repeat(40), "MPEG transport stream"),
        (
            [b"MAC \x96\x0f".to_vec(), mp3.clone()].concat(),
            "Monkey's Audio",
        ),
        (
            [b"RIFF\0\0\0\0AVI LIST".to_vec(), mp3.clone()].concat(),
            "AVI",
        ),
        (
            [b"\x30\x26\xb2\x75\x8e\x66\xcf\x11".to_vec(), mp3].concat(),
            "Windows Media",
        ),
    ] {
        let error = error(&bytes);
        assert!(matches!(error, DecodeError::Foreign { .. }), "{error:?}");
        assert!(error.to_string().contains(name), "{error}");
    }
    // an unsupported codec in a supported container
    if cfg!(not(feature = "opus")) {
        let opus = ogg(&[
            b"OpusHead\x01\x02\x38\x01\x80\xbb\0\0\0\0\0",
            b"OpusTags\0\0\0\0\0\0\0\0",
            b"\xfc\xff\xfe",
        ]);
        assert_eq!(error(&opus).to_string(), "Opus in Ogg is not supported");
    }
    // one that symphonia does not know
    let speex = ogg(&[b"Speex   1.2.1", b"comments"]);
    assert_eq!(error(&speex).to_string(), "Speex in Ogg is not supported");
}

/// Make Ogg pages, one for each packet, with the checksum of the format's specification.
fn ogg(packets: &[&[u8]]) -> Vec<u8> {
    let mut file = Vec::new();
    for (number, packet) in packets.iter().enumerate() {
        let mut page = b"OggS\0".to_vec();
        page.push(if number == 0 { 2 } else { 0 });
        page.extend([0; 8]);
        page.extend(7_u32.to_le_bytes());
        page.extend((number as u32).to_le_bytes());
        page.extend([0; 4]);
        page.extend([1, packet.len() as u8]);
        page.extend(*packet);
        let mut crc = 0_u32;
        for byte in &page {
            crc ^= u32::from(*byte) << 24;
            for _ in 0..8 {
                crc = crc << 1 ^ if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 };
            }
        }
        page[22..26].copy_from_slice(&crc.to_le_bytes());
        file.extend(page);
    }
    file
}

#[test]
fn codecs_in_mp4_are_named() {
    let m4a = fixture("tone.m4a");
    let (at, _) = find(&m4a, b"mp4a");
    for (codec, name) in [
        (b"enca", "encrypted audio"),
        (b"drms", "encrypted audio"),
        (b"samr", "AMR"),
        (b"sawb", "AMR"),
        (b"ima4", "IMA ADPCM"),
        (b"ms\0\x02", "ADPCM"),
        (b"ms\0\x11", "ADPCM"),
        (b"QDM2", "QDesign Music"),
        (b"MAC6", "MACE"),
        (b"Qclp", "QCELP"),
        (b"agsm", "GSM 6.10"),
        (b"ac-4", "AC-4"),
        (b"mlpa", "TrueHD"),
        (b"mhm1", "MPEG-H"),
        (b"dtsh", "DTS"),
    ] {
        let mut bytes = m4a.clone();
        bytes[at + 4..at + 8].copy_from_slice(codec);
        let expected = format!("{name} in MP4 is not supported");
        assert_eq!(error(&bytes).to_string(), expected);
    }
}

#[test]
fn an_mp4_without_its_index_says_so() {
    let m4a = fixture("tone.m4a");
    let (at, length) = find(&m4a, b"moov");
    let mut segment = b"\0\0\0\x10stypmsdh\0\0\0\0".to_vec();
    segment.extend(b"\0\0\0\x08moof");
    for (bytes, what) in [
        (&m4a[..at], "has no index (moov)"),
        (&m4a[..at * 6 / 10], "has no index (moov)"),
        (&m4a[..at + length / 2], "cut off in its index (moov)"),
        (&segment, "a segment of a stream"),
    ] {
        let error = error(bytes);
        assert!(matches!(error, DecodeError::Header { .. }), "{error:?}");
        assert!(error.to_string().contains(what), "{error}");
    }
}

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
        assert!(error.to_string().starts_with(name), "{error}");
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

#[cfg(not(feature = "opus"))]
#[test]
fn a_part_with_an_unsupported_codec_is_missing_from_the_share() {
    let vorbis = fixture("tone.ogg");
    let opus = ogg(&[
        b"OpusHead\x01\x02\x38\x01\x80\xbb\0\0\0\0\0",
        b"OpusTags\0\0\0\0\0\0\0\0",
        &[0xfc; 250],
        &[0xfc; 250],
        &[0xfc; 250],
        &[0xfc; 250],
    ]);
    let mut reader = AudioReader::from_bytes([vorbis, opus].concat(), None).unwrap();
    while reader.next_block().unwrap().is_some() {}
    let share = reader.share().unwrap();
    assert!((0.5..0.97).contains(&share), "{share}");
}

/// Return the place of a box in an mp4 file, and its length.
fn find(mp4: &[u8], name: &[u8; 4]) -> (usize, usize) {
    let at = mp4.windows(4).position(|bytes| bytes == name).unwrap() - 4;
    let length = u32::from_be_bytes(mp4[at..at + 4].try_into().unwrap());
    (at, length as usize)
}

/// Return the fixture with its index in front, as files for the web have it.
fn fast_m4a() -> Vec<u8> {
    let m4a = fixture("tone.m4a");
    let (at, length) = find(&m4a, b"moov");
    let (media, _) = find(&m4a, b"mdat");
    assert!(media < at);
    let mut index = m4a[at..at + length].to_vec();
    let (table, _) = find(&index, b"stco");
    let count = u32::from_be_bytes(index[table + 12..table + 16].try_into().unwrap());
    for entry in 0..count as usize {
        let place = table + 16 + 4 * entry;
        let offset = u32::from_be_bytes(index[place..place + 4].try_into().unwrap());
        index[place..place + 4].copy_from_slice(&(offset + length as u32).to_be_bytes());
    }
    [&m4a[..media], &index, &m4a[media..at], &m4a[at + length..]].concat()
}

#[test]
fn an_m4a_that_breaks_off_is_heard_as_far_as_it_goes() {
    let whole = fast_m4a();
    let all = read_one(&whole, stereo(44_100));
    assert!(all == read_one(&fixture("tone.m4a"), stereo(44_100)));
    let (media, length) = find(&whole, b"mdat");
    for share in [0.3, 0.6, 0.99] {
        let end = media + (length as f64 * share) as usize;
        let mut reader = AudioReader::from_bytes(whole[..end].to_vec(), None).unwrap();
        let mut samples = Vec::new();
        while let Some(block) = reader.next_block().unwrap() {
            samples.extend_from_slice(block.samples);
        }
        assert!(samples[..] == all[..samples.len()]);
        let heard = samples.len() as f64 / all.len() as f64;
        assert!((heard - share).abs() < 0.15, "{heard} of {share}");
        assert!((reader.share().unwrap() - heard).abs() < 0.1);
    }
}

#[test]
fn the_core_of_he_aac_is_heard() {
    let m4a = fixture("tone.m4a");
    // an extension that marks the band above as absent, and then as present, at 48 kHz
    let at = m4a
        .windows(3)
        .position(|bytes| bytes == b"\x56\xe5\x00")
        .unwrap();
    let mut bytes = m4a.clone();
    bytes[at + 2] = 0x98;
    assert!(read_one(&bytes, stereo(44_100)) == read_one(&m4a, stereo(44_100)));
    for (bytes, is_core) in [(m4a, false), (bytes, true)] {
        let reader = AudioReader::from_bytes(bytes, None).unwrap();
        assert_eq!(reader.is_core_only(), is_core);
    }
}

#[test]
fn a_second_description_of_a_track_is_overlooked() {
    let m4a = fixture("tone.m4a");
    let (at, length) = find(&m4a, b"stsd");
    let entry = m4a[at + 16..at + length].to_vec();
    let mut bytes = m4a.clone();
    bytes[at + 15] = 2;
    bytes.splice(at + length..at + length, entry.iter().copied());
    for name in [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"] {
        let (at, length) = find(&bytes, name);
        bytes[at..at + 4].copy_from_slice(&((length + entry.len()) as u32).to_be_bytes());
    }
    assert!(read_one(&bytes, stereo(44_100)) == read_one(&m4a, stereo(44_100)));
}

/// Put a picture of 15 MB in the comments of an ogg file, which begin and end like this.
fn with_cover(ogg: &[u8], begin: &[u8], end: &[u8]) -> Vec<u8> {
    // the first page has the identification alone
    let length = 28 + usize::from(ogg[27]);
    let second = &ogg[length..];
    let table = usize::from(second[26]);
    let segments = &second[27..27 + table];
    let comment: usize = segments
        .iter()
        .scan(true, |more, s| {
            let counts = *more;
            *more &= *s == 255;
            counts.then_some(usize::from(*s))
        })
        .sum();
    let body: usize = segments.iter().map(|s| usize::from(*s)).sum();
    let setup = &second[27 + table + comment..27 + table + body];
    let mut cover = [begin, b"\0\0\0\0\x01\0\0\0"].concat();
    let picture = 15_000_000_u32;
    cover.extend(picture.to_le_bytes());
    cover.extend(b"METADATA_BLOCK_PICTURE=");
    cover.resize(cover.len() + picture as usize - 23, b'A');
    cover.extend(end);
    let mut lacing: Vec<u8> = vec![255; cover.len() / 255];
    lacing.push((cover.len() % 255) as u8);
    if !setup.is_empty() {
        lacing.extend(vec![255; setup.len() / 255]);
        lacing.push((setup.len() % 255) as u8);
    }
    let content = [cover.as_slice(), setup].concat();
    let mut bytes = ogg[..length].to_vec();
    let (mut at, mut number) = (0, 1_u32);
    for table in lacing.chunks(255) {
        let count: usize = table.iter().map(|s| usize::from(*s)).sum();
        bytes.extend(b"OggS\0\0\0\0\0\0\0\0\0\0");
        bytes.extend(&ogg[14..18]);
        bytes.extend(number.to_le_bytes());
        // the checksum of these pages is never checked
        bytes.extend([0; 4]);
        bytes.push(table.len() as u8);
        bytes.extend(table);
        bytes.extend(&content[at..at + count]);
        at += count;
        number += 1;
    }
    bytes.extend(&second[27 + table + body..]);
    bytes
}

#[test]
fn a_cover_of_many_megabytes_in_ogg_is_skipped() {
    let ogg = fixture("tone.ogg");
    let covered = with_cover(&ogg, b"\x03vorbis", &[1]);
    assert!(read_one(&covered, stereo(44_100)) == read_one(&ogg, stereo(44_100)));
    #[cfg(feature = "opus")]
    {
        let opus = fixture("tone.opus");
        let covered = with_cover(&opus, b"OpusTags", &[]);
        assert!(read_one(&covered, stereo(48_000)) == read_one(&opus, stereo(48_000)));
    }
}

#[test]
fn a_chain_of_ogg_streams_may_change_its_rate() {
    let ogg = fixture("tone.ogg");
    let once = read_one(&ogg, stereo(44_100)).len();
    // the same stream under another name and, by its identification, at another rate
    let mut other = ogg.clone();
    let header = 28;
    other[header + 12..header + 16].copy_from_slice(&48_000_u32.to_le_bytes());
    let length = 28 + usize::from(ogg[27]);
    other[22..26].fill(0);
    let mut crc = 0_u32;
    for byte in &other[..length] {
        crc ^= u32::from(*byte) << 24;
        for _ in 0..8 {
            crc = crc << 1 ^ if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 };
        }
    }
    other[22..26].copy_from_slice(&crc.to_le_bytes());
    let parts = read(&[ogg, other].concat()).unwrap();
    let lengths: Vec<(InputFormat, usize)> = parts
        .iter()
        .map(|(format, samples)| (*format, samples.len()))
        .collect();
    assert_eq!(lengths, [(stereo(44_100), once), (stereo(48_000), once)]);
}
