//! Samples of any type as f32, a block at a time. This is all of a push that is compiled for each type of sample.

use super::format::Sample;
use crate::arch::{Loops, widest};

/// The work of one call of [`convert`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Converted {
    /// Samples taken.
    pub(crate) taken: usize,
    /// Those of them at or beyond full scale.
    pub(crate) clipped: usize,
    /// Whether the sample after those taken is not valid.
    pub(crate) invalid: bool,
}

/// Convert samples until `room` is full, they run out or one is invalid.
pub(crate) fn convert<S: Sample>(samples: &[S], room: &mut [f32]) -> Converted {
    let count = samples.len().min(room.len());
    let samples = samples.get(..count).unwrap_or_default();
    let converted = widest(Convert { samples, room });
    if !converted.invalid {
        return converted;
    }
    let valid = samples
        .iter()
        .take_while(|sample| sample.is_valid())
        .count();
    let samples = samples.get(..valid).unwrap_or_default();
    Converted {
        invalid: true,
        ..widest(Convert { samples, room })
    }
}

struct Convert<'a, S> {
    samples: &'a [S],
    /// At least as many as there are samples.
    room: &'a mut [f32],
}

impl<S: Sample> Loops for Convert<'_, S> {
    type Output = Converted;

    #[inline(always)]
    fn run(self) -> Converted {
        // no early exit, so that it can be done for many samples at a time
        let (mut valid, mut clipped) = (true, 0_u32);
        for sample in self.samples {
            valid &= sample.is_valid();
            clipped += u32::from(sample.is_clipped());
        }
        for (slot, sample) in self.room.iter_mut().zip(self.samples) {
            *slot = sample.to_f32();
        }
        Converted {
            taken: self.samples.len(),
            clipped: clipped as usize,
            invalid: !valid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::MAX_AMPLITUDE;

    #[test]
    fn an_invalid_sample_is_found_where_it_is() {
        for at in [0, 1, 5, 63, 64, 200, 511] {
            let mut samples = [MAX_AMPLITUDE; 512];
            samples[at] = f32::NAN;
            samples[511] = f32::INFINITY;
            let mut room = [0.0; 512];
            let expected = Converted {
                taken: at,
                clipped: at,
                invalid: true,
            };
            assert_eq!(convert(&samples, &mut room), expected);
            assert_eq!(room[..at], samples[..at]);
        }
    }

    #[test]
    fn only_clipped_samples_that_are_taken_count() {
        let samples = [i32::MAX, 0, 32_767 << 16, (32_767 << 16) - 1, i32::MIN, 1];
        let mut room = [0.0; 5];
        let converted = convert(&samples, &mut room);
        assert_eq!((converted.taken, converted.clipped), (5, 3));
        assert!(!converted.invalid);
        assert_eq!(convert(&samples, &mut room[..1]).clipped, 1);
    }
}
