//! The transform for vector registers. Real and imaginary parts lie in arrays of their own, and a vector holds several
//! butterflies of one stage. Each butterfly is the one that microfft computes, operation for operation, and so the spectrum
//! has the same bits.
//!
//! With `n` complex values as `rows` of `columns`, both powers of two, the first stages pair values that are at least
//! `columns` apart, and the last ones, after the rows have become columns, values that are at least `rows` apart: no vector
//! ever holds both values of a butterfly.

use super::recombine::{Pairs, Squares, recombine};
use super::tables::{LONGEST, broadcast, factors_of, reversed};
use crate::arch::Loops;
#[cfg(target_arch = "x86_64")]
use crate::arch::lanes::Avx512;
use crate::arch::lanes::{Arrays, Lanes};

/// Real or imaginary parts, of which only the used ones are cleared first.
type Parts = heapless::Vec<[f32; AT_ONCE], { LONGEST / AT_ONCE }>;
const AT_ONCE: usize = 32;

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
        self.with::<_, 8>(Arrays);
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn run_avx512(self, proof: Avx512) {
        self.with(proof);
    }
}

impl Transform<'_> {
    #[inline(always)]
    fn with<L: Lanes<W>, const W: usize>(self, lanes: L) {
        let Self { frame, power } = self;
        let n = frame.len() / 2;
        let rows = 1 << (n.ilog2() / 2);
        let [mut re, mut im] = [Parts::new(), Parts::new()];
        for part in [&mut re, &mut im] {
            // there is room for the longest frame
            _ = part.resize(n / AT_ONCE, [0.0; AT_ONCE]);
        }
        let (re, im) = (re.as_flattened_mut(), im.as_flattened_mut());
        unzip(lanes, frame, re, im);
        first_stages(lanes, re, im, rows);
        let (frame_re, frame_im) = frame.split_at_mut(n);
        transpose(lanes, re, frame_re, rows);
        transpose(lanes, im, frame_im, rows);
        next_stages(lanes, frame_re, frame_im, rows);
        last_stage(lanes, [frame_re, frame_im], [re, im]);
        if power {
            recombine::<Squares, _, W>(lanes, [re, im], frame);
        } else {
            recombine::<Pairs, _, W>(lanes, [re, im], frame);
        }
    }
}

/// Separate real and imaginary parts.
#[inline(always)]
fn unzip<L: Lanes<W>, const W: usize>(lanes: L, frame: &[f32], re: &mut [f32], im: &mut [f32]) {
    let parts = re.as_chunks_mut().0.iter_mut().zip(im.as_chunks_mut().0);
    for ([a, b], (re, im)) in frame.as_chunks().0.as_chunks().0.iter().zip(parts) {
        store(lanes, lanes.unzipped([a, b]), [re, im]);
    }
}

/// Compute the stages that cut each row in two, until there are `rows` of them, in bit-reversed order.
#[inline(always)]
fn first_stages<L: Lanes<W>, const W: usize>(
    lanes: L,
    re: &mut [f32],
    im: &mut [f32],
    rows: usize,
) {
    let mut half = 1;
    if rows.ilog2() % 2 == 1 {
        let ((a_re, b_re), (a_im, b_im)) = (halves_mut::<W>(re), halves_mut::<W>(im));
        for ((a_re, a_im), (b_re, b_im)) in a_re.iter_mut().zip(a_im).zip(b_re.iter_mut().zip(b_im))
        {
            let (a, b) = (load(lanes, [a_re, a_im]), load(lanes, [b_re, b_im]));
            let (sum, difference) = sums(lanes, a, b);
            store(lanes, sum, [a_re, a_im]);
            store(lanes, difference, [b_re, b_im]);
        }
        half = 2;
    }
    while half < rows {
        let length = re.len() / half;
        let pairs = re.chunks_exact_mut(length).zip(im.chunks_exact_mut(length));
        for (row, (re, im)) in pairs.enumerate() {
            let k = reversed(row, half);
            let factors = [
                broadcast(lanes, half + k),
                broadcast(lanes, 2 * half + k),
                broadcast(lanes, 3 * half + k),
            ];
            for (re, im) in quarters(re).zip(quarters(im)) {
                let value = |at: usize| load(lanes, [&*re[at], &*im[at]]);
                let [a, b, c, d] = [value(0), value(1), value(2), value(3)];
                // rows become rows of half the length, so that values half a row apart are paired first
                let [a, c, b, d] = match k {
                    0 => two_stages::<W, L, W>(lanes, [a, c, b, d], factors),
                    _ => two_stages::<0, L, W>(lanes, [a, c, b, d], factors),
                };
                put(lanes, re, im, [a, b, c, d]);
            }
        }
        half *= 4;
    }
}

