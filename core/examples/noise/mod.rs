//! A signal for benchmarks and examples that measure.

/// Return noise between −1 and 1, the same on every machine.
pub(crate) fn noise(samples: usize) -> Vec<f32> {
    let mut state = 1_u32;
    let next = move |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..samples).map(next).collect()
}
