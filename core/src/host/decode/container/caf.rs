//! The length of a CAF file's samples, which its reader takes only if it is right.

use crate::host::decode::error::DecodeError;
use crate::host::decode::source::Source;

/// Most chunks that are read.
const MOST_CHUNKS: u32 = 10_000;

/// Patch the length of samples that reach beyond the file, or are said to reach to its end, and leave out what comes after the last
/// chunk. Return the share of the samples that is there, or of the file if another one follows.
pub(super) fn repair(source: &mut Source) -> Result<f64, DecodeError> {
    let Some(end) = source.len() else {
        return Ok(1.0);
    };
    let (mut at, mut has_table, mut packets) = (8, false, 1);
    let mut has_data = false;
    for _ in 0..MOST_CHUNKS {
        let header = source.read_at(at, 12 + 32)?;
        let (Some(name), Some(length)) = (
            header.first_chunk::<4>(),
            header.get(4..).and_then(<[u8]>::first_chunk::<8>),
        ) else {
            if has_data {
                source.limit(at);
            }
            return Ok(1.0);
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
            b"data" if length <= rest => has_data = true,
            b"data" => {
                if packets == 0 && !has_table {
                    return Err(DecodeError::Header {
                        what: "caf: the table of its packets is missing, because the file is cut off",
                    });
                }
                source.patch(at + 4, rest.to_be_bytes().to_vec());
                // all ones: written to a pipe
                return Ok(match length {
                    u64::MAX => 1.0,
                    _ => rest as f64 / length as f64,
                });
            }
            _ => {}
        }
        // not a chunk: the reader would stumble over it
        let is_named = name.iter().all(|byte| matches!(byte, b' '..=b'~'));
        if has_data && name != b"pakt" && (length > rest || !is_named) {
            source.limit(at);
            return Ok(match name {
                b"caff" => at as f64 / end as f64,
                _ => 1.0,
            });
        }
        if length > rest {
            return Ok(1.0);
        }
        at += 12 + length;
    }
    Ok(1.0)
}
