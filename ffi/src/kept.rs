//! Values of the core inside structs that C declares, which need neither a heap nor a question for their size.

use crate::guard::not_null;
use crate::status::Failure;
use crate::timbrel_status::TIMBREL_ERROR_ARGUMENT;

/// A struct of C's that has room for a value.
///
/// # Safety
/// The struct is plain data of the caller, in which only one type of value is kept.
pub(crate) unsafe trait Keeps<T: Clone> {
    /// Tells a struct with a value from one that was never initialised.
    const MARK: u64;
}

/// What is really in the struct.
#[repr(C)]
struct Kept<T> {
    mark: u64,
    value: T,
}

/// Return the struct as what is in it. A struct without the room does not compile.
fn inside<C: Keeps<T>, T: Clone>(place: *mut C) -> Result<*mut Kept<T>, Failure> {
    const {
        assert!(size_of::<Kept<T>>() <= size_of::<C>());
        assert!(align_of::<Kept<T>>() <= align_of::<C>());
    }
    not_null(place)?;
    Ok(place.cast())
}

/// Write a value into a struct.
///
/// # Safety
/// Unless NULL, `place` is writable.
pub(crate) unsafe fn keep<C: Keeps<T>, T: Clone>(place: *mut C, value: T) -> Result<(), Failure> {
    let mark = C::MARK;
    // SAFETY: not NULL and aligned, there is room, and the caller vouches for the rest
    unsafe { inside(place)?.write(Kept { mark, value }) };
    Ok(())
}

/// # Safety
/// Unless NULL, `place` is a struct that nobody else uses during `'a`.
pub(crate) unsafe fn borrow<'a, C: Keeps<T>, T: Clone>(
    place: *mut C,
) -> Result<&'a mut T, Failure> {
    let kept = inside(place)?;
    // SAFETY: not NULL and aligned; the mark alone is read, since without it there may be no value
    if unsafe { (&raw const (*kept).mark).read() } != C::MARK {
        return Err(TIMBREL_ERROR_ARGUMENT.into());
    }
    // SAFETY: the mark says that `keep` wrote a value, and the caller vouches for the rest
    Ok(unsafe { &mut (*kept).value })
}

/// # Safety
/// Unless NULL, `place` is a struct that nobody changes during `'a`.
pub(crate) unsafe fn look<'a, C: Keeps<T>, T: Clone>(place: *const C) -> Result<&'a T, Failure> {
    // SAFETY: the reference is only read through, and the caller vouches for the rest
    let value: &T = unsafe { borrow(place.cast_mut())? };
    Ok(value)
}
