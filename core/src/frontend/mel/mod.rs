//! Mel filter banks (librosa's `filters.mel`): triangles over the bins of a power spectrum.
//!
//! Between two neighbouring band edges every bin belongs to two triangles, rising in one and falling in
//! the other, with weights that add up to one. So the bank is kept as [`Interval`]s between edges: two
//! running sums over an interval's bins give both contributions, and no table of weights is needed.

#[cfg(feature = "std")]
mod lanes;

use super::{FrontEnd, MelNorm, MelScale};
#[cfg(feature = "std")]
pub(crate) use lanes::apply;

/// Bins between two neighbouring band edges.
#[derive(Clone, Copy, Debug, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Interval {
    /// First bin at or above the lower edge.
    first: u16,
    /// Bins below the upper edge.
    count: u16,
    /// From the lower edge to the first bin, in bins: `0.0..1.0`.
    lead: f32,
    /// One over the distance between the edges, in bins.
    inverse_width: f32,
    /// Height of the triangle that rises in this interval.
    height: f32,
}

/// Fill the intervals of a bank: one rising in each band, and the one in which the last band falls.
pub(crate) fn intervals(front_end: &FrontEnd, bands: &mut [Interval], last: &mut Interval) {
    let scale = front_end.mel_scale;
    let (low, high) = (
        hz_to_mel(scale, f64::from(front_end.f_min)),
        hz_to_mel(scale, f64::from(front_end.f_max)),
    );
    let steps = (bands.len() + 1) as f64;
    let edge_hz = |i: usize| mel_to_hz(scale, low + (high - low) * i as f64 / steps);
    let bin_hz = f64::from(front_end.sample_rate) / f64::from(front_end.n_fft);
    let bins = front_end.spectrum_bins();
    for (i, interval) in bands.iter_mut().chain([last]).enumerate() {
        let (left, middle, right) = (edge_hz(i), edge_hz(i + 1), edge_hz(i + 2));
        let (lower, upper) = (left / bin_hz, middle / bin_hz);
        let first = (libm::ceil(lower) as usize).min(bins);
        let end = (libm::ceil(upper) as usize).clamp(first, bins);
        *interval = Interval {
            first: first as u16,
            count: (end - first) as u16,
            lead: (first as f64 - lower) as f32,
            inverse_width: (1.0 / (upper - lower)) as f32,
            height: match front_end.mel_norm {
                MelNorm::None => 1.0,
                MelNorm::Slaney => (2.0 / (right - left)) as f32,
            },
        };
    }
}

/// Compute the power in each band from a power spectrum of `n_fft / 2 + 1` bins.
#[cfg(not(feature = "std"))]
pub(crate) fn apply(bands: &[Interval], last: &Interval, power: &[f32], out: &mut [f32]) {
    one_by_one(bands.iter().chain([last]), power, out.iter_mut(), None);
}

/// A band's place, the power that it rose to, and its height: all but the interval in which it falls.
type Risen<'o> = (&'o mut f32, f32, f32);

/// Compute the power in each band, of which the first may have risen before.
fn one_by_one<'o>(
    intervals: impl Iterator<Item = &'o Interval>,
    power: &[f32],
    mut slots: impl Iterator<Item = &'o mut f32>,
    mut carried: Option<Risen<'o>>,
) {
    for interval in intervals {
        let (rising, falling) = split(interval, power);
        if let Some((slot, risen, height)) = carried.take() {
            *slot = (risen + falling) * height;
        }
        carried = slots.next().map(|slot| (slot, rising, interval.height));
    }
}

/// Sum the power of an interval's bins, weighted rising and falling.
fn split(interval: &Interval, power: &[f32]) -> (f32, f32) {
    let first = usize::from(interval.first);
    let bins = power.get(first..first + usize::from(interval.count));
    let (mut sum, mut moment, mut index) = (0.0, 0.0, 0.0_f32);
    for bin in bins.unwrap_or_default() {
        sum += bin;
        moment += index * bin;
        index += 1.0;
    }
    let rising = (moment + interval.lead * sum) * interval.inverse_width;
    (rising, sum - rising)
}

/// Slaney: 200/3 Hz per mel up to 1 kHz (15 mel), then 27 mels for each factor of 6.4.
const HZ_PER_MEL: f64 = 200.0 / 3.0;
const LOG_FROM_HZ: f64 = 1000.0;
const LOG_FROM_MEL: f64 = LOG_FROM_HZ / HZ_PER_MEL;
const MELS_PER_LOG_STEP: f64 = 27.0;
const LOG_STEP: f64 = 6.4;

