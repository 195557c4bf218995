//! Decoding: every coding of samples in wav, AIFF and AU, and headers that state something else. The inputs are made here.
#![cfg(feature = "decode")]

use timbrel_core::host::decode::DecodeError;

#[path = "common/decoded.rs"]
mod decoded;
use decoded::{error, read_one, stereo};

/// Samples of two channels in 256ths of full scale, which every linear coding holds.
fn samples() -> Vec<i8> {
    (0..3_000_i32).map(|i| (i * i * 7) as i8).collect()
}

/// Return the samples with one value as so many bytes.
fn coded<const N: usize>(code: impl Fn(i32) -> [u8; N]) -> Vec<u8> {
    samples()
        .into_iter()
        .flat_map(|sample| code(i32::from(sample)))
        .collect()
}

fn expected() -> Vec<f32> {
    samples().iter().map(|x| f32::from(*x) / 128.0).collect()
}

/// Return the upper bytes of a sample with 32 bits.
fn upper<const N: usize>(sample: i32) -> [u8; N] {
    *(sample << 24).to_be_bytes().first_chunk().unwrap()
}

fn reversed<const N: usize>(mut bytes: [u8; N]) -> [u8; N] {
    bytes.reverse();
    bytes
}

/// G.711's codes of silence and of the largest amplitudes, and these in 32768ths.
const MU_LAW: ([u8; 4], [i16; 4]) = ([0xff, 0x80, 0x00, 0x7f], [0, 32_124, -32_124, 0]);
const A_LAW: ([u8; 4], [i16; 4]) = ([0xd5, 0xaa, 0x2a, 0x55], [8, 32_256, -32_256, -8]);

fn companded((codes, values): ([u8; 4], [i16; 4])) -> (Vec<u8>, Vec<f32>) {
    let values = values.map(|value| f32::from(value) / 32_768.0);
    (codes.repeat(500), values.repeat(500))
}

fn big_chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    [name, &(data.len() as u32).to_be_bytes()[..], data].concat()
}

fn common_chunk(bits: u8, compression: &[u8]) -> Vec<u8> {
    let mut data = vec![0, 2, 0, 0, 5, 220, 0, bits];
    data.extend(b"\x40\x0e\xac\x44\0\0\0\0\0\0");
    data.extend(compression);
    big_chunk(b"COMM", &data)
}

fn aiff(chunks: &[Vec<u8>]) -> Vec<u8> {
    [b"FORM\0\0\0\0AIFC".to_vec(), chunks.concat()].concat()
}

fn sound_chunk(data: &[u8]) -> Vec<u8> {
    big_chunk(b"SSND", &[&[0; 8], data].concat())
}

#[test]
fn every_coding_of_aiff_gives_the_same_samples() {
    let one = coded(upper::<1>);
    let float = coded(|x| (x as f32 / 128.0).to_be_bytes());
    let double = coded(|x| (f64::from(x) / 128.0).to_be_bytes());
    let unsigned = coded(|x| [(x + 128) as u8]);
    for (bits, compression, data) in [
        (8, &b"NONE"[..], &one),
        (8, b"", &one),
        (5, b"twos", &one),
        (16, b"lpcm", &coded(upper::<2>)),
        (24, b"NONE", &coded(upper::<3>)),
        (32, b"NONE", &coded(upper::<4>)),
        (24, b"in24", &coded(upper::<3>)),
        (32, b"in32", &coded(upper::<4>)),
        (8, b"raw ", &unsigned),
        (8, b"sowt", &one),
        (16, b"sowt", &coded(|x| reversed(upper::<2>(x)))),
        (24, b"sowt", &coded(|x| reversed(upper::<3>(x)))),
        (32, b"sowt", &coded(|x| reversed(upper::<4>(x)))),
        (32, b"fl32", &float),
        (32, b"FL32", &float),
        (64, b"fl64", &double),
        (64, b"FL64", &double),
    ] {
        let file = aiff(&[common_chunk(bits, compression), sound_chunk(data)]);
        let name = String::from_utf8_lossy(compression);
        assert!(
            read_one(&file, stereo(44_100)) == expected(),
            "{bits} {name}"
        );
    }
    for (names, law) in [([b"alaw", b"ALAW"], A_LAW), ([b"ulaw", b"ULAW"], MU_LAW)] {
        let (data, values) = companded(law);
        for name in names {
            let file = aiff(&[common_chunk(16, name), sound_chunk(&data)]);
            assert!(read_one(&file, stereo(44_100)) == values, "{name:?}");
        }
    }
    // blocks of 64 frames for each channel: a predictor of 2048, then differences of nothing
    let block = [&[8, 0][..], &[0; 32]].concat();
    let file = aiff(&[common_chunk(16, b"ima4"), sound_chunk(&block.repeat(20))]);
    let heard = read_one(&file, stereo(44_100));
    assert_eq!(heard, [1.0 / 16.0; 2 * 64 * 10]);
}

