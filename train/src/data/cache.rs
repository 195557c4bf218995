//! The training cache: `logmel.safetensors` and `manifest.csv` in one folder.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use timbrel_core::frontend::FrontEnd;

use super::{ManifestRow, Provenance, manifest};
use crate::features::SAMPLE_RATE;

/// Label of a row without a stated genre. Its manifest row has an empty genre.
pub(super) const UNLABELLED: u8 = u8::MAX;

/// One track of the cache.
#[derive(Clone, Debug)]
pub struct Track {
    /// Name, as in `blues.00000`.
    pub name: String,
    /// Class index; none without a stated genre.
    pub label: Option<usize>,
    /// Name of the split it belongs to.
    pub split: String,
    /// Row in `logmel`.
    pub row: usize,
}

/// Frame length and hop, in samples, that a cache was made with. GTZAN's has columns of 1,708.5
/// samples on average.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MadeWith {
    /// Sample rate of the signals, Hz.
    #[serde(default = "MadeWith::usual_rate")]
    pub sample_rate: u32,
    /// FFT length.
    pub n_fft: u16,
    /// Samples from column to column.
    pub hop: f32,
    /// Mel bands, or bins of the FFT.
    pub bins: usize,
}

impl MadeWith {
    /// The rate of a cache that does not state one.
    const fn usual_rate() -> u32 {
        SAMPLE_RATE
    }

    /// Read the keys `n_fft`, `hop` and `sample_rate` of a cache's metadata; none where one of the first two is missing.
    fn read(metadata: &HashMap<String, String>, bins: usize) -> Result<Option<Self>> {
        let (Some(n_fft), Some(hop)) = (metadata.get("n_fft"), metadata.get("hop")) else {
            return Ok(None);
        };
        let rate = metadata.get("sample_rate");
        let bad = || format!("its metadata has n_fft {n_fft:?} and hop {hop:?}");
        let bad_rate = || format!("its metadata has sample_rate {rate:?}");
        let this = Self {
            sample_rate: rate
                .map_or(Ok(SAMPLE_RATE), |rate| rate.parse().with_context(bad_rate))?,
            n_fft: n_fft.parse().with_context(bad)?,
            hop: hop.parse().with_context(bad)?,
            bins,
        };
        // times are divided by it
        ensure!(this.hop.is_finite() && this.hop >= 1.0, bad());
        ensure!(this.sample_rate > 0, bad_rate());
        Ok(Some(this))
    }

    /// Return whether the cache has the FFT's own bins.
    #[must_use]
    pub const fn holds_fft_bins(&self) -> bool {
        self.bins == self.n_fft as usize / 2 + 1
    }
}

impl fmt::Display for MadeWith {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "n_fft {}, hop {}, {} bins",
            self.n_fft, self.hop, self.bins
        )?;
        if self.sample_rate != SAMPLE_RATE {
            write!(f, " at {} Hz", self.sample_rate)?;
        }
        Ok(())
    }
}

/// Log-mel spectrograms of whole tracks with their labels and splits.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Class names in label order.
    pub genres: Vec<String>,
    /// Tracks in row order.
    pub tracks: Vec<Track>,
    /// Mel bands of a column.
    pub mels: usize,
    /// Columns of a track.
    pub columns: usize,
    /// Front end that the cache states it was made with; an old one states nothing.
    pub made_with: Option<MadeWith>,
    /// Origin of the spectrograms.
    pub provenance: Provenance,
    /// `[track, mel, column]`, `dB = value / 255 · 80 − 80` relative to the track's maximum.
    values: Vec<u8>,
}

impl Dataset {
    /// Read the cache in `folder`. A folder that holds `gtzan/` is taken to mean that.
    ///
    /// # Errors
    /// A file is missing or is not what it should be; the message names file, tensor or row.
    pub fn read(folder: &Path) -> Result<Self> {
        let inner = folder.join("gtzan");
        let folder = if inner.join("manifest.csv").exists() {
            inner
        } else {
            folder.to_path_buf()
        };
        let manifest = folder.join("manifest.csv");
        let rows = manifest::read(&manifest)?;
        let cache = folder.join("logmel.safetensors");
        let bytes =
            std::fs::read(&cache).with_context(|| format!("cannot read {}", cache.display()))?;
        Self::parse(&bytes, &rows)
            .with_context(|| format!("{} with {}", cache.display(), manifest.display()))
    }

