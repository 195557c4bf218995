//! The steep stages: down to half the rate, up to twice the rate. Both run the two phases of one filter.

use super::convolve::{BLOCK, NARROW, convolve};
use super::history::History;
use super::kernel::{SHARP_EVEN, SHARP_ODD, SHARP_TAPS};
use super::route::Stage;
#[cfg(all(feature = "std", target_arch = "x86_64"))]
use crate::arch::lanes::Avx512;
#[cfg(feature = "std")]
use crate::arch::lanes::{Arrays, Lanes};
use crate::arch::{Loops, widest};

/// Samples of the lower rate before the first one in the window of the first output.
const SILENCE: usize = SHARP_TAPS / 2;
/// Samples of a window beside its first one.
const REST: usize = SHARP_TAPS - 1;

/// Values after the samples, so that the last outputs of a block can be computed as if there were more of them.
const MARGIN: usize = if cfg!(feature = "std") { 8 } else { 0 };

/// Halves the rate.
#[derive(Clone, Debug)]
pub(super) struct Halver {
    even: History<{ BLOCK + REST + MARGIN }, MARGIN>,
    /// As long as `even`, or one sample shorter.
    odd: History<{ BLOCK + REST + MARGIN }, MARGIN>,
}

impl Halver {
    pub(super) const fn new() -> Self {
        Self {
            even: History::silent(SILENCE),
            odd: History::silent(SILENCE),
        }
    }
}

impl Stage for Halver {
    fn room(&self) -> usize {
        self.even.room() + self.odd.room()
    }

    fn ready(&self) -> usize {
        self.odd.len().saturating_sub(REST)
    }

    fn feed(&mut self, samples: &[f32]) -> usize {
        let mut rest = samples.get(..self.room()).unwrap_or(samples);
        let taken = rest.len();
        if let ([first, others @ ..], true) = (rest, self.odd.len() < self.even.len()) {
            self.odd.extend(&[*first]);
            rest = others;
        }
        let (pairs, last) = rest.as_chunks::<2>();
        let even = self.even.add(pairs.len());
        let odd = self.odd.add(pairs.len());
        widest(Deal { pairs, even, odd });
        self.even.extend(last);
        taken
    }

    fn produce(&mut self, output: &mut [f32]) -> usize {
        let count = self.ready().min(output.len());
        let output = output.get_mut(..count).unwrap_or_default();
        output.fill(0.0);
        convolve(self.even.samples_and_rest(), &SHARP_EVEN, output);
        convolve(self.odd.samples_and_rest(), &SHARP_ODD, output);
        self.even.discard(count);
        self.odd.discard(count);
        count
    }
}

/// Writes the first samples of pairs to one slice and the second ones to another.
struct Deal<'a> {
    pairs: &'a [[f32; 2]],
    even: &'a mut [f32],
    odd: &'a mut [f32],
}

impl Loops for Deal<'_> {
    type Output = ();

    #[cfg(feature = "std")]
    #[inline(always)]
    fn run(self) {
        self.with::<_, 8>(Arrays);
    }

    #[cfg(not(feature = "std"))]
    #[inline(always)]
    fn run(self) {
        one_by_one(self.pairs, self.even, self.odd);
    }

    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    #[inline(always)]
    fn run_avx512(self, proof: Avx512) {
        self.with(proof);
    }
}

#[cfg(feature = "std")]
impl Deal<'_> {
    #[inline(always)]
    fn with<L: Lanes<W>, const W: usize>(self, lanes: L) {
        let (pairs, rest) = self.pairs.as_chunks::<W>();
        let (even, even_rest) = self.even.as_chunks_mut::<W>();
        let (odd, odd_rest) = self.odd.as_chunks_mut::<W>();
        for (pairs, (even, odd)) in pairs.iter().zip(even.iter_mut().zip(odd)) {
            if let [low, high] = pairs.as_flattened().as_chunks().0 {
                let [first, second] = lanes.unzipped([low, high]);
                lanes.store(first, even);
                lanes.store(second, odd);
            }
        }
        one_by_one(rest, even_rest, odd_rest);
    }
}

#[inline(always)]
fn one_by_one(pairs: &[[f32; 2]], even: &mut [f32], odd: &mut [f32]) {
    for (pair, (even, odd)) in pairs.iter().zip(even.iter_mut().zip(odd)) {
        [*even, *odd] = *pair;
    }
}

/// Doubles the rate.
#[derive(Clone, Debug)]
pub(super) struct Doubler {
    history: History<{ BLOCK + SHARP_TAPS + MARGIN }, MARGIN>,
    /// The next output is the one in the place of an input, and not the one between two inputs.
    at_input: bool,
}

impl Doubler {
    pub(super) const fn new() -> Self {
        Self {
            history: History::silent(SILENCE),
            // the output before the first input's place is left out
            at_input: true,
        }
    }

    /// Write blocks of pairs that begin in the place of an input.
    fn pairs(&mut self, output: &mut [f32]) -> usize {
        let (pairs, _) = output.as_chunks_mut::<2>();
        let count = self
            .history
            .len()
            .saturating_sub(SHARP_TAPS)
            .min(pairs.len());
        let mut phases = [[0.0; BLOCK]; 2];
        let [at, between] = phases.each_mut();
        let at = at.get_mut(..count).unwrap_or_default();
        let between = between.get_mut(..count).unwrap_or_default();
        let samples = self.history.samples_and_rest();
        convolve(samples, &SHARP_EVEN, at);
        convolve(samples.get(1..).unwrap_or_default(), &SHARP_ODD, between);
        for (pair, (at, between)) in pairs.iter_mut().zip(at.iter().zip(between)) {
            // the zeros between the inputs of the filter halve its gain
            *pair = [2.0 * *at, 2.0 * *between];
        }
        self.history.discard(count);
        2 * count
    }

    /// Write the one output in the place of an input.
    fn at_input(&mut self, output: &mut [f32]) -> usize {
        let count = self.one(output, 0, &SHARP_EVEN);
        self.at_input = count == 0;
        count
    }

    /// Write the one output between two inputs.
    fn between(&mut self, output: &mut [f32]) -> usize {
        let count = self.one(output, 1, &SHARP_ODD);
        self.history.discard(count);
        self.at_input = count == 1;
        count
    }

    /// Write one output of a phase whose window begins `skip` samples into the history, if it is ready.
    fn one(&self, output: &mut [f32], skip: usize, taps: &[f32; SHARP_TAPS]) -> usize {
        let window = self.history.samples().get(skip..skip + SHARP_TAPS);
        let (Some(window), [slot, ..]) = (window, output) else {
            return 0;
        };
        *slot = 0.0;
        convolve(window, taps, core::slice::from_mut(slot));
        *slot *= 2.0;
        1
    }
}

impl Stage for Doubler {
    fn room(&self) -> usize {
        self.history.room()
    }

    fn ready(&self) -> usize {
        let windows = self.history.len().saturating_sub(REST);
        (2 * windows).saturating_sub(if self.at_input { 1 } else { 2 })
    }

    fn feed(&mut self, samples: &[f32]) -> usize {
        self.history.extend(samples)
    }

    fn produce(&mut self, output: &mut [f32]) -> usize {
        let mut done = 0;
        loop {
            let slots = output.get_mut(done..).unwrap_or_default();
            let made = if !self.at_input {
                self.between(slots)
            } else if slots.len().min(self.ready()) >= 2 * NARROW {
                self.pairs(slots)
            } else {
                self.at_input(slots)
            };
            if made == 0 {
                return done;
            }
            done += made;
        }
    }
}
