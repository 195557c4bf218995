//! Cost of a model, and limits to it.

use timbrel_core::model::Cost;
#[cfg(feature = "std")]
use timbrel_core::model::Limits;

use crate::guard::{guard, not_null};
use crate::info::describe;
use crate::status::Failure;
use crate::timbrel_status::{self, TIMBREL_ERROR_STRUCT_SIZE};

/// Cost of running a model, or the most that it may cost.
///
/// Products with their sums count as one operation each, and so do comparisons and sums of poolings.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct timbrel_cost {
    /// sizeof(timbrel_cost), from which the library knows the fields that are there; set by the caller.
    pub struct_size: u32,
    /// Multiply-adds of one window, which is computed inside a push.
    pub window: u64,
    /// Multiply-adds of one second of audio: its windows, and an estimate of its spectra.
    pub second: u64,
    /// Bytes of the activations that are kept at a time, a part of the working memory.
    pub activations: u64,
}

impl From<Cost> for timbrel_cost {
    fn from(cost: Cost) -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            window: cost.window,
            second: cost.second,
            activations: cost.activations,
        }
    }
}

/// Compute what a model costs to run, without running any of it.
///
/// `model`: `model_len` bytes of a model file, anywhere in memory; read during the call only. `cost`: written on
/// success, apart from its `struct_size`, which the caller has set. Any thread.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_MODEL, TIMBREL_ERROR_STRUCT_SIZE, TIMBREL_ERROR_ARGUMENT.
///
/// # Safety
/// As the text above says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timbrel_model_cost(
    model: *const u8,
    model_len: usize,
    cost: *mut timbrel_cost,
) -> timbrel_status {
    guard(|| {
        // SAFETY: the caller vouches for cost
        unsafe { check_size(cost)? };
        // SAFETY: the caller vouches for model and model_len
        let (_, found) = unsafe { describe(model, model_len)? };
        // SAFETY: not NULL, as large as this library's struct, and the caller vouches that it is writable
        unsafe {
            let struct_size = (*cost).struct_size;
            cost.write(timbrel_cost {
                struct_size,
                ..found.into()
            });
        }
        Ok(())
    })
}

/// Read the caller's limits.
///
/// # Safety
/// Unless NULL, `most` points to as many bytes as its first field says.
#[cfg(feature = "std")]
pub(crate) unsafe fn read_limits(most: *const timbrel_cost) -> Result<Limits, Failure> {
    // SAFETY: the caller vouches for it
    unsafe { check_size(most)? };
    // SAFETY: the caller says that all of it is there
    let most = unsafe { most.read() };
    Ok(Limits {
        window: most.window,
        second: most.second,
        activations: most.activations,
    })
}

/// Check that all fields of a struct of the caller's are there.
///
/// # Safety
/// Unless NULL, `cost` points to a struct whose first field is set.
unsafe fn check_size(cost: *const timbrel_cost) -> Result<(), Failure> {
    not_null(cost)?;
    // SAFETY: the first field is there in every version of the struct
    let size = unsafe { (&raw const (*cost).struct_size).read() };
    if (size as usize) < size_of::<timbrel_cost>() {
        return Err(TIMBREL_ERROR_STRUCT_SIZE.into());
    }
    Ok(())
}