#[test]
fn lengths_of_aiff_that_are_unknown_and_offsets_cut_nothing() {
    let data = coded(upper::<2>);
    let header = common_chunk(16, b"NONE");
    for length in [0, 8, u32::MAX] {
        let mut sound = sound_chunk(&data);
        sound[4..8].copy_from_slice(&length.to_be_bytes());
        let file = aiff(&[header.clone(), sound]);
        assert!(read_one(&file, stereo(44_100)) == expected(), "{length}");
    }
    // four bytes before the samples, and a chunk after them
    let mut sound = big_chunk(b"SSND", &[&[0, 0, 0, 4][..], &[9; 8], &data].concat());
    sound[12..16].fill(0);
    let after = big_chunk(b"ANNO", &[1; 20]);
    let file = aiff(&[big_chunk(b"NAME", b"odd"), vec![0], header, sound, after]);
    assert!(read_one(&file, stereo(44_100)) == expected());
}

#[test]
fn damaged_aiff_says_what_is_wrong() {
    let sound = sound_chunk(&[0; 400]);
    let with_rate = |exponent: [u8; 2], mantissa: [u8; 4]| {
        let mut header = common_chunk(16, b"NONE");
        header[16..18].copy_from_slice(&exponent);
        header[18..22].copy_from_slice(&mantissa);
        aiff(&[header, sound.clone()])
    };
    for (file, what) in [
        (
            aiff(&[common_chunk(16, b"NONE")]),
            "aiff: it has no samples",
        ),
        (aiff(&[]), "aiff: it has no samples"),
        (
            aiff(std::slice::from_ref(&sound)),
            "aiff: it has no samples",
        ),
        (
            aiff(&[
                big_chunk(b"COMM", &[0, 2, 0, 0, 0, 9, 0, 16]),
                sound.clone(),
            ]),
            "aiff: its format is cut off",
        ),
        (
            aiff(&[big_chunk(b"COMM", &[0, 2]), sound.clone()]),
            "aiff: its format is cut off",
        ),
        // above 2^31 Hz, and below 1 Hz
        (
            with_rate([0x7f, 0xff], [0xff; 4]),
            "aiff: an impossible sample rate",
        ),
        (
            with_rate([0x3f, 0x00], [0x80, 0, 0, 0]),
            "aiff: an impossible sample rate",
        ),
        (with_rate([0x40, 0x0e], [0; 4]), "a sample rate of 0 Hz"),
    ] {
        assert_eq!(error(&file), DecodeError::Header { what });
    }
    for (bits, compression, codec) in [
        (16, b"MAC3", "MACE"),
        (16, b"MAC6", "MACE"),
        (16, b"QDM2", "QDesign Music"),
        (16, b"QDMC", "QDesign Music"),
        (40, b"NONE", "PCM of this width"),
        (16, b"????", "this compression"),
    ] {
        let file = aiff(&[common_chunk(bits, compression), sound.clone()]);
        let container = "AIFF";
        assert_eq!(error(&file), DecodeError::Codec { codec, container });
    }
    let empty = aiff(&[common_chunk(16, b"NONE"), sound_chunk(&[])]);
    assert_eq!(error(&empty), DecodeError::NoAudio);
}

