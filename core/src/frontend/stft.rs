//! Short-time Fourier transform with the frame length fixed at compile time.

use num_complex::Complex32;

use super::frames::Frames;
use super::{FrontEnd, Padding, decibel, fft, window};

/// Streaming STFT (librosa's `stft`): Hann window, frames of `N` samples (512, 1024, 2048 or 4096) every
/// `hop`.
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
#[derive(Clone, Debug)]
pub struct Stft<const N: usize> {
    frames: Frames,
    frame: [f32; N],
    /// The first `N − hop` values are used.
    overlap: [f32; N],
    shared: usize,
}

impl<const N: usize> Stft<N> {
    const SUPPORTED: () = assert!(
        matches!(N, 512 | 1024 | 2048 | 4096),
        "the frame length must be 512, 1024, 2048 or 4096"
    );

    /// Bytes of the value, and all the memory it needs.
    pub const REQUIRED_BYTES: usize = size_of::<Self>();

    /// Makes an STFT; `None` unless `hop` is in `1..=N`.
    #[must_use]
    pub fn new(hop: u16, padding: Padding) -> Option<Self> {
        let () = Self::SUPPORTED;
        let front_end = FrontEnd {
            padding,
            ..FrontEnd::librosa(N as u16, hop, 1)
        };
        front_end.validate().ok()?;
        let mut stft = Self {
            frames: Frames::new(&front_end),
            frame: [0.0; N],
            overlap: [0.0; N],
            shared: Frames::overlap(&front_end),
        };
        stft.reset();
        Some(stft)
    }

    /// Begins a new signal.
    pub fn reset(&mut self) {
        self.frames.start(&mut self.frame);
    }

    /// Takes one sample and gives the spectrum of the frame that it completes.
    pub fn push(&mut self, sample: f32) -> Option<Spectrum<'_>> {
        let overlap = &mut self.overlap[..self.shared];
        let full = self.frames.push(&mut self.frame, overlap, sample);
        full.then(|| self.spectrum()).flatten()
    }

    /// Takes samples up to the one that completes a frame, or all of them: how many, and the frame's
    /// spectrum. The same as [`Self::push`] for each of them, but quicker.
    pub fn push_slice(&mut self, samples: &[f32]) -> (usize, Option<Spectrum<'_>>) {
        let overlap = &mut self.overlap[..self.shared];
        let (taken, full) = self.frames.push_slice(&mut self.frame, overlap, samples);
        (taken, full.then(|| self.spectrum()).flatten())
    }

    /// Pads the end of the signal and gives the frames that this completes, one a call, then `None`
    /// until [`Self::reset`].
    pub fn finish(&mut self) -> Option<Spectrum<'_>> {
        let overlap = &mut self.overlap[..self.shared];
        let full = self.frames.finish(&mut self.frame, overlap);
        full.then(|| self.spectrum()).flatten()
    }

    fn spectrum(&mut self) -> Option<Spectrum<'_>> {
        window::apply_hann(&mut self.frame);
        fft::real_fft(&mut self.frame).map(|packed| Spectrum { packed })
    }
}

/// Spectrum of one frame: bins `0..=N / 2`, bin `k` at `k · sample rate / N` Hz; the scale is that of the
/// unnormalised DFT of the windowed frame (librosa's).
#[derive(Debug)]
pub struct Spectrum<'a> {
    packed: &'a mut [Complex32],
}

impl<'a> Spectrum<'a> {
    /// Number of bins, `N / 2 + 1`.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.packed.len() + 1
    }

    /// The complex value of a bin; zero beyond the last one.
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

    /// Squared magnitudes of all bins, written over the spectrum.
    #[must_use]
    pub fn into_power(self) -> &'a [f32] {
        fft::power_in_place(self.packed)
    }

    /// Magnitudes of all bins, written over the spectrum.
    #[must_use]
    pub fn into_magnitude(self) -> &'a [f32] {
        let values = fft::power_in_place(self.packed);
        values
            .iter_mut()
            .for_each(|value| *value = libm::sqrtf(*value));
        values
    }

    /// `10 · log10(max(amin, power))` of all bins in dB, written over the spectrum (librosa's
    /// `power_to_db(ref=1.0, top_db=None)`; its `amplitude_to_db` has the square root of this `amin`).
    #[must_use]
    pub fn into_decibels(self, amin: f32) -> &'a [f32] {
        let values = fft::power_in_place(self.packed);
        decibel::to_decibels(values, amin);
        values
    }
}
