//! aarch64, whose vectors of 128 bits every processor has. From plain loops the compiler makes products in vectors, but
//! adds their lanes one by one.

use core::arch::aarch64::{float32x4_t, vaddq_f32, vdupq_n_f32, vld1q_f32, vmulq_n_f32, vst1q_f32};
#[cfg(feature = "std")]
use core::arch::aarch64::{vld1q_lane_f32, vmulq_f32};

use crate::audio::resample::convolve::{from, from_mut, tail};
use crate::audio::resample::kernel::SHARP_TAPS;
#[cfg(feature = "std")]
use crate::audio::resample::taps::Table;

/// Values of a vector.
const LANES: usize = 4;

/// Compute all outputs whose samples are there, and return their number.
pub(super) fn convolve(samples: &[f32], taps: &[f32; SHARP_TAPS], out: &mut [f32]) -> usize {
    let mut done = wide::<16>(samples, taps, out);
    done += wide::<8>(from(samples, done), taps, from_mut(out, done));
    done += wide::<2>(from(samples, done), taps, from_mut(out, done));
    done + tail::<8>(from(samples, done), taps, from_mut(out, done))
}

/// Compute as many times `V` vectors of outputs as there are, and return the number of outputs. As in
/// [`convolve::wide`](crate::audio::resample::convolve::wide), one lane of all of them is summed after the other.
fn wide<const V: usize>(samples: &[f32], taps: &[f32; SHARP_TAPS], out: &mut [f32]) -> usize {
    let mut done = 0;
    for out in out.chunks_exact_mut(V * LANES) {
        let Some(samples) = samples.get(done..done + V * LANES + SHARP_TAPS - 1) else {
            break;
        };
        let [a, b, c, d] = [
            lane::<V>(samples, taps, 0),
            lane::<V>(samples, taps, 1),
            lane::<V>(samples, taps, 2),
            lane::<V>(samples, taps, 3),
        ];
        for (vector, out) in out.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            // SAFETY: every aarch64 processor has these instructions, and a chunk is as long as a vector.
            #[expect(unsafe_code, reason = "loads and stores take pointers")]
            unsafe {
                let (even, odd) = (
                    vaddq_f32(a[vector], c[vector]),
                    vaddq_f32(b[vector], d[vector]),
                );
                let sum = vaddq_f32(vld1q_f32(out.as_ptr()), vaddq_f32(even, odd));
                vst1q_f32(out.as_mut_ptr(), sum);
            }
        }
        done += V * LANES;
    }
    done
}

/// Sum the products of every fourth tap from one on.
#[inline(always)]
fn lane<const V: usize>(
    samples: &[f32],
    taps: &[f32; SHARP_TAPS],
    lane: usize,
) -> [float32x4_t; V] {
    assert!(samples.len() >= V * LANES + SHARP_TAPS - 1);
    // SAFETY: every aarch64 processor has these instructions, and the last vector of the last tap ends with the last of the
    // samples above.
    #[expect(unsafe_code, reason = "checks would take longer than the sums")]
    unsafe {
        let mut sums = [vdupq_n_f32(0.0); V];
        for at in (lane..SHARP_TAPS).step_by(4) {
            let samples = samples.as_ptr().add(at);
            for (vector, sum) in sums.iter_mut().enumerate() {
                let product = vmulq_n_f32(vld1q_f32(samples.add(vector * LANES)), taps[at]);
                *sum = vaddq_f32(*sum, product);
            }
        }
        sums
    }
}

/// Compute outputs of the gentle stage, four at a time: each sample is loaded into the lane of its output.
#[cfg(feature = "std")]
pub(super) fn interpolate(
    table: &Table,
    taps: usize,
    samples: &[f32],
    mut index: usize,
    out: &mut [f32],
) -> usize {
    let (mut done, mut at) = (0, 0);
    for out in out.chunks_mut(LANES) {
        let Some(inputs) = table.inputs(index).first_chunk::<LANES>() else {
            break;
        };
        let places = inputs.map(|input| (input - inputs[0]) as usize);
        let around = samples.get(at..at + taps + places[LANES - 1]);
        let (Some(around), Some(rows)) = (around, table.rows::<LANES>(index, taps)) else {
            break;
        };
        let mut sums = [0.0; LANES];
        // SAFETY: every aarch64 processor has these instructions; `places` grow, so that the last one's newest sample is the last
        // of `around`; there are `taps` rows of at least four taps, and the pointer that wraps after the last is not used.
        #[expect(unsafe_code, reason = "checks would take longer than the sums")]
        unsafe {
            let mut sum = vdupq_n_f32(0.0);
            let mut row = rows.as_ptr();
            // from the newest sample to the oldest
            for newest in (0..taps).rev() {
                let newest = around.as_ptr().add(newest);
                let mut sample = vdupq_n_f32(0.0);
                sample = vld1q_lane_f32::<0>(newest, sample);
                sample = vld1q_lane_f32::<1>(newest.add(places[1]), sample);
                sample = vld1q_lane_f32::<2>(newest.add(places[2]), sample);
                sample = vld1q_lane_f32::<3>(newest.add(places[3]), sample);
                sum = vaddq_f32(sum, vmulq_f32(sample, vld1q_f32(row)));
                row = row.wrapping_add(table.columns());
            }
            vst1q_f32(sums.as_mut_ptr(), vmulq_n_f32(sum, table.spacing()));
        }
        out.iter_mut().zip(sums).for_each(|(to, sum)| *to = sum);
        at += table.advance(&mut index, out.len());
        done += out.len();
    }
    done
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::super::definition::{bits, samples, sum};
    use super::*;
    use crate::audio::resample::kernel::{SHARP_EVEN, SHARP_ODD};
    use crate::audio::resample::taps::{Kernel, Place, evaluated};

    #[test]
    fn convolves_to_the_bits_of_the_definition() {
        for count in [0, 1, 7, 8, 31, 32, 63, 64, 100, 131] {
            let samples = samples(count + SHARP_TAPS - 1);
            for taps in [&SHARP_EVEN, &SHARP_ODD] {
                let windows = samples.windows(SHARP_TAPS);
                let expected: Vec<f32> = windows.map(|window| sum(window, taps)).collect();
                let mut out = vec![0.0; count];
                let done = convolve(&samples, taps, &mut out);
                assert!(count - done < 8);
                assert_eq!(bits(&out[..done]), bits(&expected[..done]));
            }
        }
    }

    #[test]
    fn interpolates_to_the_bits_of_evaluated_taps() {
        for (input, output) in [
            (48_000, 44_100),
            (16_000, 48_000),
            (96_000, 64_000),
            (96_000, 32_000),
        ] {
            let kernel = Kernel::new(input, output, input.min(output));
            let table = Table::new(kernel);
            let samples = samples(4_000);
            let (mut place, mut rest) = (Place::default(), &samples[..]);
            for _ in 0..20 {
                let mut out = [0.0; 13];
                let index = place.index as usize;
                let done = interpolate(&table, kernel.len(), rest, index, &mut out);
                assert_eq!(done, out.len());
                let mut expected = [0.0; 13];
                let passed =
                    evaluated::Taps::new(kernel).interpolate(rest, &mut place, &mut expected);
                assert_eq!(bits(&out), bits(&expected));
                rest = &rest[passed..];
            }
        }
    }
}
