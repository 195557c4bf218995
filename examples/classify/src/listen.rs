//! From a file or samples to a genre.

use std::fmt;
use std::path::Path;

use timbrel_core::Error;
use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::Classifier;
use timbrel_core::engine::Engine;
use timbrel_core::host::decode::{AudioReader, DecodeError};
use timbrel_core::model::Model;

use crate::model::Loaded;

/// What was heard in a piece of music.
pub struct Heard {
    /// Class names and their probabilities, in the model's order.
    pub probabilities: Vec<(String, f32)>,
    /// Index of the most probable class.
    pub class: usize,
    /// Windows that were classified.
    pub windows: u32,
    /// Length of the audio.
    pub seconds: f64,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// The file cannot be read as audio.
    Decode(DecodeError),
    /// The audio cannot be classified.
    Classify(Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode(error) => error.fmt(f),
            Self::Classify(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Failure {}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Classify(error)
    }
}

/// Classifies one piece after another; the memory is used again.
pub struct Listener<'m> {
    model: &'m Loaded,
    memory: Vec<u8>,
}

impl<'m> Listener<'m> {
    /// A listener with no memory yet.
    #[must_use]
    pub fn new(model: &'m Loaded) -> Self {
        Self {
            model,
            memory: Vec::new(),
        }
    }

    /// Decodes and classifies an audio file.
    ///
    /// # Errors
    /// [`Failure`] says whether the file or what is in it was refused.
    pub fn file(&mut self, path: &Path) -> Result<Heard, Failure> {
        self.read(AudioReader::open(path)?)
    }

    /// Decodes and classifies an audio file that is in memory; for `extension` see
    /// [`AudioReader::from_bytes`].
    ///
    /// # Errors
    /// As [`Self::file`].
    pub fn bytes(&mut self, bytes: Vec<u8>, extension: Option<&str>) -> Result<Heard, Failure> {
        self.read(AudioReader::from_bytes(bytes, extension)?)
    }

    fn read(&mut self, mut reader: AudioReader) -> Result<Heard, Failure> {
        let format = reader.format();
        self.listen(format, |sink| {
            while let Some(block) = reader.next_block()? {
                sink(block)?;
            }
            Ok(())
        })
    }

    /// Classifies mono samples at `rate` Hz.
    ///
    /// # Errors
    /// [`Failure::Classify`].
    pub fn tune(&mut self, samples: &[f32], rate: u32) -> Result<Heard, Failure> {
        self.listen(InputFormat::mono(rate), |sink| sink(samples))
    }

    fn listen(
        &mut self,
        format: InputFormat,
        source: impl FnOnce(Sink<'_>) -> Result<(), Failure>,
    ) -> Result<Heard, Failure> {
        match self.model {
            Loaded::Int8(bytes) => {
                let model = Model::parse(bytes).map_err(Error::from)?;
                self.memory.resize(Classifier::required_bytes(&model), 0);
                let classifier = Classifier::int8(model, format, &mut self.memory)?;
                run(classifier, format, source)
            }
            #[cfg(feature = "tract")]
            Loaded::Tract(engine) => {
                let engine = engine.clone();
                let needed = Classifier::<timbrel_core::host::tract::TractEngine>::feature_bytes(
                    &engine.info(),
                );
                self.memory.resize(needed, 0);
                let classifier = Classifier::new(engine, format, &mut self.memory)?;
                run(classifier, format, source)
            }
        }
    }
}

/// Takes the next interleaved samples.
type Sink<'a> = &'a mut dyn FnMut(&[f32]) -> Result<(), Failure>;

fn run<E: Engine>(
    mut classifier: Classifier<'_, E>,
    format: InputFormat,
    source: impl FnOnce(Sink<'_>) -> Result<(), Failure>,
) -> Result<Heard, Failure> {
    let mut samples = 0_u64;
    source(&mut |mut block| {
        samples += block.len() as u64;
        while !block.is_empty() {
            let pushed = classifier.push(block)?;
            block = &block[pushed.consumed..];
        }
        Ok(())
    })?;
    classifier.finish()?;
    let result = classifier.result()?;
    let label = |class| classifier.label(class).unwrap_or_default().to_owned();
    let probabilities = result.probabilities.iter().enumerate();
    Ok(Heard {
        probabilities: probabilities.map(|(class, p)| (label(class), *p)).collect(),
        class: result.class,
        windows: result.windows,
        seconds: samples as f64 / f64::from(format.channels) / f64::from(format.sample_rate),
    })
}