/// Make an AU file; `words` are where its samples begin, their length, encoding, rate and channels.
fn au(words: [u32; 5], is_little: bool, after: &[u8]) -> Vec<u8> {
    let mut file = if is_little { b"dns." } else { b".snd" }.to_vec();
    for word in words {
        file.extend(match is_little {
            true => word.to_le_bytes(),
            false => word.to_be_bytes(),
        });
    }
    file.extend(after);
    file
}

#[test]
fn every_coding_of_au_gives_the_same_samples() {
    fn both<const N: usize>(code: impl Fn(i32) -> [u8; N]) -> [Vec<u8>; 2] {
        [coded(&code), coded(|x| reversed(code(x)))]
    }
    for (encoding, [big, little]) in [
        (2, both(upper::<1>)),
        (3, both(upper::<2>)),
        (4, both(upper::<3>)),
        (5, both(upper::<4>)),
        (6, both(|x| (x as f32 / 128.0).to_be_bytes())),
        (7, both(|x| (f64::from(x) / 128.0).to_be_bytes())),
    ] {
        for (is_little, data) in [(false, big), (true, little)] {
            let words = [24, data.len() as u32, encoding, 44_100, 2];
            let heard = read_one(&au(words, is_little, &data), stereo(44_100));
            assert!(
                heard == expected(),
                "{encoding}, little-endian: {is_little}"
            );
        }
    }
    for (encoding, law) in [(1, MU_LAW), (27, A_LAW)] {
        let (data, values) = companded(law);
        // a place within the header is not one, and a note may follow it
        for (begin, note) in [(24, &b""[..]), (0, b""), (32, b"a note\0\0")] {
            let file = au(
                [begin, 2_000, encoding, 44_100, 2],
                false,
                &[note, &data].concat(),
            );
            assert!(read_one(&file, stereo(44_100)) == values, "{encoding}");
        }
    }
}

#[test]
fn no_more_channels_than_eight_are_read() {
    let of = |channels| au([24, 800, 3, 44_100, channels], false, &[1; 800]);
    assert!(timbrel_core::host::decode::AudioReader::from_bytes(of(8), None).is_ok());
    for found in [9, 51] {
        let file = of(found.into());
        assert_eq!(error(&file), DecodeError::Channels { found });
    }
}

#[test]
fn damaged_au_says_what_is_wrong() {
    let good = au([24, 400, 3, 44_100, 2], false, &[0; 400]);
    assert_eq!(read_one(&good, stereo(44_100)).len(), 200);
    for (file, what) in [
        (good[..20].to_vec(), "au: its header is cut off"),
        (
            au([24, 400, 3, 44_100, 70_000], false, &[0; 400]),
            "au: an impossible number of channels",
        ),
        (
            au([24, 400, 3, 0, 2], false, &[0; 400]),
            "a sample rate of 0 Hz",
        ),
        (
            au([24, 400, 3, 44_100, 0], false, &[0; 400]),
            "no channels, or samples of no length",
        ),
    ] {
        assert_eq!(error(&file), DecodeError::Header { what });
    }
    let (codec, container) = ("ADPCM", "AU");
    let file = au([24, 400, 23, 44_100, 2], false, &[0; 400]);
    assert_eq!(error(&file), DecodeError::Codec { codec, container });
    assert_eq!(error(&good[..24]), DecodeError::NoAudio);
}

/// Make a wav file of two channels, or a RIFX file, whose numbers have their first byte first.
fn wav(is_big: bool, tag: u16, bits: u16, block: u16, data: &[u8]) -> Vec<u8> {
    let short = |x: u16| {
        if is_big {
            x.to_be_bytes()
        } else {
            x.to_le_bytes()
        }
    };
    let long = |x: u32| {
        if is_big {
            x.to_be_bytes()
        } else {
            x.to_le_bytes()
        }
    };
    let mut file = if is_big { b"RIFX" } else { b"RIFF" }.to_vec();
    file.extend(long(36 + data.len() as u32));
    file.extend(b"WAVEfmt ");
    file.extend(long(16));
    file.extend([short(tag), short(2)].concat());
    file.extend([long(44_100), long(44_100 * u32::from(block))].concat());
    file.extend([short(block), short(bits)].concat());
    file.extend(b"data");
    file.extend(long(data.len() as u32));
    file.extend(data);
    file
}

