//! The taps of the gentle stage. With `std` they are computed once per ratio and process and kept in a table; without,
//! they are evaluated for each output. Both give the same bits.

use super::kernel::{WIDE_HALF, wide};

/// Where the taps lie on the wide kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Kernel {
    /// Inputs from the one at or before an output's place to the window's newest, at least 1.
    ahead: u32,
    /// Places that an output can have between two inputs.
    phases: u32,
    /// Zero crossings of the kernel from one input to the next.
    spacing: f32,
}

impl Kernel {
    pub(super) fn new(input: u32, phases: u32, crossings: u32) -> Self {
        Self {
            ahead: (WIDE_HALF * input).div_ceil(crossings),
            phases,
            spacing: crossings as f32 / input as f32,
        }
    }

    /// Taps of a window.
    pub(super) fn len(&self) -> usize {
        2 * self.ahead as usize
    }

    /// Samples before the first one in the window of the first output.
    pub(super) fn silence(&self) -> usize {
        self.ahead.saturating_sub(1) as usize
    }

    /// The taps of a phase, that of the newest sample first.
    fn taps(&self, phase: u32) -> impl Iterator<Item = f32> + use<> {
        let (spacing, taps) = (self.spacing, self.len());
        let behind = phase as f32 / self.phases as f32;
        let mut distance = self.ahead as f32 - behind;
        core::iter::repeat_with(move || {
            let tap = wide(distance.abs() * spacing);
            distance -= 1.0;
            tap
        })
        .take(taps)
    }

    /// The order of the additions, from the newest sample to the oldest, is part of the definition.
    fn sum(&self, window: &[f32], taps: impl Iterator<Item = f32>) -> f32 {
        let mut sum = 0.0;
        for (sample, tap) in window.iter().rev().zip(taps) {
            sum += sample * tap;
        }
        sum * self.spacing
    }
}

#[cfg(feature = "std")]
pub(super) use table::Taps;

#[cfg(not(feature = "std"))]
pub(super) use evaluated::Taps;

#[cfg(any(not(feature = "std"), test))]
mod evaluated {
    use super::Kernel;

    /// Taps that are evaluated for each output.
    #[derive(Clone, Debug)]
    pub(in super::super) struct Taps(Kernel);

    impl Taps {
        pub(in super::super) fn new(kernel: Kernel) -> Self {
            Self(kernel)
        }

        #[cfg(not(feature = "std"))]
        pub(in super::super) fn kernel(&self) -> &Kernel {
            &self.0
        }

        /// The output at `phase` after the window's middle.
        pub(in super::super) fn interpolate(&self, window: &[f32], phase: u32) -> f32 {
            self.0.sum(window, self.0.taps(phase))
        }
    }
}

#[cfg(feature = "std")]
mod table {
    use std::boxed::Box;
    use std::sync::{Mutex, PoisonError};
    use std::vec::Vec;

    use super::Kernel;

    /// Taps in a table that all resamplers of the same ratio share: phase after phase.
    #[derive(Clone, Debug)]
    pub(in super::super) struct Taps {
        kernel: Kernel,
        table: &'static [f32],
    }

    /// The tables of all ratios that have been used, 32 KB at most for each.
    static TABLES: Mutex<Vec<(Kernel, &[f32])>> = Mutex::new(Vec::new());

    impl Taps {
        pub(in super::super) fn new(kernel: Kernel) -> Self {
            let mut tables = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
            let known = tables.iter().find(|(of, _)| *of == kernel);
            if let Some((_, table)) = known {
                return Self { kernel, table };
            }
            let table: Box<[f32]> = (0..kernel.phases)
                .flat_map(|phase| kernel.taps(phase))
                .collect();
            let table = Box::leak(table);
            tables.push((kernel, table));
            Self { kernel, table }
        }

        pub(in super::super) fn kernel(&self) -> &Kernel {
            &self.kernel
        }

        /// The output at `phase` after the window's middle.
        pub(in super::super) fn interpolate(&self, window: &[f32], phase: u32) -> f32 {
            let taps = self.kernel.len();
            let at = phase as usize * taps;
            let row = self.table.get(at..at + taps).unwrap_or_default();
            self.kernel.sum(window, row.iter().copied())
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use std::vec::Vec;

    use super::{Kernel, evaluated, table};
    use crate::audio::SUPPORTED_RATES;
    use crate::audio::resample::fraction::gcd;
    use crate::audio::resample::route::gentle;

    #[test]
    fn a_table_and_evaluation_give_the_same_bits() {
        let pairs = SUPPORTED_RATES
            .into_iter()
            .flat_map(|from| SUPPORTED_RATES.map(|to| (from, to)));
        let mut ratios = 0;
        for (input, output, crossings) in pairs.filter_map(|(from, to)| gentle(from, to)) {
            let phases = output / gcd(input, output);
            let kernel = Kernel::new(input, phases, crossings);
            let (table, evaluated) = (table::Taps::new(kernel), evaluated::Taps::new(kernel));
            let window: Vec<f32> = (0..kernel.len())
                .map(|i| ((i * i + 5) % 17) as f32 - 8.3)
                .collect();
            for phase in 0..phases {
                let [a, b] = [
                    table.interpolate(&window, phase),
                    evaluated.interpolate(&window, phase),
                ];
                assert_eq!(a.to_bits(), b.to_bits(), "{input} to {output}, {phase}");
            }
            ratios += 1;
        }
        // of 72 pairs 12 are a factor of two apart and need no gentle stage
        assert_eq!(ratios, 60);
    }
}
