//! What the tests of every width compare with.

use std::vec::Vec;

use super::SHARP_TAPS;

/// Return noise.
pub(super) fn samples(count: usize) -> Vec<f32> {
    let sample = |i: usize| ((i * i + 31 * i) % 1_999) as f32 / 997.0 - 1.0;
    (0..count).map(sample).collect()
}

pub(super) fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Compute the sum as it is defined, lane by lane.
pub(super) fn sum(window: &[f32], taps: &[f32; SHARP_TAPS]) -> f32 {
    let lane = |lane: usize| {
        let products = window.iter().zip(taps).skip(lane).step_by(4);
        products.fold(0.0, |sum, (sample, tap)| sum + sample * tap)
    };
    (lane(0) + lane(2)) + (lane(1) + lane(3))
}
