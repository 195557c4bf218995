//! The last step of a real transform: the transform of half as many complex values becomes the spectrum.

use core::ops::Range;

use super::split::load;
use super::tables::FACTORS;
use crate::arch::lanes::{Arrays, Lanes};

/// Bins that no vector holds.
const ALONE: usize = 8;

/// What is left of a spectrum.
pub(super) trait Kept {
    type Value: Copy;

    fn slots(frame: &mut [f32]) -> &mut [Self::Value];

    /// Keep what is wanted of `W` bins.
    fn keep<L: Lanes<W>, const W: usize>(
        lanes: L,
        bins: [L::Floats; 2],
        slots: &mut [Self::Value; W],
    );

    /// Put bin 0 and the last one, both real.
    fn put_ends(slots: &mut [Self::Value], first: f32, last: f32);
}

/// Complex values, the last bin's in the imaginary part of bin 0.
pub(super) struct Pairs;

impl Kept for Pairs {
    type Value = [f32; 2];

    #[inline(always)]
    fn slots(frame: &mut [f32]) -> &mut [[f32; 2]] {
        frame.as_chunks_mut().0
    }

    #[inline(always)]
    fn keep<L: Lanes<W>, const W: usize>(
        lanes: L,
        bins: [L::Floats; 2],
        slots: &mut [[f32; 2]; W],
    ) {
        let mut parts = [[0.0; W]; 2];
        for (part, bins) in parts.iter_mut().zip(bins) {
            lanes.store(bins, part);
        }
        let [re, im] = parts;
        *slots = core::array::from_fn(|at| [re[at], im[at]]);
    }

    #[inline(always)]
    fn put_ends(slots: &mut [[f32; 2]], first: f32, last: f32) {
        slots[0] = [first, last];
    }
}

/// Squared magnitudes.
pub(super) struct Squares;

impl Kept for Squares {
    type Value = f32;

    #[inline(always)]
    fn slots(frame: &mut [f32]) -> &mut [f32] {
        frame
    }

    #[inline(always)]
    fn keep<L: Lanes<W>, const W: usize>(lanes: L, [re, im]: [L::Floats; 2], slots: &mut [f32; W]) {
        lanes.store(lanes.add(lanes.mul(re, re), lanes.mul(im, im)), slots);
    }

    #[inline(always)]
    fn put_ends(slots: &mut [f32], first: f32, last: f32) {
        slots[0] = first * first;
        slots[slots.len() / 2] = last * last;
    }
}

/// Separate the transform of the even samples from that of the odd ones, and join them.
#[inline(always)]
pub(super) fn recombine<K: Kept, L: Lanes<W>, const W: usize>(
    lanes: L,
    [re, im]: [&[f32]; 2],
    frame: &mut [f32],
) {
    let n = re.len();
    let out = K::slots(frame);
    K::put_ends(out, re[0] + im[0], re[0] - im[0]);
    let (low, high) = out.split_at_mut(n / 2);
    if let Some(middle) = high.first_chunk_mut::<1>() {
        K::keep(Arrays, [[re[n / 2]], [-im[n / 2]]], middle);
    }
    let mut spectrum = Spectrum {
        parts: [re, im],
        low,
        // bin n / 2 + 1 is the first
        high: high.get_mut(1..n / 2).unwrap_or_default(),
    };
    spectrum.join::<K, _, 1>(Arrays, 1..ALONE);
    spectrum.join::<K, _, ALONE>(Arrays, ALONE..W);
    spectrum.join::<K, _, W>(lanes, W.max(ALONE)..n / 2);
}

/// The transform of half as many values, and the bins on both sides of the middle one.
struct Spectrum<'s, V> {
    parts: [&'s [f32]; 2],
    low: &'s mut [V],
    high: &'s mut [V],
}

impl<V> Spectrum<'_, V> {
    /// Compute the bins of a range below the middle, `W` of them at a time, and those that mirror them.
    #[inline(always)]
    fn join<K: Kept<Value = V>, L: Lanes<W>, const W: usize>(
        &mut self,
        lanes: L,
        bins: Range<usize>,
    ) {
        let n = self.parts[0].len();
        let mirrored = n + 1 - bins.end..n + 1 - bins.start;
        let [re, im] = self.parts.map(|part| vectors::<_, W>(part, &bins).iter());
        let [re_high, im_high] = self
            .parts
            .map(|part| vectors::<_, W>(part, &mirrored).iter().rev());
        let factors = FACTORS
            .each_ref()
            .map(|part| vectors::<_, W>(part, &(n + bins.start..n + bins.end)).iter());
        let [w_re, w_im] = factors;
        let low = self.low.get_mut(bins.clone()).unwrap_or_default();
        let behind = n / 2 + 1;
        let high = mirrored.start - behind..mirrored.end - behind;
        let high = self.high.get_mut(high).unwrap_or_default();
        let slots = low.as_chunks_mut().0.iter_mut();
        let slots = slots.zip(high.as_chunks_mut().0.iter_mut().rev());
        let values = re.zip(im).zip(re_high.zip(im_high)).zip(w_re.zip(w_im));
        for ((((re, im), (re_high, im_high)), (w_re, w_im)), (low, high)) in values.zip(slots) {
            let mirrored = load(lanes, [re_high, im_high]).map(|part| lanes.backwards(part));
            let factor = load(lanes, [w_re, w_im]);
            let bins = joined(lanes, load(lanes, [re, im]), mirrored, factor);
            K::keep(lanes, bins[0], low);
            K::keep(lanes, bins[1].map(|part| lanes.backwards(part)), high);
        }
    }
}

#[inline(always)]
fn vectors<'v, T, const W: usize>(values: &'v [T], range: &Range<usize>) -> &'v [[T; W]] {
    values.get(range.clone()).unwrap_or_default().as_chunks().0
}

/// Return values `k` and `n − k` of the spectrum, for several `k`, each as real and imaginary parts.
#[inline(always)]
fn joined<L: Lanes<W>, const W: usize>(
    lanes: L,
    [re, im]: [L::Floats; 2],
    [mirrored_re, mirrored_im]: [L::Floats; 2],
    [w_re, w_im]: [L::Floats; 2],
) -> [[L::Floats; 2]; 2] {
    let half = lanes.splat(0.5);
    let sum_re = lanes.mul(lanes.add(re, mirrored_re), half);
    let sum_im = lanes.mul(lanes.add(im, mirrored_im), half);
    let difference_re = lanes.mul(lanes.sub(re, mirrored_re), half);
    let difference_im = lanes.mul(lanes.sub(im, mirrored_im), half);
    let turned = [
        (lanes.mul(w_re, sum_im), lanes.mul(w_im, difference_re)),
        (lanes.mul(w_im, sum_im), lanes.mul(w_re, difference_re)),
    ];
    let [(re_a, re_b), (im_a, im_b)] = turned;
    [
        [
            lanes.add(lanes.add(sum_re, re_a), re_b),
            lanes.sub(lanes.add(difference_im, im_a), im_b),
        ],
        [
            lanes.sub(lanes.sub(sum_re, re_a), re_b),
            lanes.sub(lanes.sub(im_a, difference_im), im_b),
        ],
    ]
}
