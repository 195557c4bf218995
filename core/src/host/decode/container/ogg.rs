//! Comments of an ogg file that are too large for its reader: covers of many megabytes.

mod pages;

use std::io::Result as IoResult;
use std::vec::Vec;

use symphonia::core::checksum::Crc32;
use symphonia::core::io::Monitor;

use crate::host::decode::source::Source;
pub(super) use pages::Pages;

/// Comments that are longer are left out: the reader takes eight megabytes.
const MOST_COMMENTS: usize = 4 << 20;

/// Most bytes of headers that are read to find the end of the comments.
const MOST_HEADERS: usize = 64 << 20;

/// Most bytes of a page.
const MOST_PAGE: usize = PAGE_HEADER + 255 + 255 * 255;

/// Most streams whose first pages are looked at.
const MOST_STREAMS: u32 = 8;

/// Mark of the first page of a stream.
const FIRST_PAGE: u8 = 2;

/// Mark of the last page of a stream.
const LAST_PAGE: u8 = 4;

/// Bytes of a page before its table of segments.
const PAGE_HEADER: usize = 27;

/// A codec's headers, from the comments on.
struct Headers {
    /// What the first packet of the stream begins with.
    begin: &'static [u8],
    /// Packets up to the end of a page.
    packets: usize,
    /// Comments without content.
    empty: &'static [u8],
}

const HEADERS: [Headers; 3] = [
    // the bit that ends the packet; the setup comes after it
    Headers {
        begin: b"\x01vorbis",
        packets: 2,
        empty: b"\x03vorbis\0\0\0\0\0\0\0\0\x01",
    },
    Headers {
        begin: b"OpusHead",
        packets: 1,
        empty: b"OpusTags\0\0\0\0\0\0\0\0",
    },
    // a block of eight bytes
    Headers {
        begin: b"\x7fFLAC",
        packets: 1,
        empty: b"\x04\0\0\x08\0\0\0\0\0\0\0\0",
    },
];

/// Put comments without content in place of those that are too long.
pub(super) fn repair(source: &mut Source) -> IoResult<()> {
    let Some(first) = Page::read(source, 0)? else {
        return Ok(());
    };
    let kind = HEADERS
        .iter()
        .find(|kind| first.body.starts_with(kind.begin));
    let Some(kind) = kind else {
        return Ok(());
    };
    // from the second page on
    let (mut setup, mut ends) = (Vec::new(), 0);
    let mut at = first.length;
    let mut comments = 0;
    while ends < kind.packets && at < MOST_HEADERS {
        let Some(page) = Page::read(source, at)? else {
            return Ok(());
        };
        if page.serial != first.serial {
            return Ok(());
        }
        at += page.length;
        let mut body = page.body.as_slice();
        for segment in &page.segments {
            let (part, rest) = body
                .split_at_checked(usize::from(*segment))
                .unwrap_or_default();
            body = rest;
            if ends == 0 {
                comments += part.len();
            } else {
                setup.extend_from_slice(part);
            }
            ends += usize::from(*segment < 255);
        }
        // most files end here, after a page or two
        if comments <= MOST_COMMENTS && ends > 0 {
            return Ok(());
        }
    }
    if ends != kind.packets {
        return Ok(());
    }
    let mut headers = source.prefix(first.length)?.to_vec();
    let packets = [kind.empty, &setup];
    let packets = packets.get(..kind.packets).unwrap_or_default();
    headers.extend(page(first.serial, 1, packets));
    source.replace(at as u64, &headers)
}

/// How a file ends.
#[derive(Clone, Copy)]
pub(super) struct End {
    /// With a whole page.
    pub(super) is_whole: bool,
    /// Without the page that ends a stream, or within it.
    pub(super) is_cut: bool,
}

/// Return how the file ends. The reader, which looks for the length of a seekable file in its last pages,
/// refuses some files that are cut off there or go on in another format.
pub(super) fn end(source: &mut Source) -> IoResult<End> {
    let mut found = End {
        is_whole: true,
        is_cut: false,
    };
    let Some(length) = source.len() else {
        return Ok(found);
    };
    let begin = length.saturating_sub(MOST_PAGE as u64);
    let tail = source.read_at(begin, MOST_PAGE)?;
    let last = tail.windows(4).rposition(|bytes| bytes == b"OggS");
    let last = last.and_then(|at| tail.get(at..)).unwrap_or_default();
    let Some(header) = last.first_chunk::<PAGE_HEADER>() else {
        found.is_whole = false;
        return Ok(found);
    };
    let table = usize::from(header[26]);
    let segments = last.get(PAGE_HEADER..PAGE_HEADER + table);
    let body = segments.map(|segments| segments.iter().copied().map(usize::from).sum::<usize>());
    let length = body.map(|body| PAGE_HEADER + table + body);
    found.is_whole = length == Some(last.len());
    let is_last = header[5] & LAST_PAGE != 0;
    found.is_cut = !is_last || length.is_none_or(|length| length > last.len());
    Ok(found)
}

