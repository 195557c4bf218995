//! Bounds-checked access to the bytes of a file, and the errors that name a byte.

use super::ModelError;
use super::codes::ALIGNMENT;
use crate::limits::InvalidField;

/// A part of the file with its place, to read numbers from and to name a wrong byte.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'a> {
    pub(super) data: &'a [u8],
    /// Offset of `data` in the file.
    pub(super) at: usize,
}

impl<'a> Bytes<'a> {
    /// Take `length` bytes from `offset` on; an error if the file ends before them.
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

    /// Check that the bytes from `offset` to the next multiple of the alignment are zero.
    pub(super) fn padding(self, offset: usize) -> Result<(), ModelError> {
        self.zeros("gap", offset, offset.next_multiple_of(ALIGNMENT))
    }

    /// Check that the bytes from `from` to before `to` are zero.
    pub(super) fn zeros(
        self,
        what: &'static str,
        from: usize,
        to: usize,
    ) -> Result<(), ModelError> {
        let zeros = self.part(from, to.saturating_sub(from))?.data;
        match zeros.iter().enumerate().find(|(_, byte)| **byte != 0) {
            Some((index, byte)) => Err(self.invalid(what, from + index, *byte)),
            None => Ok(()),
        }
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

    /// Return the error for a value that the field at `offset` must not hold.
    pub(super) fn invalid(
        self,
        what: &'static str,
        offset: usize,
        found: impl Into<f64>,
    ) -> ModelError {
        ModelError::Invalid {
            what,
            at: self.at + offset,
            found: found.into(),
        }
    }

    /// Return that error unless `good`.
    pub(super) fn check(
        self,
        good: bool,
        what: &'static str,
        offset: usize,
        found: impl Into<f64>,
    ) -> Result<(), ModelError> {
        if good {
            Ok(())
        } else {
            Err(self.invalid(what, offset, found))
        }
    }

    /// Return the error for a field outside its limits, which is at `offset`.
    pub(super) fn field(self, offset: usize, invalid: InvalidField) -> ModelError {
        self.invalid(invalid.field.name(), offset, invalid.found)
    }
}
