//! Running an exported model through one of core's engines.

use std::path::Path;
use std::thread;

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::ValueEnum;
use timbrel_core::engine::{Engine, Int8Engine};
use timbrel_core::frontend::Affine;
use timbrel_core::host::{Loaded, Network};
use timbrel_core::model::{Limits, Model, ModelInfo};

use super::score::softmax;
use crate::data::View;

/// An engine of core's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EngineKind {
    /// The portable integer engine, for `.timbrel` files.
    Int8,
    /// tract, for `.onnx` files.
    Tract,
}

/// Everything that a network says about a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outputs {
    /// One per class, in units of `2^-logits_exponent`.
    pub logits: Vec<i32>,
    /// The last layer's input; empty for a model without an embedding.
    pub embedding: Vec<u8>,
    /// The rejection logit: above 0, the window is not music. `None` for a model that rejects nothing.
    pub not_music: Option<i32>,
}

impl Outputs {
    /// Return whether the model rejects the window.
    #[must_use]
    pub fn is_rejected(&self) -> bool {
        self.not_music.is_some_and(|logit| logit > 0)
    }
}

/// A model that answers many windows, on all cores.
pub struct Inference {
    loaded: Loaded<'static>,
    normalisation: Vec<Affine>,
}

impl Inference {
    /// Read a model file. Without a `kind` the file decides: int8 for `.timbrel`, tract for anything else.
    ///
    /// # Errors
    /// The file cannot be read or is not a model, or the engine cannot run it or was not compiled in.
    pub fn read(path: &Path, kind: Option<EngineKind>) -> Result<Self> {
        let name = || format!("model {}", path.display());
        let file = std::fs::read(path).with_context(name)?;
        let own = file.starts_with(b"TIMBREL\0");
        let kind = kind.unwrap_or(if own {
            EngineKind::Int8
        } else {
            EngineKind::Tract
        });
        match kind {
            EngineKind::Int8 => Self::int8(file),
            EngineKind::Tract if own => bail!(
                "{}: tract runs .onnx files, this is a .timbrel file",
                name()
            ),
            EngineKind::Tract => Self::tract(file),
        }
        .with_context(name)
    }

    /// Take the bytes of a `.timbrel` file.
    ///
    /// # Errors
    /// They are not a valid file.
    pub fn int8(file: Vec<u8>) -> Result<Self> {
        let model = Model::parse(&file)?;
        let maps = bins(&model.info()).map(|bin| model.normalisation().bin(bin));
        let normalisation = maps.map(|map| map.unwrap_or(Affine::DB80)).collect();
        Ok(Self {
            loaded: Loaded::int8_within(file, &Limits::NONE)?,
            normalisation,
        })
    }

    /// Take the bytes of an `.onnx` file.
    ///
    /// # Errors
    /// tract cannot run it, or it lacks Timbrel's metadata.
    #[cfg(feature = "tract")]
    pub fn tract(file: Vec<u8>) -> Result<Self> {
        let loaded = Loaded::tract_within(&file, &Limits::NONE)?;
        let normalisation = match loaded.network() {
            Network::Tract(engine) => bins(loaded.info())
                .map(|bin| engine.normalisation(bin))
                .collect(),
            _ => bail!("not tract's"),
        };
        Ok(Self {
            loaded,
            normalisation,
        })
    }

    /// Refuse, because tract was not compiled in.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(feature = "tract"))]
    pub fn tract(_: Vec<u8>) -> Result<Self> {
        bail!("--engine tract was not compiled in; build with `--features tract`")
    }

    /// Return the engine that runs it.
    #[must_use]
    pub fn kind(&self) -> EngineKind {
        match self.loaded.network() {
            Network::Int8(_) => EngineKind::Int8,
            _ => EngineKind::Tract,
        }
    }

    /// Return the model as core runs it on audio.
    #[must_use]
    pub const fn loaded(&self) -> &Loaded<'static> {
        &self.loaded
    }

    /// Return the model's metadata.
    #[must_use]
    pub fn info(&self) -> &ModelInfo {
        self.loaded.info()
    }

    /// Return the class names in the order of the logits.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        self.loaded.labels()
    }

    /// Return the map from windows of the cache to the network's input.
    #[must_use]
    pub fn view(&self) -> View {
        View::new(self.info().front_end, self.normalisation.clone())
    }

    /// Compute the probabilities of a window's logits, calibrated as the model states.
    #[must_use]
    pub fn probabilities(&self, logits: &[i32]) -> Vec<f32> {
        let info = self.info();
        let scale = (-f32::from(info.logits_exponent)).exp2() * info.confidence.scale;
        let values: Vec<f32> = logits.iter().map(|&logit| logit as f32 * scale).collect();
        softmax(&values)
    }

    /// Compute the logits of each quantised `[bin, column]` window, in their order.
    ///
    /// # Errors
    /// A window has another size, or the engine fails.
    pub fn logits(&self, windows: &[Vec<u8>]) -> Result<Vec<Vec<i32>>> {
        let outputs = self.outputs(windows)?.into_iter();
        Ok(outputs.map(|outputs| outputs.logits).collect())
    }

    /// Compute all outputs for each quantised `[bin, column]` window, in their order.
    ///
    /// # Errors
    /// A window has another size, or the engine fails.
    pub fn outputs(&self, windows: &[Vec<u8>]) -> Result<Vec<Outputs>> {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let share = windows.len().div_ceil(threads).max(1);
        thread::scope(|scope| {
            let workers: Vec<_> = windows
                .chunks(share)
                .map(|chunk| scope.spawn(|| self.share(chunk)))
                .collect();
            let mut outputs = Vec::with_capacity(windows.len());
            for worker in workers {
                outputs.extend(worker.join().map_err(|_| anyhow!("an engine panicked"))??);
            }
            Ok(outputs)
        })
    }

    /// Run the windows of one thread on an engine of its own.
    fn share(&self, windows: &[Vec<u8>]) -> Result<Vec<Outputs>> {
        match self.loaded.network() {
            Network::Int8(file) => {
                let model = Model::parse(file)?;
                let mut memory = vec![0; Int8Engine::fast_bytes(&model)];
                run(&mut Int8Engine::new(model, &mut memory)?, windows)
            }
            #[cfg(feature = "tract")]
            Network::Tract(engine) => run(&mut engine.clone(), windows),
            _ => bail!("an engine that windows cannot be run through"),
        }
    }
}

fn bins(info: &ModelInfo) -> std::ops::Range<usize> {
    0..usize::from(info.front_end.bins())
}

fn run(engine: &mut impl Engine, windows: &[Vec<u8>]) -> Result<Vec<Outputs>> {
    let classes = engine.info().classes;
    let answer = |window: &Vec<u8>| {
        let input = engine.input();
        ensure!(
            window.len() == input.len(),
            "a window has {} values, the model takes {}",
            window.len(),
            input.len()
        );
        input.copy_from_slice(window);
        let mut logits = vec![0; classes];
        engine.run(&mut logits)?;
        Ok(Outputs {
            logits,
            embedding: engine.embedding().to_vec(),
            not_music: engine.not_music(),
        })
    };
    windows.iter().map(answer).collect()
}
