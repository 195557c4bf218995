//! Streaming log-mel spectrogram.

use super::frames::Frames;
use super::mel::{self, Interval};
use super::{FrontEnd, decibel, fft, window};

/// The memory of a [`LogMelStream`].
pub trait Buffers {
    /// Lends all of it.
    fn parts(&mut self) -> Parts<'_>;
}

/// Slices that a log-mel stream works in.
#[derive(Debug)]
pub struct Parts<'a> {
    /// `n_fft` samples; the spectrum is computed in it.
    pub(crate) frame: &'a mut [f32],
    /// `n_fft − hop` samples that the next frame shares with this one.
    pub(crate) overlap: &'a mut [f32],
    /// The mel bank, an interval a band.
    pub(crate) bands: &'a mut [Interval],
    /// The column, a value a band.
    pub(crate) column: &'a mut [f32],
}

impl Buffers for Parts<'_> {
    fn parts(&mut self) -> Parts<'_> {
        Parts {
            frame: self.frame,
            overlap: self.overlap,
            bands: self.bands,
            column: self.column,
        }
    }
}

/// Buffers of a size fixed at compile time, for frames of `N` samples and `M` bands.
#[derive(Clone, Debug)]
pub struct Fixed<const N: usize, const M: usize> {
    frame: [f32; N],
    /// The first `N − hop` values are used.
    overlap: [f32; N],
    shared: usize,
    bands: [Interval; M],
    column: [f32; M],
}

impl<const N: usize, const M: usize> Buffers for Fixed<N, M> {
    fn parts(&mut self) -> Parts<'_> {
        Parts {
            frame: &mut self.frame,
            overlap: &mut self.overlap[..self.shared],
            bands: &mut self.bands,
            column: &mut self.column,
        }
    }
}

/// A log-mel front end with all its memory inside, so that it can be a `static`: frames of `N` samples,
/// `M` bands.
pub type LogMel<const N: usize, const M: usize> = LogMelStream<Fixed<N, M>>;

/// Log-mel columns of a stream of samples: `10 · log10(max(amin, mel power))` dB, relative to a power of 1
/// (librosa's `power_to_db(melspectrogram(y), ref=1.0, top_db=None)`).
///
/// ```
/// use timbrel_core::frontend::{FrontEnd, LogMel};
///
/// let mut log_mel = LogMel::<2048, 128>::new(&FrontEnd::COMPACT).unwrap();
/// let mut columns = 0;
/// for sample in [0.25_f32; 22_050] {
///     if let Some(column) = log_mel.push(sample) {
///         assert_eq!(column.len(), 128);
///         columns += 1;
///     }
/// }
/// while log_mel.finish().is_some() {
///     columns += 1;
/// }
/// assert_eq!(columns, 1 + 22_050 / 1708);
/// ```
#[derive(Clone, Debug)]
pub struct LogMelStream<B> {
    buffers: B,
    last_band: Interval,
    frames: Frames,
    amin: f32,
}

impl<const N: usize, const M: usize> LogMel<N, M> {
    /// Bytes of the value, and all the memory it needs.
    pub const REQUIRED_BYTES: usize = size_of::<Self>();

    /// Makes a front end; `None` unless its `n_fft` is `N`, its `n_mels` is `M` and all its fields are in
    /// their ranges.
    #[must_use]
    pub fn new(front_end: &FrontEnd) -> Option<Self> {
        let sizes = usize::from(front_end.n_fft) == N && usize::from(front_end.n_mels) == M;
        if !sizes || front_end.validate().is_err() {
            return None;
        }
        let buffers = Fixed {
            frame: [0.0; N],
            overlap: [0.0; N],
            shared: Frames::overlap(front_end),
            bands: [Interval::default(); M],
            column: [0.0; M],
        };
        Some(Self::with_buffers(front_end, buffers))
    }
}

impl<B: Buffers> LogMelStream<B> {
    /// Takes a validated front end and buffers of its sizes.
    pub(crate) fn with_buffers(front_end: &FrontEnd, mut buffers: B) -> Self {
        let mut last_band = Interval::default();
        mel::intervals(front_end, buffers.parts().bands, &mut last_band);
        let mut stream = Self {
            buffers,
            last_band,
            frames: Frames::new(front_end),
            amin: front_end.amin,
        };
        stream.reset();
        stream
    }

    /// Begins a new signal.
    pub fn reset(&mut self) {
        self.frames.start(self.buffers.parts().frame);
    }

    /// Takes one sample and gives the column, a value in dB for each band, that it completes.
    pub fn push(&mut self, sample: f32) -> Option<&[f32]> {
        self.push_power(sample)?;
        Some(self.decibels())
    }

    /// Takes samples up to the one that completes a column, or all of them: how many, and the column. The
    /// same columns as of [`Self::push`], with a tenth of its instructions for each sample.
    pub fn push_slice(&mut self, samples: &[f32]) -> (usize, Option<&[f32]>) {
        let parts = self.buffers.parts();
        let (taken, full) = self.frames.push_slice(parts.frame, parts.overlap, samples);
        let complete = full && self.power().is_some();
        (taken, complete.then(|| self.decibels()))
    }

    /// As [`Self::push`], with the bands' power in place of decibels.
    pub fn push_power(&mut self, sample: f32) -> Option<&[f32]> {
        let parts = self.buffers.parts();
        let full = self.frames.push(parts.frame, parts.overlap, sample);
        full.then(|| self.power()).flatten()
    }

    /// Samples until the next column is complete, at least 1.
    pub(crate) fn missing(&self) -> usize {
        self.frames.missing()
    }

    /// Pads the end of the signal and gives the columns that this completes, one a call, then `None`
    /// until [`Self::reset`].
    pub fn finish(&mut self) -> Option<&[f32]> {
        self.finish_power()?;
        Some(self.decibels())
    }

    /// As [`Self::finish`], with the bands' power in place of decibels.
    pub fn finish_power(&mut self) -> Option<&[f32]> {
        let parts = self.buffers.parts();
        let full = self.frames.finish(parts.frame, parts.overlap);
        full.then(|| self.power()).flatten()
    }

    /// Turns the full frame into the bands' power.
    fn power(&mut self) -> Option<&[f32]> {
        let parts = self.buffers.parts();
        window::apply_hann(parts.frame);
        let power = fft::power_in_place(fft::real_fft(parts.frame)?);
        mel::apply(parts.bands, &self.last_band, power, parts.column);
        Some(parts.column)
    }

    /// Turns the column's powers into decibels.
    fn decibels(&mut self) -> &[f32] {
        let column = self.buffers.parts().column;
        decibel::to_decibels(column, self.amin);
        column
    }
}
