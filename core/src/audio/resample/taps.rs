//! The taps of the gentle stage. With `std` they are computed once per ratio and process and kept in a table; without,
//! they are evaluated for each output. Both give the same bits.

pub(super) mod evaluated;
#[cfg(any(test, all(feature = "table-48k", not(feature = "std"))))]
mod flash;
#[cfg(feature = "std")]
mod table;

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
    pub(super) const fn new(input: u32, output: u32, crossings: u32) -> Self {
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

    /// Return the distance of the newest sample from an output, in inputs.
    const fn farthest(&self, phase: u32) -> f32 {
        self.ahead as f32 - phase as f32 / self.output as f32
    }

    /// Return the taps of a phase, that of the newest sample first.
    fn taps(&self, phase: u32) -> impl Iterator<Item = f32> + use<> {
        let (spacing, taps) = (self.spacing, self.len());
        let mut distance = self.farthest(phase);
        core::iter::repeat_with(move || {
            let tap = wide(distance.abs() * spacing);
            distance -= 1.0;
            tap
        })
        .take(taps)
    }

    /// Write one output after the other, with the sum that is given for its window and phase, in the order of
    /// [`Self::interpolate`]; return the inputs passed.
    fn sums<const TAPS: usize>(
        &self,
        samples: &[f32],
        place: &mut Place,
        output: &mut [f32],
        sum: impl Fn(&[f32; TAPS], u32) -> f32,
    ) -> usize {
        let mut at = 0;
        for slot in output {
            let window = samples.get(at..).and_then(<[f32]>::first_chunk);
            *slot = window.map_or(0.0, |window| sum(window, place.phase)) * self.spacing;
            at += self.step(place);
        }
        at
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

    use super::{Kernel, Place, evaluated, flash, table};
    use crate::audio::resample::route::gentle;

    const USUAL_RATES: [u32; 9] = [
        8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000,
    ];

    #[test]
    fn constants_are_the_evaluated_taps() {
        for (phase, taps) in flash::TABLE.iter().enumerate() {
            let evaluated: Vec<f32> = flash::FROM_48K.taps(phase as u32).collect();
            assert_eq!(taps.len(), evaluated.len());
            for (constant, tap) in taps.iter().zip(evaluated) {
                assert_eq!(constant.to_bits(), tap.to_bits(), "phase {phase}");
            }
        }
        let (input, output, crossings) = gentle(48_000, 22_050).unwrap();
        assert_eq!(Kernel::new(input, output, crossings), flash::FROM_48K);
    }

    #[test]
    fn a_table_and_evaluation_give_the_same_bits() {
        let pairs = USUAL_RATES
            .into_iter()
            .flat_map(|from| USUAL_RATES.map(|to| (from, to)));
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
