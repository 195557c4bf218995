//! tract: any exported `.onnx` model.

mod graph;
mod metadata;

use std::boxed::Box;
use std::collections::HashMap;
use std::format;
use std::string::ToString;
use std::sync::Arc;
use std::vec;

use tract_onnx::prelude::*;

use crate::Error;
use crate::engine::Engine;
use crate::frontend::Affine;
use crate::host::caught::caught;
use crate::model::{Cost, Limits, MAX_EMBEDDING, ModelInfo};
use graph::Graph;
use metadata::Metadata;

/// Name of the output that holds the embedding, u8 `[1, values]`.
const EMBEDDING: &str = "embedding";

/// Name of the output that holds the rejection logit, i32 `[1, 1]`.
const NOT_MUSIC: &str = "not_music";

/// An engine for an ONNX model whose input is the u8 window `[1, 1, bins, columns]`, whose first output is the i32
/// logits `[1, classes]`, and whose metadata states labels and front end. An output named `embedding`, u8
/// `[1, values]`, is the model's embedding; one named `not_music`, i32 `[1, 1]`, its rejection logit. The optimised plan
/// is made once and shared by clones.
#[derive(Clone, Debug)]
pub struct TractEngine {
    metadata: Arc<Metadata>,
    info: ModelInfo,
    cost: Cost,
    plan: Arc<TypedRunnableModel>,
    window: Box<[u8]>,
    /// Index of the output that holds the embedding, and its values from the last run.
    embedding: Option<(usize, Box<[u8]>)>,
    /// Index of the output that is the rejection logit, and its value of the last run.
    not_music: Option<(usize, i32)>,
}

/// Indices of the outputs that are found by their names.
struct Outputs {
    embedding: Option<usize>,
    not_music: Option<usize>,
}

impl TractEngine {
    /// Load a model from the bytes of an `.onnx` file, within [`Limits::DEFAULT`].
    ///
    /// # Errors
    /// [`Error::Onnx`] with the fault of the file, its metadata, its operators or its shapes; [`Error::Cost`] with
    /// the cost.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Self::from_bytes_within(bytes, &Limits::DEFAULT)
    }

    /// Load a model from the bytes of an `.onnx` file, within other limits.
    ///
    /// # Errors
    /// As [`Self::from_bytes`].
    pub fn from_bytes_within(mut bytes: &[u8], limits: &Limits) -> Result<Self, Error> {
        // tract means to return errors, but hostile graphs reach assertions in its operators
        guarded("loading", || {
            let onnx = onnx();
            let proto = onnx.proto_model_for_read(&mut bytes)?;
            let properties: HashMap<&str, &str> = proto
                .metadata_props
                .iter()
                .map(|entry| (entry.key.as_str(), entry.value.as_str()))
                .collect();
            let metadata = match Metadata::parse(&properties) {
                Ok(metadata) => metadata,
                Err(error) => return Ok(Err(error)),
            };
            let graph = match Graph::new(&proto) {
                Ok(graph) => graph,
                Err(error) => return Ok(Err(error)),
            };
            let mut model = onnx.model_for_proto_model(&proto)?;
            // shapes come first: nothing large is made before the sizes are known
            model.analyse(false)?;
            let cost = graph.cost(&model, &metadata.info);
            let within = cost.and_then(|cost| Ok(limits.check(&cost).map(|()| cost)?));
            let cost = match within {
                Ok(cost) => cost,
                Err(error) => return Ok(Err(error)),
            };
            let plan = model.into_optimized()?.into_runnable()?;
            let outputs = Outputs {
                embedding: graph.output(EMBEDDING),
                not_music: graph.output(NOT_MUSIC),
            };
            Ok(Self::checked(metadata, cost, plan, outputs))
        })?
    }

    /// Return what the model costs to run.
    #[must_use]
    pub fn cost(&self) -> Cost {
        self.cost
    }

    fn checked(
        metadata: Metadata,
        cost: Cost,
        plan: Arc<TypedRunnableModel>,
        outputs: Outputs,
    ) -> Result<Self, Error> {
        let info = &metadata.info;
        let (bins, columns) = (info.front_end.bins(), info.window.columns);
        let shapes = (
            plan.model().input_fact(0).cloned(),
            plan.model().output_fact(0).cloned(),
        );
        let (Ok(input), Ok(output)) = shapes else {
            return Err(Error::Onnx("it has no input or no output".into()));
        };
        let window = u8::fact([1, 1, usize::from(bins), usize::from(columns)]);
        if input.datum_type != window.datum_type || input.shape != window.shape {
            return Err(Error::Onnx(format!(
                "its input is {input:?}, expected {window:?}"
            )));
        }
        let logits = i32::fact([1, info.classes]);
        if output.datum_type != logits.datum_type || output.shape != logits.shape {
            return Err(Error::Onnx(format!(
                "its output is {output:?}, expected {logits:?}"
            )));
        }
        let embedding = match outputs.embedding {
            None => None,
            Some(output) => {
                let values = embedding_len(&plan, output)?;
                Some((output, vec![0; values].into_boxed_slice()))
            }
        };
        if outputs.not_music.is_some() != info.rejection_exponent.is_some() {
            return Err(Error::Onnx(format!(
                "an output {NOT_MUSIC} and timbrel.rejection_exponent belong together"
            )));
        }
        if let Some(output) = outputs.not_music {
            check_not_music(&plan, output)?;
        }
        let values = embedding.as_ref().map_or(0, |(_, values)| values.len());
        Ok(Self {
            window: vec![0; info.window_len()].into_boxed_slice(),
            info: info.with_embedding(values),
            cost,
            metadata: Arc::new(metadata),
            plan,
            embedding,
            not_music: outputs.not_music.map(|output| (output, 0)),
        })
    }
}

