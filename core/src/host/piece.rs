//! One piece of music, one answer: an audio file or samples, from the first one to the genre.
//!
//! ```no_run
//! use timbrel_core::audio::InputFormat;
//! use timbrel_core::host::Loaded;
//! use timbrel_core::host::piece::Listener;
//!
//! let model = Loaded::from_bytes(std::fs::read("models/compact.timbrel")?)?;
//! let mut listener = Listener::new(&model);
//! let heard = listener.samples(InputFormat::mono(22_050), &[0.1_f32; 44_100])?;
//! println!("{} ({:.0} %)", heard.genre(), 100.0 * heard.confidence());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use core::fmt;
use std::error::Error as StdError;
use std::format;
use std::string::String;
use std::vec::Vec;

use super::notes::Notes;
use super::{Loaded, Network, room};
use crate::Error;
use crate::audio::{InputFormat, Sample};
#[cfg(doc)]
use crate::classifier::Prediction;
use crate::classifier::{Classifier, State};
use crate::engine::Engine;
#[cfg(feature = "decode")]
use crate::host::decode::{AudioReader, DecodeError};
use crate::model::Model;

/// The answer for a piece of music.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Heard {
    /// Names of the classes and their probabilities, in the model's order.
    pub probabilities: Vec<(String, f32)>,
    /// Index of the most probable class.
    pub class: usize,
    /// Windows of the audio, silent ones included.
    pub windows: u32,
    /// Whether the audio is music whose genre the model knows. The genre is always the likeliest one.
    pub state: State,
    /// As [`Prediction::level_dbfs`].
    pub level_dbfs: f32,
    /// As [`Prediction::clipped`].
    pub clipped: f32,
    /// As [`Prediction::silent`].
    pub silent: f32,
    /// As [`Prediction::not_music`].
    pub not_music: f32,
    /// As [`Prediction::cancelled`].
    pub cancelled: f32,
    /// Length of the audio in seconds.
    pub seconds: f64,
    /// Share of the audio that the file announces which could be decoded, `0.0..=1.0`; `None` where it announces
    /// nothing, and for samples.
    pub share: Option<f64>,
    /// Whether the file ends too early without saying how much is missing.
    #[cfg_attr(feature = "serde", serde(default))]
    pub cut_off: bool,
    /// Number of the file's samples that were not finite and were replaced by silence, and the index of the first one
    /// among the interleaved samples.
    pub replaced: Option<(u64, u64)>,
    /// Whether the audio is HE-AAC that was heard without the band above its core.
    #[cfg_attr(feature = "serde", serde(default))]
    pub core_only: bool,
    /// Mean of the windows' embeddings, as
    /// [`Classifier::embedding`] defines it; empty for a model without one.
    pub embedding: Vec<f32>,
}

impl Heard {
    /// Return the name of the most probable class.
    #[must_use]
    pub fn genre(&self) -> &str {
        let best = self.probabilities.get(self.class);
        best.map_or("", |(label, _)| label)
    }

    /// Return the probability of that class, `0.0..=1.0`.
    #[must_use]
    pub fn confidence(&self) -> f32 {
        let best = self.probabilities.get(self.class);
        best.map_or(0.0, |(_, probability)| *probability)
    }

    /// Return the share of the audio that was heard if it is less than 90 %: the file is damaged or broken off.
    #[must_use]
    pub fn partial(&self) -> Option<f64> {
        self.notes().partial()
    }

