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
        // in a box that says it is longer than the one around it
        let (stsd, _) = find(&m4a, b"stsd");
        bytes[stsd..stsd + 4].copy_from_slice(&(1_u32 << 30).to_be_bytes());
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
