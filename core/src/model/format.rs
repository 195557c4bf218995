//! Constants of the `.timbrel` format, version 1, and bounds-checked access to its bytes.
//!
//! `docs/model-format.md` is the specification.

use super::ModelError;

/// First eight bytes of every file.
pub(super) const MAGIC: [u8; 8] = *b"TIMBREL\0";
/// The only version there is.
pub(super) const VERSION: u16 = 1;
/// Every section begins at a multiple of this.
pub(super) const ALIGNMENT: usize = 16;
/// Header with the section table.
pub(super) const HEADER_BYTES: usize = 80;
/// Size of one layer record.
pub(super) const LAYER_BYTES: usize = 48;

/// Offsets in the header.
pub(super) mod field {
    pub(in super::super) const VERSION: usize = 8;
    pub(in super::super) const RESERVED: usize = 10;
    pub(in super::super) const LENGTH: usize = 12;
    pub(in super::super) const CHECKSUM: usize = 16;
    /// The checksum covers everything from here to the end.
    pub(in super::super) const CHECKSUMMED: usize = 20;
    /// Offset and length, u32 each, of the sections in the order of [`super::section`].
    pub(in super::super) const SECTIONS: usize = 32;
}

/// Section indices and the codes used in them.
pub(super) mod section {
    pub(in super::super) const FRONT_END: usize = 0;
    pub(in super::super) const NORMALISATION: usize = 1;
    pub(in super::super) const LABELS: usize = 2;
    pub(in super::super) const LAYERS: usize = 3;
    pub(in super::super) const WEIGHTS: usize = 4;
    pub(in super::super) const PROVENANCE: usize = 5;
    pub(in super::super) const COUNT: usize = 6;

    pub(in super::super) const FRONT_END_BYTES: usize = 48;
    pub(in super::super) const LOG_MEL: u8 = 1;
    pub(in super::super) const MFCC: u8 = 2;
    pub(in super::super) const RELATIVE_TO_WINDOW_MAXIMUM: u8 = 1;

    pub(in super::super) const CONV: u8 = 1;
    pub(in super::super) const DEPTHWISE: u8 = 2;
    pub(in super::super) const MAX_POOL: u8 = 3;
    pub(in super::super) const AVERAGE_POOL: u8 = 4;
    pub(in super::super) const DENSE: u8 = 5;
}

/// CRC-32 (ISO-HDLC: zip, Ethernet, PNG) of a whole file, which must be longer than the checksum field.
pub(super) fn checksum(file: &[u8]) -> u32 {
    const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
    CRC.checksum(file.get(field::CHECKSUMMED..).unwrap_or_default())
}

/// A part of the file that knows where it lies, for reading numbers and for naming the byte that is wrong.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'a> {
    pub(super) data: &'a [u8],
    /// Offset of `data` in the file.
    pub(super) at: usize,
}

impl<'a> Bytes<'a> {
    /// `length` bytes from `offset` on, or the error that the file ends before them.
    pub(super) fn part(self, offset: usize, length: usize) -> Result<Bytes<'a>, ModelError> {
        let end = offset.checked_add(length);
        end.and_then(|end| self.data.get(offset..end))
            .map(|data| Bytes {
                data,
                at: self.at + offset,
            })
            .ok_or(ModelError::Truncated {
                needed: self.at.saturating_add(end.unwrap_or(usize::MAX)),
                found: self.at + self.data.len(),
            })
    }

    fn array<const N: usize>(self, offset: usize) -> Result<[u8; N], ModelError> {
        let mut out = [0; N];
        out.copy_from_slice(self.part(offset, N)?.data);
        Ok(out)
    }

    pub(super) fn u8(self, offset: usize) -> Result<u8, ModelError> {
        self.array::<1>(offset).map(|[byte]| byte)
    }

    pub(super) fn u16(self, offset: usize) -> Result<u16, ModelError> {
        self.array(offset).map(u16::from_le_bytes)
    }

    pub(super) fn u32(self, offset: usize) -> Result<u32, ModelError> {
        self.array(offset).map(u32::from_le_bytes)
    }

    pub(super) fn f32(self, offset: usize) -> Result<f32, ModelError> {
        self.array(offset).map(f32::from_le_bytes)
    }

    /// The error for a field that holds a value it must not.
    pub(super) fn invalid(self, what: &'static str, offset: usize, found: u32) -> ModelError {
        ModelError::Invalid {
            what,
            at: self.at + offset,
            found,
        }
    }

    /// An error unless `good`.
    pub(super) fn check(
        self,
        good: bool,
        what: &'static str,
        offset: usize,
        found: u32,
    ) -> Result<(), ModelError> {
        if good {
            Ok(())
        } else {
            Err(self.invalid(what, offset, found))
        }
    }
}
