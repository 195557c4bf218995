//! Taps that are computed once per ratio and process.

use std::boxed::Box;
use std::sync::{Mutex, PoisonError};
use std::vec::Vec;

use super::{Kernel, Place};
use crate::audio::resample::arch;

/// Entries after the last output of a period, which repeat the first ones: a vector may begin anywhere.
const PADDING: usize = 16;

/// The taps of a period of outputs, in their order.
#[derive(Debug)]
pub(in super::super) struct Table {
    kernel: Kernel,
    /// One row per tap, that of the newest sample first; each has one value per output.
    taps: Box<[f32]>,
    /// Inputs from the beginning of the period to each output.
    inputs: Box<[i32]>,
}

#[cfg_attr(
    not(target_arch = "x86_64"),
    allow(
        dead_code,
        reason = "the vector kernels of x86-64 read all of the layout, those of aarch64 some of it, and others none"
    )
)]
impl Table {
    /// Compute a table; `None` if there is no memory for it.
    fn allocate(kernel: Kernel) -> Option<Self> {
        let (input, output) = (kernel.input as usize, kernel.output as usize);
        let columns = output + PADDING;
        let mut taps = collect((0..kernel.len() * columns).map(|_| 0.0))?;
        for column in 0..columns {
            let phase = (column * input % output) as u32;
            let slots = taps.iter_mut().skip(column).step_by(columns);
            slots
                .zip(kernel.taps(phase))
                .for_each(|(slot, tap)| *slot = tap);
        }
        let inputs = collect((0..columns).map(|column| (column * input / output) as i32))?;
        Some(Self {
            kernel,
            taps,
            inputs,
        })
    }

    #[cfg(all(test, any(target_arch = "x86_64", target_arch = "aarch64")))]
    pub(in super::super) fn new(kernel: Kernel) -> Self {
        Self::allocate(kernel).unwrap()
    }

    /// Return the number of values from one row to the next.
    pub(in super::super) fn columns(&self) -> usize {
        self.inputs.len()
    }

    /// Return the first `taps` rows from one output on, which are [`Self::columns`] apart, if each has at least `W` values from
    /// there.
    pub(in super::super) fn rows<const W: usize>(
        &self,
        index: usize,
        taps: usize,
    ) -> Option<&[f32]> {
        let reach = index + taps.checked_sub(1)? * self.columns() + W;
        self.taps.get(index..reach)
    }

    /// Return the number of inputs from the beginning of the period to each output from one on.
    pub(in super::super) fn inputs(&self, index: usize) -> &[i32] {
        self.inputs.get(index..).unwrap_or_default()
    }

    /// Return the most inputs from an output to the one `count` later.
    pub(in super::super) fn span(&self, count: usize) -> usize {
        (count * self.kernel.input as usize).div_ceil(self.kernel.output.max(1) as usize)
    }

    /// Return the factor of the sums.
    pub(in super::super) fn spacing(&self) -> f32 {
        self.kernel.spacing
    }

    /// Move on by as many outputs as a vector has, at most [`PADDING`]; return the inputs passed.
    pub(in super::super) fn advance(&self, index: &mut usize, count: usize) -> usize {
        let inputs = self.inputs(*index);
        let place = |at: usize| inputs.get(at).copied().unwrap_or_default();
        let passed = place(count) - place(0);
        *index = (*index + count) % self.kernel.output as usize;
        passed as usize
    }
}

/// Collect values in exactly the memory that they need; `None` if there is not as much.
fn collect<T>(values: impl ExactSizeIterator<Item = T>) -> Option<Box<[T]>> {
    let mut all = Vec::new();
    all.try_reserve_exact(values.len()).ok()?;
    all.extend(values);
    Some(all.into_boxed_slice())
}

/// Taps in a table that all resamplers of the same ratio share.
#[derive(Clone, Debug)]
pub(in super::super) struct Taps(&'static Table);

/// Most values of a table: 36 KB.
const MOST_TAPS: usize = 9_000;

/// Most tables: those of all pairs of nine usual rates, and as many again.
const MOST_TABLES: usize = 128;

/// The tables of all ratios that have been used.
static TABLES: Mutex<Vec<&Table>> = Mutex::new(Vec::new());

impl Taps {
    /// Make taps for a kernel; `None` if the table would be too large, if there are too many, or no memory is left.
    pub(in super::super) fn new(kernel: Kernel) -> Option<Self> {
        let columns = kernel.output as usize + PADDING;
        if kernel.len() * columns > MOST_TAPS {
            return None;
        }
        let mut tables = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = tables.iter().find(|table| table.kernel == kernel) {
            return Some(Self(known));
        }
        if tables.len() == MOST_TABLES {
            return None;
        }
        tables.try_reserve(1).ok()?;
        let one = collect(core::iter::once(Table::allocate(kernel)?))?;
        let table = Box::leak(one).first()?;
        tables.push(table);
        Some(Self(table))
    }

    pub(in super::super) fn kernel(&self) -> &Kernel {
        &self.0.kernel
    }

    /// Write outputs whose samples are all there, and return the inputs passed. The samples may be followed by
    /// others, which do not matter.
    pub(in super::super) fn interpolate(
        &self,
        samples: &[f32],
        place: &mut Place,
        output: &mut [f32],
    ) -> usize {
        let Self(table) = self;
        let kernel = &table.kernel;
        let done = arch::interpolate(table, kernel.len(), samples, place.index as usize, output);
        let phases = place.phase + done as u32 * kernel.input;
        let passed = (phases / kernel.output) as usize;
        place.phase = phases % kernel.output;
        place.index = (place.index + done as u32) % kernel.output;
        let taps = |place: Place| {
            let column = table.taps.get(place.index as usize..).unwrap_or_default();
            column.iter().step_by(table.columns()).copied()
        };
        let samples = samples.get(passed..).unwrap_or_default();
        let output = output.get_mut(done..).unwrap_or_default();
        passed + kernel.interpolate(samples, place, output, taps)
    }
}
