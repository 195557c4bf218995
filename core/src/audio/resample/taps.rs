//! The taps of the gentle stage. With `std` they are computed once per ratio and process and kept in a table; without,
//! they are evaluated for each output. Both give the same bits.

use super::kernel::{WIDE_HALF, wide};

#[cfg(feature = "std")]
pub(super) use either::Taps;
#[cfg(not(feature = "std"))]
pub(super) use evaluated::Taps;
#[cfg(feature = "std")]
pub(super) use table::Table;

/// The ratio, and where the taps lie on the wide kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Kernel {
    /// Input rate, reduced by the common divisor.
    input: u32,
    /// Output rate, reduced by the common divisor: the number of places that an output can have between two inputs.
    output: u32,
    /// Inputs from the one at or before an output's place to the window's newest, at least 1.
    ahead: u32,
    /// Zero crossings of the kernel from one input to the next.
    spacing: f32,
}

/// Place of an output.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    /// Outputs since one was in the place of an input.
    pub(super) index: u32,
    /// Distance after the input at or before it, in `1 / output` of an input.
    phase: u32,
}

impl Kernel {
    pub(super) fn new(input: u32, output: u32, crossings: u32) -> Self {
        let divisor = gcd(input, output);
        Self {
            input: input / divisor,
            output: output / divisor,
            ahead: (WIDE_HALF * input).div_ceil(crossings),
            spacing: crossings as f32 / input as f32,
        }
    }

    /// Return the number of taps of a window.
    pub(super) fn len(&self) -> usize {
        2 * self.ahead as usize
    }

    /// Return the number of samples before the first one in the window of the first output.
    pub(super) fn silence(&self) -> usize {
        self.ahead.saturating_sub(1) as usize
    }

    /// Return the number of outputs for which all samples are there, of which the first `len` belong to the one at
    /// `place`.
    pub(super) fn outputs(&self, samples: usize, place: Place) -> usize {
        let windows = (samples + 1).saturating_sub(self.len()) as u32;
        let phases = (windows * self.output).saturating_sub(place.phase);
        phases.div_ceil(self.input.max(1)) as usize
    }

    /// Move to the next output, and return the inputs passed.
    fn step(&self, place: &mut Place) -> usize {
        let mut passed = 0;
        place.phase += self.input;
        while place.phase >= self.output {
            place.phase -= self.output;
            passed += 1;
        }
        place.index += 1;
        if place.index == self.output {
            place.index = 0;
        }
        passed
    }

    /// Return the taps of a phase, that of the newest sample first.
    fn taps(&self, phase: u32) -> impl Iterator<Item = f32> + use<> {
        let (spacing, taps) = (self.spacing, self.len());
        let behind = phase as f32 / self.output as f32;
        let mut distance = self.ahead as f32 - behind;
        core::iter::repeat_with(move || {
            let tap = wide(distance.abs() * spacing);
            distance -= 1.0;
            tap
        })
        .take(taps)
    }

    /// Write one output after the other, with the taps that are given for each, and return the inputs passed.
    fn interpolate<T: Iterator<Item = f32>>(
        &self,
        samples: &[f32],
        place: &mut Place,
        output: &mut [f32],
        taps: impl Fn(Place) -> T,
    ) -> usize {
        let mut at = 0;
        for slot in output {
            let window = samples.get(at..at + self.len()).unwrap_or_default();
            // the order of the additions, from the newest sample to the oldest, is part of the definition
            let mut sum = 0.0;
            for (sample, tap) in window.iter().rev().zip(taps(*place)) {
                sum += sample * tap;
            }
            *slot = sum * self.spacing;
            at += self.step(place);
        }
        at
    }
}

/// Compute the greatest common divisor of positive numbers.
pub(super) const fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

pub(super) mod evaluated {
    use super::{Kernel, Place};

    /// Taps that are evaluated for each output.
    #[derive(Clone, Debug)]
    pub(in super::super) struct Taps(Kernel);

    impl Taps {
        pub(in super::super) fn new(kernel: Kernel) -> Self {
            Self(kernel)
        }

        pub(in super::super) fn kernel(&self) -> &Kernel {
            &self.0
        }

        /// Write outputs whose samples are all there, and return the inputs passed.
        pub(in super::super) fn interpolate(
            &self,
            samples: &[f32],
            place: &mut Place,
            output: &mut [f32],
        ) -> usize {
            let taps = |place: Place| self.0.taps(place.phase);
            self.0.interpolate(samples, place, output, taps)
        }
    }
}

