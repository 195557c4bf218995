//! Telling a file's format from its first bytes.

use std::io::Result as IoResult;

use super::container::ogg;
use super::source::Source;
use super::{flac, frames};

/// Bytes that are examined.
const LOOK: usize = 4096;

/// Most zeros in front of a file that are skipped: downloads and recorders leave such a gap.
const MOST_ZEROS: u64 = 16 << 20;

/// Fewest zeros that are a gap rather than the beginning of a format.
const GAP: usize = 512;

/// Places that are examined for a page of ogg.
const MOST_PAGES: usize = 64;

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// RIFF, RIFX, RF64 or BW64 with form WAVE, or Sony's Wave64.
    Wave,
    Aiff,
    Au,
    Caf,
    Flac,
    Ogg,
    Mp4,
    Matroska,
    /// MPEG audio or AAC in ADTS, frame after frame.
    Frames,
    /// A format that is known and not supported, by name.
    Foreign(&'static str),
    /// A file without its beginning, which cannot be played without it; what is missing.
    Headless(&'static str),
    Unknown,
}

const HEADLESS_OGG: Kind =
    Kind::Headless("ogg: the beginning of the file is missing, and with it what its decoder needs");

/// Skip what may precede a file of any format, and return the format.
pub(super) fn sniff(source: &mut Source) -> IoResult<Kind> {
    skip_zeros(source)?;
    // tags can follow each other, each with its length
    for _ in 0..8 {
        let Some(length) = id3_length(source.prefix(10)?) else {
            break;
        };
        // a length beyond the file is wrong: the music is somewhere after the header
        let is_possible = source.len().is_none_or(|file| length < file);
        source.skip(if is_possible { length } else { 10 })?;
        skip_zeros(source)?;
    }
    let kind = kind(source.prefix(LOOK)?);
    if kind == Kind::Frames && !frames::begin(source.prefix(frames::LOOK)?) {
        return misplaced(source);
    }
    Ok(kind)
}

/// Find a file that begins after a few bytes of something else, such as the header of a download, or one whose beginning is
/// missing. Of every other file, frames are to be searched for.
fn misplaced(source: &mut Source) -> IoResult<Kind> {
    let bytes = source.prefix(LOOK)?;
    let begins = |bytes: &[u8]| {
        let is_long = bytes.starts_with(b"fLaC\0\0\0\x22") || ogg::is_page(bytes);
        is_long || matches!(bytes.get(8..12), Some(b"WAVE" | b"AIFF" | b"AIFC"))
    };
    let found = (1..bytes.len()).find_map(|at| {
        let rest = bytes.get(at..).filter(|rest| begins(rest))?;
        Some((at, kind(rest))).filter(|(_, kind)| is_supported(*kind))
    });
    if let Some((at, kind)) = found {
        source.skip(at as u64)?;
        return Ok(kind);
    }
    let bytes = source.prefix(flac::LOOK)?;
    let pages = bytes.windows(4).enumerate();
    let mut pages = pages.filter(|(_, four)| *four == b"OggS").take(MOST_PAGES);
    if pages.any(|(at, _)| bytes.get(at..).is_some_and(ogg::is_page)) {
        return Ok(HEADLESS_OGG);
    }
    if let Some(at) = flac::first_frame(bytes) {
        source.skip(at as u64)?;
        return Ok(Kind::Flac);
    }
    Ok(Kind::Frames)
}

/// Return whether a container that is supported begins with these bytes.
pub(super) fn is_container(bytes: &[u8]) -> bool {
    is_supported(kind(bytes))
}

fn is_supported(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Frames | Kind::Foreign(_) | Kind::Headless(_) | Kind::Unknown
    )
}

/// Return whether a format that is known, supported or not, begins with these bytes.
pub(super) fn is_known(bytes: &[u8]) -> bool {
    !matches!(kind(bytes), Kind::Frames | Kind::Unknown)
}

fn skip_zeros(source: &mut Source) -> IoResult<()> {
    let mut skipped = 0;
    while skipped < MOST_ZEROS {
        let bytes = source.prefix(LOOK)?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        if zeros < GAP && skipped == 0 || zeros == 0 {
            break;
        }
        source.skip(zeros as u64)?;
        skipped += zeros as u64;
    }
    Ok(())
}

/// Return the length of the ID3v2 tag that these bytes begin, with its header and footer.
pub(super) fn id3_length(bytes: &[u8]) -> Option<u64> {
    let [b'I', b'D', b'3', major, minor, flags, size @ ..] = bytes.first_chunk::<10>()? else {
        return None;
    };
    if *major == 0xff || *minor == 0xff || size.iter().any(|byte| byte & 0x80 != 0) {
        return None;
    }
    let size = size
        .iter()
        .fold(0, |size, byte| size << 7 | u64::from(*byte));
    Some(size + if flags & 0x10 == 0 { 10 } else { 20 })
}

