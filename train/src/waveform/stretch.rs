//! Tempo without pitch, and pitch without tempo.

use std::f32::consts::PI;

/// Samples between two splices. At 22,050 Hz 46 ms: more than a period of the lowest notes, less than a beat.
const HOP: usize = 1024;
/// How far a splice may be moved to where the waveforms fit.
const SEARCH: i64 = 512;
/// Zero crossings of the interpolation kernel on either side.
const CROSSINGS: f64 = 16.0;

/// Play a signal `rate` times as fast at the same pitch: `round(len / rate)` samples. 1 changes nothing.
///
/// WSOLA (Verhelst and Roelands, 1993): pieces of the signal are cross-faded, each taken from where the
/// signal goes on most like the piece before, near its place in time.
///
/// # Panics
/// `rate` is not above 0 and finite.
#[must_use]
pub fn time_stretch(samples: &[f32], rate: f64) -> Vec<f32> {
    assert!(rate > 0.0 && rate.is_finite(), "rate {rate}");
    let count = (samples.len() as f64 / rate).round() as usize;
    let mut out = Vec::with_capacity(count + HOP);
    let at = |index: i64| -> f32 {
        let index = usize::try_from(index).ok();
        index
            .and_then(|index| samples.get(index))
            .copied()
            .unwrap_or(0.0)
    };
    // where the piece that is being played goes on
    let mut next = 0_i64;
    for step in 0_i64.. {
        if out.len() >= count {
            break;
        }
        let place = ((step * HOP as i64) as f64 * rate).round() as i64;
        let chosen = place + fit(samples, next, place);
        for index in 0..HOP as i64 {
            let fade = 0.5 - 0.5 * (PI * (index as f32 + 0.5) / HOP as f32).cos();
            let (old, new) = (at(next + index), at(chosen + index));
            out.push(old + fade * (new - old));
        }
        next = chosen + HOP as i64;
    }
    out.truncate(count);
    out
}

/// Return the shift of `place`, up to [`SEARCH`] either way, at which the signal is most like that at `next`; the
/// smallest of equals.
fn fit(samples: &[f32], next: i64, place: i64) -> i64 {
    let piece = |from: i64| -> Option<&[f32]> {
        let from = usize::try_from(from).ok()?;
        samples.get(from..from + HOP)
    };
    let Some(wanted) = piece(next) else {
        return 0;
    };
    let mut best = (f32::NEG_INFINITY, 0);
    for distance in 0..=SEARCH {
        for shift in [distance, -distance] {
            let Some(found) = piece(place + shift) else {
                continue;
            };
            let product: f32 = dot(wanted, found);
            let likeness = product / dot(found, found).max(1e-12).sqrt();
            if likeness > best.0 * (1.0 + 1e-6) || best.0 == f32::NEG_INFINITY {
                best = (likeness, shift);
            }
        }
    }
    best.1
}

/// Compute a dot product in eight sums, which the compiler can keep in one vector.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}

/// Raise the pitch by `semitones` (negative: lower it) in the same time, by stretching and then reading faster.
///
/// # Panics
/// `semitones` is not between −48 and 48.
#[must_use]
pub fn pitch_shift(samples: &[f32], semitones: f64) -> Vec<f32> {
    assert!(semitones.abs() <= 48.0, "{semitones} semitones");
    let ratio = (semitones / 12.0).exp2();
    resample(&time_stretch(samples, 1.0 / ratio), ratio, samples.len())
}

/// Return `count` samples of the signal read `ratio` times as fast, by a windowed sinc that passes what the slower of
/// both rates can hold.
fn resample(samples: &[f32], ratio: f64, count: usize) -> Vec<f32> {
    let cutoff = ratio.recip().min(1.0);
    let reach = CROSSINGS / cutoff;
    (0..count)
        .map(|index| {
            let place = index as f64 * ratio;
            let first = (place - reach).ceil().max(0.0) as usize;
            let last = ((place + reach).floor() as usize + 1).min(samples.len());
            let taps = samples.iter().enumerate().take(last).skip(first);
            let sum: f64 = taps
                .map(|(at, sample)| f64::from(*sample) * kernel(at as f64 - place, cutoff, reach))
                .sum();
            sum as f32
        })
        .collect()
}

/// Return a sinc of bandwidth `cutoff` under a Hann window of half-width `reach`.
fn kernel(distance: f64, cutoff: f64, reach: f64) -> f64 {
    use std::f64::consts::PI;
    let phase = PI * distance * cutoff;
    let sinc = if phase.abs() < 1e-9 {
        1.0
    } else {
        phase.sin() / phase
    };
    cutoff * sinc * (0.5 + 0.5 * (PI * distance / reach).cos())
}