    /// Return notes on the audio that belong beside the answer, a sentence each: that a part could not be decoded, that
    /// the file is cut off, that samples were replaced, that only the core of HE-AAC was heard, that channels cancel each other, that the sound is
    /// clipped.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.notes().sentences()
    }

    fn notes(&self) -> Notes {
        Notes {
            share: self.share,
            cut_off: self.cut_off,
            replaced: self.replaced,
            core_only: self.core_only,
            cancelled: self.cancelled,
            clipped: self.clipped,
        }
    }

    /// Write the answer for the file `name` as one line of JSON, with the keys `file`, `state`, `genre`, `confidence`,
    /// `probabilities` (an object), `windows` and `seconds`, and `heard`, the share of the audio that was decoded, where
    /// that is less than 0.9, or `cut_off`, true for a file that is cut off and does not say by how much. The genre is always
    /// the likeliest one; [`Self::state`] tells whether it means anything.
    #[must_use]
    pub fn to_json(&self, name: &str) -> String {
        // numbers with as many digits as every program of this project prints
        let entry = |(label, p): &(String, f32)| format!("{}: {p:.6}", Quoted(label));
        let entries: Vec<String> = self.probabilities.iter().map(entry).collect();
        format!(
            "{{\"file\": {}, \"state\": \"{}\", \"genre\": {}, \"confidence\": {:.6}, \
             \"probabilities\": {{{}}}, \"windows\": {}, \"seconds\": {:.3}{}{}}}\n",
            Quoted(name),
            self.state,
            Quoted(self.genre()),
            self.confidence(),
            entries.join(", "),
            self.windows,
            self.seconds,
            self.partial()
                .map_or_else(String::new, |share| format!(", \"heard\": {share:.3}")),
            if self.cut_off {
                ", \"cut_off\": true"
            } else {
                ""
            }
        )
    }
}

/// Write the failure of the file `name` as one line of JSON, with the keys `file` and `error`.
#[must_use]
pub fn error_to_json(name: &str, error: &str) -> String {
    format!(
        "{{\"file\": {}, \"error\": {}}}\n",
        Quoted(name),
        Quoted(error)
    )
}

/// A string as JSON writes it.
struct Quoted<'t>(&'t str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        f.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\u{0}'..='\u{1f}' => write!(f, "\\u{:04x}", u32::from(character))?,
                other => f.write_char(other)?,
            }
        }
        f.write_char('"')
    }
}

/// Reason why there is no answer. Its text and its source are those of the error inside.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PieceError {
    /// The file cannot be read as audio.
    #[cfg(feature = "decode")]
    Decode(DecodeError),
    /// The audio cannot be classified.
    Classify(Error),
}

impl fmt::Display for PieceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "decode")]
            Self::Decode(error) => error.fmt(f),
            Self::Classify(error) => error.fmt(f),
        }
    }
}

impl StdError for PieceError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            #[cfg(feature = "decode")]
            Self::Decode(error) => error.source(),
            Self::Classify(error) => error.source(),
        }
    }
}

#[cfg(feature = "decode")]
impl From<DecodeError> for PieceError {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl From<Error> for PieceError {
    fn from(error: Error) -> Self {
        Self::Classify(error)
    }
}

/// Classifies one piece after another and reuses its memory.
#[derive(Debug)]
pub struct Listener<'m> {
    model: &'m Loaded<'m>,
    memory: Vec<u8>,
}

impl<'m> Listener<'m> {
    /// Begin with a model and no memory yet.
    #[must_use]
    pub fn new(model: &'m Loaded<'m>) -> Self {
        Self {
            model,
            memory: Vec::new(),
        }
    }

    /// Decode and classify an audio file.
    ///
    /// # Errors
    /// [`PieceError`] tells whether the file or its audio was refused.
    #[cfg(feature = "decode")]
    pub fn file(&mut self, path: impl AsRef<std::path::Path>) -> Result<Heard, PieceError> {
        self.read(AudioReader::open(path)?)
    }

    /// Decode and classify an audio file in memory; for `extension` see [`AudioReader::from_bytes`].
    ///
    /// # Errors
    /// As [`Self::file`].
    #[cfg(feature = "decode")]
    pub fn bytes(&mut self, bytes: Vec<u8>, extension: Option<&str>) -> Result<Heard, PieceError> {
        self.read(AudioReader::from_bytes(bytes, extension)?)
    }

    /// Decode and classify an audio file that comes from a stream, such as standard input.
    ///
    /// # Errors
    /// As [`Self::file`].
    #[cfg(feature = "decode")]
    pub fn stream(
        &mut self,
        stream: impl std::io::Read + Send + Sync + 'static,
    ) -> Result<Heard, PieceError> {
        self.read(AudioReader::from_stream(stream)?)
    }

