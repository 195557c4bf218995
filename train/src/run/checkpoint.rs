//! The state from which a training resumes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use burn::module::Module;
use burn::optim::ModuleOptimizer;
use burn::store::ModuleRecord;

use super::folder::RUN_INFO;
use super::{RunFolder, RunInfo};
use crate::network::Network;
use crate::weights::Weights;

impl RunFolder {
    /// Write a checkpoint, beside the old one first, so that an interruption leaves one of them whole.
    ///
    /// # Errors
    /// A file cannot be written; the old checkpoint is still there.
    pub(crate) fn save(
        &self,
        info: &RunInfo,
        network: &Network,
        average: &Weights,
        optimiser: &ModuleOptimizer,
    ) -> Result<()> {
        let (new, state) = (self.new_state(), self.old_state());
        let write = || {
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
            average.write(&new.join("average.safetensors"), &BTreeMap::new())?;
            fs::write(new.join(RUN_INFO), serde_json::to_string_pretty(info)?)?;
            if state.exists() {
                fs::remove_dir_all(&state)?;
            }
            fs::rename(&new, &state)?;
            anyhow::Ok(())
        };
        write().with_context(|| format!("cannot write the checkpoint {}", state.display()))
    }

    /// Read the checkpoint that [`Self::save`] wrote into a network and an optimiser of the same make.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(crate) fn load(
        &self,
        network: Network,
        optimiser: ModuleOptimizer,
    ) -> Result<(Network, Weights, ModuleOptimizer)> {
        let state = self.state();
        let read = |state: &Path| {
            let record = ModuleRecord::load(state.join("network.bpk"))?;
            let optimiser = optimiser.load(state.join("optimiser.bpk"))?;
            let average = Weights::read(&state.join("average.safetensors"))?;
            anyhow::Ok((network.load_record(record), average, optimiser))
        };
        read(&state).with_context(|| format!("checkpoint {}", state.display()))
    }
}
