//! The front end that a model's file describes.

use crate::limits::{AMIN, FFT_LENGTHS, Field, InvalidField, MAX_MELS, MAX_TOP_DB, SAMPLE_RATES};

/// Formula that places mel bands over frequency.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MelScale {
    /// Slaney's Auditory Toolbox: linear below 1 kHz, logarithmic above (librosa's default).
    Slaney,
    /// HTK: `2595 · log10(1 + f / 700)`.
    Htk,
}

/// Scaling of each mel triangle.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MelNorm {
    /// Every triangle has height 1.
    None,
    /// Every triangle has the same area: `2 / (f_right − f_left)` (librosa's `norm="slaney"`).
    Slaney,
}

/// Padding before the first and after the last sample when frames are cut.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Padding {
    /// Nothing: the first frame begins at sample 0 (librosa's `center=False`).
    None,
    /// `n_fft / 2` zeros on both sides, so that frame `t` is centred on sample `t · hop`
    /// (librosa's `center=True, pad_mode="constant"`, its default).
    Zeros,
    /// `n_fft / 2` reflected samples on both sides (librosa's `center=True, pad_mode="reflect"`).
    Reflect,
}

/// Feature that the network sees instead of a column of mel bands in decibels.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Feature {
    /// The bands themselves.
    LogMel,
    /// The first coefficients of the bands' orthonormal DCT-II (librosa's `feature.mfcc`).
    Mfcc {
        /// Number of coefficients, `1..=n_mels`.
        coefficients: u16,
    },
}

/// Front end: mono samples at `sample_rate` Hz become one column of `n_mels` decibel values every `hop` samples, of
/// which the network sees the `feature`.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrontEnd {
    /// Feature that the network sees of a column.
    pub feature: Feature,
    /// Samples per second (Hz) of the signal that is framed.
    pub sample_rate: u32,
    /// Frame and FFT length in samples: 512, 1024, 2048 or 4096.
    pub n_fft: u16,
    /// Samples from one frame to the next, `1..=n_fft`.
    pub hop: u16,
    /// Number of mel bands, `1..=256`.
    pub n_mels: u16,
    /// Lower edge of the first band, Hz.
    pub f_min: f32,
    /// Upper edge of the last band, Hz, at most `sample_rate / 2`.
    pub f_max: f32,
    /// Placement of the bands.
    pub mel_scale: MelScale,
    /// Scaling of the bands.
    pub mel_norm: MelNorm,
    /// Padding at the signal's ends.
    pub padding: Padding,
    /// Smallest power that enters the logarithm (librosa's `amin`).
    pub amin: f32,
    /// Decibels kept below the reference; quieter cells are clamped (librosa's `top_db`).
    pub top_db: f32,
}

impl FrontEnd {
    /// Return librosa's defaults at 22,050 Hz, with `n_mels` Slaney bands and a given frame length and hop.
    #[must_use]
    pub const fn librosa(n_fft: u16, hop: u16, n_mels: u16) -> Self {
        Self {
            feature: Feature::LogMel,
            sample_rate: 22_050,
            n_fft,
            hop,
            n_mels,
            f_min: 0.0,
            f_max: 11_025.0,
            mel_scale: MelScale::Slaney,
            mel_norm: MelNorm::Slaney,
            padding: Padding::Zeros,
            amin: 1e-10,
            top_db: 80.0,
        }
    }

    /// The compact model's front end: 2048 / 512, 128 bands, 43.1 columns per second.
    pub const COMPACT: Self = Self::librosa(2048, 512, 128);

    /// Return the same front end for signals of `sample_rate` Hz, with bands from `f_min` up to half of that.
    #[must_use]
    pub const fn at_rate(self, sample_rate: u32) -> Self {
        Self {
            sample_rate,
            f_max: sample_rate as f32 / 2.0,
            ..self
        }
    }

    /// Return the same front end with the first `coefficients` MFCCs of its bands, `1..=n_mels`.
    #[must_use]
    pub const fn mfcc(self, coefficients: u16) -> Self {
        Self {
            feature: Feature::Mfcc { coefficients },
            ..self
        }
    }

    /// Return the rows of the window that the network sees: mel bands, or their coefficients.
    #[must_use]
    pub const fn bins(&self) -> u16 {
        match self.feature {
            Feature::LogMel => self.n_mels,
            Feature::Mfcc { coefficients } => coefficients,
        }
    }

    /// Return the frequency bins of the spectrum: `n_fft / 2 + 1`.
    #[must_use]
    pub const fn spectrum_bins(&self) -> usize {
        self.n_fft as usize / 2 + 1
    }

    /// Check every field against its limits.
    ///
    /// # Errors
    /// The first field outside its limits, and its value.
    pub fn validate(&self) -> Result<(), InvalidField> {
        let unless = InvalidField::unless::<f64>;
        let n_fft = FFT_LENGTHS.contains(&self.n_fft);
        unless(n_fft, Field::NFft, self.n_fft.into())?;
        let hop = (1..=self.n_fft).contains(&self.hop);
        unless(hop, Field::Hop, self.hop.into())?;
        let n_mels = (1..=MAX_MELS).contains(&self.n_mels);
        unless(n_mels, Field::NMels, self.n_mels.into())?;
        let bins = (1..=self.n_mels).contains(&self.bins());
        unless(bins, Field::Bins, self.bins().into())?;
        let [lowest, highest] = SAMPLE_RATES;
        let sample_rate = (lowest..=highest).contains(&self.sample_rate);
        unless(sample_rate, Field::SampleRate, self.sample_rate.into())?;
        // these comparisons are written so that NaN fails them
        let f_min = self.f_min >= 0.0 && self.f_min < self.f_max;
        unless(f_min, Field::FMin, self.f_min.into())?;
        let f_max = self.f_max <= self.sample_rate as f32 / 2.0;
        unless(f_max, Field::FMax, self.f_max.into())?;
        let [smallest, largest] = AMIN;
        let amin = self.amin >= smallest && self.amin <= largest;
        unless(amin, Field::Amin, self.amin.into())?;
        let top_db = self.top_db > 0.0 && self.top_db <= MAX_TOP_DB;
        unless(top_db, Field::TopDb, self.top_db.into())
    }
}

/// Grouping of columns into the windows that the network sees.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WindowSpec {
    /// Columns in a window.
    pub columns: u16,
    /// Columns from the start of one window to the start of the next, `1..=columns`.
    pub hop: u16,
}

/// Map from a feature (dB relative to the window's maximum, or an MFCC of such values) to the network's u8 input:
/// `q = clamp(floor(scale · x + offset + 0.5), 0, 255)`.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Affine {
    /// Steps (LSB) per decibel.
    pub scale: f32,
    /// Step that 0 dB maps to.
    pub offset: f32,
}

impl Affine {
    /// −80 dB → 0, 0 dB → 255: the map of the training cache.
    pub const DB80: Self = Self {
        scale: 255.0 / 80.0,
        offset: 255.0,
    };

    /// Apply the map; NaN gives 0.
    #[must_use]
    pub fn quantise(self, x: f32) -> u8 {
        // `as u8` truncates towards zero and saturates, so that negatives and NaN become 0
        (self.scale * x + self.offset + 0.5) as u8
    }
}
