//! Floats to integers.

/// Return the whole part of a value whose magnitude is less than 2^22.
///
/// On x86-64 `as` takes each value out of its vector, because it has answers for values beyond an integer's; elsewhere it is
/// an instruction.
#[inline(always)]
pub(crate) fn truncated(value: f32) -> i32 {
    if cfg!(not(all(feature = "std", target_arch = "x86_64"))) {
        return value as i32;
    }
    // where floats are whole numbers, so that the sum rounds
    const WHOLE: f32 = 1.5 * (1 << 23) as f32;
    let nearest = (value + WHOLE) - WHOLE;
    let above = if nearest > value { 1.0 } else { 0.0 };
    let below = if nearest < value { 1.0 } else { 0.0 };
    let whole = nearest + if value < 0.0 { below } else { -above };
    (whole + WHOLE).to_bits() as i32 - WHOLE.to_bits() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_part_is_that_of_as() {
        let steps = (-40_000..=40_000).map(|step| step as f32);
        let around = steps.flat_map(|step| [step, step.next_down(), step.next_up(), step + 0.5]);
        let large = [
            4_194_303.0,
            -4_194_303.0,
            4_194_302.5,
            f32::MIN_POSITIVE,
            -0.0,
        ];
        for value in around.chain(large) {
            assert_eq!(truncated(value), value as i32, "{value}");
        }
    }
}
