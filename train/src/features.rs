//! Features of a whole signal by name, as librosa computes them, with core's front end.
//!
//! | name | librosa 0.11 (`y` at `sr=22050`) |
//! |---|---|
//! | `log_stft_N_H` | `amplitude_to_db(abs(stft(y, n_fft=N, hop_length=H)), ref=np.max)` |
//! | `mel_power_N_H_128` | `feature.melspectrogram(y=y, sr=22050, n_fft=N, hop_length=H, n_mels=128)` |
//! | `mel_db_N_H_128` | `power_to_db` of it, `ref=np.max` |
//! | `mfcc_N_H_C` | `feature.mfcc(y=y, sr=22050, n_fft=N, hop_length=H, n_mfcc=C)` |
//!
//! `N` is 512, 1024, 2048 or 4096, `H` 1 to `N`, `C` 1 to 128. With `_at_R` behind it, as in `mel_db_1024_768_128_at_16000`,
//! `y` and `sr` have `R` Hz, and the bands end at half of that.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use timbrel_core::frontend::{Dct, FrontEnd, LogMel, Padding, Stft, relative_to_maximum};

use crate::file::write_whole;

/// Sample rate of a signal where nothing states another, Hz.
pub const SAMPLE_RATE: u32 = 22_050;
/// Lowest and highest sample rate of a feature, Hz: what microphones and files have.
const RATES: [u32; 2] = [8_000, 48_000];
/// Mel bands of every feature.
const MELS: usize = 128;
/// librosa's `top_db`.
const TOP_DB: f32 = 80.0;

/// A kind of feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    LogStft,
    MelPower,
    MelDb,
    Mfcc { coefficients: usize },
}

/// A feature and its frames, as a name states them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feature {
    kind: Kind,
    n_fft: u16,
    hop: u16,
    sample_rate: u32,
}

/// Values `[bin, frame]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// Extent of the first axis.
    pub bins: usize,
    /// Extent of the second axis.
    pub frames: usize,
    /// Values, frames innermost.
    pub values: Vec<f32>,
}

impl Feature {
    /// Read a name of the table above.
    ///
    /// # Errors
    /// The name is unknown, or one of its numbers is out of range.
    pub fn parse(name: &str) -> Result<Self> {
        let (form, sample_rate) = rate(name)?;
        let kinds = [
            ("log_stft_", 2),
            ("mel_power_", 3),
            ("mel_db_", 3),
            ("mfcc_", 3),
        ];
        let found = kinds
            .iter()
            .find_map(|(prefix, count)| Some((prefix, form.strip_prefix(prefix)?, count)));
        let (prefix, numbers, count) = found.with_context(|| {
            format!("no front end is called `{name}`: log_stft_N_H, mel_power_N_H_128, mel_db_N_H_128, mfcc_N_H_C, each with _at_RATE")
        })?;
        let numbers: Vec<u16> = numbers
            .split('_')
            .map(|number| {
                number
                    .parse()
                    .with_context(|| format!("`{number}` in `{name}`"))
            })
            .collect::<Result<_>>()?;
        ensure!(
            numbers.len() == *count,
            "`{name}` has {} numbers, expected {count}",
            numbers.len()
        );
        let (n_fft, hop, last) = (
            numbers[0],
            numbers[1],
            numbers.get(2).copied().map(usize::from),
        );
        if let Err(invalid) = FrontEnd::librosa(n_fft, hop, MELS as u16).validate() {
            bail!("`{name}`: {invalid}");
        }
        let kind = match (*prefix, last) {
            ("mfcc_", Some(coefficients)) => {
                ensure!(
                    (1..=MELS).contains(&coefficients),
                    "`{name}`: 1 to {MELS} coefficients"
                );
                Kind::Mfcc { coefficients }
            }
            (prefix, Some(mels)) => {
                ensure!(
                    mels == MELS,
                    "`{name}`: {mels} mel bands, only {MELS} are offered"
                );
                if prefix == "mel_db_" {
                    Kind::MelDb
                } else {
                    Kind::MelPower
                }
            }
            (_, None) => Kind::LogStft,
        };
        Ok(Self {
            kind,
            n_fft,
            hop,
            sample_rate,
        })
    }

    /// Return the feature in decibels relative to the maximum from which this one follows: powers convert to decibels,
    /// and MFCCs are a linear map of mel bands in decibels.
    #[must_use]
    pub const fn in_decibels(self) -> Self {
        Self {
            kind: match self.kind {
                Kind::LogStft => Kind::LogStft,
                Kind::MelPower | Kind::MelDb | Kind::Mfcc { .. } => Kind::MelDb,
            },
            ..self
        }
    }

    /// Return the extent of the first axis.
    #[must_use]
    pub const fn bins(&self) -> usize {
        match self.kind {
            Kind::LogStft => self.n_fft as usize / 2 + 1,
            Kind::MelPower | Kind::MelDb => MELS,
            Kind::Mfcc { coefficients } => coefficients,
        }
    }

    /// Return the samples from frame to frame.
    #[must_use]
    pub const fn hop(&self) -> usize {
        self.hop as usize
    }

    /// Return the samples of a frame.
    #[must_use]
    pub const fn n_fft(&self) -> usize {
        self.n_fft as usize
    }

