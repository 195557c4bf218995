//! Parts of windowed-sinc filters, computed at compile time.

use core::f64::consts::PI;

/// Compute `sin(πx) / πx`.
pub(super) const fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { sin_pi(x) / (PI * x) }
}

/// Compute `sin(πx)`: exactly 0 for integers, else to the precision of an f64.
const fn sin_pi(x: f64) -> f64 {
    // rounding to the nearest even number by hand: f64's methods need std
    let half = if x < 0.0 {
        x / 2.0 - 0.5
    } else {
        x / 2.0 + 0.5
    };
    let turns = x - 2.0 * (half as i64) as f64;
    let folded = if turns > 0.5 {
        1.0 - turns
    } else if turns < -0.5 {
        -1.0 - turns
    } else {
        turns
    };
    let angle = PI * folded;
    let mut term = angle;
    let mut sum = angle;
    let mut n = 1.0;
    while n < 23.0 {
        term *= -angle * angle / ((n + 1.0) * (n + 2.0));
        sum += term;
        n += 2.0;
    }
    sum
}

/// Return Kaiser's window at `position` in `-1.0..=1.0`, 0 outside.
pub(super) const fn kaiser(position: f64, beta: f64) -> f64 {
    let rest = 1.0 - position * position;
    if rest < 0.0 {
        return 0.0;
    }
    bessel_i0(beta * beta / 4.0 * rest) / bessel_i0(beta * beta / 4.0)
}

/// Compute the modified Bessel function `I0(x)`, as a series in `quarter = x² / 4`.
const fn bessel_i0(quarter: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    let mut k = 1.0;
    while k < 40.0 {
        term *= quarter / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}