/// Check the output that is the embedding and return its length.
fn embedding_len(plan: &TypedRunnableModel, output: usize) -> Result<usize, Error> {
    let fact = plan.model().output_fact(output);
    let fact = fact.map_err(|error| Error::Onnx(error.to_string()))?;
    let shape = fact.shape.as_concrete();
    match shape {
        Some([1, values]) if fact.datum_type == u8::datum_type() && *values <= MAX_EMBEDDING => {
            Ok(*values)
        }
        _ => Err(Error::Onnx(format!(
            "its embedding is {fact:?}, expected u8 [1, at most {MAX_EMBEDDING}]"
        ))),
    }
}

/// Check the output that is the rejection logit.
fn check_not_music(plan: &TypedRunnableModel, output: usize) -> Result<(), Error> {
    let fact = plan.model().output_fact(output);
    let fact = fact.map_err(|error| Error::Onnx(error.to_string()))?;
    if fact.datum_type == i32::datum_type() && fact.shape.as_concrete() == Some(&[1, 1]) {
        Ok(())
    } else {
        Err(Error::Onnx(format!(
            "its {NOT_MUSIC} is {fact:?}, expected i32 [1, 1]"
        )))
    }
}

/// Run a part of tract and turn its errors and panics into [`Error::Onnx`].
fn guarded<T>(doing: &str, run: impl FnOnce() -> TractResult<T>) -> Result<T, Error> {
    match caught(run) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Error::Onnx(format!("{doing}: {error:#}"))),
        Err(panic) => Err(Error::Onnx(format!("{doing}: tract panicked: {panic}"))),
    }
}

impl Engine for TractEngine {
    fn info(&self) -> ModelInfo {
        self.info
    }

    fn label(&self, class: usize) -> Option<&str> {
        self.metadata.labels.get(class).map(|label| label.as_str())
    }

    fn normalisation(&self, bin: usize) -> Affine {
        match self.metadata.normalisation.as_slice() {
            [one] => *one,
            maps => maps.get(bin).copied().unwrap_or(Affine::DB80),
        }
    }

    fn input(&mut self) -> &mut [u8] {
        &mut self.window
    }

    fn run(&mut self, logits: &mut [i32]) -> Result<(), Error> {
        let info = &self.info;
        let shape = [
            1,
            1,
            usize::from(info.front_end.bins()),
            usize::from(info.window.columns),
        ];
        let outputs = guarded("running", || {
            let window = Tensor::from_shape(&shape, &self.window)?;
            self.plan.run(tvec!(window.into()))
        })?;
        let view = outputs[0].to_plain_array_view::<i32>();
        let values = view.map_err(|error| Error::Onnx(error.to_string()))?;
        for (logit, value) in logits.iter_mut().zip(values.iter()) {
            *logit = *value;
        }
        if let Some((output, values)) = &mut self.embedding {
            let view = outputs[*output].to_plain_array_view::<u8>();
            let found = view.map_err(|error| Error::Onnx(error.to_string()))?;
            for (value, found) in values.iter_mut().zip(found.iter()) {
                *value = *found;
            }
        }
        if let Some((output, value)) = &mut self.not_music {
            let view = outputs[*output].to_plain_array_view::<i32>();
            let found = view.map_err(|error| Error::Onnx(error.to_string()))?;
            *value = found.iter().next().copied().unwrap_or_default();
        }
        Ok(())
    }

    fn embedding(&self) -> &[u8] {
        self.embedding.as_ref().map_or(&[], |(_, values)| values)
    }

    fn not_music(&self) -> Option<i32> {
        self.not_music.map(|(_, value)| value)
    }
}
