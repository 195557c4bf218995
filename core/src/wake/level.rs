//! Levels in fixed point: logarithms to base 2 with eight bits after the point, as energies and thresholds are compared.

/// Steps per dB: a step is `10 · log10(2) / 256`, or 0.012 dB.
const STEPS_PER_DB: f32 = 85.041_36;

/// Convert decibels to steps, rounded.
pub(super) fn from_db(db: f32) -> i32 {
    let steps = db * STEPS_PER_DB;
    (if steps < 0.0 {
        steps - 0.5
    } else {
        steps + 0.5
    }) as i32
}

/// Convert steps to decibels.
pub(super) fn to_db(steps: f32) -> f32 {
    steps * (1.0 / STEPS_PER_DB)
}

/// Return the logarithm of a value to base 2, in steps, within three of them; 0 for 0.
pub(super) fn log2(value: u64) -> i32 {
    let value = value.max(1);
    let zeros = value.leading_zeros();
    // 15 bits after the leading one
    let mantissa = ((value << zeros) >> 48) as i32 & 0x7FFF;
    // log2(1 + m) is m + 0.344 · m · (1 − m), within 0.009
    let curve = (((mantissa * (32_768 - mantissa)) >> 15) * 11_272) >> 15;
    (63 - zeros as i32) * 256 + ((mantissa + curve + 64) >> 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_within_three_steps() {
        let mut value = 1_u64;
        let mut worst = 0.0_f64;
        while value < 1 << 50 {
            for value in [value, value + value / 3, value + value / 7] {
                let exact = (value as f64).log2() * 256.0;
                worst = worst.max((f64::from(log2(value)) - exact).abs());
            }
            value += value / 5 + 1;
        }
        assert!(worst < 3.0, "{worst}");
        assert_eq!((log2(0), log2(1), log2(1 << 40)), (0, 0, 40 * 256));
    }

    #[test]
    fn decibels_and_steps_are_each_others_inverse() {
        for db in [-90.0, -54.3, 0.0, 0.5, 12.0] {
            assert!((to_db(from_db(db) as f32) - db).abs() < 0.006);
        }
    }
}