/// Formats by what their files begin with.
const BEGINNINGS: [(&[u8], Kind); 58] = [
    (b"riff\x2e\x91\xcf\x11", Kind::Wave),
    (b".snd", Kind::Au),
    (b"dns.", Kind::Au),
    (b"caff", Kind::Caf),
    (b"fLaC", Kind::Flac),
    (b"OggS", Kind::Ogg),
    (b"\x1a\x45\xdf\xa3", Kind::Matroska),
    (b"MAC ", Kind::Foreign("Monkey's Audio")),
    (b"wvpk", Kind::Foreign("WavPack")),
    (b"MPCK", Kind::Foreign("Musepack")),
    (b"MP+", Kind::Foreign("Musepack")),
    (b"TTA1", Kind::Foreign("True Audio")),
    (b"TTA2", Kind::Foreign("True Audio")),
    (b"tBaK", Kind::Foreign("TAK")),
    (b"OFR ", Kind::Foreign("OptimFROG")),
    (b"DSD ", Kind::Foreign("DSD (DSF)")),
    (b"FRM8", Kind::Foreign("DSD (DSDIFF)")),
    (b"MThd", Kind::Foreign("MIDI")),
    (b"#!AMR", Kind::Foreign("AMR")),
    (b"#!SILK", Kind::Foreign("SILK")),
    (b"\x02#!SILK", Kind::Foreign("SILK")),
    (b".RMF", Kind::Foreign("RealMedia")),
    (b".ra\xfd", Kind::Foreign("RealAudio")),
    (
        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
        Kind::Foreign("Windows Media (ASF)"),
    ),
    (b"FLV\x01", Kind::Foreign("Flash video")),
    (b"\x00\x00\x01\xba", Kind::Foreign("MPEG program stream")),
    (b"\x00\x00\x01\xb3", Kind::Foreign("MPEG video")),
    (b"\x0b\x77", Kind::Foreign("AC-3")),
    (b"\x77\x0b", Kind::Foreign("AC-3")),
    (b"\x7f\xfe\x80\x01", Kind::Foreign("DTS")),
    (b"\xfe\x7f\x01\x80", Kind::Foreign("DTS")),
    (b"\x1f\xff\xe8\x00", Kind::Foreign("DTS")),
    (b"DTSHDHDR", Kind::Foreign("DTS")),
    (
        b"Creative Voice File",
        Kind::Foreign("Creative Voice (VOC)"),
    ),
    (b"NIST_1A", Kind::Foreign("NIST Sphere")),
    (b"IMPM", Kind::Foreign("Impulse Tracker")),
    (b"Extended Module: ", Kind::Foreign("FastTracker module")),
    (b"PSID", Kind::Foreign("SID")),
    (b"RSID", Kind::Foreign("SID")),
    (b"ADIF", Kind::Foreign("AAC in ADIF")),
    (b"PK\x03\x04", Kind::Foreign("a zip archive")),
    (b"PK\x05\x06", Kind::Foreign("a zip archive")),
    (b"Rar!", Kind::Foreign("a rar archive")),
    (b"7z\xbc\xaf\x27\x1c", Kind::Foreign("a 7-Zip archive")),
    (b"\x1f\x8b", Kind::Foreign("gzip")),
    (b"BZh", Kind::Foreign("bzip2")),
    (b"\xfd7zXZ\x00", Kind::Foreign("xz")),
    (b"\x28\xb5\x2f\xfd", Kind::Foreign("Zstandard")),
    (b"\x89PNG", Kind::Foreign("a PNG picture")),
    (b"\xff\xd8\xff", Kind::Foreign("a JPEG picture")),
    (b"GIF8", Kind::Foreign("a GIF picture")),
    (b"#EXTM3U", Kind::Foreign("a playlist (M3U)")),
    (b"[playlist]", Kind::Foreign("a playlist (PLS)")),
    (b"<?xml", Kind::Foreign("XML")),
    (b"AT&TFORM", Kind::Foreign("DjVu")),
    (b"nut/multimedia container", Kind::Foreign("NUT")),
    (b"%PDF-", Kind::Foreign("PDF")),
    (b"\x7fELF", Kind::Foreign("a program")),
];

