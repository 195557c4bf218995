//! Decoding: samples without compression, in headers right and wrong. The inputs are made here.
#![cfg(feature = "decode")]

use timbrel_core::host::decode::{AudioReader, DecodeError};

#[path = "common/decoded.rs"]
mod decoded;
use decoded::{error, listen, read_one, stereo};

/// Make the 16-bit samples of a stereo file, and the values that they stand for.
fn samples() -> (Vec<i16>, Vec<f32>) {
    let samples: Vec<i16> = (0..4_000_i32)
        .map(|i| (i * i * 7 % 40_001 - 20_000) as i16)
        .collect();
    let floats = samples.iter().map(|x| f32::from(*x) / 32_768.0).collect();
    (samples, floats)
}

fn little(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn big(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|x| x.to_be_bytes()).collect()
}

fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    sized(name, data.len() as u32, data)
}

/// Make a chunk with any length in its header.
fn sized(name: &[u8; 4], length: u32, data: &[u8]) -> Vec<u8> {
    let mut chunk = name.to_vec();
    chunk.extend(length.to_le_bytes());
    chunk.extend(data);
    chunk.extend(std::iter::repeat_n(0, data.len() % 2));
    chunk
}

fn riff(tag: &[u8; 4], length: Option<u32>, chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = chunks.concat();
    let length = length.unwrap_or(body.len() as u32 + 4);
    let mut file = tag.to_vec();
    file.extend(length.to_le_bytes());
    file.extend(b"WAVE");
    file.extend(body);
    file
}

/// Make the content of a `fmt ` chunk: stereo at 44.1 kHz.
fn format(tag: u16, bits: u16, extra: &[u8]) -> Vec<u8> {
    let block = bits / 4;
    let mut format = tag.to_le_bytes().to_vec();
    format.extend(2_u16.to_le_bytes());
    format.extend(44_100_u32.to_le_bytes());
    format.extend((44_100 * u32::from(block)).to_le_bytes());
    format.extend(block.to_le_bytes());
    format.extend(bits.to_le_bytes());
    format.extend(extra);
    format
}

#[test]
fn names_of_wav_chunks_in_capitals_are_known() {
    let (samples, floats) = samples();
    let data = little(&samples);
    for (fmt, name) in [(b"fmt ", b"DATA"), (b"FMT ", b"Data")] {
        let chunks = [chunk(fmt, &format(1, 16, &[])), chunk(name, &data)];
        let file = riff(b"RIFF", None, &chunks);
        assert_eq!(read_one(&file, stereo(44_100)), floats, "{name:?}");
    }
}

#[test]
fn wav_lengths_that_are_wrong_cut_nothing() {
    let (samples, expected) = samples();
    let data = little(&samples);
    let n = data.len() as u32;
    let fmt = chunk(b"fmt ", &format(1, 16, &[]));
    let whole = chunk(b"data", &data);
    let list = chunk(b"LIST", b"INFOIART\x04\0\0\0Art\0");
    let mut ds64 = [0_u64, u64::from(n), u64::from(n / 4)]
        .map(u64::to_le_bytes)
        .concat();
    ds64.extend([0; 4]);
    let ds64 = chunk(b"ds64", &ds64);
    let all = u32::MAX;
    let cases = [
        (
            "short riff",
            riff(b"RIFF", Some(36), &[fmt.clone(), whole.clone()]),
        ),
        (
            "empty riff",
            riff(b"RIFF", Some(0), &[fmt.clone(), whole.clone()]),
        ),
        (
            "pipe, 0",
            riff(b"RIFF", Some(0), &[fmt.clone(), sized(b"data", 0, &data)]),
        ),
        (
            "pipe, ones",
            riff(
                b"RIFF",
                Some(all),
                &[fmt.clone(), sized(b"data", all, &data)],
            ),
        ),
        (
            "too long",
            riff(b"RIFF", None, &[fmt.clone(), sized(b"data", 9 * n, &data)]),
        ),
        (
            "too short",
            riff(b"RIFF", None, &[fmt.clone(), sized(b"data", 444, &data)]),
        ),
        (
            "odd list without padding before",
            riff(
                b"RIFF",
                None,
                &[
                    b"LIST\x0f\0\0\0INFOIART\x03\0\0\0Art".to_vec(),
                    fmt.clone(),
                    whole.clone(),
                ],
            ),
        ),
        (
            "list after",
            riff(b"RIFF", None, &[fmt.clone(), whole.clone(), list.clone()]),
        ),
        (
            "list before",
            riff(
                b"RIFF",
                None,
                &[list.clone(), fmt.clone(), list, whole.clone()],
            ),
        ),
        (
            "rf64",
            riff(
                b"RF64",
                Some(all),
                &[ds64.clone(), fmt.clone(), sized(b"data", all, &data)],
            ),
        ),
        (
            "bw64",
            riff(
                b"BW64",
                Some(all),
                &[ds64, fmt.clone(), sized(b"data", all, &data)],
            ),
        ),
        (
            "odd chunk",
            riff(
                b"RIFF",
                None,
                &[fmt, chunk(b"bext", &[1; 603]), whole.clone()],
            ),
        ),
    ];
    for (name, file) in cases {
        assert!(read_one(&file, stereo(44_100)) == expected, "{name}");
    }
    // formats of 18, 20 and 40 bytes
    let mut extensible = vec![22, 0, 16, 0, 3, 0, 0, 0];
    extensible.extend(b"\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71");
    for (tag, extra) in [
        (1, &[0; 2][..]),
        (1, &[0; 4]),
        (1, &[0; 24]),
        (0xfffe, &extensible),
    ] {
        let fmt = chunk(b"fmt ", &format(tag, 16, extra));
        let file = riff(b"RIFF", None, &[fmt, whole.clone()]);
        assert!(
            read_one(&file, stereo(44_100)) == expected,
            "{tag} {}",
            extra.len()
        );
    }
}

