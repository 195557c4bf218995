//! The periodic Hann window, `w[i] = 0.5 − 0.5 · cos(2πi / N) = sin²(πi / N)` (scipy's
//! `get_window("hann", N, fftbins=True)`, which librosa uses).

#[cfg(all(feature = "std", target_arch = "x86_64"))]
use crate::arch::lanes::Avx512;
#[cfg(feature = "std")]
use crate::arch::lanes::{Arrays, Lanes};
#[cfg(feature = "std")]
use crate::arch::{Loops, widest};

/// Longest supported window.
pub(super) const LONGEST: usize = 4096;

/// First half, with its peak, of the longest window. A shorter one consists of every second, fourth … value, so that
/// one table in flash serves all lengths.
static HALF: [f32; LONGEST / 2 + 1] = half_window();

/// Multiply a frame, whose length divides [`LONGEST`], by its window.
#[cfg(feature = "std")]
pub(super) fn apply_hann(frame: &mut [f32]) {
    match half_of(frame.len()) {
        Some(half) => widest(Hann { half, frame }),
        None => one_by_one(frame),
    }
}

/// Return the first half, with its peak, of a window of so many samples. Each length has a table of its own: to skip values of
/// the longest one takes longer than the products.
#[cfg(feature = "std")]
fn half_of(length: usize) -> Option<&'static [f32]> {
    static HALF_2048: [f32; 1025] = half_window();
    static HALF_1024: [f32; 513] = half_window();
    static HALF_512: [f32; 257] = half_window();
    match length {
        4096 => Some(&HALF),
        2048 => Some(&HALF_2048),
        1024 => Some(&HALF_1024),
        512 => Some(&HALF_512),
        _ => None,
    }
}

#[cfg(not(feature = "std"))]
pub(super) use one_by_one as apply_hann;

/// Multiply a frame by its window without vectors, which takes fewer instructions where there are none.
pub(super) fn one_by_one(frame: &mut [f32]) {
    let n = frame.len();
    let step = (LONGEST / n.max(1)).max(1);
    let (first, second) = frame.split_at_mut(n / 2);
    let mut weights = HALF.iter().step_by(step);
    if let (Some(sample), Some(weight)) = (first.first_mut(), weights.next()) {
        *sample *= weight;
    }
    // w[N − i] is w[i]; the sample between the halves has the peak, which is 1
    let pairs = first.iter_mut().skip(1).zip(second.iter_mut().rev());
    for ((sample, mirrored), weight) in pairs.zip(weights) {
        *sample *= weight;
        *mirrored *= weight;
    }
}

/// Multiplies a frame by the window whose first half, with its peak, is given.
#[cfg(feature = "std")]
struct Hann<'f> {
    half: &'static [f32],
    frame: &'f mut [f32],
}

#[cfg(feature = "std")]
impl Loops for Hann<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.with::<_, 32>(Arrays);
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn run_avx512(self, proof: Avx512) {
        self.with(proof);
    }
}

#[cfg(feature = "std")]
impl Hann<'_> {
    #[inline(always)]
    fn with<L: Lanes<W>, const W: usize>(self, lanes: L) {
        let (first, second) = self.frame.split_at_mut(self.half.len() - 1);
        let weights = self.half.as_chunks::<W>().0;
        for (samples, weights) in first.as_chunks_mut().0.iter_mut().zip(weights) {
            let product = lanes.mul(lanes.load(samples), lanes.load(weights));
            lanes.store(product, samples);
        }
        // after the peak the window runs backwards
        let weights = self.half.as_rchunks::<W>().1.iter().rev();
        for (samples, weights) in second.as_chunks_mut().0.iter_mut().zip(weights) {
            let weights = lanes.backwards(lanes.load(weights));
            lanes.store(lanes.mul(lanes.load(samples), weights), samples);
        }
    }
}

/// Compute the first half of the window of `2 · (LENGTH − 1)` samples, and its peak.
const fn half_window<const LENGTH: usize>() -> [f32; LENGTH] {
    let mut table = [0.0; LENGTH];
    let mut i = 0;
    while i < LENGTH {
        let sine = sine(core::f64::consts::PI * i as f64 / (2 * (LENGTH - 1)) as f64);
        table[i] = (sine * sine) as f32;
        i += 1;
    }
    table
}

/// Compute the sine by its Taylor series, for `|x| ≤ π`; exact to 1e-12 there. Usable at compile time, unlike the
/// standard functions.
pub(super) const fn sine(x: f64) -> f64 {
    let square = x * x;
    let (mut term, mut sum, mut n) = (x, x, 1);
    while n < 15 {
        term *= -square / ((2 * n) * (2 * n + 1)) as f64;
        sum += term;
        n += 1;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compilers_table_is_what_the_machine_computes() {
        assert_eq!(half_window(), HALF);
        for i in -1_000..=1_000 {
            let x = core::f64::consts::PI * f64::from(i) / 1_000.0;
            assert!((sine(x) - libm::sin(x)).abs() < 1e-12, "{x}");
        }
    }

    #[test]
    fn matches_its_definition_for_every_length() {
        for n in [512_usize, 1024, 2048, 4096] {
            let mut frame = std::vec![1.0_f32; n];
            let mut simple = frame.clone();
            apply_hann(&mut frame);
            one_by_one(&mut simple);
            assert_eq!(frame, simple);
            frame.fill(1.0);
            // as on a machine without the widest vectors
            let half = half_of(n).unwrap();
            let frame = &mut frame;
            Hann { half, frame }.run();
            assert_eq!(*frame, simple);
            for (i, value) in frame.iter().enumerate() {
                let phase = 2.0 * core::f64::consts::PI * i as f64 / n as f64;
                let expected = 0.5 - 0.5 * libm::cos(phase);
                assert!((f64::from(*value) - expected).abs() < 6e-8, "{n} {i}");
            }
        }
    }
}
