//! The length of a CAF file's samples, which its reader takes only if it is right.

use crate::host::decode::error::DecodeError;
use crate::host::decode::source::Source;

/// Most chunks that are read.
const MOST_CHUNKS: u32 = 10_000;

/// Patch the length of samples that reach beyond the file, or are said to reach to its end.
pub(super) fn repair(source: &mut Source) -> Result<(), DecodeError> {
    let Some(end) = source.len() else {
        return Ok(());
    };
    let (mut at, mut has_table, mut packets) = (8, false, 1);
    for _ in 0..MOST_CHUNKS {
        let header = source.read_at(at, 12 + 32)?;
        let (Some(name), Some(length)) = (
            header.first_chunk::<4>(),
            header.get(4..).and_then(<[u8]>::first_chunk::<8>),
        ) else {
            return Ok(());
        };
        let length = u64::from_be_bytes(*length);
        let rest = end.saturating_sub(at + 12);
        match name {
            // after the rate, the name and the flags: bytes of a packet, 0 if they differ
            b"desc" => {
                let bytes = header.get(28..).and_then(<[u8]>::first_chunk::<4>);
                packets = bytes.map_or(1, |bytes| u32::from_be_bytes(*bytes));
            }
            b"pakt" => has_table = length <= rest,
            b"data" if length > rest => {
                if packets == 0 && !has_table {
                    return Err(DecodeError::Header {
                        what: "caf: the table of its packets is missing, because the file is cut off",
                    });
                }
                source.patch(at + 4, rest.to_be_bytes().to_vec());
                return Ok(());
            }
            _ => {}
        }
        if length > rest {
            return Ok(());
        }
        at += 12 + length;
    }
    Ok(())
}