    #[cfg(feature = "decode")]
    fn read(&mut self, mut reader: AudioReader) -> Result<Heard, PieceError> {
        let format = reader.format();
        let heard = self.listen(format, |sink| {
            while let Some(block) = reader.next_block()? {
                sink(block.format, block.samples)?;
            }
            Ok(())
        })?;
        Ok(Heard {
            share: reader.share(),
            replaced: reader.replaced(),
            core_only: reader.is_core_only(),
            cut_off: reader.is_cut_off(),
            ..heard
        })
    }

    /// Classify interleaved samples.
    ///
    /// # Errors
    /// [`PieceError::Classify`], with [`Error::Memory`] if there is too little for the classifier or the answer.
    pub fn samples<S: Sample>(
        &mut self,
        format: InputFormat,
        samples: &[S],
    ) -> Result<Heard, PieceError> {
        self.listen(format, |sink| Ok(sink(format, samples)?))
    }

    fn listen<S: Sample>(
        &mut self,
        format: InputFormat,
        source: impl FnOnce(Sink<'_, S>) -> Result<(), PieceError>,
    ) -> Result<Heard, PieceError> {
        match self.model.network() {
            Network::Int8(file) => {
                let model = Model::parse(file).map_err(Error::from)?;
                room::resize(&mut self.memory, Classifier::fast_bytes(&model))?;
                let classifier = Classifier::int8(model, format, &mut self.memory)?;
                hear(classifier, format, source)
            }
            #[cfg(feature = "tract")]
            Network::Tract(engine) => {
                let needed = Classifier::<super::tract::TractEngine>::feature_bytes(&engine.info());
                room::resize(&mut self.memory, needed)?;
                let classifier = Classifier::new(engine.clone(), format, &mut self.memory)?;
                hear(classifier, format, source)
            }
        }
    }
}

/// Takes the next interleaved samples and their format.
type Sink<'a, S> = &'a mut dyn FnMut(InputFormat, &[S]) -> Result<(), Error>;

/// Push everything that a source has and return the answer.
fn hear<S: Sample, E: Engine>(
    mut classifier: Classifier<'_, E>,
    format: InputFormat,
    source: impl FnOnce(Sink<'_, S>) -> Result<(), PieceError>,
) -> Result<Heard, PieceError> {
    let (mut newest, mut samples, mut seconds) = (format, 0_u64, 0.0);
    let mut pushed = 0_u64;
    let length = |samples: u64, format: InputFormat| {
        samples as f64 / f64::from(format.channels) / f64::from(format.sample_rate)
    };
    source(&mut |format, mut block| {
        if format != newest {
            seconds += length(core::mem::take(&mut samples), newest);
            classifier.change_format(format)?;
            newest = format;
        }
        samples += block.len() as u64;
        while !block.is_empty() {
            let taken = classifier.push(block).map_err(|error| match error {
                // counted from the piece's beginning, not from the block's
                Error::Sample { index } => Error::Sample {
                    index: pushed as usize + index,
                },
                error => error,
            })?;
            pushed += taken.consumed as u64;
            block = block.get(taken.consumed..).unwrap_or_default();
        }
        Ok(())
    })?;
    seconds += length(samples, newest);
    classifier.finish()?;
    let result = classifier.result()?;
    let of_class = |(class, p): (usize, &f32)| {
        let label = room::text(classifier.label(class).unwrap_or_default())?;
        Ok((label, *p))
    };
    let probabilities = result.probabilities.iter().enumerate().map(of_class);
    Ok(Heard {
        probabilities: room::list(result.probabilities.len(), probabilities)?,
        class: result.class,
        windows: result.windows,
        state: result.state,
        level_dbfs: result.level_dbfs,
        clipped: result.clipped,
        silent: result.silent,
        not_music: result.not_music,
        cancelled: result.cancelled,
        seconds,
        share: None,
        replaced: None,
        core_only: false,
        cut_off: false,
        embedding: match classifier.embedding() {
            Ok(values) => room::list(values.len(), values.map(Ok))?,
            Err(Error::NoEmbedding) => Vec::new(),
            Err(error) => return Err(error.into()),
        },
    })
}
