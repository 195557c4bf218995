//! A run's folder: recipe, metrics, weights, and the state from which training goes on.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use burn::module::Module;
use burn::optim::ModuleOptimizer;
use burn::store::ModuleRecord;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::file::write_whole;
use crate::network::Network;
use crate::quantise::Exponents;
use crate::recipe::{Changes, Recipe};
use crate::weights::Weights;

/// What identifies a run and how far it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// Seed of weights, crops and augmentation.
    pub seed: u64,
    /// Epochs of the whole run.
    pub epochs: usize,
    /// Epochs done.
    pub done: usize,
    /// Class names in label order.
    pub labels: Vec<String>,
    /// Validation track accuracy of the selected epoch, and its number.
    pub best: Option<(f64, usize)>,
    /// Where the data lay.
    pub data: PathBuf,
    /// How it departs from its recipe.
    #[serde(default)]
    pub changes: Changes,
    /// Scales of the integers that it trains, if it trains integers.
    #[serde(default)]
    pub exponents: Option<Exponents>,
    /// Runs it learns from besides the labels.
    #[serde(default)]
    pub teachers: Vec<PathBuf>,
}

/// A checkpoint's last file: one that has it is whole.
const RUN_INFO: &str = "run.json";

/// Paths of a run's files.
#[derive(Clone, Debug)]
pub struct RunFolder(PathBuf);

impl RunFolder {
    /// The folder at a path, which need not exist yet.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self(path.to_path_buf())
    }

    /// Copy of the recipe.
    #[must_use]
    pub fn recipe(&self) -> PathBuf {
        self.0.join("recipe.toml")
    }

    /// One JSON object an epoch.
    #[must_use]
    pub fn metrics(&self) -> PathBuf {
        self.0.join("metrics.jsonl")
    }

    /// Averaged weights after the last epoch.
    #[must_use]
    pub fn last(&self) -> PathBuf {
        self.0.join("last.safetensors")
    }

    /// Averaged weights of the epoch that the recipe selects: the best on the valid split, or the last.
    #[must_use]
    pub fn best(&self) -> PathBuf {
        self.0.join("best.safetensors")
    }

    /// The last checkpoint: a new one that is whole counts where a kill came just before it took the old one's place.
    fn state(&self) -> PathBuf {
        let (state, new) = (self.0.join("checkpoint"), self.0.join("checkpoint.new"));
        let left = !state.exists() && new.join(RUN_INFO).exists();
        if left { new } else { state }
    }

    /// Makes the folder for a new run.
    ///
    /// # Errors
    /// It holds a run already, or cannot be made.
    pub fn create(&self, recipe: &Path) -> Result<()> {
        ensure!(
            !self.recipe().exists(),
            "{} holds a run already; go on with --resume or choose another folder",
            self.0.display()
        );
        fs::create_dir_all(&self.0).with_context(|| format!("cannot make {}", self.0.display()))?;
        fs::copy(recipe, self.recipe())
            .with_context(|| format!("cannot copy {}", recipe.display()))?;
        Ok(())
    }

    /// Reads what the run's last checkpoint says of itself.
    ///
    /// # Errors
    /// There is no checkpoint, or it cannot be read.
    pub fn info(&self) -> Result<RunInfo> {
        let path = self.state().join(RUN_INFO);
        let text = fs::read_to_string(&path)
            .with_context(|| format!("no checkpoint: {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| path.display().to_string())
    }

    /// Reads the recipe that the run was trained by: the copy with the run's changes.
    ///
    /// # Errors
    /// There is no run, or its files are not what they should be.
    pub fn read_recipe(&self) -> Result<Recipe> {
        let recipe = Recipe::read(&self.recipe())?;
        self.info()?.changes.apply(&recipe)
    }

    /// Reads the recipe and the network with the weights of the selected epoch.
    ///
    /// # Errors
    /// A file is missing or does not fit the others.
    pub fn network(&self, device: &Device) -> Result<(Recipe, Network)> {
        let recipe = self.read_recipe()?;
        let weights = Weights::read(&self.best())?;
        let info = self.info()?;
        let network = Network::new(&recipe, info.labels.len(), device)?
            .with_weights(&weights)?
            .with_exponents(info.exponents);
        Ok((recipe, network))
    }

    /// Appends a line to the metrics.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn log(&self, line: &impl Serialize) -> Result<()> {
        let mut file = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.metrics())?;
        writeln!(file, "{}", serde_json::to_string(line)?)?;
        Ok(())
    }

    /// Drops metrics of epochs after the checkpoint, which will be done again.
    pub(super) fn truncate_metrics(&self, done: usize) -> Result<()> {
        let text = fs::read_to_string(self.metrics()).unwrap_or_default();
        let kept: String = text
            .lines()
            .take(done)
            .flat_map(|line| [line, "\n"])
            .collect();
        write_whole(&self.metrics(), kept)
    }

    /// Writes a checkpoint: beside the old one first, so that an interruption leaves one of them whole.
    pub(super) fn save(
        &self,
        info: &RunInfo,
        network: &Network,
        average: &Weights,
        optimiser: &ModuleOptimizer,
    ) -> Result<()> {
        let (new, state) = (self.0.join("checkpoint.new"), self.0.join("checkpoint"));
        if self.state() == new {
            fs::rename(&new, &state)?;
        } else if new.exists() {
            fs::remove_dir_all(&new)?;
        }
        fs::create_dir_all(&new)?;
        network
            .clone()
            .into_record()
            .save(new.join("network.bpk"))?;
        optimiser.save(new.join("optimiser.bpk"))?;
        average.write(&new.join("average.safetensors"), HashMap::new())?;
        fs::write(new.join(RUN_INFO), serde_json::to_string_pretty(info)?)?;
        if state.exists() {
            fs::remove_dir_all(&state)?;
        }
        fs::rename(&new, &state).with_context(|| format!("cannot write {}", state.display()))
    }

    /// Reads the checkpoint that [`Self::save`] wrote into a network and an optimiser of the same make.
    pub(super) fn load(
        &self,
        network: Network,
        optimiser: ModuleOptimizer,
    ) -> Result<(Network, Weights, ModuleOptimizer)> {
        let state = self.state();
        let record = ModuleRecord::load(state.join("network.bpk"))
            .with_context(|| format!("checkpoint {}", state.display()))?;
        let optimiser = optimiser.load(state.join("optimiser.bpk"))?;
        let average = Weights::read(&state.join("average.safetensors"))?;
        Ok((network.load_record(record), average, optimiser))
    }
}
