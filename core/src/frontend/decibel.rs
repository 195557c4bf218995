//! Power to decibels.

use crate::arch::{Loops, widest};

/// Compute `10 · log10(power)` for a positive, normal `power`, within 4e-5 dB. It consists of f32 sums, products and
/// one division, so that every target computes the same bits, which a system's own `log10` does not promise.
#[must_use]
#[inline(always)]
pub fn power_to_db(power: f32) -> f32 {
    const DB_PER_OCTAVE: f32 = (10.0 * core::f64::consts::LOG10_2) as f32;
    const DB_PER_NEPER: f32 = (10.0 * core::f64::consts::LOG10_E) as f32;
    /// Bits of √½: subtracting them first puts the mantissa into √½..√2, where the series is shortest.
    const SQRT_HALF: u32 = 0x3f35_04f3;
    const MANTISSA: u32 = 0x007f_ffff;

    let bits = power.to_bits().wrapping_sub(SQRT_HALF);
    let exponent = (bits as i32) >> 23;
    let mantissa = f32::from_bits((bits & MANTISSA) + SQRT_HALF);
    // ln(m) = 2 artanh(s), s = (m − 1) / (m + 1); |s| < 0.172, so s¹¹ is below f32's resolution
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let s2 = s * s;
    let series = 2.0 + s2 * (2.0 / 3.0 + s2 * (2.0 / 5.0 + s2 * (2.0 / 7.0 + s2 * (2.0 / 9.0))));
    exponent as f32 * DB_PER_OCTAVE + s * series * DB_PER_NEPER
}

/// Convert powers to decibels relative to 1, none below that of `amin`.
pub(super) fn to_decibels(powers: &mut [f32], amin: f32) {
    widest(Decibels { powers, amin });
}

struct Decibels<'p> {
    powers: &'p mut [f32],
    amin: f32,
}

impl Loops for Decibels<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for value in self.powers {
            *value = power_to_db(value.max(self.amin));
        }
    }
}

/// Subtract the largest of some decibel values from all of them, and clamp those more than `top_db` below it
/// (librosa's `power_to_db` with `ref=np.max`). For a fixed reference, subtract `power_to_db(reference)` from each
/// value.
pub fn relative_to_maximum(decibels: &mut [f32], top_db: f32) {
    let maximum = decibels.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for value in decibels {
        *value = (*value - maximum).max(-top_db);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_log10() {
        let mut power = 1e-30_f32;
        while power < 1e30 {
            let expected = 10.0 * libm::log10(f64::from(power));
            let error = (f64::from(power_to_db(power)) - expected).abs();
            // around 1 the exponent adds nothing, so that each term of the series shows
            let bound = if (0.708..1.414).contains(&power) {
                1e-6
            } else {
                4e-5
            };
            assert!(error < bound, "{power:e}: {error:e}");
            power *= 1.000_37;
        }
        assert_eq!(power_to_db(1.0), 0.0);
    }
}
