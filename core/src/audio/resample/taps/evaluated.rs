//! Taps that are evaluated for each output, or read from flash where a table of theirs is built in.

#[cfg(all(feature = "table-48k", not(feature = "std")))]
use super::flash;
use super::{Kernel, Place};
use crate::audio::resample::kernel::{UNIT_POINTS, WIDE_HALF, WIDE_POINTS, unit};

#[derive(Clone, Debug)]
pub(in super::super) struct Taps(Kernel);

impl Taps {
    pub(in super::super) fn new(kernel: Kernel) -> Self {
        Self(kernel)
    }

    pub(in super::super) fn kernel(&self) -> &Kernel {
        &self.0
    }

    /// Write outputs whose samples are all there, and return the inputs passed.
    pub(in super::super) fn interpolate(
        &self,
        samples: &[f32],
        place: &mut Place,
        output: &mut [f32],
    ) -> usize {
        let Self(kernel) = self;
        #[cfg(all(feature = "table-48k", not(feature = "std")))]
        if *kernel == flash::FROM_48K {
            return kernel.sums(samples, place, output, flash::sum);
        }
        if kernel.spacing == 1.0 && kernel.len() == UNIT_TAPS {
            return kernel.sums(samples, place, output, |window, phase| {
                unit_sum(window, kernel.farthest(phase))
            });
        }
        let taps = |place: Place| kernel.taps(place.phase);
        kernel.interpolate(samples, place, output, taps)
    }
}

/// Taps where inputs are one zero crossing apart: upwards.
const UNIT_TAPS: usize = 2 * WIDE_HALF as usize;

/// Sum the products of a window and its taps, in the order of [`Kernel::interpolate`], where inputs are one zero crossing
/// apart. The distances on one side of the output differ by whole numbers, exactly, and so lie at the same place between
/// two points of the kernel: one cubic serves that side.
fn unit_sum(window: &[f32; UNIT_TAPS], farthest: f32) -> f32 {
    let (older, newer) = window.split_at(UNIT_TAPS / 2);
    let nearest = WIDE_HALF as f32 - farthest;
    let mut sum = 0.0;
    let (points, cubic) = unit(1.0 - nearest);
    for (sample, points) in newer.iter().rev().zip(distances(points).rev()) {
        sum += sample * cubic.through(points);
    }
    let (points, cubic) = unit(nearest);
    for (sample, points) in older.iter().rev().zip(distances(points)) {
        sum += sample * cubic.through(points);
    }
    sum
}

/// Return the four points around each distance.
#[inline(always)]
fn distances(points: &[f32; UNIT_POINTS]) -> impl DoubleEndedIterator<Item = [f32; 4]> + '_ {
    (0..UNIT_TAPS / 2).map(|n| {
        let four = points.get(n * WIDE_POINTS..).and_then(<[f32]>::first_chunk);
        four.copied().unwrap_or_default()
    })
}
