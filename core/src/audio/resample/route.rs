//! The stages between two rates, one after the other.

use super::convolve::BLOCK;
use super::fraction::{FRACTION_BLOCK, Fraction};
use super::history::History;
use super::sharp::{Doubler, Halver};

/// Stages from one rate to another. Samples are fed until they have no room left, and outputs taken until none
/// is ready: blocks as large as the buffers allow go from stage to stage.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "without std there is no heap for the large ones"
)]
pub(super) enum Route {
    Same(History<BLOCK, 0>),
    Halve(Halver),
    Double(Doubler),
    Down(Fraction, Halver),
    Up(Doubler, Fraction),
}

/// Return the gentle stage's input and output rate and its kernel's zero crossings (Hz); `None` where the steep stage
/// does everything, or nothing is to be done.
pub(super) fn gentle(from: u32, to: u32) -> Option<(u32, u32, u32)> {
    let doubled = 2 * from.min(to);
    if from == to || from.max(to) == doubled {
        None
    } else if from > to {
        Some((from, doubled, doubled))
    } else {
        Some((doubled, to, doubled))
    }
}

impl Route {
    pub(super) fn new(from: u32, to: u32) -> Self {
        let fraction = gentle(from, to)
            .map(|(input, output, crossings)| Fraction::new(input, output, crossings));
        match fraction {
            None if from == to => Self::Same(History::silent(0)),
            None if from > to => Self::Halve(Halver::new()),
            None => Self::Double(Doubler::new()),
            Some(fraction) if from > to => Self::Down(fraction, Halver::new()),
            Some(fraction) => Self::Up(Doubler::new(), fraction),
        }
    }

    /// Take samples, as many as there is room for, and return their number.
    pub(super) fn feed(&mut self, input: &[f32]) -> usize {
        match self {
            Self::Same(history) => history.extend(input),
            Self::Halve(halver) => halver.feed(input),
            Self::Double(doubler) => doubler.feed(input),
            Self::Down(fraction, halver) => feed(fraction, halver, input),
            Self::Up(doubler, fraction) => feed(doubler, fraction, input),
        }
    }

    /// Write the outputs that are ready, and return their number.
    pub(super) fn produce(&mut self, output: &mut [f32]) -> usize {
        match self {
            Self::Same(history) => copy(history, output),
            Self::Halve(halver) => halver.produce(output),
            Self::Double(doubler) => doubler.produce(output),
            Self::Down(fraction, halver) => produce(fraction, halver, output),
            Self::Up(doubler, fraction) => produce(doubler, fraction, output),
        }
    }

    pub(super) fn reset(&mut self) {
        match self {
            Self::Same(history) => *history = History::silent(0),
            Self::Halve(halver) => *halver = Halver::new(),
            Self::Double(doubler) => *doubler = Doubler::new(),
            Self::Down(fraction, halver) => {
                fraction.reset();
                *halver = Halver::new();
            }
            Self::Up(doubler, fraction) => {
                *doubler = Doubler::new();
                fraction.reset();
            }
        }
    }
}

/// A part of a route that buffers its input.
pub(super) trait Stage {
    /// Return the number of samples that can be taken.
    fn room(&self) -> usize;

    /// Return the number of outputs that can be written.
    fn ready(&self) -> usize;

    /// Take samples, as many as there is room for, and return their number.
    fn feed(&mut self, samples: &[f32]) -> usize;

    /// Write the outputs that are ready, and return their number.
    fn produce(&mut self, output: &mut [f32]) -> usize;
}

/// Feed the first stage, and through it the second one, until neither takes any more.
fn feed(first: &mut impl Stage, second: &mut impl Stage, input: &[f32]) -> usize {
    let mut taken = 0;
    loop {
        let fed = first.feed(input.get(taken..).unwrap_or_default());
        taken += fed;
        if fed + pass(first, second) == 0 {
            return taken;
        }
    }
}

/// Take outputs from the second stage, and feed it with those of the first, until none is ready.
fn produce(first: &mut impl Stage, second: &mut impl Stage, output: &mut [f32]) -> usize {
    let mut made = 0;
    while made < output.len() {
        let slots = output.get_mut(made..).unwrap_or_default();
        let produced = second.produce(slots);
        made += produced;
        if produced == 0 && pass(first, second) == 0 {
            break;
        }
    }
    made
}

/// Move samples from one stage to the next until the next one is full, and return their number.
fn pass(first: &mut impl Stage, second: &mut impl Stage) -> usize {
    match first.ready().min(second.room()) {
        0 => 0,
        // clearing a large block would cost more than moving these
        1..=8 => pass_block::<8>(first, second),
        _ => pass_block::<FRACTION_BLOCK>(first, second),
    }
}

fn pass_block<const N: usize>(first: &mut impl Stage, second: &mut impl Stage) -> usize {
    let mut block = [0.0; N];
    let room = second.room().min(N);
    let made = first.produce(block.get_mut(..room).unwrap_or_default());
    second.feed(block.get(..made).unwrap_or_default())
}

fn copy(history: &mut History<BLOCK, 0>, output: &mut [f32]) -> usize {
    let samples = history.samples();
    let count = samples.len().min(output.len());
    output
        .iter_mut()
        .zip(samples)
        .for_each(|(to, from)| *to = *from);
    history.discard(count);
    count
}
