//! The taps from 48 kHz to twice 22,050 Hz as constants.

use super::Kernel;
use crate::audio::resample::kernel::wide;

pub(super) const FROM_48K: Kernel = Kernel::new(48_000, 44_100, 44_100);
const TAPS: usize = 2 * FROM_48K.ahead as usize;

/// The taps of each phase, that of the newest sample first.
pub(super) static TABLE: [[f32; TAPS]; FROM_48K.output as usize] = {
    let mut table = [[0.0; TAPS]; FROM_48K.output as usize];
    let mut phase = 0;
    while phase < table.len() {
        let mut distance = FROM_48K.farthest(phase as u32);
        let mut tap = 0;
        while tap < TAPS {
            table[phase][tap] = wide(distance.abs() * FROM_48K.spacing);
            distance -= 1.0;
            tap += 1;
        }
        phase += 1;
    }
    table
};

/// Sum the products of a window and the taps of a phase, in the order of [`Kernel::interpolate`].
#[cfg(not(feature = "std"))]
pub(super) fn sum(window: &[f32; TAPS], phase: u32) -> f32 {
    let taps = TABLE.get(phase as usize).unwrap_or(&[0.0; TAPS]);
    let mut sum = 0.0;
    for (sample, tap) in window.iter().rev().zip(taps) {
        sum += sample * tap;
    }
    sum
}
