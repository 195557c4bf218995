//! A signal from its first sample to its last window.

use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::{Classifier, State};
use timbrel_core::engine::Int8Engine;
use timbrel_core::frontend::MelScale;
use timbrel_core::host::decode::AudioReader;
use timbrel_core::model::Model;

use crate::{on_column, on_window};

static MODEL: &[u8] = include_bytes!("../../../models/compact.timbrel");

/// Samples that are pushed at a time: fewer than a hop at any rate, so that every column is seen.
const BLOCK: usize = 64;

/// One listener of an instance, which lives as long as that: its memory is never given back.
pub struct Listener {
    classifier: Classifier<'static, Int8Engine<'static>>,
    format: InputFormat,
    /// Samples of the format, and seconds of those before it.
    samples: u64,
    seconds: f64,
    /// Notes on the file, a sentence each.
    warnings: Vec<String>,
}

/// Return the number that stands for a state.
fn number(state: State) -> u32 {
    match state {
        State::Music => 0,
        State::Silence => 1,
        State::NotMusic => 2,
        _ => 3,
    }
}

fn said(error: impl ToString) -> String {
    error.to_string()
}

/// Return the names of the genres, one per line.
pub fn labels() -> Result<String, String> {
    let model = Model::parse(MODEL).map_err(said)?;
    let labels: Vec<&str> = (0..model.info().classes)
        .filter_map(|class| model.label(class))
        .collect();
    Ok(labels.join("\n"))
}

/// Return the model's numbers as a JSON object: seconds of a window and between two, columns per second, the range and
/// scale of the bands, bytes.
pub fn info() -> Result<String, String> {
    let info = Model::parse(MODEL).map_err(said)?.info();
    let columns_per_second = f64::from(info.front_end.sample_rate) / f64::from(info.front_end.hop);
    let seconds = |columns: u16| f64::from(columns) / columns_per_second;
    let scale = match info.front_end.mel_scale {
        MelScale::Slaney => "slaney",
        MelScale::Htk => "htk",
    };
    Ok(format!(
        r#"{{"windowSeconds": {}, "hopSeconds": {}, "columnsPerSecond": {columns_per_second}, "lowestHz": {}, "highestHz": {}, "melScale": "{scale}", "bytes": {}}}"#,
        seconds(info.window.columns),
        seconds(info.window.hop),
        info.front_end.f_min,
        info.front_end.f_max,
        MODEL.len()
    ))
}

impl Listener {
    pub fn new(sample_rate: u32, channels: u32) -> Result<Self, String> {
        let format = InputFormat {
            sample_rate,
            channels: u16::try_from(channels).unwrap_or(u16::MAX),
        };
        let model = Model::parse(MODEL).map_err(said)?;
        let memory = vec![0; Classifier::fast_bytes(&model)].leak();
        Ok(Self {
            classifier: Classifier::int8(model, format, memory).map_err(said)?,
            format,
            samples: 0,
            seconds: 0.0,
            warnings: Vec::new(),
        })
    }

    /// Classify a whole file.
    pub fn file(bytes: Vec<u8>) -> Result<Self, String> {
        let mut reader = AudioReader::from_bytes(bytes, None).map_err(said)?;
        let format = reader.format();
        let mut listener = Self::new(format.sample_rate, format.channels.into())?;
        while let Some(block) = reader.next_block().map_err(said)? {
            if block.format != listener.format {
                listener.change_format(block.format)?;
            }
            listener.push(block.samples)?;
        }
        listener.finish()?;
        listener.warnings = reader.warnings();
        Ok(listener)
    }

    pub fn push(&mut self, samples: &[f32]) -> Result<(), String> {
        self.samples += samples.len() as u64;
        for mut block in samples.chunks(BLOCK) {
            while !block.is_empty() {
                let columns = self.classifier.columns();
                let pushed = self.classifier.push(block).map_err(said)?;
                block = &block[pushed.consumed..];
                if self.classifier.columns() != columns {
                    self.show_column();
                }
                if pushed.window {
                    self.show_window()?;
                }
            }
        }
        Ok(())
    }

    /// Go on with another format.
    fn change_format(&mut self, format: InputFormat) -> Result<(), String> {
        let windows = self.windows();
        self.classifier.change_format(format).map_err(said)?;
        self.seconds = self.seconds();
        self.samples = 0;
        self.format = format;
        if self.windows() != windows {
            self.show_window()?;
        }
        Ok(())
    }

    pub fn finish(&mut self) -> Result<(), String> {
        let windows = self.windows();
        self.classifier.finish().map_err(said)?;
        if self.windows() != windows {
            self.show_window()?;
        }
        Ok(())
    }

    /// Return notes on the file, one per line.
    pub fn warnings(&self) -> String {
        self.warnings.join("\n")
    }

    pub fn seconds(&self) -> f64 {
        let frames = self.samples as f64 / f64::from(self.format.channels);
        self.seconds + frames / f64::from(self.format.sample_rate)
    }

    fn windows(&self) -> u32 {
        self.classifier.result().map_or(0, |result| result.windows)
    }

    fn show_column(&self) {
        if let Some(column) = self.classifier.newest_column() {
            on_column(column.as_ptr(), column.len());
        }
    }

    fn show_window(&self) -> Result<(), String> {
        let result = self.classifier.result().map_err(said)?;
        let probabilities = result.probabilities;
        let window = self.classifier.window().map_err(said)?;
        // the page shows an unsure window as any music
        let window_state = match window.state {
            State::Unsure => State::Music,
            state => state,
        };
        let embedding: Vec<f32> = self.classifier.embedding().map_err(said)?.collect();
        on_window(
            probabilities.as_ptr(),
            window.probabilities().as_ptr(),
            probabilities.len(),
            embedding.as_ptr(),
            embedding.len(),
            result.windows,
            number(result.state),
            number(window_state),
            result.level_dbfs,
        );
        Ok(())
    }
}
