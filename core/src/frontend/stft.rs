//! Short-time Fourier transform with the frame length fixed at compile time.

use num_complex::Complex32;

use super::stream::{Analysis, Frame, Samples, Stream};
use super::{FrontEnd, Padding, decibel, fft, window};

/// Streaming STFT (librosa's `stft`): Hann window, frames of `N` samples (512, 1024, 2048 or 4096) every `hop`. Its
/// columns are [`Spectrum`]s.
///
/// All buffers are inside the value (8·`N` bytes), so that it can be a `static`.
///
/// ```
/// use timbrel_core::frontend::{Padding, Stft};
///
/// let mut stft = Stft::<512>::new(256, Padding::Zeros).unwrap();
/// let mut frames = 0;
/// for sample in [0.5_f32; 1000] {
///     if let Some(spectrum) = stft.push(sample) {
///         assert_eq!(spectrum.bins(), 257);
///         frames += 1;
///     }
/// }
/// while stft.finish().is_some() {
///     frames += 1;
/// }
/// assert_eq!(frames, 1 + 1000 / 256);
/// ```
pub type Stft<const N: usize> = Stream<Transform<N>>;

/// From a frame of `N` samples to its spectrum.
#[derive(Clone, Debug)]
pub struct Transform<const N: usize> {
    samples: Samples<[f32; N]>,
}

impl<const N: usize> Frame for Transform<N> {
    fn slices(&mut self) -> (&mut [f32], &mut [f32]) {
        self.samples.slices()
    }
}

impl<const N: usize> Analysis for Transform<N> {
    type Column<'a> = Spectrum<'a>;

    fn column(&mut self) -> Option<Spectrum<'_>> {
        let (frame, _) = self.samples.slices();
        window::apply_hann(frame);
        fft::real_fft(frame).map(|packed| Spectrum { packed })
    }
}

impl<const N: usize> Stft<N> {
    const SUPPORTED: () = assert!(
        matches!(N, 512 | 1024 | 2048 | 4096),
        "the frame length must be 512, 1024, 2048 or 4096"
    );

    /// Size of the value in bytes; it needs no other memory.
    pub const REQUIRED_BYTES: usize = size_of::<Self>();

    /// Make an STFT; `None` unless `hop` is in `1..=N`.
    #[must_use]
    pub fn new(hop: u16, padding: Padding) -> Option<Self> {
        let () = Self::SUPPORTED;
        let front_end = FrontEnd {
            padding,
            ..FrontEnd::librosa(N as u16, hop, 1)
        };
        front_end.validate().ok()?;
        let samples = Samples::new(&front_end, [0.0; N], [0.0; N]);
        Some(Self::over(&front_end, Transform { samples }))
    }
}

/// Spectrum of one frame: bins `0..=N / 2`, bin `k` at `k · sample rate / N` Hz; the scale is that of the
/// unnormalised DFT of the windowed frame (librosa's).
#[derive(Debug)]
pub struct Spectrum<'a> {
    packed: &'a mut [Complex32],
}

impl<'a> Spectrum<'a> {
    /// Return the number of bins, `N / 2 + 1`.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.packed.len() + 1
    }

    /// Return the complex value of a bin; zero beyond the last one.
    #[must_use]
    pub fn bin(&self, k: usize) -> Complex32 {
        let first = self.packed.first().copied().unwrap_or_default();
        if k == 0 {
            Complex32::new(first.re, 0.0)
        } else if k == self.packed.len() {
            Complex32::new(first.im, 0.0)
        } else {
            self.packed.get(k).copied().unwrap_or_default()
        }
    }

    /// Compute the squared magnitudes of all bins, over the spectrum.
    #[must_use]
    pub fn into_power(self) -> &'a [f32] {
        fft::power_in_place(self.packed)
    }

    /// Compute the magnitudes of all bins, over the spectrum.
    #[must_use]
    pub fn into_magnitude(self) -> &'a [f32] {
        let values = fft::power_in_place(self.packed);
        values
            .iter_mut()
            .for_each(|value| *value = libm::sqrtf(*value));
        values
    }

    /// Compute `10 · log10(max(amin, power))` of all bins in dB, over the spectrum (librosa's
    /// `power_to_db(ref=1.0, top_db=None)`; its `amplitude_to_db` has the square root of this `amin`).
    #[must_use]
    pub fn into_decibels(self, amin: f32) -> &'a [f32] {
        let values = fft::power_in_place(self.packed);
        decibel::to_decibels(values, amin);
        values
    }
}