#[test]
fn every_coding_of_wav_gives_the_same_samples() {
    fn both<const N: usize>(code: impl Fn(i32) -> [u8; N]) -> [Vec<u8>; 2] {
        [coded(|x| reversed(code(x))), coded(code)]
    }
    for (tag, bits, block, data) in [
        (1, 8, 2, both(|x| [(x + 128) as u8])),
        (1, 16, 4, both(upper::<2>)),
        (1, 24, 6, both(upper::<3>)),
        (1, 32, 8, both(upper::<4>)),
        // 24 bits in four bytes
        (1, 24, 8, both(upper::<4>)),
        // a block that is not one of these channels
        (1, 16, 5, both(upper::<2>)),
        (3, 32, 8, both(|x| (x as f32 / 128.0).to_be_bytes())),
        (3, 64, 16, both(|x| (f64::from(x) / 128.0).to_be_bytes())),
    ] {
        for (is_big, data) in [false, true].into_iter().zip(data) {
            let heard = read_one(&wav(is_big, tag, bits, block, &data), stereo(44_100));
            assert!(heard == expected(), "{tag}, {bits} bits, RIFX: {is_big}");
        }
    }
    for (tag, law) in [(6, A_LAW), (7, MU_LAW)] {
        let (data, values) = companded(law);
        for (bits, block) in [(8, 2), (0, 0)] {
            let heard = read_one(&wav(false, tag, bits, block, &data), stereo(44_100));
            assert!(heard == values, "{tag}, {bits} bits");
        }
    }
}

#[test]
fn damaged_wav_says_what_is_wrong() {
    for (file, what) in [
        (
            wav(false, 2, 4, 13, &[0; 400]),
            "wav: blocks shorter than their header",
        ),
        (
            wav(false, 0x11, 4, 7, &[0; 400]),
            "wav: blocks shorter than their header",
        ),
        (
            wav(false, 0x1234, 16, 4, &[0; 400]),
            "wav: an unknown format tag",
        ),
    ] {
        assert_eq!(error(&file), DecodeError::Header { what });
    }
    let mut no_channels = wav(false, 1, 16, 4, &[0; 400]);
    no_channels[22] = 0;
    let what = "no channels, or samples of no length";
    assert_eq!(error(&no_channels), DecodeError::Header { what });
    let mut cut = wav(false, 1, 16, 4, &[0; 400]);
    cut[16] = 12;
    cut.drain(32..36);
    let what = "wav: its format is cut off";
    assert_eq!(error(&cut), DecodeError::Header { what });
}

#[test]
fn codecs_in_wav_have_their_names() {
    for (tag, codec) in [
        (0x0001, "PCM of this width"),
        (0x0003, "float PCM of this width"),
        (0x0008, "DTS"),
        (0x2001, "DTS"),
        (0x0010, "ADPCM of this kind"),
        (0x0017, "ADPCM of this kind"),
        (0x006a, "ADPCM of this kind"),
        (0x0031, "GSM 6.10"),
        (0x0014, "G.721 or G.726"),
        (0x0045, "G.721 or G.726"),
        (0x0022, "TrueSpeech"),
        (0x00ff, "AAC"),
        (0xa106, "AAC"),
        (0x0160, "Windows Media Audio"),
        (0x0163, "Windows Media Audio"),
        (0x0270, "ATRAC3"),
        (0x2000, "AC-3"),
        (0x566f, "Vorbis"),
        (0x6771, "Vorbis"),
        (0x704f, "Opus"),
        (0xf1ac, "FLAC"),
    ] {
        let file = wav(false, tag, 40, 10, &[0; 400]);
        let container = "wav";
        assert_eq!(
            error(&file),
            DecodeError::Codec { codec, container },
            "{tag:#x}"
        );
    }
}
