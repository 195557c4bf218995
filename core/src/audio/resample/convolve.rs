//! The sum of products under both steep stages, for a block of outputs at a time.

use super::arch;
use super::kernel::SHARP_TAPS;

/// Most outputs of a block.
pub(super) const BLOCK: usize = 64;

/// Outputs whose `4 · NARROW` sums fit in the registers of a core without vectors.
pub(super) const NARROW: usize = 4;

/// Add `Σ samples[i + k] · taps[k]` to `out[i]`. This needs at least `out.len() + SHARP_TAPS − 1` samples; outputs that lack
/// theirs are left alone. Any values may follow these samples, and it is faster if some do.
///
/// The order of the additions is part of the definition, so that every target gives the same bits: product `k` is
/// added to lane `k % 4`, and the result is `(lane 0 + lane 2) + (lane 1 + lane 3)`. Each output occupies one lane
/// of a vector register, so that a vector of any width adds in this order.
pub(super) fn convolve(samples: &[f32], taps: &[f32; SHARP_TAPS], out: &mut [f32]) {
    let mut done = 0;
    if out.len() >= NARROW {
        done += arch::convolve(samples, taps, out);
        done += narrow(from(samples, done), taps, from_mut(out, done));
    }
    let mut rest = from(samples, done);
    for out in from_mut(out, done) {
        let Some(window) = rest.first_chunk() else {
            break;
        };
        *out += dot(window, taps);
        rest = from(rest, 1);
    }
}

/// Compute one output.
fn dot(window: &[f32; SHARP_TAPS], taps: &[f32; SHARP_TAPS]) -> f32 {
    let mut lanes = [0.0; 4];
    for (samples, taps) in quads(window).iter().zip(quads(taps)) {
        for lane in 0..4 {
            lanes[lane] += samples[lane] * taps[lane];
        }
    }
    (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
}

/// Compute as many times [`NARROW`] outputs as there are, and return their number. All four lanes of these outputs are
/// summed side by side, so that a sample that was loaded serves several outputs.
fn narrow(samples: &[f32], taps: &[f32; SHARP_TAPS], out: &mut [f32]) -> usize {
    let mut done = 0;
    for out in out.as_chunks_mut::<NARROW>().0 {
        let Some(samples) = samples.get(done..done + NARROW + SHARP_TAPS - 1) else {
            break;
        };
        let mut lanes = [[0.0; NARROW]; 4];
        for (quad, taps) in quads(taps).iter().enumerate() {
            for lane in 0..4 {
                add_products(&mut lanes[lane], samples, 4 * quad + lane, taps[lane]);
            }
        }
        combine(&lanes, out);
        done += NARROW;
    }
    done
}

/// Compute as many times `W` outputs as there are, and return their number. One lane of all these outputs is summed
/// after the other: for vectors, several of which hide how long an addition takes, and share each tap.
#[inline(always)]
pub(super) fn wide<const W: usize>(
    samples: &[f32],
    taps: &[f32; SHARP_TAPS],
    out: &mut [f32],
) -> usize {
    let mut done = 0;
    for out in out.as_chunks_mut::<W>().0 {
        let Some(samples) = samples.get(done..done + W + SHARP_TAPS - 1) else {
            break;
        };
        let mut lanes = [[0.0; W]; 4];
        for (lane, sums) in lanes.iter_mut().enumerate() {
            // a local array stays in registers
            let mut local = [0.0; W];
            for (quad, taps) in quads(taps).iter().enumerate() {
                add_products(&mut local, samples, 4 * quad + lane, taps[lane]);
            }
            *sums = local;
        }
        combine(&lanes, out);
        done += W;
    }
    done
}

/// Compute the last outputs, fewer than `W`, as if there were that many, and return their number: none where there are not
/// samples for all `W`, whatever the last of these are.
#[inline(always)]
pub(super) fn tail<const W: usize>(
    samples: &[f32],
    taps: &[f32; SHARP_TAPS],
    out: &mut [f32],
) -> usize {
    let mut all = [0.0; W];
    let Some(used) = all.get_mut(..out.len()) else {
        return 0;
    };
    if used.is_empty() || samples.len() < W + SHARP_TAPS - 1 {
        return 0;
    }
    used.copy_from_slice(out);
    wide::<W>(samples, taps, &mut all);
    out.copy_from_slice(all.get(..out.len()).unwrap_or_default());
    out.len()
}

/// Add `tap` times the sample `at` places after each output's first one.
#[inline(always)]
fn add_products<const W: usize>(sums: &mut [f32; W], samples: &[f32], at: usize, tap: f32) {
    let Some(samples) = from(samples, at).first_chunk::<W>() else {
        return;
    };
    for output in 0..W {
        sums[output] += samples[output] * tap;
    }
}

#[inline(always)]
fn combine<const W: usize>(lanes: &[[f32; W]; 4], out: &mut [f32; W]) {
    for at in 0..W {
        out[at] += (lanes[0][at] + lanes[2][at]) + (lanes[1][at] + lanes[3][at]);
    }
}

#[inline(always)]
fn quads(values: &[f32; SHARP_TAPS]) -> &[[f32; 4]] {
    values.as_chunks().0
}

#[inline(always)]
pub(super) fn from(samples: &[f32], at: usize) -> &[f32] {
    samples.get(at..).unwrap_or_default()
}

#[inline(always)]
pub(super) fn from_mut(samples: &mut [f32], at: usize) -> &mut [f32] {
    samples.get_mut(at..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    fn noise(seed: usize, count: usize) -> Vec<f32> {
        let value = |i: usize| ((i * i * 13 + seed * i + 7) % 2_003) as f32 / 1_001.0 - 1.0;
        (0..count).map(value).collect()
    }

    #[test]
    fn every_way_adds_in_the_same_order() {
        let taps: [f32; SHARP_TAPS] = *noise(3, SHARP_TAPS).first_chunk().unwrap();
        for count in 0..=2 * NARROW + 3 {
            // as many samples as are needed, and one less: the last output lacks its own
            for missing in [0, 1] {
                let samples = noise(11, count + SHARP_TAPS - 1 - missing);
                let before = noise(5, count);
                let mut expected = before.clone();
                for (window, out) in samples.windows(SHARP_TAPS).zip(&mut expected) {
                    *out += dot(window.try_into().unwrap(), &taps);
                }
                let mut all = before.clone();
                convolve(&samples, &taps, &mut all);
                assert_eq!(all, expected, "{count} outputs, {missing} missing");
                type Way = fn(&[f32], &[f32; SHARP_TAPS], &mut [f32]) -> usize;
                for way in [
                    narrow as Way,
                    wide::<NARROW>,
                    wide::<8>,
                    tail::<8>,
                    tail::<16>,
                ] {
                    let mut some = before.clone();
                    let done = way(&samples, &taps, &mut some);
                    assert_eq!(some[..done], expected[..done]);
                    // nothing but what was reported is touched
                    assert_eq!(some[done..], before[done..]);
                }
            }
        }
    }

    #[test]
    fn the_last_outputs_are_computed_where_samples_follow() {
        let taps: [f32; SHARP_TAPS] = *noise(3, SHARP_TAPS).first_chunk().unwrap();
        let samples = noise(17, 8 + SHARP_TAPS - 1);
        for count in 1..=8 {
            let mut out = noise(2, count);
            let mut expected = out.clone();
            assert_eq!(tail::<8>(&samples, &taps, &mut out), count);
            convolve(&samples, &taps, &mut expected);
            assert_eq!(out, expected);
            assert_eq!(narrow(&samples, &taps, &mut out), count / NARROW * NARROW);
        }
    }
}
