//! The bank for vector registers: the sums of several neighbouring intervals side by side, each in the order of its bins.

use super::{Interval, Risen, one_by_one};
use crate::arch::{Loops, transposed, widest};

/// Intervals that are computed side by side.
const LANES: usize = 8;

/// Bins of an interval that are loaded at once.
const AT_ONCE: usize = 4;

/// Compute the power in each band from a power spectrum of `n_fft / 2 + 1` bins.
pub(crate) fn apply(bands: &[Interval], last: &Interval, power: &[f32], out: &mut [f32]) {
    let ((groups, rest), (slots, rest_slots)) = (bands.as_chunks(), out.as_chunks_mut());
    let carried = widest(Groups {
        groups,
        power,
        slots,
    });
    let rest = rest.iter().chain([last]);
    one_by_one(rest, power, rest_slots.iter_mut(), carried);
}

/// Computes the bands of groups of intervals, and returns the last one, which falls in the interval after them.
struct Groups<'o> {
    groups: &'o [[Interval; LANES]],
    power: &'o [f32],
    slots: &'o mut [[f32; LANES]],
}

impl<'o> Loops for Groups<'o> {
    type Output = Option<Risen<'o>>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        let mut carried: Self::Output = None;
        for (group, slots) in self.groups.iter().zip(self.slots) {
            let (rising, falling) = split(group, self.power);
            if let Some((slot, risen, height)) = carried {
                *slot = (risen + falling[0]) * height;
            }
            for at in 0..LANES - 1 {
                slots[at] = (rising[at] + falling[at + 1]) * group[at].height;
            }
            let last = LANES - 1;
            carried = Some((&mut slots[last], rising[last], group[last].height));
        }
        carried
    }
}

/// Sum the power of each interval's bins, weighted rising and falling.
#[inline(always)]
fn split(group: &[Interval; LANES], power: &[f32]) -> ([f32; LANES], [f32; LANES]) {
    let most = group.iter().map(|interval| interval.count).max();
    let steps = usize::from(most.unwrap_or(0)).div_ceil(AT_ONCE);
    let bins = |lane: usize| Bins::new(&group[lane], power);
    let [a, b, c, d] = [bins(0), bins(1), bins(2), bins(3)];
    let [e, f, g, h] = [bins(4), bins(5), bins(6), bins(7)];
    let (mut low, mut high) = (Four::new(group, 0), Four::new(group, LANES / 2));
    for step in 0..steps {
        low.add(step, [a.at(step), b.at(step), c.at(step), d.at(step)]);
        high.add(step, [e.at(step), f.at(step), g.at(step), h.at(step)]);
    }
    let (low, high) = (low.rising_and_falling(), high.rising_and_falling());
    (joined(low.0, high.0), joined(low.1, high.1))
}

#[inline(always)]
fn joined([a, b, c, d]: [f32; 4], [e, f, g, h]: [f32; 4]) -> [f32; LANES] {
    [a, b, c, d, e, f, g, h]
}

/// The power from an interval's first bin on.
struct Bins<'p> {
    chunks: &'p [[f32; AT_ONCE]],
    rest: &'p [f32],
}

impl<'p> Bins<'p> {
    #[inline(always)]
    fn new(interval: &Interval, power: &'p [f32]) -> Self {
        let bins = power.get(usize::from(interval.first)..);
        let (chunks, rest) = bins.unwrap_or_default().as_chunks();
        Self { chunks, rest }
    }

    /// Return the bins of a step, and zeros after the last one.
    #[inline(always)]
    fn at(&self, step: usize) -> [f32; AT_ONCE] {
        match self.chunks.get(step) {
            Some(bins) => *bins,
            None => self.after_chunks(step),
        }
    }

    #[cold]
    fn after_chunks(&self, step: usize) -> [f32; AT_ONCE] {
        let rest = if step == self.chunks.len() {
            self.rest
        } else {
            &[]
        };
        core::array::from_fn(|at| rest.get(at).copied().unwrap_or(0.0))
    }
}

/// Running sums of four neighbouring intervals.
struct Four {
    counts: [f32; 4],
    leads: [f32; 4],
    inverse_widths: [f32; 4],
    sum: [f32; 4],
    moment: [f32; 4],
}

impl Four {
    #[inline(always)]
    fn new(group: &[Interval; LANES], from: usize) -> Self {
        let fields = |lane: usize| bytemuck::cast(group[from + lane]);
        let [_, leads, inverse_widths, _] =
            transposed([fields(0), fields(1), fields(2), fields(3)]);
        let count = |lane: usize| f32::from(group[from + lane].count);
        Self {
            counts: [count(0), count(1), count(2), count(3)],
            leads,
            inverse_widths,
            sum: [0.0; 4],
            moment: [0.0; 4],
        }
    }

    /// Add the next bins of each interval.
    #[inline(always)]
    fn add(&mut self, step: usize, bins: [[f32; AT_ONCE]; 4]) {
        for (at, bin) in transposed(bins).into_iter().enumerate() {
            // not a sum of floats, which the compiler would put into one vector with the sums below
            let index = (AT_ONCE * step + at) as f32;
            for lane in 0..4 {
                // a shorter interval's sums stay as they are
                let bin = if index < self.counts[lane] {
                    bin[lane]
                } else {
                    0.0
                };
                self.sum[lane] += bin;
                self.moment[lane] += index * bin;
            }
        }
    }

    #[inline(always)]
    fn rising_and_falling(self) -> ([f32; 4], [f32; 4]) {
        let [mut rising, mut falling] = [[0.0; 4]; 2];
        for lane in 0..4 {
            let moment = self.moment[lane] + self.leads[lane] * self.sum[lane];
            rising[lane] = moment * self.inverse_widths[lane];
            falling[lane] = self.sum[lane] - rising[lane];
        }
        (rising, falling)
    }
}
