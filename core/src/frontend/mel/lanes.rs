//! The bank for vector registers: the sums of several neighbouring intervals side by side, each in the order of its bins.

use super::{Interval, Risen, one_by_one};
#[cfg(target_arch = "x86_64")]
use crate::arch::lanes::Avx512;
use crate::arch::lanes::{Arrays, Lanes};
use crate::arch::{Loops, widest};

/// Bins of an interval that are loaded at once.
const AT_ONCE: usize = 4;

/// Compute the power in each band from a power spectrum of `n_fft / 2 + 1` bins.
pub(crate) fn apply(bands: &[Interval], last: &Interval, power: &[f32], out: &mut [f32]) {
    let Computed { rest, slots, risen } = widest(Groups {
        bands,
        power,
        slots: out,
    });
    let rest = rest.iter().chain([last]);
    one_by_one(rest, power, slots.iter_mut(), risen);
}

/// Computes the bands of groups of intervals.
struct Groups<'o> {
    bands: &'o [Interval],
    power: &'o [f32],
    slots: &'o mut [f32],
}

/// What the groups leave.
struct Computed<'o> {
    /// Intervals that fill no group.
    rest: &'o [Interval],
    slots: &'o mut [f32],
    /// The last band of the groups, which falls in the interval after them.
    risen: Option<Risen<'o>>,
}

impl<'o> Loops for Groups<'o> {
    type Output = Computed<'o>;

    #[inline(always)]
    fn run(self) -> Computed<'o> {
        self.with::<_, 8>(Arrays)
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn run_avx512(self, proof: Avx512) -> Computed<'o> {
        self.with(proof)
    }
}

impl<'o> Groups<'o> {
    #[inline(always)]
    fn with<L: Lanes<W>, const W: usize>(self, lanes: L) -> Computed<'o> {
        let (groups, rest) = self.bands.as_chunks::<W>();
        let (group_slots, slots) = self.slots.as_chunks_mut::<W>();
        let mut risen: Option<Risen<'o>> = None;
        for (group, slots) in groups.iter().zip(group_slots) {
            let (rising, falling) = split(lanes, group, self.power);
            if let Some((slot, risen, height)) = risen {
                *slot = (risen + falling[0]) * height;
            }
            let last = W - 1;
            for at in 0..last {
                slots[at] = (rising[at] + falling[at + 1]) * group[at].height;
            }
            risen = Some((&mut slots[last], rising[last], group[last].height));
        }
        Computed { rest, slots, risen }
    }
}

/// Sum the power of each interval's bins, weighted rising and falling.
#[inline(always)]
fn split<L: Lanes<W>, const W: usize>(
    lanes: L,
    group: &[Interval; W],
    power: &[f32],
) -> ([f32; W], [f32; W]) {
    let most = group.iter().map(|interval| interval.count).max();
    let steps = usize::from(most.unwrap_or(0)).div_ceil(AT_ONCE);
    // `map` and `from_fn` are not inlined for so many
    let (mut bins, mut whole) = ([&[][..]; W], steps);
    for (bins, interval) in bins.iter_mut().zip(group) {
        *bins = power.get(usize::from(interval.first)..).unwrap_or_default();
        whole = whole.min(bins.len() / AT_ONCE);
    }
    let mut sums = Sums::new(lanes, group);
    let chunks = |lane: usize| bins[lane].as_chunks::<AT_ONCE>().0;
    for step in 0..whole {
        let columns = lanes.transposed(|lane| chunks(lane).get(step).unwrap_or(&[0.0; AT_ONCE]));
        sums.add(lanes, step, columns);
    }
    // at the end of the spectrum shorter intervals have fewer bins after them than the longest one has
    for step in whole..steps {
        let mut rows = [[0.0; AT_ONCE]; W];
        for (row, bins) in rows.iter_mut().zip(bins) {
            let bins = bins.get(AT_ONCE * step..).unwrap_or_default();
            row.iter_mut().zip(bins).for_each(|(to, bin)| *to = *bin);
        }
        sums.add(lanes, step, lanes.transposed(|lane| &rows[lane]));
    }
    sums.rising_and_falling(lanes)
}

/// Running sums of neighbouring intervals.
struct Sums<L: Lanes<W>, const W: usize> {
    counts: L::Floats,
    leads: L::Floats,
    inverse_widths: L::Floats,
    sum: L::Floats,
    moment: L::Floats,
}

impl<L: Lanes<W>, const W: usize> Sums<L, W> {
    #[inline(always)]
    fn new(lanes: L, group: &[Interval; W]) -> Self {
        let of = |field: fn(&Interval) -> f32| {
            let mut values = [0.0; W];
            for (value, interval) in values.iter_mut().zip(group) {
                *value = field(interval);
            }
            lanes.load(&values)
        };
        Self {
            counts: of(|interval| f32::from(interval.count)),
            leads: of(|interval| interval.lead),
            inverse_widths: of(|interval| interval.inverse_width),
            sum: lanes.splat(0.0),
            moment: lanes.splat(0.0),
        }
    }

    /// Add the next bins of each interval.
    #[inline(always)]
    fn add(&mut self, lanes: L, step: usize, bins: [L::Floats; AT_ONCE]) {
        for (at, bin) in bins.into_iter().enumerate() {
            // not a sum of floats, which the compiler would put into one vector with the sums below
            let index = lanes.splat((AT_ONCE * step + at) as f32);
            // a shorter interval's sums stay as they are
            let bin = lanes.where_less(index, self.counts, bin);
            self.sum = lanes.add(self.sum, bin);
            self.moment = lanes.add(self.moment, lanes.mul(index, bin));
        }
    }

    #[inline(always)]
    fn rising_and_falling(self, lanes: L) -> ([f32; W], [f32; W]) {
        let moment = lanes.add(self.moment, lanes.mul(self.leads, self.sum));
        let rises = lanes.mul(moment, self.inverse_widths);
        let [mut rising, mut falling] = [[0.0; W]; 2];
        lanes.store(rises, &mut rising);
        lanes.store(lanes.sub(self.sum, rises), &mut falling);
        (rising, falling)
    }
}
