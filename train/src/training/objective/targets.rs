//! A teacher's values for windows of the tracks, read from a file.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use burn::tensor::f16;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::data::Dataset;
use crate::data::split::Piece;
use crate::recipe::Recipe;

/// Tracks that a message names at most.
const NAMED: usize = 5;

/// The tensors of a file that a recipe's `[distillation]` names.
#[derive(Clone, Debug)]
pub struct Targets {
    /// Values that the window's vector is to predict, each with mean 0 and variance 1 over the train tracks.
    pub values: Option<Table>,
    /// Logits of the classes.
    pub answers: Option<Table>,
    /// Origin of the values, for the provenance of what learns from them.
    pub origin: String,
}

/// Values of windows at equal distances, `[row, window, value]`.
#[derive(Clone, Debug)]
pub struct Table {
    windows: usize,
    width: usize,
    values: Vec<f32>,
    clock: Clock,
}

/// Times of the windows of a table and of the crops of a training, in columns of the cache.
#[derive(Clone, Copy, Debug)]
struct Clock {
    /// From the start of one window to that of the next.
    hop: f64,
    /// From the start of a crop to the start of the window with the same centre.
    centred: f64,
}

impl Targets {
    /// Read the file that the recipe names, relative to the folder of the data; none where it names none.
    ///
    /// Its metadata may state `hop_seconds` and `window_seconds`, the times of its windows; they are otherwise those of
    /// the recipe's windows. `teacher` is the origin of the values.
    ///
    /// # Errors
    /// The file cannot be read, a tensor is missing or has another type or shape, a value is not finite, or a track
    /// of `train` has only zeros.
    pub fn read(
        data: &Path,
        recipe: &Recipe,
        dataset: &Dataset,
        train: &[Piece<'_>],
    ) -> Result<Option<Self>> {
        let keys = recipe.distillation.as_ref();
        let Some(file) = keys.and_then(|keys| keys.targets.as_deref()) else {
            return Ok(None);
        };
        let path = data.join(file);
        let bytes =
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&bytes, recipe, dataset, train)
            .with_context(|| format!("targets {}", path.display()))
            .map(Some)
    }