#[cfg(feature = "std")]
mod table {
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
            reason = "only the vector kernels of x86-64 read the layout"
        )
    )]
    impl Table {
        pub(in super::super) fn new(kernel: Kernel) -> Self {
            let (input, output) = (kernel.input as usize, kernel.output as usize);
            let columns = output + PADDING;
            let mut taps: Box<[f32]> = (0..kernel.len() * columns).map(|_| 0.0).collect();
            for column in 0..columns {
                let phase = (column * input % output) as u32;
                let slots = taps.iter_mut().skip(column).step_by(columns);
                slots
                    .zip(kernel.taps(phase))
                    .for_each(|(slot, tap)| *slot = tap);
            }
            let inputs = (0..columns).map(|column| (column * input / output) as i32);
            Self {
                kernel,
                taps,
                inputs: inputs.collect(),
            }
        }

        fn columns(&self) -> usize {
            self.inputs.len()
        }

        /// Return the rows of taps, each from one output on.
        pub(in super::super) fn rows(&self, index: usize) -> impl Iterator<Item = &[f32]> {
            let rows = self.taps.chunks_exact(self.columns().max(1));
            rows.map(move |row| row.get(index..).unwrap_or_default())
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

    /// Taps in a table that all resamplers of the same ratio share.
    #[derive(Clone, Debug)]
    pub(in super::super) struct Taps(&'static Table);

    /// Most values of a table: 36 KB.
    const MOST_TAPS: usize = 9_000;

    /// Most tables: those of all supported rates and as many again.
    const MOST_TABLES: usize = 128;

    /// The tables of all ratios that have been used.
    static TABLES: Mutex<Vec<&Table>> = Mutex::new(Vec::new());

    impl Taps {
        /// Make taps for a kernel; `None` if the table would be too large, or there are too many.
        pub(in super::super) fn new(kernel: Kernel) -> Option<Self> {
            let columns = kernel.output as usize + PADDING;
            if kernel.len() * columns > MOST_TAPS {
                return None;
            }
            let mut tables = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
            let known = tables.iter().find(|table| table.kernel == kernel);
            if known.is_none() && tables.len() == MOST_TABLES {
                return None;
            }
            Some(Self(known.copied().unwrap_or_else(|| {
                let table = Box::leak(Box::new(Table::new(kernel)));
                tables.push(table);
                table
            })))
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
            let done =
                arch::interpolate(table, kernel.len(), samples, place.index as usize, output);
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
}

#[cfg(feature = "std")]
mod either {
    use super::{Kernel, Place, evaluated, table};

    /// Taps in a table where it is small enough, or evaluated.
    #[derive(Clone, Debug)]
    pub(in super::super) enum Taps {
        Table(table::Taps),
        Evaluated(evaluated::Taps),
    }

    impl Taps {
        pub(in super::super) fn new(kernel: Kernel) -> Self {
            let evaluated = || Self::Evaluated(evaluated::Taps::new(kernel));
            table::Taps::new(kernel).map_or_else(evaluated, Self::Table)
        }

        pub(in super::super) fn kernel(&self) -> &Kernel {
            match self {
                Self::Table(taps) => taps.kernel(),
                Self::Evaluated(taps) => taps.kernel(),
            }
        }

        /// Write outputs whose samples are all there, and return the inputs passed.
        pub(in super::super) fn interpolate(
            &self,
            samples: &[f32],
            place: &mut Place,
            output: &mut [f32],
        ) -> usize {
            match self {
                Self::Table(taps) => taps.interpolate(samples, place, output),
                Self::Evaluated(taps) => taps.interpolate(samples, place, output),
            }
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::{Kernel, Place, evaluated, table};
    use crate::audio::SUPPORTED_RATES;
    use crate::audio::resample::route::gentle;

    #[test]
    fn a_table_and_evaluation_give_the_same_bits() {
        let pairs = SUPPORTED_RATES
            .into_iter()
            .flat_map(|from| SUPPORTED_RATES.map(|to| (from, to)));
        let mut ratios = 0;
        for (input, output, crossings) in pairs.filter_map(|(from, to)| gentle(from, to)) {
            let kernel = Kernel::new(input, output, crossings);
            let (table, evaluated) = (
                table::Taps::new(kernel).unwrap(),
                evaluated::Taps::new(kernel),
            );
            let samples: Vec<f32> = (0..3_000)
                .map(|i| ((i * i + 5) % 1_017) as f32 - 508.3)
                .collect();
            // more than one period, from another place in each
            let mut places = [Place::default(); 2];
            for length in [700, 1, 17, 40, 703, 16, 66] {
                let count = length.min(kernel.outputs(samples.len() - 64, places[0]));
                let mut outputs = [vec![f32::NAN; count], vec![f32::NAN; count]];
                let [a, b] = &mut outputs;
                let passed = table.interpolate(&samples, &mut places[0], a);
                assert_eq!(passed, evaluated.interpolate(&samples, &mut places[1], b));
                for (a, b) in a.iter().zip(b) {
                    assert_eq!(a.to_bits(), b.to_bits(), "{input} to {output}");
                }
            }
            ratios += 1;
        }
        // of 72 pairs 12 are a factor of two apart and need no gentle stage
        assert_eq!(ratios, 60);
    }
}
