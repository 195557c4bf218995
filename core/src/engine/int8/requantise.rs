//! From an i32 sum to a u8 activation.

/// `clamp(round_half_even(sum / 2^shift), 0, 255)`, in integers.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Requantise {
    /// Right shift, `0..=31`.
    pub(in crate::engine) shift: u32,
    /// One less than half a step, so that a tie rounds down unless the result is odd.
    pub(in crate::engine) below_half: u32,
    /// 1, or 0 where there is nothing to round.
    pub(in crate::engine) odd: u32,
}

impl Requantise {
    pub(in crate::engine) fn new(shift: u8) -> Self {
        let shift = u32::from(shift);
        Self {
            shift,
            below_half: ((1_u32 << shift) >> 1).saturating_sub(1),
            odd: u32::from(shift > 0),
        }
    }

    #[inline(always)]
    pub(in crate::engine) fn apply(self, sum: i32) -> u8 {
        // a negative sum rounds to at most 0; as u32, adding half a step cannot overflow
        let sum = sum.max(0) as u32;
        let rounded = (sum + self.below_half + ((sum >> self.shift) & self.odd)) >> self.shift;
        rounded.min(255) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requantise_rounds_half_to_even() {
        for shift in 0..=31 {
            let requantise = Requantise::new(shift);
            let edges = [i32::MIN, -1, 0, 1, i32::MAX - 1, i32::MAX];
            let half = (1_i64 << shift) >> 1;
            let ties =
                (0..600).flat_map(|n| (-1..=1).map(move |d| ((n << shift) + half + d) as i32));
            for sum in edges.into_iter().chain(ties) {
                let exact = f64::from(sum) / 2_f64.powi(i32::from(shift));
                let expected = exact.round_ties_even().clamp(0.0, 255.0) as u8;
                assert_eq!(requantise.apply(sum), expected, "{sum} >> {shift}");
            }
        }
    }
}
