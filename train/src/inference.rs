//! Running an exported model through one of core's engines.

use std::path::Path;
use std::thread;

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::ValueEnum;
use timbrel_core::engine::{Engine, Int8Engine};
use timbrel_core::frontend::Affine;
use timbrel_core::model::Model;
use timbrel_core::model::ModelInfo;

use crate::data::View;
use crate::score::softmax;

/// An engine of core's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EngineKind {
    /// The portable integer engine, for `.timbrel` files.
    Int8,
    /// tract, for `.onnx` files.
    Tract,
}

/// A model that answers many windows, on all cores.
pub struct Inference {
    file: Vec<u8>,
    kind: EngineKind,
    info: ModelInfo,
    labels: Vec<String>,
    normalisation: Vec<Affine>,
    #[cfg(feature = "tract")]
    tract: Option<timbrel_core::host::tract::TractEngine>,
}

impl Inference {
    /// Reads a model file. Without a `kind` the file decides: int8 for `.timbrel`, tract for anything else.
    ///
    /// # Errors
    /// The file cannot be read or is no model, or the engine cannot run it or was not compiled in.
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

    /// Takes the bytes of a `.timbrel` file.
    ///
    /// # Errors
    /// They are not a valid file.
    pub fn int8(file: Vec<u8>) -> Result<Self> {
        let model = Model::parse(&file).map_err(|error| anyhow!("{error}"))?;
        let info = model.info();
        let labels = model.labels().map(str::to_owned).collect();
        let normalisation = bins(&info)
            .map(|bin| model.normalisation().bin(bin).unwrap_or(Affine::DB80))
            .collect();
        Ok(Self {
            kind: EngineKind::Int8,
            info,
            labels,
            normalisation,
            #[cfg(feature = "tract")]
            tract: None,
            file,
        })
    }

    /// Takes the bytes of an `.onnx` file.
    ///
    /// # Errors
    /// tract cannot run it, or it lacks Timbrel's metadata.
    #[cfg(feature = "tract")]
    pub fn tract(file: Vec<u8>) -> Result<Self> {
        let engine = timbrel_core::host::tract::TractEngine::from_bytes(&file)
            .map_err(|error| anyhow!("{error}"))?;
        let info = engine.info();
        let labels = (0..info.classes)
            .filter_map(|class| engine.label(class).map(str::to_owned))
            .collect();
        let normalisation = bins(&info).map(|bin| engine.normalisation(bin)).collect();
        Ok(Self {
            kind: EngineKind::Tract,
            info,
            labels,
            normalisation,
            tract: Some(engine),
            file,
        })
    }

    /// Says that tract was not compiled in.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(feature = "tract"))]
    pub fn tract(_: Vec<u8>) -> Result<Self> {
        bail!("--engine tract was not compiled in; build with `--features tract`")
    }

    /// The engine that runs it.
    #[must_use]
    pub const fn kind(&self) -> EngineKind {
        self.kind
    }

    /// What the model says of itself.
    #[must_use]
    pub const fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// Class names in the order of the logits.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// How its network sees a window.
    #[must_use]
    pub fn view(&self) -> View {
        View::new(self.info.front_end, self.normalisation.clone())
    }

    /// Probabilities of a window's logits.
    #[must_use]
    pub fn probabilities(&self, logits: &[i32]) -> Vec<f32> {
        let scale = (-f32::from(self.info.logits_exponent)).exp2();
        let values: Vec<f32> = logits.iter().map(|&logit| logit as f32 * scale).collect();
        softmax(&values)
    }

    /// Logits of each quantised `[bin, column]` window, in their order.
    ///
    /// # Errors
    /// A window has another size, or the engine fails.
    pub fn logits(&self, windows: &[Vec<u8>]) -> Result<Vec<Vec<i32>>> {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let share = windows.len().div_ceil(threads).max(1);
        thread::scope(|scope| {
            let workers: Vec<_> = windows
                .chunks(share)
                .map(|chunk| scope.spawn(|| self.share(chunk)))
                .collect();
            let mut logits = Vec::with_capacity(windows.len());
            for worker in workers {
                logits.extend(worker.join().map_err(|_| anyhow!("an engine panicked"))??);
            }
            Ok(logits)
        })
    }

    /// The windows of one thread, on an engine of its own.
    fn share(&self, windows: &[Vec<u8>]) -> Result<Vec<Vec<i32>>> {
        #[cfg(feature = "tract")]
        if let Some(engine) = &self.tract {
            return run(&mut engine.clone(), windows);
        }
        let model = Model::parse(&self.file).map_err(|error| anyhow!("{error}"))?;
        let mut memory = vec![0; Int8Engine::fast_bytes(&model)];
        let mut engine = Int8Engine::new(model, &mut memory).map_err(|error| anyhow!("{error}"))?;
        run(&mut engine, windows)
    }
}

fn bins(info: &ModelInfo) -> std::ops::Range<usize> {
    0..usize::from(info.front_end.bins())
}

fn run(engine: &mut impl Engine, windows: &[Vec<u8>]) -> Result<Vec<Vec<i32>>> {
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
        engine
            .run(&mut logits)
            .map_err(|error| anyhow!("{error}"))?;
        Ok(logits)
    };
    windows.iter().map(answer).collect()
}
