//! Recipes: a training described by a TOML file. `docs/training.md` lists the keys.
//!
//! Every value is checked where it is read, so that an error points at its line.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use timbrel_core::frontend::{FrontEnd, WindowSpec};

/// A whole number between `MIN` and `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "i64")]
pub struct Whole<const MIN: u16, const MAX: u16>(u16);

impl<const MIN: u16, const MAX: u16> Whole<MIN, MAX> {
    /// The number.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0 as usize
    }

    /// The number as the 16 bits it fits in.
    #[must_use]
    pub const fn short(self) -> u16 {
        self.0
    }
}

impl<const MIN: u16, const MAX: u16> TryFrom<i64> for Whole<MIN, MAX> {
    type Error = String;

    fn try_from(value: i64) -> Result<Self, String> {
        u16::try_from(value)
            .ok()
            .filter(|v| (MIN..=MAX).contains(v))
            .map(Self)
            .ok_or_else(|| format!("must be {MIN} to {MAX}, is {value}"))
    }
}

/// A number from 0 to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub struct Real<const MAX: u16>(f64);

impl<const MAX: u16> Real<MAX> {
    /// The number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl<const MAX: u16> TryFrom<f64> for Real<MAX> {
    type Error = String;

    fn try_from(value: f64) -> Result<Self, String> {
        if (0.0..=f64::from(MAX)).contains(&value) {
            Ok(Self(value))
        } else {
            Err(format!("must be 0 to {MAX}, is {value}"))
        }
    }
}

/// Everything that decides a training run, besides the data and the seed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Name of the system; also the exported files' name.
    pub name: String,
    /// Front end of the cache and of the model.
    pub front_end: FrontEndKeys,
    /// Windows that the network sees.
    pub window: WindowKeys,
    /// Layers.
    pub network: NetworkKeys,
    /// What is done to a training crop.
    pub augment: AugmentKeys,
    /// Optimisation.
    pub training: TrainingKeys,
}

/// librosa's log-mel at 22,050 Hz; the rest is [`FrontEnd::librosa`].
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontEndKeys {
    /// FFT length, samples.
    pub n_fft: Whole<512, 4096>,
    /// Samples from column to column.
    pub hop: Whole<1, 4096>,
    /// Mel bands.
    pub n_mels: Whole<1, 256>,
}

/// Windows over the columns.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowKeys {
    /// Columns in a window.
    pub columns: Whole<1, 4096>,
    /// Columns from window to window.
    pub hop: Whole<1, 4096>,
}

/// A convolutional network: blocks, global average, one dense layer.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkKeys {
    /// Blocks from input to output.
    pub blocks: Vec<BlockKeys>,
}

/// Convolution without bias (padding `kernel / 2`), batch normalisation, ReLU, maximum pooling.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockKeys {
    /// Output channels; of a depthwise block the same as its input's.
    pub channels: Whole<1, 1024>,
    /// Kernel height and width.
    pub kernel: Whole<1, 15>,
    /// Stride over both axes.
    #[serde(default = "one")]
    pub stride: Whole<1, 8>,
    /// Extent and stride of the maximum pooling; 1 is none.
    #[serde(default = "one")]
    pub pool: Whole<1, 8>,
    /// One kernel a channel.
    #[serde(default)]
    pub depthwise: bool,
}

fn one() -> Whole<1, 8> {
    Whole(1)
}

/// What is done to a training crop before the network sees it.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AugmentKeys {
    /// Random crops taken from each track in an epoch.
    pub crops_per_track: Whole<1, 64>,
    /// Greatest shift along the mel axis, bins, either way.
    pub shift_bins: Whole<0, 32>,
    /// Greatest level change of an equaliser's shelf at either end of the mel axis, dB.
    pub tilt_db: Real<40>,
    /// Bands of bins that are blanked.
    pub frequency_masks: Whole<0, 8>,
    /// Greatest width of such a band, bins.
    pub frequency_mask_bins: Whole<0, 128>,
    /// Stretches of columns that are blanked.
    pub time_masks: Whole<0, 8>,
    /// Greatest length of such a stretch, columns.
    pub time_mask_columns: Whole<0, 128>,
    /// Parameter of mixup's Beta(α, α); 0 is no mixup.
    pub mixup_alpha: Real<10>,
}