fn kind(bytes: &[u8]) -> Kind {
    let (tag, form) = (bytes.get(..4), bytes.get(8..12));
    match (tag, form) {
        (Some(b"RIFF" | b"RIFX" | b"RF64" | b"BW64"), Some(b"WAVE")) => return Kind::Wave,
        (Some(b"RIFF"), Some(b"AVI ")) => return Kind::Foreign("AVI"),
        (Some(b"RIFF"), Some(b"RMID")) => return Kind::Foreign("MIDI"),
        (Some(b"RIFF"), Some(b"CDXA")) => return Kind::Foreign("Video CD"),
        (Some(b"RIFF"), Some(b"WEBP")) => return Kind::Foreign("a WebP picture"),
        (Some(b"FORM"), Some(b"AIFF" | b"AIFC")) => return Kind::Aiff,
        (Some(b"FORM"), Some(b"8SVX" | b"16SV")) => return Kind::Foreign("Amiga IFF"),
        _ => {}
    }
    if bytes.starts_with(b"OggS") && !ogg::is_first(bytes) {
        return HEADLESS_OGG;
    }
    let begins = |(beginning, _): &&(&[u8], Kind)| bytes.starts_with(beginning);
    if let Some((_, kind)) = BEGINNINGS.iter().find(begins) {
        return *kind;
    }
    match bytes.get(4..8) {
        Some(b"ftyp" | b"moov" | b"mdat" | b"wide" | b"free" | b"skip" | b"pnot") => {
            return Kind::Mp4;
        }
        // the other segments of a fragmented stream
        Some(b"styp" | b"moof" | b"sidx") => return Kind::Mp4,
        _ => {}
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return Kind::Foreign("a tar archive");
    }
    if is_web_page(bytes) {
        return Kind::Foreign("a web page (HTML)");
    }
    if is_latm(bytes) {
        return Kind::Foreign("AAC in LATM");
    }
    if is_transport_stream(bytes) {
        return Kind::Foreign("MPEG transport stream");
    }
    if bytes.is_empty() || bytes.iter().all(|byte| *byte == 0) {
        return Kind::Unknown;
    }
    Kind::Frames
}

/// Bytes that [`disguised`] looks at.
pub(super) const DISGUISE: usize = 64 * 1024;

/// Return the name of a codec whose frames are stored as if they were 16-bit samples, to be sent to a receiver or written to
/// a CD as they are. To play them as samples would be noise.
pub(super) fn disguised(bytes: &[u8]) -> Option<&'static str> {
    // in either order of bytes; DTS also with 14 bits in each 16
    const SYNCS: [([u8; 4], &str); 6] = [
        ([0x72, 0xf8, 0x1f, 0x4e], "AC-3 or DTS for S/PDIF"),
        ([0xf8, 0x72, 0x4e, 0x1f], "AC-3 or DTS for S/PDIF"),
        ([0xfe, 0x7f, 0x01, 0x80], "DTS"),
        ([0x7f, 0xfe, 0x80, 0x01], "DTS"),
        ([0xff, 0x1f, 0x00, 0xe8], "DTS"),
        ([0x1f, 0xff, 0xe8, 0x00], "DTS"),
    ];
    let count = |sync: &[u8; 4]| {
        let words = bytes.windows(4).step_by(2);
        words.filter(|word| word == sync).count()
    };
    // once may be chance
    let found = SYNCS.iter().find(|(sync, _)| count(sync) >= 3);
    found.map(|(_, name)| *name)
}

/// Return whether the bytes are what a server sends in place of a file.
fn is_web_page(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = text.trim_ascii_start();
    [&b"<!doctype html"[..], b"<html", b"<head"]
        .iter()
        .any(|tag| {
            text.get(..tag.len())
                .is_some_and(|begin| begin.eq_ignore_ascii_case(tag))
        })
}

/// Return whether several frames of LATM's synchronised form (ISO/IEC 14496-3, 1.7.2) follow each other: 11 bits of sync,
/// 13 bits of length.
fn is_latm(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    (0..3).all(|_| {
        let Some([0x56, second, third, ..]) = rest.first_chunk::<4>() else {
            return false;
        };
        let length = usize::from(second & 0x1f) << 8 | usize::from(*third);
        rest = rest.get(3 + length..).unwrap_or_default();
        second & 0xe0 == 0xe0
    })
}

/// Return whether a sync byte begins each packet, which has 188 bytes, or 192 with a time before it, or 204 with a
/// check after it.
fn is_transport_stream(bytes: &[u8]) -> bool {
    [(0, 188), (4, 192), (0, 204)]
        .into_iter()
        .any(|(first, length)| {
            let mut syncs = bytes.iter().skip(first).step_by(length);
            syncs.len() >= 4 && syncs.all(|byte| *byte == 0x47)
        })
}