#[test]
fn the_same_samples_come_out_of_every_plain_container() {
    let (samples, expected) = samples();
    let n = 2 * samples.len() as u32;
    // RIFX: every number the other way round
    let mut rifx =
        b"RIFX\0\0\0\0WAVEfmt \0\0\0\x10\0\x01\0\x02\0\0\xac\x44\0\x02\xb1\x10\0\x04\0\x10data"
            .to_vec();
    rifx.extend(n.to_be_bytes());
    rifx.extend(big(&samples));
    let wave64 = |name: &[u8; 4], data: &[u8]| {
        let mut chunk = name.to_vec();
        chunk.extend(b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a");
        chunk.extend((24 + data.len() as u64).to_le_bytes());
        chunk.extend(data);
        chunk
    };
    let mut w64 = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0".to_vec();
    w64.extend([0; 8]);
    w64.extend(b"wave\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a");
    w64.extend(wave64(b"fmt ", &format(1, 16, &[])));
    w64.extend(wave64(b"data", &little(&samples)));
    let au = |length: u32, little_endian: bool| {
        let words = [24, length, 3, 44_100, 2_u32];
        let mut file = if little_endian { b"dns." } else { b".snd" }.to_vec();
        for word in words {
            file.extend(if little_endian {
                word.to_le_bytes()
            } else {
                word.to_be_bytes()
            });
        }
        file.extend(if little_endian {
            little(&samples)
        } else {
            big(&samples)
        });
        file
    };
    let be = |name: &[u8; 4], data: &[u8]| {
        let mut chunk = name.to_vec();
        chunk.extend((data.len() as u32).to_be_bytes());
        chunk.extend(data);
        chunk
    };
    let comm = |compression: &[u8]| {
        let mut data = b"\0\x02\0\0\x07\xd0\0\x10\x40\x0e\xac\x44\0\0\0\0\0\0".to_vec();
        data.extend(compression);
        be(b"COMM", &data)
    };
    let ssnd = |data: Vec<u8>| be(b"SSND", &[vec![0; 8], data].concat());
    let aiff = |form: &[u8; 4], chunks: &[Vec<u8>]| {
        [b"FORM\0\0\0\0".to_vec(), form.to_vec(), chunks.concat()].concat()
    };
    // ID3 in front of anything
    let tagged = [b"ID3\x03\0\0\0\0\x02\0".to_vec(), vec![0; 256], w64.clone()].concat();
    let cases = [
        ("rifx", rifx),
        ("w64", w64),
        ("tag, w64", tagged),
        ("au", au(n, false)),
        ("au, pipe", au(u32::MAX, false)),
        ("little-endian au", au(n, true)),
        ("aiff", aiff(b"AIFF", &[comm(b""), ssnd(big(&samples))])),
        (
            "aiff, samples first",
            aiff(b"AIFF", &[ssnd(big(&samples)), comm(b"")]),
        ),
        (
            "sowt",
            aiff(b"AIFC", &[comm(b"sowt\0\0"), ssnd(little(&samples))]),
        ),
    ];
    for (name, file) in cases {
        assert!(read_one(&file, stereo(44_100)) == expected, "{name}");
        // through a pipe, unless it would have to go back
        let reader = AudioReader::from_stream(std::io::Cursor::new(file));
        if name == "aiff, samples first" {
            assert!(matches!(reader, Err(DecodeError::Io(_))));
            continue;
        }
        let mut reader = reader.unwrap();
        let mut streamed = Vec::new();
        while let Some(block) = reader.next_block().unwrap() {
            streamed.extend_from_slice(block.samples);
        }
        assert!(streamed == expected, "{name} from a pipe");
    }
}

#[test]
fn samples_that_are_not_numbers_are_replaced_and_counted() {
    let mut values: Vec<f32> = (0..20_000).map(|i| (i % 200) as f32 / 400.0).collect();
    for (at, bad) in [
        (11_111, f32::NAN),
        (11_112, f32::INFINITY),
        (15_000, f32::NEG_INFINITY),
    ] {
        values[at] = bad;
    }
    let data: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
    let chunks = [chunk(b"fmt ", &format(3, 32, &[])), chunk(b"data", &data)];
    let mut reader = AudioReader::from_bytes(riff(b"RIFF", None, &chunks), None).unwrap();
    let mut read = Vec::new();
    while let Some(block) = reader.next_block().unwrap() {
        read.extend_from_slice(block.samples);
    }
    assert_eq!(reader.replaced(), Some((3, 11_111)));
    for value in values.iter_mut().filter(|value| !value.is_finite()) {
        *value = 0.0;
    }
    assert!(read == values);
}

#[test]
fn codecs_in_wav_that_are_not_supported_are_named() {
    for (tag, name) in [
        (0x0161, "Windows Media Audio"),
        (0x2000, "AC-3"),
        (0x0031, "GSM 6.10"),
    ] {
        let fmt = chunk(b"fmt ", &format(tag, 16, &[]));
        let file = riff(b"RIFF", None, &[fmt, chunk(b"data", &[0; 400])]);
        let expected = format!("{name} in wav is not supported");
        assert_eq!(error(&file).to_string(), expected);
    }
}

#[test]
fn a_codec_that_is_disguised_as_samples_is_named() {
    let (samples, expected) = samples();
    for (sync, codec) in [
        (b"\x72\xf8\x1f\x4e", "AC-3 or DTS for S/PDIF"),
        (b"\xfe\x7f\x01\x80", "DTS"),
        (b"\x1f\xff\xe8\x00", "DTS"),
    ] {
        let with_syncs = |count| {
            let mut data = little(&samples);
            for index in 0..count {
                data[2_000 * index + 10..][..4].copy_from_slice(sync);
            }
            let fmt = chunk(b"fmt ", &format(1, 16, &[]));
            riff(b"RIFF", None, &[fmt, chunk(b"data", &data)])
        };
        let container = "wav";
        assert_eq!(
            error(&with_syncs(4)),
            DecodeError::Codec { codec, container }
        );
        // once is chance
        assert_eq!(
            read_one(&with_syncs(1), stereo(44_100)).len(),
            expected.len()
        );
    }
}

#[test]
fn a_length_that_stands_for_an_unknown_one_makes_nothing_missing() {
    let (samples, expected) = samples();
    let data = little(&samples);
    let fmt = chunk(b"fmt ", &format(1, 16, &[]));
    // two gigabytes, as programs write it that cannot go back; and a length that is simply too large
    for (length, is_unknown) in [
        (0x7fff_f000, true),
        (0x8000_0000, true),
        (20_000_u32, false),
    ] {
        let wav = riff(b"RIFF", None, &[fmt.clone(), sized(b"data", length, &data)]);
        for reader in [
            AudioReader::from_bytes(wav.clone(), None).unwrap(),
            AudioReader::from_stream(std::io::Cursor::new(wav)).unwrap(),
        ] {
            let (samples, share) = listen(reader);
            assert!(samples == expected);
            assert_eq!(share.is_none(), is_unknown, "{length}: {share:?}");
        }
    }
    // none, as programs leave it that write to a pipe, in a file of a moment
    let wav = riff(b"RIFF", None, &[fmt, sized(b"data", 0, &data[..1_000])]);
    assert!(read_one(&wav, stereo(44_100)) == expected[..500]);
}