    /// Return the sample rate of the signals, Hz.
    #[must_use]
    pub const fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// Return the frames of a signal with so many samples.
    #[must_use]
    pub const fn frames(&self, samples: usize) -> usize {
        samples / self.hop as usize + 1
    }

    /// Compute the feature of a mono signal at [`Feature::sample_rate`].
    ///
    /// # Errors
    /// The signal is empty.
    pub fn compute(&self, samples: &[f32]) -> Result<Matrix> {
        ensure!(!samples.is_empty(), "the signal has no samples");
        match self.n_fft {
            512 => self.with_size::<512>(samples),
            1024 => self.with_size::<1024>(samples),
            2048 => self.with_size::<2048>(samples),
            _ => self.with_size::<4096>(samples),
        }
    }

    fn with_size<const N: usize>(&self, samples: &[f32]) -> Result<Matrix> {
        let mut frames = match self.kind {
            Kind::LogStft => stft::<N>(self.hop, samples)?,
            Kind::MelPower => mel::<N>(self, samples, LogMel::push_power, LogMel::finish_power)?,
            Kind::MelDb | Kind::Mfcc { .. } => {
                mel::<N>(self, samples, LogMel::push, LogMel::finish)?
            }
        };
        match self.kind {
            Kind::MelPower => {}
            Kind::LogStft | Kind::MelDb => relative_to_maximum(&mut frames, TOP_DB),
            Kind::Mfcc { coefficients } => return Ok(cepstrum(&mut frames, coefficients)),
        }
        Ok(Matrix::from_frames(&frames, self.bins()))
    }
}

/// Divide a name into its form and the sample rate behind it.
fn rate(name: &str) -> Result<(&str, u32)> {
    let Some((form, rate)) = name.rsplit_once("_at_") else {
        return Ok((name, SAMPLE_RATE));
    };
    let rate: u32 = rate
        .parse()
        .with_context(|| format!("`{rate}` in `{name}`"))?;
    let [lowest, highest] = RATES;
    ensure!(
        (lowest..=highest).contains(&rate),
        "`{name}`: a sample rate of {lowest} to {highest} Hz"
    );
    Ok((form, rate))
}

/// Compute the decibels of each frame's spectrum, frame after frame.
fn stft<const N: usize>(hop: u16, samples: &[f32]) -> Result<Vec<f32>> {
    // librosa's amplitude_to_db has its amin, 1e-5, on amplitudes
    const AMIN: f32 = 1e-10;
    let mut stft = Stft::<N>::new(hop, Padding::Zeros).context("hop is out of range")?;
    let mut frames = Vec::new();
    for sample in samples {
        if let Some(spectrum) = stft.push(*sample) {
            frames.extend_from_slice(spectrum.into_decibels(AMIN));
        }
    }
    while let Some(spectrum) = stft.finish() {
        frames.extend_from_slice(spectrum.into_decibels(AMIN));
    }
    Ok(frames)
}

/// Compute mel bands frame after frame, from what `push` and `finish` return.
fn mel<const N: usize>(
    feature: &Feature,
    samples: &[f32],
    push: fn(&mut LogMel<N, MELS>, f32) -> Option<&[f32]>,
    finish: fn(&mut LogMel<N, MELS>) -> Option<&[f32]>,
) -> Result<Vec<f32>> {
    let front_end =
        FrontEnd::librosa(N as u16, feature.hop, MELS as u16).at_rate(feature.sample_rate);
    let mut stream = LogMel::<N, MELS>::new(&front_end).context("hop is out of range")?;
    let mut frames = Vec::new();
    for sample in samples {
        if let Some(column) = push(&mut stream, *sample) {
            frames.extend_from_slice(column);
        }
    }
    while let Some(column) = finish(&mut stream) {
        frames.extend_from_slice(column);
    }
    Ok(frames)
}

/// Compute MFCCs from decibels relative to a power of 1, clamped below the signal's maximum as librosa does it.
fn cepstrum(frames: &mut [f32], coefficients: usize) -> Matrix {
    let maximum = frames.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for value in frames.iter_mut() {
        *value = value.max(maximum - TOP_DB);
    }
    let dct = Dct::<MELS, MELS>::new(0);
    let columns = frames.chunks_exact(MELS).map(|frame| dct.transform(frame));
    let kept: Vec<f32> = columns
        .flat_map(|column| column.into_iter().take(coefficients))
        .collect();
    Matrix::from_frames(&kept, coefficients)
}

impl Matrix {
    fn from_frames(frames: &[f32], bins: usize) -> Self {
        let values = (0..bins)
            .flat_map(|bin| frames.iter().skip(bin).step_by(bins))
            .copied();
        Self {
            bins,
            frames: frames.len() / bins,
            values: values.collect(),
        }
    }

    /// Write it as the one tensor `name` of a safetensors file, f32 `[bin, frame]`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path, name: &str) -> Result<()> {
        let bytes: Vec<u8> = self
            .values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let view = TensorView::new(Dtype::F32, vec![self.bins, self.frames], &bytes)?;
        let file = safetensors::serialize([(name, view)], None)?;
        write_whole(path, file)
    }
}