/// Compute the stages that join neighbouring transforms, of `half` values at first, up to half of all values.
#[inline(always)]
fn next_stages<L: Lanes<W>, const W: usize>(
    lanes: L,
    re: &mut [f32],
    im: &mut [f32],
    mut half: usize,
) {
    let n = re.len();
    if (n / 2 / half).ilog2() % 2 == 1 {
        next_stage(lanes, re, im, half);
        half *= 2;
    }
    while 2 * half < n {
        next_two_stages(lanes, re, im, half);
        half *= 4;
    }
}

/// Compute a stage in place, which joins neighbouring transforms of `half` values.
#[inline(always)]
fn next_stage<L: Lanes<W>, const W: usize>(lanes: L, re: &mut [f32], im: &mut [f32], half: usize) {
    let [w_re, w_im] = factors_of(half);
    let blocks = re.chunks_exact_mut(2 * half);
    for (re, im) in blocks.zip(im.chunks_exact_mut(2 * half)) {
        let first = first_pair([re, im]);
        let ((a_re, b_re), (a_im, b_im)) = (halves_mut::<W>(re), halves_mut::<W>(im));
        let pairs = a_re.iter_mut().zip(a_im).zip(b_re.iter_mut().zip(b_im));
        for (((a_re, a_im), (b_re, b_im)), (w_re, w_im)) in pairs.zip(w_re.iter().zip(w_im)) {
            let factor = load(lanes, [w_re, w_im]);
            let product = times(lanes, load(lanes, [b_re, b_im]), factor);
            let (sum, difference) = sums(lanes, load(lanes, [a_re, a_im]), product);
            store(lanes, sum, [a_re, a_im]);
            store(lanes, difference, [b_re, b_im]);
        }
        put_first_pair(first, [re, im]);
    }
}

/// Compute two stages in place, which join four neighbouring transforms of `half` values. The values stay in registers
/// from one stage to the next.
#[inline(always)]
fn next_two_stages<L: Lanes<W>, const W: usize>(
    lanes: L,
    re: &mut [f32],
    im: &mut [f32],
    half: usize,
) {
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
            step::<1, L, W>(lanes, re, im, factors);
        }
        for ((re, im), factors) in all {
            step::<0, L, W>(lanes, re, im, factors);
        }
    }
}

type Factor<const W: usize> = (&'static [f32; W], &'static [f32; W]);

/// Compute two stages of neighbouring values, of which the first `ONES` have the factor 1.
#[inline(always)]
fn step<const ONES: usize, L: Lanes<W>, const W: usize>(
    lanes: L,
    re: [&mut [f32; W]; 4],
    im: [&mut [f32; W]; 4],
    (one, (low, high)): (Factor<W>, (Factor<W>, Factor<W>)),
) {
    let value = |at: usize| load(lanes, [&*re[at], &*im[at]]);
    let values = [value(0), value(1), value(2), value(3)];
    let factors = [one, low, high].map(|(re, im)| load(lanes, [re, im]));
    let values = two_stages::<ONES, L, W>(lanes, values, factors);
    put(lanes, re, im, values);
}

/// Compute two stages of four values `k`, `half + k`, `2 · half + k` and `3 · half + k`, for several `k`. The first
/// `ONES` of them have the factor 1 but for the last, and take no product, which could change the sign of a zero.
#[inline(always)]
fn two_stages<const ONES: usize, L: Lanes<W>, const W: usize>(
    lanes: L,
    [a, b, c, d]: [[L::Floats; 2]; 4],
    [one, low, high]: [[L::Floats; 2]; 3],
) -> [[L::Floats; 2]; 4] {
    let (a, b) = sums(lanes, a, times_but::<ONES, L, W>(lanes, b, one));
    let (c, d) = sums(lanes, c, times_but::<ONES, L, W>(lanes, d, one));
    let (a, c) = sums(lanes, a, times_but::<ONES, L, W>(lanes, c, low));
    let (b, d) = sums(lanes, b, times(lanes, d, high));
    [a, b, c, d]
}

/// Multiply complex values by factors, but for the first `ONES`.
#[inline(always)]
fn times_but<const ONES: usize, L: Lanes<W>, const W: usize>(
    lanes: L,
    value: [L::Floats; 2],
    factor: [L::Floats; 2],
) -> [L::Floats; 2] {
    let [re, im] = times(lanes, value, factor);
    [
        lanes.first::<ONES>(value[0], re),
        lanes.first::<ONES>(value[1], im),
    ]
}

/// Walk through the four quarters of values side by side.
#[inline(always)]
fn quarters<const W: usize>(values: &mut [f32]) -> impl Iterator<Item = [&mut [f32; W]; 4]> {
    let (low, high) = values.split_at_mut(values.len() / 2);
    let ((a, b), (c, d)) = (halves_mut(low), halves_mut(high));
    let pairs = a.iter_mut().zip(b).zip(c.iter_mut().zip(d));
    pairs.map(|((a, b), (c, d))| [a, b, c, d])
}

#[inline(always)]
fn put<L: Lanes<W>, const W: usize>(
    lanes: L,
    re: [&mut [f32; W]; 4],
    im: [&mut [f32; W]; 4],
    values: [[L::Floats; 2]; 4],
) {
    for ((re, im), value) in re.into_iter().zip(im).zip(values) {
        store(lanes, value, [re, im]);
    }
}

