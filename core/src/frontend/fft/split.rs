//! The transform for vector registers. Real and imaginary parts lie in arrays of their own, and a vector holds several
//! butterflies of one stage. Each butterfly is the one that microfft computes, operation for operation, and so the spectrum
//! has the same bits.
//!
//! With `n` complex values as `rows` of `columns`, both powers of two, the first stages pair values that are at least
//! `columns` apart, and the last ones, after the rows have become columns, values that are at least `rows` apart: no vector
//! ever holds both values of a butterfly.

use core::array::from_fn;

use super::recombine::{Pairs, Squares, recombine};
use crate::arch::{Loops, transposed, unzipped};

/// Most complex values, of a frame of 4096 samples.
const LONGEST: usize = 2048;

/// Values that are computed side by side.
pub(super) const LANES: usize = 8;
pub(super) type Lanes = [f32; LANES];

/// Quadruples of values that are separated at once.
const AT_ONCE: usize = 8;
type Parts = heapless::Vec<[[f32; 4]; AT_ONCE], { LONGEST / 4 / AT_ONCE }>;

/// Real and imaginary parts of `exp(−πi · k / half)` at `half + k`, for every power of two `half` up to [`LONGEST`]; half of
/// the longest row is enough.
pub(super) static FACTORS: [[f32; LONGEST / 2 * 3]; 2] = factors();

/// Transforms a frame of 512, 1024, 2048 or 4096 samples in place, with the values where microfft puts them.
pub(super) struct Transform<'f> {
    pub(super) frame: &'f mut [f32],
    /// Leave the squared magnitudes of the `n / 2 + 1` bins in place of the complex values.
    pub(super) power: bool,
}

impl Loops for Transform<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { frame, power } = self;
        let n = frame.len() / 2;
        let rows = 1 << (n.ilog2() / 2);
        let [mut re, mut im] = [Parts::new(), Parts::new()];
        unzip(frame, &mut re, &mut im);
        let re = re.as_flattened_mut().as_flattened_mut();
        let im = im.as_flattened_mut().as_flattened_mut();
        first_stages(re, im, rows);
        let (frame_re, frame_im) = frame.split_at_mut(n);
        transpose(re, frame_re, rows);
        transpose(im, frame_im, rows);
        next_stages(frame_re, frame_im, rows);
        last_stage([frame_re, frame_im], [re, im]);
        if power {
            recombine::<Squares>([re, im], frame);
        } else {
            recombine::<Pairs>([re, im], frame);
        }
    }
}

/// Append real and imaginary parts.
#[inline(always)]
fn unzip(frame: &[f32], parts_re: &mut Parts, parts_im: &mut Parts) {
    for quads in frame.as_chunks::<4>().0.as_chunks::<{ 2 * AT_ONCE }>().0 {
        let [mut re, mut im] = [[[0.0; 4]; AT_ONCE]; 2];
        for (at, [a, b]) in quads.as_chunks().0.iter().enumerate() {
            [re[at], im[at]] = unzipped([*a, *b]);
        }
        // there is room for the longest frame
        _ = (parts_re.push(re), parts_im.push(im));
    }
}

/// Compute the stages that cut each row in two, until there are `rows` of them, in bit-reversed order.
#[inline(always)]
fn first_stages(re: &mut [f32], im: &mut [f32], rows: usize) {
    let mut half = 1;
    if rows.ilog2() % 2 == 1 {
        let ((a_re, b_re), (a_im, b_im)) = (halves_mut(re), halves_mut(im));
        for ((a_re, a_im), (b_re, b_im)) in a_re.iter_mut().zip(a_im).zip(b_re.iter_mut().zip(b_im))
        {
            ([*a_re, *a_im], [*b_re, *b_im]) = sums([*a_re, *a_im], [*b_re, *b_im]);
        }
        half = 2;
    }
    while half < rows {
        let length = re.len() / half;
        let pairs = re.chunks_exact_mut(length).zip(im.chunks_exact_mut(length));
        for (row, (re, im)) in pairs.enumerate() {
            let k = reversed(row, half);
            let factors = [
                broadcast(half + k),
                broadcast(2 * half + k),
                broadcast(3 * half + k),
            ];
            for (re, im) in quarters(re).zip(quarters(im)) {
                let value = |at: usize| [*re[at], *im[at]];
                let [a, b, c, d] = [value(0), value(1), value(2), value(3)];
                // rows become rows of half the length, so that values half a row apart are paired first
                let [a, c, b, d] = match k {
                    0 => two_stages::<LANES>([a, c, b, d], factors),
                    _ => two_stages::<0>([a, c, b, d], factors),
                };
                put(re, im, [a, b, c, d]);
            }
        }
        half *= 4;
    }
}

