//! The boundary between C and Rust: pointers are checked, errors become a status, and no panic crosses it.

use core::slice;

use crate::status::Failure;
use crate::timbrel_status::{self, TIMBREL_ERROR_ARGUMENT, TIMBREL_ERROR_NULL, TIMBREL_OK};

/// Run the body of a function.
pub(crate) fn guard(body: impl FnOnce() -> Result<(), Failure>) -> timbrel_status {
    match catch(body) {
        Ok(()) => TIMBREL_OK,
        Err(failure) => {
            #[cfg(feature = "std")]
            crate::status::last::set(failure.message);
            failure.status
        }
    }
}

#[cfg(feature = "std")]
fn catch(body: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body));
    caught.unwrap_or_else(|_| Err(timbrel_status::TIMBREL_ERROR_INTERNAL.into()))
}

#[cfg(not(feature = "std"))]
fn catch(body: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    body()
}

/// Borrow a C array as a slice; NULL with length 0 is an empty one.
///
/// # Safety
/// Unless NULL, misaligned, or longer than any object can be, `data` points to `len` values that nobody writes to
/// during `'a`.
pub(crate) unsafe fn array<'a, T>(data: *const T, len: usize) -> Result<&'a [T], Failure> {
    if len == 0 {
        return Ok(&[]);
    }
    not_null(data)?;
    if !can_be_an_array(data.addr(), len, size_of::<T>()) {
        return Err(TIMBREL_ERROR_ARGUMENT.into());
    }
    // SAFETY: not NULL, and the caller vouches for the rest
    Ok(unsafe { slice::from_raw_parts(data, len) })
}

/// Borrow a C array that is to be written as a slice, filled with zeros; NULL with length 0 is an empty one.
///
/// # Safety
/// Unless NULL, misaligned, or longer than any object can be, `data` points to `len` writable integers that nobody else
/// uses during `'a`.
pub(crate) unsafe fn output<'a>(data: *mut i16, len: usize) -> Result<&'a mut [i16], Failure> {
    if len == 0 {
        return Ok(&mut []);
    }
    not_null(data)?;
    if !can_be_an_array(data.addr(), len, size_of::<i16>()) {
        return Err(TIMBREL_ERROR_ARGUMENT.into());
    }
    // uninitialised memory must not be seen through a slice of Rust's
    // SAFETY: not NULL, and the caller vouches for the rest
    unsafe { data.write_bytes(0, len) };
    // SAFETY: just written, and the caller vouches for the rest
    Ok(unsafe { slice::from_raw_parts_mut(data, len) })
}

/// Return whether an object of `len` values can exist at `address`: no object has more than `isize::MAX` bytes, and
/// none wraps around the end of the address space.
fn can_be_an_array(address: usize, len: usize, size: usize) -> bool {
    let bytes = len.checked_mul(size);
    bytes.is_some_and(|bytes| {
        isize::try_from(bytes).is_ok() && address.checked_add(bytes - 1).is_some()
    })
}

/// Return an error if a pointer is NULL, or misaligned, which a null pointer is not.
pub(crate) fn not_null<T>(pointer: *const T) -> Result<(), Failure> {
    if pointer.is_null() {
        Err(TIMBREL_ERROR_NULL.into())
    } else if !pointer.is_aligned() {
        Err(TIMBREL_ERROR_ARGUMENT.into())
    } else {
        Ok(())
    }
}

/// Copy values to a C buffer of `len` values, which may be larger.
///
/// # Safety
/// Unless NULL, `buffer` points to `len` writable values that no reference of Rust's covers.
pub(crate) unsafe fn fill<T: Copy>(
    buffer: *mut T,
    len: usize,
    values: &[T],
) -> Result<(), Failure> {
    not_null(buffer)?;
    if len < values.len() {
        return Err(timbrel_status::TIMBREL_ERROR_BUFFER.into());
    }
    // `len` itself may be anything: only as many values are written as there are
    // SAFETY: `values.len() <= len` writable values, and no overlap with a slice of Rust's
    unsafe { buffer.copy_from_nonoverlapping(values.as_ptr(), values.len()) };
    Ok(())
}

/// Copy values to a C buffer unless they are not wanted, which NULL with length 0 says.
///
/// # Safety
/// As for [`fill`].
pub(crate) unsafe fn fill_wanted<T: Copy>(
    buffer: *mut T,
    len: usize,
    values: &[T],
) -> Result<(), Failure> {
    if buffer.is_null() && len == 0 {
        return Ok(());
    }
    // SAFETY: the caller vouches for the buffer
    unsafe { fill(buffer, len, values) }
}
