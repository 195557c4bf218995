//! Fields of a flac file's first block that may be wrong without harm.

use std::io::Result as IoResult;
use std::vec::Vec;

use crate::host::decode::source::Source;

/// Where the block `STREAMINFO` begins: after the file's tag and the block's header.
const INFO: usize = 8;

/// Replace impossible lengths of blocks and frames, which the frames state as well.
pub(super) fn repair(source: &mut Source) -> IoResult<()> {
    let mut info: Vec<u8> = source.prefix(INFO + 10)?.to_vec();
    let Some([least, more, most, still, frames @ ..]) =
        info.get_mut(INFO..).and_then(<[u8]>::first_chunk_mut::<10>)
    else {
        return Ok(());
    };
    let blocks = (
        u16::from_be_bytes([*least, *more]),
        u16::from_be_bytes([*most, *still]),
    );
    let frame = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0, |sum, byte| sum << 8 | u32::from(*byte))
    };
    let (smallest, largest) = (frame(&frames[..3]), frame(&frames[3..]));
    let blocks_fit = blocks.0 >= 16 && blocks.1 >= blocks.0;
    let frames_fit = smallest == 0 || largest == 0 || largest >= smallest;
    if blocks_fit && frames_fit {
        return Ok(());
    }
    if !blocks_fit {
        // encoders use one length, except for the last block
        let length = if blocks.1 >= 16 { blocks.1 } else { 4096 };
        [*least, *more] = length.to_be_bytes();
        [*most, *still] = length.to_be_bytes();
    }
    if !frames_fit {
        frames.fill(0);
    }
    source.replace(info.len() as u64, &info)
}
