//! Lengths in an mkv or webm file that is cut off, which its reader does not take.

use std::io::Result as IoResult;
use std::vec::Vec;

use crate::host::decode::source::Source;

const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1f43_b675;
const SEEK_HEAD: u32 = 0x114d_9b74;
/// What a file begins with.
const HEADER: u32 = 0x1a45_dfa3;

/// Most elements of the file that are read.
const MOST_ELEMENTS: u32 = 100_000;

/// Mark the length of the segment, and that of its last cluster, as unknown if the file ends before, and empty the list of
/// places, some of which are then beyond the end. Return whether the file ends early, and the share that it is of the whole if
/// another one follows.
pub(super) fn repair(source: &mut Source) -> IoResult<(bool, f64)> {
    let Some(end) = source.len() else {
        return Ok((false, 1.0));
    };
    let (mut at, mut ends_early) = (0, false);
    for _ in 0..MOST_ELEMENTS {
        let header = source.read_at(at, 12)?;
        let Some(found) = Element::read(&header) else {
            break;
        };
        if found.id == HEADER && at > 0 {
            return Ok((ends_early, at as f64 / end as f64));
        }
        let content = at + found.header;
        let is_cut = found
            .length
            .is_some_and(|length| length > end.saturating_sub(content));
        if is_cut && matches!(found.id, SEGMENT | CLUSTER) {
            source.patch(content - found.unknown.len() as u64, found.unknown);
            ends_early = true;
        }
        if let (SEEK_HEAD, true, Some(length)) = (found.id, ends_early, found.length) {
            source.patch(content, void(length));
        }
        at = match found.length {
            // its content is read like the rest
            _ if found.id == SEGMENT => content,
            Some(length) if !is_cut => content + length,
            _ => break,
        };
    }
    Ok((ends_early, 1.0))
}

/// Return the header of an element without meaning that has this length with its header.
fn void(length: u64) -> Vec<u8> {
    match length {
        2..128 => std::vec![0xec, 0x80 | (length - 2) as u8],
        128..16_384 => {
            let rest = length - 3;
            std::vec![0xec, 0x40 | (rest >> 8) as u8, rest as u8]
        }
        _ => Vec::new(),
    }
}

struct Element {
    id: u32,
    /// Bytes of identifier and length.
    header: u64,
    /// Length of the content, if it is known.
    length: Option<u64>,
    /// An unknown length, with as many bytes.
    unknown: Vec<u8>,
}

impl Element {
    fn read(bytes: &[u8]) -> Option<Self> {
        let count = bytes.first()?.leading_zeros() as usize + 1;
        let id = bytes.get(..count).filter(|id| id.len() <= 4)?;
        let id = id.iter().fold(0, |id, byte| id << 8 | u32::from(*byte));
        let first = *bytes.get(count)?;
        let width = first.leading_zeros() as usize + 1;
        let length = bytes.get(count..count + width).filter(|_| width <= 8)?;
        let mask = u8::try_from(0xff_u32 >> width).unwrap_or(0);
        let value = length
            .iter()
            .skip(1)
            .fold(u64::from(first & mask), |sum, byte| {
                sum << 8 | u64::from(*byte)
            });
        let mut unknown = std::vec![0xff; width];
        unknown[0] = u8::try_from(0xff_u32 >> (width - 1)).unwrap_or(0);
        Some(Self {
            id,
            header: (count + width) as u64,
            length: (value < (1 << (7 * width)) - 1).then_some(value),
            unknown,
        })
    }
}
