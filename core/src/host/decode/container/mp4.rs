//! Boxes of an mp4 file that its reader does not take.

use std::io::Result as IoResult;
use std::vec::Vec;

use crate::host::decode::source::Source;

/// Most bytes that are kept of a file that cannot be sought: its index is often at its end.
const MOST_HELD: usize = 64 << 20;

/// Largest index that is read.
const MOST_INDEX: u64 = 32 << 20;

/// Most boxes of the file that are read.
const MOST_BOXES: u32 = 100_000;

/// Patch what a player would overlook: boxes that are longer than the file, and descriptions after the first one.
pub(super) fn repair(source: &mut Source) -> IoResult<()> {
    source.hold(MOST_HELD)?;
    let Some(end) = source.len() else {
        return Ok(());
    };
    let mut at = 0;
    for _ in 0..MOST_BOXES {
        let header = source.read_at(at, 16)?;
        let Some(found) = Box::read(&header, end - at) else {
            return Ok(());
        };
        if found.length > end - at {
            // truncated: 0 means the rest of the file
            if &found.name == b"mdat" {
                source.patch(at, std::vec![0; 4]);
            }
            return Ok(());
        }
        if &found.name == b"moov" && found.length <= MOST_INDEX {
            let index = source.read_at(at, found.length as usize)?;
            for (place, bytes) in descriptions(&index) {
                source.patch(at + place as u64, bytes);
            }
        }
        at += found.length;
        if at >= end {
            return Ok(());
        }
    }
    Ok(())
}

/// The header of a box.
struct Box {
    name: [u8; 4],
    /// Length with the header.
    length: u64,
    header: usize,
}

impl Box {
    fn read(bytes: &[u8], rest: u64) -> Option<Self> {
        let length = u32::from_be_bytes(*bytes.first_chunk::<4>()?);
        let name = *bytes.get(4..)?.first_chunk::<4>()?;
        let (length, header) = match length {
            0 => (rest, 8),
            1 => (u64::from_be_bytes(*bytes.get(8..)?.first_chunk::<8>()?), 16),
            length => (u64::from(length), 8),
        };
        (length >= header as u64).then_some(Self {
            name,
            length,
            header,
        })
    }
}

/// Return patches for the tables `stsd` of an index that have several entries: players take the first one that is
/// audio; the reader takes exactly one.
fn descriptions(index: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let mut patches = Vec::new();
    walk(index, 0, 0, &mut patches);
    patches
}

fn walk(index: &[u8], begin: usize, depth: u32, patches: &mut Vec<(usize, Vec<u8>)>) {
    let mut at = begin;
    let end = index.len();
    while let Some(found) = index
        .get(at..end)
        .and_then(|rest| Box::read(rest, rest.len() as u64))
    {
        let length = usize::try_from(found.length)
            .unwrap_or(usize::MAX)
            .min(end - at);
        let content = at + found.header;
        match &found.name {
            b"moov" | b"trak" | b"mdia" | b"minf" | b"stbl" if depth < 8 => {
                let inner = index.get(..at + length).unwrap_or_default();
                walk(inner, content, depth + 1, patches);
            }
            b"stsd" => {
                let count = index.get(content + 4..).and_then(<[u8]>::first_chunk::<4>);
                if count.is_some_and(|count| u32::from_be_bytes(*count) > 1) {
                    patches.push((content + 4, 1_u32.to_be_bytes().to_vec()));
                }
            }
            _ => {}
        }
        if length == 0 {
            return;
        }
        at += length;
    }
}