#[inline(always)]
fn broadcast(at: usize) -> [Lanes; 2] {
    [[FACTORS[0][at]; LANES], [FACTORS[1][at]; LANES]]
}

/// Compute the stages that join neighbouring transforms, of `half` values at first, up to half of all values.
#[inline(always)]
fn next_stages(re: &mut [f32], im: &mut [f32], mut half: usize) {
    let n = re.len();
    if (n / 2 / half).ilog2() % 2 == 1 {
        next_stage(re, im, half);
        half *= 2;
    }
    while 2 * half < n {
        next_two_stages(re, im, half);
        half *= 4;
    }
}

/// Compute a stage in place, which joins neighbouring transforms of `half` values.
#[inline(always)]
fn next_stage(re: &mut [f32], im: &mut [f32], half: usize) {
    let [w_re, w_im] = factors_of(half);
    let blocks = re.chunks_exact_mut(2 * half);
    for (re, im) in blocks.zip(im.chunks_exact_mut(2 * half)) {
        let first = first_pair([re, im]);
        let ((a_re, b_re), (a_im, b_im)) = (halves_mut(re), halves_mut(im));
        let pairs = a_re.iter_mut().zip(a_im).zip(b_re.iter_mut().zip(b_im));
        for (((a_re, a_im), (b_re, b_im)), (w_re, w_im)) in pairs.zip(w_re.iter().zip(w_im)) {
            let product = times([*b_re, *b_im], [*w_re, *w_im]);
            ([*a_re, *a_im], [*b_re, *b_im]) = sums([*a_re, *a_im], product);
        }
        put_first_pair(first, [re, im]);
    }
}

/// Compute two stages in place, which join four neighbouring transforms of `half` values. The values stay in registers
/// from one stage to the next.
#[inline(always)]
fn next_two_stages(re: &mut [f32], im: &mut [f32], half: usize) {
    let [one_re, one_im] = factors_of(half);
    let [two_re, two_im] = factors_of(2 * half);
    let (low_re, high_re) = two_re.split_at(two_re.len() / 2);
    let (low_im, high_im) = two_im.split_at(two_im.len() / 2);
    let blocks = re.chunks_exact_mut(4 * half);
    for (re, im) in blocks.zip(im.chunks_exact_mut(4 * half)) {
        let one = one_re.iter().zip(one_im);
        let two = low_re.iter().zip(low_im).zip(high_re.iter().zip(high_im));
        let mut all = quarters(re).zip(quarters(im)).zip(one.zip(two));
        if let Some(((re, im), factors)) = all.next() {
            step::<1>(re, im, factors);
        }
        for ((re, im), factors) in all {
            step::<0>(re, im, factors);
        }
    }
}

type Factor = (&'static Lanes, &'static Lanes);

/// Compute two stages of neighbouring values, of which the first `ONES` have the factor 1.
#[inline(always)]
fn step<const ONES: usize>(
    re: [&mut Lanes; 4],
    im: [&mut Lanes; 4],
    (one, (low, high)): (Factor, (Factor, Factor)),
) {
    let value = |at: usize| [*re[at], *im[at]];
    let values = [value(0), value(1), value(2), value(3)];
    let factors = [[*one.0, *one.1], [*low.0, *low.1], [*high.0, *high.1]];
    put(re, im, two_stages::<ONES>(values, factors));
}