/// Return the name of the first stream's codec that is not supported, if it is known.
pub(super) fn unsupported(source: &mut Source) -> IoResult<Option<&'static str>> {
    let mut at = 0;
    // each stream begins with a page of its own
    for _ in 0..MOST_STREAMS {
        let Some(page) = Page::read(source, at)? else {
            break;
        };
        let names: [(&[u8], &str); 4] = [
            (b"Speex   ", "Speex"),
            (b"OpusHead", "Opus"),
            (b"CELT    ", "CELT"),
            (b"PCM     ", "PCM"),
        ];
        let name = names.iter().find(|(begin, _)| page.body.starts_with(begin));
        if let Some((_, name)) = name {
            return Ok(Some(name));
        }
        at += page.length;
    }
    Ok(None)
}

/// Return whether a whole page begins here, by its checksum.
pub(in crate::host::decode) fn is_page(bytes: &[u8]) -> bool {
    let page = pages::length(bytes).and_then(|length| bytes.get(..length));
    let parts = page.and_then(|page| Some((page.get(..22)?, page.get(22..26)?, page.get(26..)?)));
    parts.is_some_and(|(head, sum, rest)| {
        let mut crc = Crc32::new(0);
        [head, &[0; 4], rest]
            .iter()
            .for_each(|part| crc.process_buf_bytes(part));
        crc.crc().to_le_bytes() == sum
    })
}

/// Return whether a page that begins here is the first one of a stream.
pub(in crate::host::decode) fn is_first(bytes: &[u8]) -> bool {
    bytes.get(5).is_some_and(|flags| flags & FIRST_PAGE != 0)
}

struct Page {
    serial: [u8; 4],
    segments: Vec<u8>,
    body: Vec<u8>,
    length: usize,
}

impl Page {
    fn read(source: &mut Source, at: usize) -> IoResult<Option<Self>> {
        let bytes = source
            .prefix(at + PAGE_HEADER + 255)?
            .get(at..)
            .unwrap_or_default();
        let Some(header) = bytes.first_chunk::<PAGE_HEADER>() else {
            return Ok(None);
        };
        let table = usize::from(header[26]);
        let Some(segments) = bytes.get(PAGE_HEADER..PAGE_HEADER + table) else {
            return Ok(None);
        };
        if !header.starts_with(b"OggS") {
            return Ok(None);
        }
        let serial = [header[14], header[15], header[16], header[17]];
        let segments = segments.to_vec();
        let length = segments.iter().copied().map(usize::from).sum::<usize>();
        let length = PAGE_HEADER + table + length;
        let bytes = source.prefix(at + length)?.get(at..).unwrap_or_default();
        let Some(body) = bytes.get(PAGE_HEADER + table..length) else {
            return Ok(None);
        };
        Ok(Some(Self {
            serial,
            segments,
            body: body.to_vec(),
            length,
        }))
    }
}

/// Write packets as pages, of which each has at most 255 segments.
fn page(serial: [u8; 4], first: u32, packets: &[&[u8]]) -> Vec<u8> {
    let mut segments: Vec<&[u8]> = Vec::new();
    for packet in packets {
        segments.extend(packet.chunks(255));
        // a segment that is not full ends the packet
        if packet.len() % 255 == 0 {
            segments.push(&[]);
        }
    }
    let mut out = Vec::new();
    let mut continues = false;
    for (number, segments) in (first..).zip(segments.chunks(255)) {
        let mut page = b"OggS\0".to_vec();
        page.push(u8::from(continues));
        page.extend([0; 8]);
        page.extend(serial);
        page.extend(number.to_le_bytes());
        page.extend([0; 4]);
        page.push(segments.len() as u8);
        page.extend(segments.iter().map(|segment| segment.len() as u8));
        page.extend(segments.iter().copied().flatten());
        let mut crc = Crc32::new(0);
        crc.process_buf_bytes(&page);
        if let Some(place) = page.get_mut(22..26) {
            place.copy_from_slice(&crc.crc().to_le_bytes());
        }
        continues = segments.last().is_some_and(|segment| segment.len() == 255);
        out.extend(page);
    }
    out
}
