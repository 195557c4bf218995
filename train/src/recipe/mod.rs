//! Recipes: a training described by a TOML file. `docs/training.md` lists the keys.
//!
//! Every value is checked where it is read, so that an error points at its line.

mod fault;
mod network;
mod values;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;
use timbrel_core::frontend::{FrontEnd, WindowSpec};
use timbrel_core::model::MAX_COLUMNS;

use self::fault::{Fault, check};

pub use network::{BlockKeys, HiddenKeys, NetworkKeys, Norm, Reduce};
pub use values::{Pair, Real, Share, Whole};

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
    /// How the tracks are divided; by default as the manifest states.
    pub split: Option<SplitKeys>,
    /// Layers.
    pub network: NetworkKeys,
    /// Augmentation of a training crop.
    pub augment: AugmentKeys,
    /// Optimisation.
    pub training: TrainingKeys,
    /// Learning from teachers in addition to the labels.
    pub distillation: Option<DistillationKeys>,
}

/// librosa's decibel spectrogram; the rest is [`FrontEnd::librosa`].
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontEndKeys {
    /// Sample rate of the signal, Hz.
    #[serde(default = "FrontEndKeys::usual_rate")]
    pub sample_rate: Whole<8000, 48000>,
    /// FFT length, samples.
    pub n_fft: Whole<512, 4096>,
    /// Samples from column to column.
    pub hop: Whole<1, 4096>,
    /// Mel bands; without, the FFT's own `n_fft / 2 + 1` bins.
    pub n_mels: Option<Whole<1, 256>>,
}

impl FrontEndKeys {
    fn usual_rate() -> Whole<8000, 48000> {
        Whole::of::<22_050>()
    }
}

/// A division of all tracks of the data that ignores the manifest's.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitKeys {
    /// Unit of the division.
    pub of: Unit,
    /// Share that is trained on.
    pub train: Share,
    /// Share that is validated on; the rest is for a test.
    pub valid: Share,
    /// Whether each genre is divided by itself.
    #[serde(default)]
    pub stratified: bool,
    /// Seed of the division, apart from a run's.
    #[serde(default = "Whole::least")]
    pub seed: Whole<1, 10000>,
}

/// Unit that a split divides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Whole tracks.
    Tracks,
    /// Windows, so that pieces of one recording are in several parts.
    Segments,
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

/// Augmentation of a training crop before the network sees it.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AugmentKeys {
    /// Random crops taken from each track in an epoch.
    pub crops_per_track: Whole<1, 64>,
    /// Random crops taken from each track without a label instead.
    pub crops_per_unlabelled_track: Option<Whole<1, 64>>,
    /// Greatest shift along the mel axis, bins, either way.
    pub shift_bins: Whole<0, 32>,
    /// Greatest level change of an equaliser's shelf at either end of the mel axis, dB.
    pub tilt_db: Real<40>,
    /// Greatest change of the range of levels: decibels are multiplied by up to `1 + contrast`, or divided.
    #[serde(default)]
    pub contrast: Real<4>,
    /// Share of the crops whose upper bins fall off.
    #[serde(default)]
    pub low_pass: Real<1>,
    /// Share of the crops that noise is added to.
    #[serde(default)]
    pub noise_floor: Real<1>,
    /// Bands of bins that are blanked.
    pub frequency_masks: Whole<0, 8>,
    /// Greatest width of such a band, bins.
    pub frequency_mask_bins: Whole<0, 128>,
    /// Stretches of columns that are blanked.
    pub time_masks: Whole<0, 8>,
    /// Greatest length of such a stretch, columns.
    pub time_mask_columns: Whole<0, 128>,
    /// Share of the crops whose bins' means and deviations are mixed with those of another crop.
    #[serde(default)]
    pub mixstyle: Real<1>,
    /// Parameter of mixup's Beta(α, α); 0 turns mixup off.
    pub mixup_alpha: Real<10>,
}

/// Learning from teachers: the answers of trained networks to the same crop (Hinton et al. 2015), or values of a file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DistillationKeys {
    /// Share of the loss that measures the distance to the teachers' mean answer.
    #[serde(default)]
    pub weight: Real<1>,
    /// Divisor of the logits in that share, at least 1 / 1000.
    #[serde(default = "DistillationKeys::unchanged")]
    pub temperature: Real<100>,
    /// safetensors file with a teacher's values for windows of the tracks, relative to the folder of the data.
    pub targets: Option<PathBuf>,
    /// Tensor of that file which the window's vector is to predict through a layer that only training has.
    pub regress: Option<String>,
    /// Weight of the mean squared error of that prediction, beside the rest of the loss.
    #[serde(default = "DistillationKeys::unchanged")]
    pub regression_weight: Real<100>,
    /// Tensor of that file with a teacher's logits of the classes, in place of trained networks.
    pub answers: Option<String>,
}

impl DistillationKeys {
    fn unchanged() -> Real<100> {
        Real::one()
    }

    fn validate(&self, network: &NetworkKeys) -> Result<()> {
        let temperature = self.temperature.get();
        check!(
            temperature >= 1e-3,
            "distillation.temperature",
            "[distillation] temperature must be at least 0.001, is {temperature}"
        );
        check!(
            self.weight.get() > 0.0 || self.regress.is_some(),
            "distillation",
            "[distillation] teaches nothing: give weight or regress"
        );
        check!(
            self.weight.get() > 0.0 || self.answers.is_none(),
            "distillation.answers",
            "[distillation] answers need a weight"
        );
        check!(
            self.targets.is_some() == (self.regress.is_some() || self.answers.is_some()),
            "distillation",
            "[distillation] targets is the file of regress and answers: give it with one of them"
        );
        check!(
            self.regress.is_none() || !network.quantised,
            "distillation.regress",
            "[distillation] regress is for networks of real numbers, not for quantised = true"
        );
        Ok(())
    }
}