    /// Join the bytes of a cache with its manifest.
    ///
    /// # Errors
    /// The tensors are missing, of another type or shape, or contradict the manifest.
    pub fn parse(bytes: &[u8], rows: &[ManifestRow]) -> Result<Self> {
        let tensors = SafeTensors::deserialize(bytes).context("not a safetensors file")?;
        let (_, header) = SafeTensors::read_metadata(bytes)?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let genres = metadata
            .get("genres")
            .context("its metadata has no `genres`")?;
        let genres: Vec<String> = serde_json::from_str(genres)
            .context("its metadata `genres` is not a JSON list of names")?;
        let logmel = tensors.tensor("logmel").context("tensor `logmel`")?;
        let labels = tensors.tensor("label").context("tensor `label`")?;
        for (name, tensor) in [("logmel", &logmel), ("label", &labels)] {
            ensure!(
                tensor.dtype() == Dtype::U8,
                "tensor `{name}` is {:?}, expected U8",
                tensor.dtype()
            );
        }
        let &[count, mels, columns] = logmel.shape() else {
            bail!(
                "tensor `logmel` has shape {:?}, expected [track, mel, column]",
                logmel.shape()
            );
        };
        let made_with = MadeWith::read(&metadata, mels)?;
        ensure!(
            labels.shape() == [count],
            "tensor `label` has shape {:?}, expected [{count}]",
            labels.shape()
        );
        ensure!(
            rows.len() == count,
            "the manifest has {} rows, `logmel` {count}",
            rows.len()
        );
        let mut tracks = Vec::with_capacity(count);
        for (index, (row, &label)) in rows.iter().zip(labels.data()).enumerate() {
            ensure!(
                row.row == index,
                "row {index}: the manifest says row {}",
                row.row
            );
            tracks.push(Track {
                name: row.track.clone(),
                label: class(label, row, &genres).with_context(|| format!("row {index}"))?,
                split: row.split.clone(),
                row: index,
            });
        }
        let provenance = Provenance::read(&metadata, made_with, genres.len(), &tracks)?;
        Ok(Self {
            genres,
            tracks,
            mels,
            columns,
            made_with,
            provenance,
            values: logmel.data().to_vec(),
        })
    }

    /// Return the tracks of a split; `all` is every track, whatever its split.
    ///
    /// # Errors
    /// The split is empty; the message lists those there are.
    pub fn split(&self, name: &str) -> Result<Vec<&Track>> {
        let tracks: Vec<_> = self
            .tracks
            .iter()
            .filter(|t| name == "all" || t.split == name)
            .collect();
        if tracks.is_empty() {
            let mut known: Vec<_> = self.tracks.iter().map(|t| t.split.as_str()).collect();
            known.sort_unstable();
            known.dedup();
            bail!(
                "no track is in split `{name}`; the manifest has {}",
                known.join(", ")
            );
        }
        Ok(tracks)
    }

    /// Return the seconds from column to column, from the cache's metadata or else from the front end.
    #[must_use]
    pub fn column_seconds(&self, front_end: &FrontEnd) -> f64 {
        let stated = self.made_with.map(|made| (made.hop, made.sample_rate));
        let own = (f32::from(front_end.hop), front_end.sample_rate);
        let (hop, rate) = stated.unwrap_or(own);
        f64::from(hop) / f64::from(rate)
    }

    /// Return a track's spectrogram, `[mel, column]`.
    #[must_use]
    pub fn spectrogram(&self, track: &Track) -> &[u8] {
        let size = self.mels * self.columns;
        &self.values[track.row * size..][..size]
    }

    /// Check that a model with this front end and window can be trained or evaluated on the cache.
    ///
    /// # Errors
    /// The bins or the times of the columns differ, or a track is shorter than a window.
    pub fn check(&self, front_end: &FrontEnd, columns: u16) -> Result<()> {
        ensure!(
            usize::from(front_end.n_mels) == self.mels,
            "the front end has {} bins, the cache {}",
            front_end.n_mels,
            self.mels
        );
        if let Some(MadeWith {
            sample_rate,
            n_fft,
            hop,
            ..
        }) = self.made_with
        {
            ensure!(
                sample_rate == front_end.sample_rate,
                "the front end takes {} Hz, the cache was made with {sample_rate} Hz; make one that fits with `timbrel prepare`",
                front_end.sample_rate
            );
            ensure!(
                n_fft == front_end.n_fft && (hop - f32::from(front_end.hop)).abs() < 1.0,
                "the front end has n_fft {} and hop {}, the cache was made with {n_fft} and {hop}; make one that fits with `timbrel prepare`, or let `timbrel train --approximate-front-end` take the cache's",
                front_end.n_fft,
                front_end.hop
            );
        }
        ensure!(
            usize::from(columns) <= self.columns,
            "a window has {columns} columns, a track of the cache only {}",
            self.columns
        );
        Ok(())
    }
}

/// Return the class of a row, on which tensor and manifest must agree.
fn class(label: u8, row: &ManifestRow, genres: &[String]) -> Result<Option<usize>> {
    if label == UNLABELLED && row.genre.is_empty() {
        return Ok(None);
    }
    let label = usize::from(label);
    let genre = genres
        .get(label)
        .with_context(|| format!("label {label}, but there are {} genres", genres.len()))?;
    ensure!(
        *genre == row.genre,
        "({}): `label` says {genre}, the manifest {}",
        row.track,
        row.genre
    );
    Ok(Some(label))
}