/// Compute two stages of four values `k`, `half + k`, `2 · half + k` and `3 · half + k`, for several `k`. The first
/// `ONES` of them have the factor 1 but for the last, and take no product, which could change the sign of a zero.
#[inline(always)]
fn two_stages<const ONES: usize>(
    [a, b, c, d]: [[Lanes; 2]; 4],
    [one, low, high]: [[Lanes; 2]; 3],
) -> [[Lanes; 2]; 4] {
    let (a, b) = sums(a, times_but::<ONES>(b, one));
    let (c, d) = sums(c, times_but::<ONES>(d, one));
    let (a, c) = sums(a, times_but::<ONES>(c, low));
    let (b, d) = sums(b, times(d, high));
    [a, b, c, d]
}

/// Multiply complex values by factors, but for the first `ONES`.
#[inline(always)]
fn times_but<const ONES: usize>(value: [Lanes; 2], factor: [Lanes; 2]) -> [Lanes; 2] {
    let mut product = times(value, factor);
    for (product, value) in product.iter_mut().zip(value) {
        product[..ONES].copy_from_slice(&value[..ONES]);
    }
    product
}

/// Walk through the four quarters of values side by side.
#[inline(always)]
fn quarters(values: &mut [f32]) -> impl Iterator<Item = [&mut Lanes; 4]> {
    let (low, high) = values.split_at_mut(values.len() / 2);
    let ((a, b), (c, d)) = (halves_mut(low), halves_mut(high));
    let pairs = a.iter_mut().zip(b).zip(c.iter_mut().zip(d));
    pairs.map(|((a, b), (c, d))| [a, b, c, d])
}

#[inline(always)]
fn put(re: [&mut Lanes; 4], im: [&mut Lanes; 4], values: [[Lanes; 2]; 4]) {
    for ((re, im), [value_re, value_im]) in re.into_iter().zip(im).zip(values) {
        (*re, *im) = (value_re, value_im);
    }
}

/// Compute the stage that joins both halves of the values, into `to`.
#[inline(always)]
fn last_stage([re, im]: [&[f32]; 2], [to_re, to_im]: [&mut [f32]; 2]) {
    let [w_re, w_im] = factors_of(re.len() / 2);
    let first = first_pair([re, im]);
    let ((a_re, b_re), (a_im, b_im)) = (halves(re), halves(im));
    let ((sum_re, rest_re), (sum_im, rest_im)) = (halves_mut(to_re), halves_mut(to_im));
    let pairs = a_re.iter().zip(a_im).zip(b_re.iter().zip(b_im));
    let to = sum_re
        .iter_mut()
        .zip(sum_im)
        .zip(rest_re.iter_mut().zip(rest_im));
    let factors = w_re.iter().zip(w_im);
    for ((((a_re, a_im), (b_re, b_im)), (w_re, w_im)), (sum, rest)) in pairs.zip(factors).zip(to) {
        let product = times([*b_re, *b_im], [*w_re, *w_im]);
        ([*sum.0, *sum.1], [*rest.0, *rest.1]) = sums([*a_re, *a_im], product);
    }
    put_first_pair(first, [to_re, to_im]);
}

/// Return the butterfly of the first pair, whose factor is 1: it takes no product, which could change the sign of a zero.
#[inline(always)]
fn first_pair(parts: [&[f32]; 2]) -> [[f32; 2]; 2] {
    parts.map(|part| {
        let (a, b) = (part[0], part[part.len() / 2]);
        [a + b, a - b]
    })
}

#[inline(always)]
fn put_first_pair(pair: [[f32; 2]; 2], parts: [&mut [f32]; 2]) {
    for (part, [sum, difference]) in parts.into_iter().zip(pair) {
        part[part.len() / 2] = difference;
        part[0] = sum;
    }
}

/// Return the factors of the stage that joins transforms of `half` values.
#[inline(always)]
fn factors_of(half: usize) -> [&'static [Lanes]; 2] {
    FACTORS.each_ref().map(|part| {
        let part = part.get(half..2 * half).unwrap_or_default();
        part.as_chunks().0
    })
}