/// How weights are moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Optimiser {
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019).
    #[default]
    Adamw,
    /// Adam (Kingma and Ba 2015); `weight_decay` is added to the gradient.
    Adam,
}

/// How the learning rate goes over a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// A linear rise over the share `warmup` of the steps, then half a cosine to nearly nothing.
    #[default]
    OneCycle,
    /// Half a cosine from the peak to nearly nothing.
    Cosine,
    /// A linear rise over the share `warmup` of the steps, then the peak to the end.
    Constant,
}

/// Epoch whose averaged weights are the result of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Select {
    /// That of the validated epoch with the most valid tracks right; the first of equals.
    #[default]
    Best,
    /// That of the last epoch, whatever came before.
    Last,
}

/// Optimisation.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingKeys {
    /// How weights are moved.
    #[serde(default)]
    pub optimiser: Optimiser,
    /// How the learning rate goes.
    #[serde(default)]
    pub schedule: Schedule,
    /// Passes over the train split.
    pub epochs: Whole<1, 10000>,
    /// Crops in a step.
    pub batch: Whole<2, 4096>,
    /// Highest learning rate.
    pub peak_learning_rate: Real<1>,
    /// Share of the steps in which the rate rises.
    pub warmup: Real<1>,
    /// Weight decay.
    pub weight_decay: Real<1>,
    /// Norm that each parameter's gradient is clipped to.
    pub gradient_norm: Real<1000>,
    /// Probability taken from the true class and spread over all.
    pub label_smoothing: Real<1>,
    /// Decay per step of the averaged weights.
    pub ema_decay: Real<1>,
    /// Which epoch's weights are the result.
    #[serde(default)]
    pub select: Select,
    /// Epochs without a better validation after which the run stops; none runs to its end.
    pub patience: Option<Whole<1, 10000>>,
    /// Epochs from one validation to the next.
    pub evaluate_every: Whole<1, 10000>,
    /// Epochs from one checkpoint to the next.
    pub checkpoint_every: Whole<1, 10000>,
}

impl Recipe {
    /// Read and check a recipe file.
    ///
    /// # Errors
    /// The file cannot be read, or a key is unknown, missing or impossible; the message names key and line.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read recipe {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("recipe {}", path.display()))
    }

    /// Check the text of a recipe.
    ///
    /// # Errors
    /// A key is unknown, missing or impossible; the message names key and line.
    pub fn parse(text: &str) -> Result<Self> {
        let recipe: Self = toml::from_str(text)?;
        match recipe.validate().map_err(anyhow::Error::downcast::<Fault>) {
            Ok(()) => Ok(recipe),
            Err(Ok(fault)) => Err(fault.in_text(text)),
            Err(Err(error)) => Err(error),
        }
    }

    /// Return the front end whose columns the network sees. Without mel bands `n_mels` is the number of the FFT's
    /// bins.
    #[must_use]
    pub const fn front_end(&self) -> FrontEnd {
        let keys = &self.front_end;
        let bins = match keys.n_mels {
            Some(bands) => bands.short(),
            None => keys.n_fft.short() / 2 + 1,
        };
        FrontEnd::librosa(keys.n_fft.short(), keys.hop.short(), bins)
            .at_rate(keys.sample_rate.get() as u32)
    }

    /// Return the windows.
    #[must_use]
    pub const fn window(&self) -> WindowSpec {
        WindowSpec {
            columns: self.window.columns.short(),
            hop: self.window.hop.short(),
        }
    }

    /// Check the keys that depend on each other.
    pub(crate) fn validate(&self) -> Result<()> {
        let mut front_end = self.front_end();
        if self.front_end.n_mels.is_none() {
            front_end.n_mels = 1; // the number of the FFT's bins always fits
        }
        if let Err(invalid) = front_end.validate() {
            let place = format!("front_end.{}", invalid.field.name());
            return Err(Fault::new(place, format!("[front_end] {invalid}")).into());
        }
        // models without mel bands never run on a device
        check!(
            self.front_end.n_mels.is_none() || self.window.columns.short() <= MAX_COLUMNS,
            "window.columns",
            "[window] columns must be 1 to {MAX_COLUMNS} for a model with mel bands, is {}",
            self.window.columns.get()
        );
        check!(
            self.window.hop.get() <= self.window.columns.get(),
            "window.hop",
            "[window] hop {} is longer than columns {}",
            self.window.hop.get(),
            self.window.columns.get()
        );
        check!(
            !self.name.is_empty()
                && self
                    .name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)),
            "name",
            "name {:?} is used for files: letters, digits, - and _ only",
            self.name
        );
        if let Some(keys) = &self.split {
            let sum = keys.train.get() + keys.valid.get();
            check!(
                sum <= 1.0 + 1e-9 && keys.train.get() > 0.0 && keys.valid.get() > 0.0,
                "split.valid",
                "[split] train and valid must be above 0 and add up to at most 1, are {} and {}",
                keys.train.get(),
                keys.valid.get()
            );
        }
        check!(
            self.training.select == Select::Best || self.training.patience.is_none(),
            "training.patience",
            "[training] patience ends a run by its best epoch, so it goes with select = \"best\" alone"
        );
        if let Some(keys) = &self.distillation {
            keys.validate(&self.network)?;
        }
        self.network.validate(self.input())
    }

    /// Return the height (bins) and width (columns) of the network's input.
    #[must_use]
    pub const fn input(&self) -> [usize; 2] {
        [self.front_end().n_mels as usize, self.window.columns.get()]
    }
}
