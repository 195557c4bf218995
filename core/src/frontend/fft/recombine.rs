//! The last step of a real transform: the transform of half as many complex values becomes the spectrum.

use core::ops::Range;

use super::split::{FACTORS, LANES, Lanes};

/// What is left of a spectrum.
pub(super) trait Kept {
    type Value: Copy;

    fn slots(frame: &mut [f32]) -> &mut [Self::Value];

    fn kept<const W: usize>(parts: [[f32; W]; 2]) -> [Self::Value; W];

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
    fn kept<const W: usize>([re, im]: [[f32; W]; 2]) -> [[f32; 2]; W] {
        core::array::from_fn(|at| [re[at], im[at]])
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
    fn kept<const W: usize>([re, im]: [[f32; W]; 2]) -> [f32; W] {
        core::array::from_fn(|at| re[at] * re[at] + im[at] * im[at])
    }

    #[inline(always)]
    fn put_ends(slots: &mut [f32], first: f32, last: f32) {
        slots[0] = first * first;
        slots[slots.len() / 2] = last * last;
    }
}

/// Separate the transform of the even samples from that of the odd ones, and join them.
#[inline(always)]
pub(super) fn recombine<K: Kept>([re, im]: [&[f32]; 2], frame: &mut [f32]) {
    let n = re.len();
    let out = K::slots(frame);
    let factors = FACTORS
        .each_ref()
        .map(|part| part.get(n..).unwrap_or_default());
    K::put_ends(out, re[0] + im[0], re[0] - im[0]);
    [out[n / 2]] = K::kept([[re[n / 2]], [-im[n / 2]]]);
    for k in 1..LANES {
        let value = |k: usize| [[re[k]], [im[k]]];
        let [low, high] = joined(value(k), value(n - k), factors.map(|part| [part[k]]));
        ([out[k]], [out[n - k]]) = (K::kept(low), K::kept(high));
    }
    // the rest in vectors: upwards from `LANES`, downwards from `n − LANES`
    let (low, high) = (LANES..n / 2, n / 2 + 1..n + 1 - LANES);
    let [re_low, im_low, w_re, w_im] =
        [re, im, factors[0], factors[1]].map(|part| lanes(part, low.clone()).iter());
    let [re_high, im_high] = [re, im].map(|part| lanes(part, high.clone()).iter().rev());
    let (out_low, out_high) = out.split_at_mut(n / 2);
    let (out_low, _) = out_low[LANES..].as_chunks_mut::<LANES>();
    let (out_high, _) = out_high[1..=n / 2 - LANES].as_chunks_mut::<LANES>();
    let values = re_low.zip(im_low).zip(re_high.zip(im_high));
    let out = out_low.iter_mut().zip(out_high.iter_mut().rev());
    for ((((re, im), high), factor), (out_low, out_high)) in values.zip(w_re.zip(w_im)).zip(out) {
        let high = [backwards(*high.0), backwards(*high.1)];
        let [low, high] = joined([*re, *im], high, [*factor.0, *factor.1]);
        *out_low = K::kept(low);
        *out_high = K::kept([backwards(high[0]), backwards(high[1])]);
    }
}

#[inline(always)]
fn lanes(values: &[f32], range: Range<usize>) -> &[Lanes] {
    values.get(range).unwrap_or_default().as_chunks().0
}

/// Return values `k` and `n − k` of the spectrum, for several `k`, each as real and imaginary parts.
#[inline(always)]
fn joined<const W: usize>(
    [re, im]: [[f32; W]; 2],
    [mirrored_re, mirrored_im]: [[f32; W]; 2],
    [w_re, w_im]: [[f32; W]; 2],
) -> [[[f32; W]; 2]; 2] {
    let [mut low, mut high] = [[[0.0; W]; 2]; 2];
    for at in 0..W {
        let sum_re = (re[at] + mirrored_re[at]) / 2.0;
        let sum_im = (im[at] + mirrored_im[at]) / 2.0;
        let difference_re = (re[at] - mirrored_re[at]) / 2.0;
        let difference_im = (im[at] - mirrored_im[at]) / 2.0;
        low[0][at] = sum_re + w_re[at] * sum_im + w_im[at] * difference_re;
        low[1][at] = difference_im + w_im[at] * sum_im - w_re[at] * difference_re;
        high[0][at] = sum_re - w_re[at] * sum_im - w_im[at] * difference_re;
        high[1][at] = -difference_im + w_im[at] * sum_im - w_re[at] * difference_re;
    }
    [low, high]
}

#[inline(always)]
fn backwards(mut values: Lanes) -> Lanes {
    values.reverse();
    values
}
