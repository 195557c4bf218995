//! The files of a run's folder.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use serde::Serialize;

use super::RunInfo;
use crate::file::write_whole;
use crate::network::Network;
use crate::recipe::Recipe;
use crate::weights::Weights;

/// A checkpoint's last file, which marks it as complete.
pub(super) const RUN_INFO: &str = "run.json";

/// A lock that keeps other trainings out of a run's folder.
#[derive(Debug)]
pub(crate) struct Lock {
    file: fs::File,
    path: PathBuf,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // a killed training leaves a file that nobody has locked
        let _ = fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}

/// Paths of a run's files.
#[derive(Clone, Debug)]
pub struct RunFolder(PathBuf);

impl RunFolder {
    /// Return the folder at a path, which need not exist yet.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self(path.to_path_buf())
    }

    /// Copy of the recipe.
    #[must_use]
    pub fn recipe(&self) -> PathBuf {
        self.0.join("recipe.toml")
    }

    /// Return the path of the metrics, with one JSON object per epoch.
    #[must_use]
    pub fn metrics(&self) -> PathBuf {
        self.0.join("metrics.jsonl")
    }

    /// Return the path of the averaged weights after the last epoch.
    #[must_use]
    pub fn last(&self) -> PathBuf {
        self.0.join("last.safetensors")
    }

    /// Return the path of the averaged weights of the epoch that the recipe selects: the best on the valid split, or
    /// the last.
    #[must_use]
    pub fn best(&self) -> PathBuf {
        self.0.join("best.safetensors")
    }

    /// Return the place of the last checkpoint.
    pub(super) fn old_state(&self) -> PathBuf {
        self.0.join("checkpoint")
    }

    /// Return the place of a checkpoint that is being written.
    pub(super) fn new_state(&self) -> PathBuf {
        self.0.join("checkpoint.new")
    }

    /// Return the last checkpoint: a new one that is whole counts if a kill came just before it replaced the old one.
    pub(super) fn state(&self) -> PathBuf {
        let (state, new) = (self.old_state(), self.new_state());
        let left = !state.exists() && new.join(RUN_INFO).exists();
        if left { new } else { state }
    }

    /// Return whether the run has a checkpoint to go on from. A run that was killed before its first has none.
    #[must_use]
    pub fn has_checkpoint(&self) -> bool {
        self.state().join(RUN_INFO).exists()
    }

    /// Return whether a run was begun here.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        self.recipe().exists()
    }

    /// Keep other trainings out of the folder, which is made if needed, until the lock is dropped.
    ///
    /// # Errors
    /// Another training works in it, or it cannot be written.
    pub(crate) fn lock(&self) -> Result<Lock> {
        fs::create_dir_all(&self.0).with_context(|| format!("cannot make {}", self.0.display()))?;
        let path = self.0.join("lock");
        let file = fs::File::create(&path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        ensure!(
            file.try_lock().is_ok(),
            "another `timbrel train` is working in {}",
            self.0.display()
        );
        Ok(Lock { file, path })
    }

    /// Make the folder for a new run, and keep a copy of the recipe in it. The files of a run that was
    /// killed before its first checkpoint are replaced.
    ///
    /// # Errors
    /// It holds a run that has a checkpoint, or cannot be made.
    pub fn create(&self, recipe: &Path) -> Result<()> {
        ensure!(
            !self.has_checkpoint(),
            "{} holds a run already; go on with --resume or choose another folder",
            self.0.display()
        );
        fs::create_dir_all(&self.0).with_context(|| format!("cannot make {}", self.0.display()))?;
        // its metrics would precede the new run's
        for left in [self.metrics(), self.best(), self.last()] {
            if self.is_begun() && left.exists() {
                fs::remove_file(&left)
                    .with_context(|| format!("cannot remove {}", left.display()))?;
            }
        }
        let text = fs::read(recipe).with_context(|| format!("cannot read {}", recipe.display()))?;
        write_whole(&self.recipe(), text)
    }

    /// Read the facts of the run as of its last checkpoint.
    ///
    /// # Errors
    /// The checkpoint is missing or cannot be read.
    pub fn info(&self) -> Result<RunInfo> {
        let path = self.state().join(RUN_INFO);
        let text = fs::read_to_string(&path)
            .with_context(|| format!("no checkpoint: {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| path.display().to_string())
    }

    /// Read the recipe that the run was trained by: the copy with the run's changes.
    ///
    /// # Errors
    /// The run is missing, or its files are not what they should be.
    pub fn read_recipe(&self) -> Result<Recipe> {
        let recipe = Recipe::read(&self.recipe())?;
        self.info()?.changes.apply(&recipe)
    }

    /// Describe where the weights of the selected epoch come from, as [`RunInfo::origin`] does.
    ///
    /// # Errors
    /// The run is missing, or its files are not what they should be.
    pub fn origin(&self) -> Result<String> {
        Ok(self.info()?.origin(&self.read_recipe()?.name))
    }

    /// Read the recipe and the network with the weights of the selected epoch.
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

    /// Append a line to the metrics.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn log(&self, line: &impl Serialize) -> Result<()> {
        let path = self.metrics();
        let append = || {
            let mut options = fs::OpenOptions::new();
            let mut file = options.create(true).append(true).open(&path)?;
            writeln!(file, "{}", serde_json::to_string(line)?)?;
            anyhow::Ok(())
        };
        append().with_context(|| format!("cannot write {}", path.display()))
    }

    /// Drop the metrics of epochs after the checkpoint, which will be done again.
    pub(crate) fn truncate_metrics(&self, done: usize) -> Result<()> {
        let text = fs::read_to_string(self.metrics()).unwrap_or_default();
        let kept: String = text
            .lines()
            .take(done)
            .flat_map(|line| [line, "\n"])
            .collect();
        write_whole(&self.metrics(), kept)
    }
}
