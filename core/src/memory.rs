//! Carving typed slices out of one block of bytes, without `unsafe` and without an allocator.

use crate::Error;

/// Boundary that every slice begins on, enough for every type that is carved.
const ALIGNMENT: usize = 8;

/// Adds up what a set of slices needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size(usize);

impl Size {
    /// Nothing but the bytes that may be lost to reach the first boundary.
    pub(crate) const fn new() -> Self {
        Self(ALIGNMENT - 1)
    }

    /// Adds `count` values of type `T`.
    pub(crate) const fn and<T>(self, count: usize) -> Self {
        Self(self.0 + (count * size_of::<T>()).next_multiple_of(ALIGNMENT))
    }

    /// Bytes that suffice wherever the block begins.
    pub(crate) const fn bytes(self) -> usize {
        self.0
    }
}

/// A block of memory of which slices are taken one after another.
pub(crate) struct Memory<'w> {
    free: &'w mut [u8],
    /// For the error: what the whole was, and what it should have been.
    found: usize,
    needed: usize,
}

impl<'w> Memory<'w> {
    /// Takes a block that must hold `size`.
    pub(crate) fn new(block: &'w mut [u8], size: Size) -> Result<Self, Error> {
        let (needed, found) = (size.bytes(), block.len());
        if found < needed {
            return Err(Error::Memory { needed, found });
        }
        let skip = block.as_ptr().align_offset(ALIGNMENT).min(found);
        Ok(Self {
            free: block.get_mut(skip..).unwrap_or_default(),
            found,
            needed,
        })
    }

    /// Takes `count` values, zeroed.
    pub(crate) fn take<T: bytemuck::Pod>(&mut self, count: usize) -> Result<&'w mut [T], Error> {
        let wanted = count * size_of::<T>();
        let (taken, free) = core::mem::take(&mut self.free)
            .split_at_mut_checked(wanted.next_multiple_of(ALIGNMENT))
            .ok_or_else(|| self.short())?;
        self.free = free;
        taken.fill(0);
        let values = taken.get_mut(..wanted).unwrap_or_default();
        bytemuck::try_cast_slice_mut(values).map_err(|_| self.short())
    }

    fn short(&self) -> Error {
        Error::Memory {
            needed: self.needed,
            found: self.found,
        }
    }
}