#[inline(always)]
fn halves(row: &[f32]) -> (&[Lanes], &[Lanes]) {
    let (a, b) = row.split_at(row.len() / 2);
    (a.as_chunks().0, b.as_chunks().0)
}

#[inline(always)]
fn halves_mut(row: &mut [f32]) -> (&mut [Lanes], &mut [Lanes]) {
    let (a, b) = row.split_at_mut(row.len() / 2);
    (a.as_chunks_mut().0, b.as_chunks_mut().0)
}

/// Multiply complex values by factors.
#[inline(always)]
fn times([mut re, mut im]: [Lanes; 2], [w_re, w_im]: [Lanes; 2]) -> [Lanes; 2] {
    for lane in 0..LANES {
        let (x, y) = (re[lane], im[lane]);
        re[lane] = w_re[lane] * x - w_im[lane] * y;
        im[lane] = w_re[lane] * y + w_im[lane] * x;
    }
    [re, im]
}

/// Return the sums and the differences of complex values.
#[inline(always)]
fn sums(a: [Lanes; 2], b: [Lanes; 2]) -> ([Lanes; 2], [Lanes; 2]) {
    let (mut sum, mut difference) = (a, a);
    for part in 0..2 {
        for lane in 0..LANES {
            sum[part][lane] += b[part][lane];
            difference[part][lane] -= b[part][lane];
        }
    }
    (sum, difference)
}

/// Turn rows in bit-reversed order into columns in order, and put the columns' values, each a row now, in bit-reversed
/// order.
#[inline(always)]
fn transpose(from: &[f32], to: &mut [f32], rows: usize) {
    let columns = from.len() / rows;
    let quads = columns / 4;
    let (to_low, to_high) = to.split_at_mut(to.len() / 2);
    let [(to_0, to_2), (to_1, to_3)] =
        [to_low, to_high].map(|half| half.split_at_mut(half.len() / 2));
    let to = [to_0, to_1, to_2, to_3]
        .map(|quarter| quarter.as_chunks_mut::<4>().0.as_chunks_mut::<2>().0);
    for eight in 0..rows / 8 {
        let row = reversed(8 * eight, rows);
        let source = from_fn::<_, 8, _>(|next| {
            let at = (row + reversed(next, rows)) * columns;
            &from[at..at + columns].as_chunks::<4>().0[..quads]
        });
        let [a, b, c, d, e, f, g, h] = source;
        for index in 0..quads {
            let low = transposed([a[index], b[index], c[index], d[index]]);
            let high = transposed([e[index], f[index], g[index], h[index]]);
            let at = reversed(4 * index, columns) * (rows / 8) + eight;
            for column in 0..4 {
                to[column][at] = [low[column], high[column]];
            }
        }
    }
}

/// Return an index below a power of two, at most 64, with its bits in reverse.
#[inline(always)]
fn reversed(index: usize, count: usize) -> usize {
    usize::from(REVERSED[index % 64]) >> (6 - count.trailing_zeros())
}

/// The numbers of six bits, with their bits in reverse.
static REVERSED: [u8; 64] = {
    let mut table = [0; 64];
    let mut at = 0;
    while at < 64 {
        table[at] = (at as u8).reverse_bits() >> 2;
        at += 1;
    }
    table
};

const fn factors() -> [[f32; LONGEST / 2 * 3]; 2] {
    let mut table = [[0.0; LONGEST / 2 * 3]; 2];
    let mut half = 1;
    while half <= LONGEST {
        let mut k = 0;
        while k < half && half + k < table[0].len() {
            // in steps of a quarter turn's 1024
            let angle = k * (LONGEST / half);
            let (re, im) = if angle <= LONGEST / 2 {
                (sine(LONGEST / 2 - angle), -sine(angle))
            } else {
                (-sine(angle - LONGEST / 2), -sine(LONGEST - angle))
            };
            table[0][half + k] = re;
            table[1][half + k] = im;
            k += 1;
        }
        half *= 2;
    }
    table
}

/// Return the sine of an angle of up to a quarter turn.
const fn sine(angle: usize) -> f32 {
    crate::frontend::window::sine(core::f64::consts::PI * angle as f64 / LONGEST as f64) as f32
}