/// Optimisation: AdamW with one learning-rate cycle.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingKeys {
    /// Passes over the train split.
    pub epochs: Whole<1, 10000>,
    /// Crops in a step.
    pub batch: Whole<2, 4096>,
    /// Highest learning rate.
    pub peak_learning_rate: Real<1>,
    /// Share of the steps in which the rate rises.
    pub warmup: Real<1>,
    /// AdamW's decoupled weight decay.
    pub weight_decay: Real<1>,
    /// Norm that each parameter's gradient is clipped to.
    pub gradient_norm: Real<1000>,
    /// Probability taken from the true class and spread over all.
    pub label_smoothing: Real<1>,
    /// Decay a step of the averaged weights.
    pub ema_decay: Real<1>,
    /// Epochs from one validation to the next.
    pub evaluate_every: Whole<1, 10000>,
    /// Epochs from one checkpoint to the next.
    pub checkpoint_every: Whole<1, 10000>,
}

impl Recipe {
    /// Reads and checks a recipe file.
    ///
    /// # Errors
    /// The file cannot be read, or a key is unknown, missing or impossible; the message names key and line.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read recipe {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("recipe {}", path.display()))
    }

    /// Checks the text of a recipe.
    ///
    /// # Errors
    /// A key is unknown, missing or impossible; the message names key and line.
    pub fn parse(text: &str) -> Result<Self> {
        let recipe: Self = toml::from_str(text)?;
        recipe.validate()?;
        Ok(recipe)
    }

    /// The front end whose columns the network sees.
    #[must_use]
    pub const fn front_end(&self) -> FrontEnd {
        let keys = &self.front_end;
        FrontEnd::librosa(keys.n_fft.short(), keys.hop.short(), keys.n_mels.short())
    }

    /// The windows.
    #[must_use]
    pub const fn window(&self) -> WindowSpec {
        WindowSpec {
            columns: self.window.columns.short(),
            hop: self.window.hop.short(),
        }
    }

    /// Checks what concerns more than one key.
    fn validate(&self) -> Result<()> {
        if let Err((what, found)) = self.front_end().validate() {
            anyhow::bail!("[front_end] {what} cannot be {found}");
        }
        ensure!(
            self.window.hop.get() <= self.window.columns.get(),
            "[window] hop {} is longer than columns {}",
            self.window.hop.get(),
            self.window.columns.get()
        );
        ensure!(
            !self.name.is_empty()
                && self
                    .name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)),
            "name {:?} is used for files: letters, digits, - and _ only",
            self.name
        );
        ensure!(!self.network.blocks.is_empty(), "[network] blocks is empty");
        let mut channels = 1;
        for (index, block) in self.network.blocks.iter().enumerate() {
            ensure!(
                !block.depthwise || block.channels.get() == channels,
                "[network] block {index}: depthwise, so channels must be its input's {channels}, is {}",
                block.channels.get()
            );
            channels = block.channels.get();
        }
        self.network.shapes(self.input())?;
        Ok(())
    }

    /// Height (bins) and width (columns) of the network's input.
    #[must_use]
    pub const fn input(&self) -> [usize; 2] {
        [self.front_end.n_mels.get(), self.window.columns.get()]
    }
}

impl NetworkKeys {
    /// Height and width after each block.
    ///
    /// # Errors
    /// A block leaves nothing.
    pub fn shapes(&self, input: [usize; 2]) -> Result<Vec<[usize; 2]>> {
        let mut shape = input;
        let mut shapes = Vec::with_capacity(self.blocks.len());
        for (index, block) in self.blocks.iter().enumerate() {
            let (kernel, stride, pool) = (block.kernel.get(), block.stride.get(), block.pool.get());
            for extent in &mut shape {
                let padded = *extent + 2 * (kernel / 2);
                ensure!(
                    padded >= kernel,
                    "[network] block {index}: kernel {kernel} does not fit {extent}"
                );
                *extent = ((padded - kernel) / stride + 1) / pool;
                ensure!(*extent > 0, "[network] block {index}: nothing is left");
            }
            shapes.push(shape);
        }
        Ok(shapes)
    }
}