fn hz_to_mel(scale: MelScale, hz: f64) -> f64 {
    match scale {
        MelScale::Slaney if hz < LOG_FROM_HZ => hz / HZ_PER_MEL,
        MelScale::Slaney => {
            LOG_FROM_MEL + libm::log(hz / LOG_FROM_HZ) * MELS_PER_LOG_STEP / libm::log(LOG_STEP)
        }
        MelScale::Htk => 2595.0 * libm::log10(1.0 + hz / 700.0),
    }
}

fn mel_to_hz(scale: MelScale, mel: f64) -> f64 {
    match scale {
        MelScale::Slaney if mel < LOG_FROM_MEL => mel * HZ_PER_MEL,
        MelScale::Slaney => {
            let steps = (mel - LOG_FROM_MEL) / MELS_PER_LOG_STEP;
            LOG_FROM_HZ * libm::exp(steps * libm::log(LOG_STEP))
        }
        MelScale::Htk => 700.0 * (libm::exp(mel / 2595.0 * core::f64::consts::LN_10) - 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    /// Compute the textbook form in f64: `max(0, min(rising, falling))` for every band and bin.
    fn weight(front_end: &FrontEnd, band: usize, bin: usize) -> f64 {
        let scale = front_end.mel_scale;
        let low = hz_to_mel(scale, f64::from(front_end.f_min));
        let high = hz_to_mel(scale, f64::from(front_end.f_max));
        let steps = f64::from(front_end.n_mels) + 1.0;
        let edge = |i: usize| mel_to_hz(scale, low + (high - low) * i as f64 / steps);
        let hz = bin as f64 * f64::from(front_end.sample_rate) / f64::from(front_end.n_fft);
        let rising = (hz - edge(band)) / (edge(band + 1) - edge(band));
        let falling = (edge(band + 2) - hz) / (edge(band + 2) - edge(band + 1));
        let height = match front_end.mel_norm {
            MelNorm::None => 1.0,
            MelNorm::Slaney => 2.0 / (edge(band + 2) - edge(band)),
        };
        rising.min(falling).max(0.0) * height
    }

    #[test]
    fn mels_are_those_of_their_definitions() {
        for (scale, hz, mel) in [
            // Slaney: linear up to 15 mel, 27 mel for a factor of 6.4
            (MelScale::Slaney, 0.0, 0.0),
            (MelScale::Slaney, 500.0, 7.5),
            (MelScale::Slaney, 1_000.0, 15.0),
            (MelScale::Slaney, 6_400.0, 42.0),
            // HTK: 2595 mel for each power of ten of 1 + hz / 700
            (MelScale::Htk, 0.0, 0.0),
            (MelScale::Htk, 6_300.0, 2_595.0),
            (MelScale::Htk, 1_000.0, 999.985_537),
        ] {
            let found = hz_to_mel(scale, hz);
            assert!((found - mel).abs() < 1e-5, "{scale:?} {hz} Hz: {found} mel");
            let back = mel_to_hz(scale, mel);
            assert!((back - hz).abs() < 1e-4, "{scale:?} {mel} mel: {back} Hz");
        }
    }

    #[test]
    fn equals_the_matrix_of_triangles() {
        let slaney = FrontEnd::librosa(2048, 512, 128);
        let htk = FrontEnd {
            mel_scale: MelScale::Htk,
            mel_norm: MelNorm::None,
            f_min: 50.0,
            f_max: 8000.0,
            ..FrontEnd::librosa(1024, 256, 40)
        };
        // the number of bands that are computed side by side does not divide 21
        let few = FrontEnd::librosa(512, 128, 21);
        // the highest bands of whole groups end with the spectrum
        let narrow = FrontEnd::librosa(512, 128, 248);
        for front_end in [slaney, htk, few, narrow] {
            let bands = usize::from(front_end.n_mels);
            let (mut table, mut last) = (vec![Interval::default(); bands], Interval::default());
            intervals(&front_end, &mut table, &mut last);
            let power: vec::Vec<f32> = (0..front_end.spectrum_bins())
                .map(|k| 1.0 + ((k * 7919) % 101) as f32)
                .collect();
            let mut out = vec![0.0; bands];
            let mut simple = out.clone();
            apply(&table, &last, &power, &mut out);
            one_by_one(table.iter().chain([&last]), &power, simple.iter_mut(), None);
            assert_eq!(out, simple);
            for (band, value) in out.iter().enumerate() {
                let expected: f64 = power
                    .iter()
                    .enumerate()
                    .map(|(bin, p)| weight(&front_end, band, bin) * f64::from(*p))
                    .sum();
                let error = (f64::from(*value) - expected).abs();
                // a triangle narrower than a bin has less of that precision
                assert!(
                    error <= 2e-6 * expected + 2e-6,
                    "band {band}: {value} {expected}"
                );
            }
        }
    }
}