/// Compute the stage that joins both halves of the values, into `to`.
#[inline(always)]
fn last_stage<L: Lanes<W>, const W: usize>(
    lanes: L,
    [re, im]: [&[f32]; 2],
    [to_re, to_im]: [&mut [f32]; 2],
) {
    let [w_re, w_im] = factors_of(re.len() / 2);
    let first = first_pair([re, im]);
    let ((a_re, b_re), (a_im, b_im)) = (halves::<W>(re), halves::<W>(im));
    let ((sum_re, rest_re), (sum_im, rest_im)) = (halves_mut::<W>(to_re), halves_mut::<W>(to_im));
    let pairs = a_re.iter().zip(a_im).zip(b_re.iter().zip(b_im));
    let to = sum_re
        .iter_mut()
        .zip(sum_im)
        .zip(rest_re.iter_mut().zip(rest_im));
    let factors = w_re.iter().zip(w_im);
    for ((((a_re, a_im), (b_re, b_im)), (w_re, w_im)), (sum, rest)) in pairs.zip(factors).zip(to) {
        let product = times(lanes, load(lanes, [b_re, b_im]), load(lanes, [w_re, w_im]));
        let (low, high) = sums(lanes, load(lanes, [a_re, a_im]), product);
        store(lanes, low, [sum.0, sum.1]);
        store(lanes, high, [rest.0, rest.1]);
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

#[inline(always)]
fn halves<const W: usize>(row: &[f32]) -> (&[[f32; W]], &[[f32; W]]) {
    let (a, b) = row.split_at(row.len() / 2);
    (a.as_chunks().0, b.as_chunks().0)
}

#[inline(always)]
fn halves_mut<const W: usize>(row: &mut [f32]) -> (&mut [[f32; W]], &mut [[f32; W]]) {
    let (a, b) = row.split_at_mut(row.len() / 2);
    (a.as_chunks_mut().0, b.as_chunks_mut().0)
}

/// Load complex values.
#[inline(always)]
pub(super) fn load<L: Lanes<W>, const W: usize>(lanes: L, parts: [&[f32; W]; 2]) -> [L::Floats; 2] {
    parts.map(|part| lanes.load(part))
}

/// Store complex values.
#[inline(always)]
fn store<L: Lanes<W>, const W: usize>(lanes: L, value: [L::Floats; 2], to: [&mut [f32; W]; 2]) {
    for (part, to) in value.into_iter().zip(to) {
        lanes.store(part, to);
    }
}

/// Multiply complex values by factors.
#[inline(always)]
pub(super) fn times<L: Lanes<W>, const W: usize>(
    lanes: L,
    [re, im]: [L::Floats; 2],
    [w_re, w_im]: [L::Floats; 2],
) -> [L::Floats; 2] {
    [
        lanes.sub(lanes.mul(w_re, re), lanes.mul(w_im, im)),
        lanes.add(lanes.mul(w_re, im), lanes.mul(w_im, re)),
    ]
}

/// Return the sums and the differences of complex values.
#[inline(always)]
fn sums<L: Lanes<W>, const W: usize>(
    lanes: L,
    a: [L::Floats; 2],
    b: [L::Floats; 2],
) -> ([L::Floats; 2], [L::Floats; 2]) {
    (
        [lanes.add(a[0], b[0]), lanes.add(a[1], b[1])],
        [lanes.sub(a[0], b[0]), lanes.sub(a[1], b[1])],
    )
}

/// Turn rows in bit-reversed order into columns in order, and put the columns' values, each a row now, in bit-reversed
/// order.
#[inline(always)]
fn transpose<L: Lanes<W>, const W: usize>(lanes: L, from: &[f32], to: &mut [f32], rows: usize) {
    let columns = from.len() / rows;
    let quads = columns / 4;
    let (to_low, to_high) = to.split_at_mut(to.len() / 2);
    let [(to_0, to_2), (to_1, to_3)] =
        [to_low, to_high].map(|half| half.split_at_mut(half.len() / 2));
    let mut to = [to_0, to_1, to_2, to_3].map(|quarter| quarter.as_chunks_mut::<W>().0);
    for group in 0..rows / W {
        let row = reversed(W * group, rows);
        // `map` and `from_fn` are not inlined for so many
        let mut source = [&[][..]; W];
        for (next, source) in source.iter_mut().enumerate() {
            let at = (row + reversed(next, rows)) * columns;
            *source = &from[at..at + columns].as_chunks::<4>().0[..quads];
        }
        #[expect(clippy::needless_range_loop, reason = "it is an index of each row")]
        for index in 0..quads {
            let values = lanes.transposed(|row| &source[row][index]);
            let at = reversed(4 * index, columns) * (rows / W) + group;
            for (to, values) in to.iter_mut().zip(values) {
                lanes.store(values, &mut to[at]);
            }
        }
    }
}