    /// Read the bytes of such a file.
    ///
    /// # Errors
    /// As [`Targets::read`].
    pub fn parse(
        bytes: &[u8],
        recipe: &Recipe,
        dataset: &Dataset,
        train: &[Piece<'_>],
    ) -> Result<Self> {
        let tensors = SafeTensors::deserialize(bytes).context("not a safetensors file")?;
        let (_, header) = SafeTensors::read_metadata(bytes)?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let seconds = |key: &str| -> Result<Option<f64>> {
            let Some(text) = metadata.get(key) else {
                return Ok(None);
            };
            let value: Option<f64> = text.parse().ok();
            let value = value.filter(|value| value.is_finite() && *value > 0.0);
            let bad = || format!("its metadata has {key} {text:?}");
            Ok(Some(value.with_context(bad)?))
        };
        let column = dataset.column_seconds(&recipe.front_end());
        let window = recipe.window();
        let columns = f64::from(window.columns);
        let hop = seconds("hop_seconds")?.map_or(f64::from(window.hop), |hop| hop / column);
        let length = seconds("window_seconds")?.map_or(columns, |length| length / column);
        let clock = Clock {
            hop,
            centred: (columns - length) / 2.0,
        };
        let read = |name: &Option<String>| {
            let name = name.as_deref()?;
            Some(Table::read(&tensors, name, dataset, train, clock))
        };
        let keys = recipe.distillation.as_ref();
        let keys = keys.context("the recipe has no [distillation]")?;
        let mut values = read(&keys.regress).transpose()?;
        if let Some(table) = &mut values {
            table.standardise(train);
        }
        let answers = read(&keys.answers).transpose()?;
        if let (Some(table), Some(name)) = (&answers, &keys.answers) {
            ensure!(
                table.width == dataset.genres.len(),
                "tensor `{name}` has {} values for {} classes",
                table.width,
                dataset.genres.len()
            );
        }
        let names: Vec<&str> = [&keys.regress, &keys.answers]
            .into_iter()
            .filter_map(|name| name.as_deref())
            .collect();
        let teacher = metadata.get("teacher").map_or("a file", String::as_str);
        Ok(Self {
            values,
            answers,
            origin: format!("{} of {teacher}", names.join(" and ")),
        })
    }
}

impl Table {
    fn read(
        tensors: &SafeTensors<'_>,
        name: &str,
        dataset: &Dataset,
        train: &[Piece<'_>],
        clock: Clock,
    ) -> Result<Self> {
        let Ok(tensor) = tensors.tensor(name) else {
            bail!(
                "no tensor `{name}`; there are {}",
                tensors.names().join(", ")
            );
        };
        let rows = dataset.tracks.len();
        let (windows, width) = match *tensor.shape() {
            [count, windows, width] if count == rows && windows > 0 && width > 0 => {
                (windows, width)
            }
            ref shape => {
                bail!("tensor `{name}` has shape {shape:?}, expected [{rows}, windows, values]")
            }
        };
        let values = floats(&tensor).with_context(|| format!("tensor `{name}`"))?;
        let table = Self {
            windows,
            width,
            values,
            clock,
        };
        table
            .check(dataset, train)
            .with_context(|| format!("tensor `{name}`"))?;
        Ok(table)
    }

    /// Refuse values that are not finite, and train tracks without values.
    fn check(&self, dataset: &Dataset, train: &[Piece<'_>]) -> Result<()> {
        let bad = (dataset.tracks.iter())
            .find(|track| self.row(track.row).iter().any(|value| !value.is_finite()));
        if let Some(track) = bad {
            bail!("{} has a value that is not finite", track.name);
        }
        let mut missing: Vec<&str> = (train.iter())
            .filter(|piece| self.row(piece.track.row).iter().all(|value| *value == 0.0))
            .map(|piece| piece.track.name.as_str())
            .collect();
        missing.dedup();
        if !missing.is_empty() {
            let more = if missing.len() > NAMED { ", …" } else { "" };
            bail!(
                "{} tracks of the train part have no values: {}{more}",
                missing.len(),
                missing[..missing.len().min(NAMED)].join(", ")
            );
        }
        Ok(())
    }

    /// Return the number of values of a window.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    fn row(&self, row: usize) -> &[f32] {
        let size = self.windows * self.width;
        &self.values[row * size..][..size]
    }

    /// Return the values of a crop of a row's track that starts at a column, interpolated between the two windows whose
    /// centres lie nearest before and after its own. Beyond the first and the last window these are repeated.
    #[must_use]
    pub fn at(&self, row: usize, start: usize) -> Vec<f32> {
        let place = (start as f64 + self.clock.centred) / self.clock.hop;
        let place = place.clamp(0.0, (self.windows - 1) as f64);
        let before = place as usize;
        let after = (before + 1).min(self.windows - 1);
        let weight = (place - before as f64) as f32;
        let window = |index: usize| &self.row(row)[index * self.width..][..self.width];
        let pairs = window(before).iter().zip(window(after));
        pairs.map(|(a, b)| a + weight * (b - a)).collect()
    }

    /// Give each value mean 0 and variance 1 over the train tracks. One that never changes there becomes 0.
    fn standardise(&mut self, train: &[Piece<'_>]) {
        let width = self.width;
        let mut rows: Vec<usize> = train.iter().map(|piece| piece.track.row).collect();
        rows.dedup();
        let count = (rows.len() * self.windows) as f64;
        for index in 0..width {
            let of = |row: &usize| self.row(*row).iter().skip(index).step_by(width);
            let all = || rows.iter().flat_map(of).map(|value| f64::from(*value));
            let mean = all().sum::<f64>() / count;
            let variance = all().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
            let scale = if variance > 1e-12 {
                variance.sqrt().recip()
            } else {
                0.0
            };
            for value in self.values.iter_mut().skip(index).step_by(width) {
                *value = ((f64::from(*value) - mean) * scale) as f32;
            }
        }
    }
}

fn floats(tensor: &TensorView<'_>) -> Result<Vec<f32>> {
    match tensor.dtype() {
        Dtype::F32 => {
            let (values, _) = tensor.data().as_chunks::<4>();
            Ok(values.iter().map(|v| f32::from_le_bytes(*v)).collect())
        }
        Dtype::F16 => {
            let (values, _) = tensor.data().as_chunks::<2>();
            Ok(values
                .iter()
                .map(|v| f16::from_le_bytes(*v).to_f32())
                .collect())
        }
        other => bail!("it is {other:?}, expected F16 or F32"),
    }
}
