//! Tables of the transform: the factors of its butterflies, and places with their bits in reverse.

use crate::arch::lanes::Lanes;

/// Most complex values, of a frame of 4096 samples.
pub(super) const LONGEST: usize = 2048;

/// Real and imaginary parts of `exp(−πi · k / half)` at `half + k`, for every power of two `half` up to [`LONGEST`]; half of
/// the longest row is enough.
pub(super) static FACTORS: [[f32; LONGEST / 2 * 3]; 2] = factors();

/// Return a factor for all values.
#[inline(always)]
pub(super) fn broadcast<L: Lanes<W>, const W: usize>(lanes: L, at: usize) -> [L::Floats; 2] {
    [lanes.splat(FACTORS[0][at]), lanes.splat(FACTORS[1][at])]
}

/// Return the factors of the stage that joins transforms of `half` values.
#[inline(always)]
pub(super) fn factors_of<const W: usize>(half: usize) -> [&'static [[f32; W]]; 2] {
    FACTORS.each_ref().map(|part| {
        let part = part.get(half..2 * half).unwrap_or_default();
        part.as_chunks().0
    })
}

/// Return an index below a power of two, at most 64, with its bits in reverse.
#[inline(always)]
pub(super) fn reversed(index: usize, count: usize) -> usize {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_roots_of_one() {
        let table = factors();
        assert_eq!(table, FACTORS);
        for half in (0..=LONGEST.ilog2()).map(|bits| 1 << bits) {
            for k in 0..half.min(LONGEST / 2) {
                let angle = core::f64::consts::PI * k as f64 / half as f64;
                let [re, im] = table.each_ref().map(|part| f64::from(part[half + k]));
                assert!((re - libm::cos(angle)).abs() < 4e-8, "{k} of {half}: {re}");
                assert!((im + libm::sin(angle)).abs() < 4e-8, "{k} of {half}: {im}");
            }
        }
    }
}
