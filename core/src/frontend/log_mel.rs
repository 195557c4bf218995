//! Streaming log-mel spectrogram.

use super::mel::{self, Interval};
use super::stream::{Analysis, Frame, Samples, Stream};
use super::{FrontEnd, decibel, fft, window};

/// A log-mel front end with all its memory inside, so that it can be a `static`: frames of `N` samples, `M` bands.
///
/// Its columns have one value per band: `10 · log10(max(amin, mel power))` dB, relative to a power of 1 (librosa's
/// `power_to_db(melspectrogram(y), ref=1.0, top_db=None)`).
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
/// assert_eq!(columns, 1 + 22_050 / 512);
/// ```
pub type LogMel<const N: usize, const M: usize> = Stream<FixedBank<N, M>>;

/// A [`Bank`] with frames of `N` samples, `M` bands and all its memory inside.
pub type FixedBank<const N: usize, const M: usize> = Bank<[f32; N], [Interval; M], [f32; M]>;

/// A log-mel front end in borrowed memory.
pub(crate) type LogMelIn<'w> = Stream<Bank<&'w mut [f32], &'w mut [Interval], &'w mut [f32]>>;

/// From a frame to mel bands in decibels.
#[derive(Clone, Debug)]
pub struct Bank<F, B, C> {
    samples: Samples<F>,
    bands: B,
    /// Where the last band falls.
    last_band: Interval,
    column: C,
    amin: f32,
}

impl<F, B, C> Bank<F, B, C>
where
    F: AsMut<[f32]>,
    B: AsMut<[Interval]>,
    C: AsMut<[f32]>,
{
    /// Compute the bank of a validated front end in memory of its sizes.
    fn new(front_end: &FrontEnd, samples: Samples<F>, mut bands: B, column: C) -> Self {
        let mut last_band = Interval::default();
        mel::intervals(front_end, bands.as_mut(), &mut last_band);
        Self {
            samples,
            bands,
            last_band,
            column,
            amin: front_end.amin,
        }
    }

    /// Turn the full frame into the power of each band.
    fn power(&mut self) -> Option<&mut [f32]> {
        let (frame, _) = self.samples.slices();
        window::apply_hann(frame);
        let power = fft::power(frame)?;
        let column = self.column.as_mut();
        mel::apply(self.bands.as_mut(), &self.last_band, power, column);
        Some(column)
    }
}

impl<F: AsMut<[f32]>, B, C> Frame for Bank<F, B, C> {
    fn slices(&mut self) -> (&mut [f32], &mut [f32]) {
        self.samples.slices()
    }
}

impl<F, B, C> Analysis for Bank<F, B, C>
where
    F: AsMut<[f32]>,
    B: AsMut<[Interval]>,
    C: AsMut<[f32]>,
{
    type Column<'a>
        = &'a [f32]
    where
        Self: 'a;

    fn column(&mut self) -> Option<&[f32]> {
        let amin = self.amin;
        let column = self.power()?;
        decibel::to_decibels(column, amin);
        Some(column)
    }
}

impl<const N: usize, const M: usize> FixedBank<N, M> {
    /// Make a bank; `None` unless the front end has these sizes and all its fields are within their limits.
    pub(super) fn fixed(front_end: &FrontEnd) -> Option<Self> {
        let sizes = usize::from(front_end.n_fft) == N && usize::from(front_end.n_mels) == M;
        if !sizes || front_end.validate().is_err() {
            return None;
        }
        let samples = Samples::new(front_end, [0.0; N], [0.0; N]);
        Some(Self::new(
            front_end,
            samples,
            [Interval::default(); M],
            [0.0; M],
        ))
    }
}

impl<const N: usize, const M: usize> LogMel<N, M> {
    /// Size of the value in bytes; it needs no other memory.
    pub const REQUIRED_BYTES: usize = size_of::<Self>();

    /// Make a front end; `None` unless its `n_fft` is `N`, its `n_mels` is `M` and all its fields are within their
    /// limits.
    #[must_use]
    pub fn new(front_end: &FrontEnd) -> Option<Self> {
        Some(Self::over(front_end, Bank::fixed(front_end)?))
    }

    /// Take one sample and return the column that it completes, as the bands' power instead of decibels.
    pub fn push_power(&mut self, sample: f32) -> Option<&[f32]> {
        self.fill(sample)?.power().map(|power| &*power)
    }

    /// Pad the end of the signal and return the columns that this completes, as [`Self::finish`] does, but as the
    /// bands' power.
    pub fn finish_power(&mut self) -> Option<&[f32]> {
        self.pad()?.power().map(|power| &*power)
    }
}

impl<'w> LogMelIn<'w> {
    /// Make a validated front end in memory of its sizes: `frame` has `n_fft` samples, `overlap` `n_fft − hop`,
    /// `bands` and `column` one value per band.
    pub(crate) fn borrowing(
        front_end: &FrontEnd,
        frame: &'w mut [f32],
        overlap: &'w mut [f32],
        bands: &'w mut [Interval],
        column: &'w mut [f32],
    ) -> Self {
        let samples = Samples::new(front_end, frame, overlap);
        Self::over(front_end, Bank::new(front_end, samples, bands, column))
    }
}
