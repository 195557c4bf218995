//! The transform for vector registers. Real and imaginary parts lie in arrays of their own, and a vector holds several
//! butterflies of one stage. Each butterfly is the one that microfft computes, operation for operation, and so the spectrum
//! has the same bits.
//!
//! With `n` complex values as `rows` of `columns`, both powers of two, the first stages pair values that are at least
//! `columns` apart, and the last ones, after the rows have become columns, values that are at least `rows` apart: no vector
//! ever holds both values of a butterfly.

use crate::arch::Loops;

/// Most complex values, of a frame of 4096 samples.
const LONGEST: usize = 2048;

/// Values that are computed side by side.
const LANES: usize = 8;
type Lanes = [f32; LANES];
type Parts = heapless::Vec<Lanes, { LONGEST / LANES }>;

/// Real and imaginary parts of `exp(−πi · k / half)` at `half + k`, for every power of two `half` up to [`LONGEST`]; half of
/// the longest row is enough.
static FACTORS: [[f32; LONGEST / 2 * 3]; 2] = factors();

/// Transforms a frame of 512, 1024, 2048 or 4096 samples in place, with the values where microfft puts them.
pub(super) struct Transform<'f>(pub(super) &'f mut [f32]);

impl Loops for Transform<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self(frame) = self;
        let n = frame.len() / 2;
        let rows = 1 << (n.ilog2() / 2);
        let [mut re, mut im] = [Parts::new(), Parts::new()];
        unzip(frame, &mut re, &mut im);
        let (re, im) = (re.as_flattened_mut(), im.as_flattened_mut());
        first_stages(re, im, rows);
        let (frame_re, frame_im) = frame.split_at_mut(n);
        transpose(re, frame_re, rows);
        transpose(im, frame_im, rows);
        let mut half = rows;
        while 2 * half < n {
            next_stage(frame_re, frame_im, half);
            half *= 2;
        }
        last_stage([frame_re, frame_im], [re, im]);
        recombine(re, im, frame);
    }
}

/// Append real and imaginary parts.
#[inline(always)]
fn unzip(frame: &[f32], parts_re: &mut Parts, parts_im: &mut Parts) {
    for pairs in frame.as_chunks::<2>().0.as_chunks::<LANES>().0 {
        let (mut re, mut im) = ([0.0; LANES], [0.0; LANES]);
        for lane in 0..LANES {
            [re[lane], im[lane]] = pairs[lane];
        }
        // there is room for the longest frame
        _ = (parts_re.push(re), parts_im.push(im));
    }
}

/// Compute the stages that cut each row in two, until there are `rows` of them, in bit-reversed order.
#[inline(always)]
fn first_stages(re: &mut [f32], im: &mut [f32], rows: usize) {
    let mut half = 1;
    while half < rows {
        let length = re.len() / half;
        let pairs = re.chunks_exact_mut(length).zip(im.chunks_exact_mut(length));
        for (row, (re, im)) in pairs.enumerate() {
            let k = reversed(row, half);
            let factor = FACTORS.each_ref().map(|part| [part[half + k]; LANES]);
            let ((a_re, b_re), (a_im, b_im)) = (halves_mut(re), halves_mut(im));
            for ((a_re, a_im), (b_re, b_im)) in
                a_re.iter_mut().zip(a_im).zip(b_re.iter_mut().zip(b_im))
            {
                let product = match k {
                    0 => [*b_re, *b_im],
                    _ => times([*b_re, *b_im], factor),
                };
                ([*a_re, *a_im], [*b_re, *b_im]) = sums([*a_re, *a_im], product);
            }
        }
        half *= 2;
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
    for row in (0..rows).step_by(4) {
        let four = reversed_four(rows).map(|next| {
            let at = (reversed(row, rows) + next) * columns;
            from.get(at..at + columns)
                .unwrap_or_default()
                .as_chunks::<4>()
                .0
        });
        let quads = four[0].iter().zip(four[1]).zip(four[2].iter().zip(four[3]));
        for (index, ((a, b), (c, d))) in quads.enumerate() {
            let at = reversed(4 * index, columns) * rows + row;
            for (lane, next) in reversed_four(columns).into_iter().enumerate() {
                let slots = to.get_mut(at + next * rows..);
                if let Some(slots) = slots.and_then(<[f32]>::first_chunk_mut) {
                    *slots = [a[lane], b[lane], c[lane], d[lane]];
                }
            }
        }
    }
}

/// Return [`reversed`] of 0, 1, 2 and 3.
#[inline(always)]
fn reversed_four(count: usize) -> [usize; 4] {
    [0, count / 2, count / 4, count / 2 + count / 4]
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

/// Separate the transform of the even samples from that of the odd ones, and join them.
#[inline(always)]
fn recombine(re: &[f32], im: &[f32], frame: &mut [f32]) {
    let n = re.len();
    let out = frame.as_chunks_mut::<2>().0;
    let factors = FACTORS
        .each_ref()
        .map(|part| part.get(n..).unwrap_or_default());
    out[0] = [re[0] + im[0], re[0] - im[0]];
    out[n / 2] = [re[n / 2], -im[n / 2]];
    for k in 1..LANES {
        let factor = factors.map(|part| [part[k]]);
        let value = |k: usize| [[re[k]], [im[k]]];
        let [[low], [high]] = joined(value(k), value(n - k), factor);
        (out[k], out[n - k]) = (low, high);
    }
    for k in (LANES..n / 2).step_by(LANES) {
        let mirrored = n - k - (LANES - 1);
        let factor = factors.map(|part| from(part, k));
        let low = [re, im].map(|part| from(part, k));
        let high = [re, im].map(|part| backwards(from(part, mirrored)));
        let [low, high] = joined(low, high, factor);
        store(out, k, low);
        store(out, mirrored, backwards(high));
    }
}

/// Return values `k` and `n − k` of the spectrum, for several `k`.
#[inline(always)]
fn joined<const W: usize>(
    [re, im]: [[f32; W]; 2],
    [mirrored_re, mirrored_im]: [[f32; W]; 2],
    [w_re, w_im]: [[f32; W]; 2],
) -> [[[f32; 2]; W]; 2] {
    let mut low = [[0.0; 2]; W];
    let mut high = [[0.0; 2]; W];
    for at in 0..W {
        let sum_re = (re[at] + mirrored_re[at]) / 2.0;
        let sum_im = (im[at] + mirrored_im[at]) / 2.0;
        let difference_re = (re[at] - mirrored_re[at]) / 2.0;
        let difference_im = (im[at] - mirrored_im[at]) / 2.0;
        low[at] = [
            sum_re + w_re[at] * sum_im + w_im[at] * difference_re,
            difference_im + w_im[at] * sum_im - w_re[at] * difference_re,
        ];
        high[at] = [
            sum_re - w_re[at] * sum_im - w_im[at] * difference_re,
            -difference_im + w_im[at] * sum_im - w_re[at] * difference_re,
        ];
    }
    [low, high]
}

#[inline(always)]
fn from(values: &[f32], at: usize) -> Lanes {
    let lanes = values.get(at..).and_then(<[f32]>::first_chunk);
    lanes.copied().unwrap_or_default()
}

#[inline(always)]
fn store(out: &mut [[f32; 2]], at: usize, values: [[f32; 2]; LANES]) {
    if let Some(out) = out.get_mut(at..).and_then(<[_]>::first_chunk_mut) {
        *out = values;
    }
}

#[inline(always)]
fn backwards<T: Copy>(mut values: [T; LANES]) -> [T; LANES] {
    values.reverse();
    values
}

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
