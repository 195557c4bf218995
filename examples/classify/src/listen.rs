//! From a file or samples to a genre.

use std::path::Path;

use timbrel_core::Error;
use timbrel_core::classifier::{Classifier, InputFormat};
use timbrel_core::decode::AudioReader;
use timbrel_core::engine::Engine;
use timbrel_core::model::Model;

use crate::model::Loaded;

/// What was heard in a piece of music.
pub(crate) struct Heard {
    /// Class names and their probabilities, in the model's order.
    pub(crate) probabilities: Vec<(String, f32)>,
    /// Index of the most probable class.
    pub(crate) class: usize,
    /// Windows that were classified.
    pub(crate) windows: u32,
    /// Length of the audio.
    pub(crate) seconds: f64,
}

/// Classifies one piece after another; the memory is used again.
pub(crate) struct Listener<'m> {
    model: &'m Loaded,
    memory: Vec<u8>,
}

impl<'m> Listener<'m> {
    pub(crate) fn new(model: &'m Loaded) -> Self {
        Self {
            model,
            memory: Vec::new(),
        }
    }

    /// Decodes and classifies an audio file.
    pub(crate) fn file(&mut self, path: &Path) -> Result<Heard, String> {
        let mut reader = AudioReader::open(path).map_err(|error| error.to_string())?;
        let format = reader.format();
        self.listen(format, |sink| {
            while let Some(block) = reader.next_block().map_err(|error| error.to_string())? {
                sink(block)?;
            }
            Ok(())
        })
    }

    /// Classifies mono samples at `rate` Hz.
    pub(crate) fn tune(&mut self, samples: &[f32], rate: u32) -> Result<Heard, String> {
        self.listen(InputFormat::mono(rate), |sink| sink(samples))
    }

    fn listen(
        &mut self,
        format: InputFormat,
        source: impl FnOnce(Sink<'_>) -> Result<(), String>,
    ) -> Result<Heard, String> {
        let failed = |error: Error| error.to_string();
        match self.model {
            Loaded::Int8(bytes) => {
                let model = Model::parse(bytes).map_err(|error| error.to_string())?;
                self.memory.resize(Classifier::required_bytes(&model), 0);
                let classifier =
                    Classifier::int8(model, format, &mut self.memory).map_err(failed)?;
                run(classifier, format, source)
            }
            #[cfg(feature = "tract")]
            Loaded::Tract(engine) => {
                let engine = engine.clone();
                let needed =
                    Classifier::<timbrel_core::engine::TractEngine>::feature_bytes(&engine.info());
                self.memory.resize(needed, 0);
                let classifier =
                    Classifier::new(engine, format, &mut self.memory).map_err(failed)?;
                run(classifier, format, source)
            }
        }
    }
}

/// Takes the next interleaved samples.
type Sink<'a> = &'a mut dyn FnMut(&[f32]) -> Result<(), String>;

fn run<E: Engine>(
    mut classifier: Classifier<'_, E>,
    format: InputFormat,
    source: impl FnOnce(Sink<'_>) -> Result<(), String>,
) -> Result<Heard, String> {
    let mut samples = 0_u64;
    source(&mut |mut block| {
        samples += block.len() as u64;
        while !block.is_empty() {
            let pushed = classifier.push(block).map_err(|error| error.to_string())?;
            block = &block[pushed.consumed..];
        }
        Ok(())
    })?;
    classifier.finish().map_err(|error| error.to_string())?;
    let result = classifier.result().map_err(|error| error.to_string())?;
    let label = |class| classifier.label(class).unwrap_or_default().to_owned();
    let probabilities = result.probabilities.iter().enumerate();
    Ok(Heard {
        probabilities: probabilities.map(|(class, p)| (label(class), *p)).collect(),
        class: result.class,
        windows: result.windows,
        seconds: samples as f64 / f64::from(format.channels) / f64::from(format.sample_rate),
    })
}
