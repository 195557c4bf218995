//! Carving typed slices out of one block of bytes, without `unsafe` and without an allocator.
//!
//! A slice's length is stated once: [`Size::reserve`] counts its bytes and returns a [`Span`], and only a `Span`
//! can be taken from a [`Memory`].

use core::marker::PhantomData;

use crate::Error;

/// Alignment of every slice, enough for every type that is carved.
const ALIGNMENT: usize = 8;

/// Bytes that a set of slices needs.
#[derive(Debug)]
pub(crate) struct Size(usize);

/// A slice of `count` values that has been counted.
#[derive(Debug)]
pub(crate) struct Span<T> {
    count: usize,
    of: PhantomData<fn() -> T>,
}

impl Size {
    /// Count only the bytes that may be lost before the first boundary.
    pub(crate) const fn new() -> Self {
        Self(ALIGNMENT - 1)
    }

    /// Count a slice of `count` values.
    pub(crate) const fn reserve<T>(&mut self, count: usize) -> Span<T> {
        self.0 += (count * size_of::<T>()).next_multiple_of(ALIGNMENT);
        Span {
            count,
            of: PhantomData,
        }
    }

    /// Return the bytes that suffice wherever the block begins.
    pub(crate) const fn bytes(&self) -> usize {
        self.0
    }
}

/// A block of memory from which slices are taken one after another.
pub(crate) struct Memory<'w> {
    free: &'w mut [u8],
    /// Size of the whole block and of what it must hold, for the error.
    found: usize,
    needed: usize,
}

impl<'w> Memory<'w> {
    /// Take a block that must hold `size`.
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

    /// Take a slice, zeroed.
    pub(crate) fn take<T: bytemuck::Pod>(&mut self, span: Span<T>) -> Result<&'w mut [T], Error> {
        let wanted = span.count * size_of::<T>();
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
