//! Audio in, genre out: push samples of any rate in any portions, and read the result at any time.
//!
//! A push walks through this module from `push` to `classify`: mix, resample, frames and columns, then `history`
//! stores a column, `view` presents a window of them to the engine, and `outputs` averages its answers.

mod cepstrum;
mod history;
mod layout;
mod outputs;
mod view;

use heapless::Vec;

use crate::Error;
use crate::audio::{DownMix, InputFormat, Progress, Resampler, Sample};
use crate::engine::{Engine, Int8Engine, Int8Layout};
use crate::frontend::{Feature, FrontEnd, LogMelIn, WindowSpec};
use crate::memory::{Memory, Size};
use crate::model::{MAX_CLASSES, Model, ModelInfo};
use cepstrum::Cepstrum;
use history::Ring;
use layout::Layout;
use outputs::{Embedding, Mean};
pub use outputs::{EmbeddingValues, Prediction};
use view::View;

/// Mono samples that are converted at a time: few where the stack is small.
const BLOCK: usize = if cfg!(feature = "std") { 512 } else { 64 };

/// Return the bytes of working memory for the front end and the history of a window's columns, wherever it begins:
/// all that a classifier needs apart from its network. A model of MFCCs keeps mel bands in the history too, and
/// needs another `4 · n_mels · (coefficients + 1)` bytes for their transform.
///
/// ```
/// use timbrel_core::classifier::feature_bytes;
/// use timbrel_core::frontend::{FrontEnd, WindowSpec};
///
/// const WINDOW: WindowSpec = WindowSpec { columns: 128, hop: 43 };
/// const BYTES: usize = feature_bytes(&FrontEnd::COMPACT, &WINDOW);
/// static MEMORY: [u8; BYTES] = [0; BYTES];
/// ```
#[must_use]
pub const fn feature_bytes(front_end: &FrontEnd, window: &WindowSpec) -> usize {
    let mut size = Size::new();
    Layout::reserve(&mut size, front_end, window, 0);
    size.bytes()
}

/// Effect of a call of [`Classifier::push`].
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Pushed {
    /// Samples taken from the front of the slice; push the rest again.
    pub consumed: usize,
    /// Whether a window was completed and classified, after which the call returned.
    pub window: bool,
}

/// Streaming classifier over an [`Engine`], in borrowed memory. It never allocates, but for the table of taps that
/// a [`Resampler`] shares with all others where there is `std`.
///
/// The same audio gives the same result, bit for bit, however it is cut into pushes.
#[derive(Debug)]
pub struct Classifier<'w, E> {
    engine: E,
    info: ModelInfo,
    mix: DownMix,
    resampler: Resampler,
    log_mel: LogMelIn<'w>,
    ring: Ring<'w>,
    cepstrum: Option<Cepstrum<'w>>,
    mean: Mean,
    embedding: Embedding<'w>,
    logits: Vec<i32, MAX_CLASSES>,
    columns: u32,
    any_audio: bool,
    finished: bool,
}

impl<'w> Classifier<'w, Int8Engine<'w>> {
    /// Return the bytes that [`Self::int8`] needs for a model, whatever the input format and wherever they begin.
    #[must_use]
    pub fn required_bytes(model: &Model<'_>) -> usize {
        let mut size = Size::new();
        Self::reserve(&mut size, &model.info());
        Int8Layout::reserve(&mut size, model);
        size.bytes()
    }

    /// Return the bytes with which [`Self::int8`] is as fast as this machine can be: with
    /// [`Int8Engine::fast_bytes`] for the engine. The number depends on the machine.
    #[must_use]
    pub fn fast_bytes(model: &Model<'_>) -> usize {
        let mut size = Size::new();
        Self::reserve(&mut size, &model.info());
        Int8Layout::reserve_fast(&mut size, model);
        size.bytes()
    }

    /// Make a classifier that runs a `.timbrel` model in `memory`, as fast as this machine can if there are
    /// [`Self::fast_bytes`].
    ///
    /// # Errors
    /// [`Error::Memory`], [`Error::Rate`], [`Error::Channels`].
    pub fn int8(
        model: Model<'w>,
        format: InputFormat,
        memory: &'w mut [u8],
    ) -> Result<Self, Error> {
        let mut size = Size::new();
        let layout = Self::reserve(&mut size, &model.info());
        let engine = if memory.len() >= Self::fast_bytes(&model) {
            Int8Layout::reserve_fast(&mut size, &model)
        } else {
            Int8Layout::reserve(&mut size, &model)
        };
        let mut memory = Memory::new(memory, size)?;
        let engine = Int8Engine::carve(model, engine, &mut memory)?;
        Self::carve(engine, format, layout, &mut memory)
    }
}

impl<'w, E: Engine> Classifier<'w, E> {
    /// Return the bytes that [`Self::new`] needs apart from the engine's own: front end, history of columns and
    /// sums of the embedding. Without an embedding it is the same as [`feature_bytes`] of front end and window.
    #[must_use]
    pub fn feature_bytes(info: &ModelInfo) -> usize {
        let mut size = Size::new();
        Self::reserve(&mut size, info);
        size.bytes()
    }

    /// Make a classifier over an engine that brings its own memory, with [`Self::feature_bytes`] for the rest.
    ///
    /// # Errors
    /// [`Error::Memory`], [`Error::Rate`], [`Error::Channels`].
    pub fn new(engine: E, format: InputFormat, memory: &'w mut [u8]) -> Result<Self, Error> {
        let mut size = Size::new();
        let layout = Self::reserve(&mut size, &engine.info());
        Self::carve(engine, format, layout, &mut Memory::new(memory, size)?)
    }

    fn reserve(size: &mut Size, info: &ModelInfo) -> Layout {
        Layout::reserve(size, &info.front_end, &info.window, info.embedding)
    }

    fn carve(
        engine: E,
        format: InputFormat,
        layout: Layout,
        memory: &mut Memory<'w>,
    ) -> Result<Self, Error> {
        let info = engine.info();
        let front_end = &info.front_end;
        let mix = DownMix::new(format.channels)?;
        let resampler = Resampler::new(format.sample_rate, front_end.sample_rate)?;
        let log_mel = LogMelIn::borrowing(
            front_end,
            memory.take(layout.frame)?,
            memory.take(layout.overlap)?,
            memory.take(layout.bands)?,
            memory.take(layout.column)?,
        );
        let cells = memory.take(layout.cells)?;
        let (basis, column) = layout.cepstrum;
        let (basis, column) = (memory.take(basis)?, memory.take(column)?);
        Ok(Self {
            mix,
            resampler,
            log_mel,
            ring: Ring::new(&info, cells),
            cepstrum: match front_end.feature {
                Feature::LogMel => None,
                Feature::Mfcc { .. } => Some(Cepstrum::new(basis, column)),
            },
            mean: Mean::new(info.classes),
            embedding: Embedding::new(memory.take(layout.embedding)?),
            logits: (0..info.classes.min(MAX_CLASSES)).map(|_| 0).collect(),
            columns: 0,
            any_audio: false,
            finished: false,
            info,
            engine,
        })
    }

    /// Push any number of samples, interleaved if there are several channels; a frame of channels may be split between
    /// two calls. It returns after each window that it completes and classifies, so call it again with the rest:
    ///
    /// ```
    /// # use timbrel_core::{Error, audio::Sample, classifier::Classifier, engine::Engine};
    /// # fn all<E: Engine>(classifier: &mut Classifier<'_, E>, mut samples: &[f32]) -> Result<(), Error> {
    /// while !samples.is_empty() {
    ///     let pushed = classifier.push(samples)?;
    ///     samples = &samples[pushed.consumed..];
    ///     if pushed.window {
    ///         let so_far = classifier.result()?;
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Sample`] for NaN, infinity or an absurd level: all samples before that one were consumed, and the caller
    /// may continue after it. [`Error::Finished`] after [`Self::finish`].
    pub fn push<S: Sample>(&mut self, samples: &[S]) -> Result<Pushed, Error> {
        if self.finished {
            return Err(Error::Finished);
        }
        let mut block = [0.0; BLOCK];
        let mut consumed = 0;
        loop {
            // at most as many as complete one column, so that samples after a window stay with the caller
            let room = self.resampler.inputs_for(self.log_mel.missing());
            let slots = block.get_mut(..room.min(BLOCK)).unwrap_or_default();
            let mixed = self
                .mix
                .take(samples.get(consumed..).unwrap_or_default(), slots);
            consumed += mixed.taken;
            let window = self.analyse(slots.get(..mixed.made).unwrap_or_default())?;
            if window || consumed == samples.len() {
                return Ok(Pushed { consumed, window });
            }
            if mixed.invalid {
                return Err(Error::Sample { index: consumed });
            }
        }
    }

    /// Go on with samples of another format, as if what follows were of the same piece: a recording whose rate or
    /// channels change in the middle. A frame that is begun is dropped.
    ///
    /// # Errors
    /// [`Error::Channels`] or [`Error::Rate`] for a format that cannot be pushed, which changes nothing;
    /// [`Error::Finished`] after [`Self::finish`].
    pub fn change_format(&mut self, format: InputFormat) -> Result<(), Error> {
        if self.finished {
            return Err(Error::Finished);
        }
        let mix = DownMix::new(format.channels)?;
        let resampler = Resampler::new(format.sample_rate, self.info.front_end.sample_rate)?;
        self.resampler.finish();
        self.analyse(&[])?;
        self.mix = mix;
        self.resampler = resampler;
        Ok(())
    }

    /// End the signal and classify the rest: the last window's worth of columns if at least half a window hop of them
    /// is new; if there was no window at all, all columns, forwards and backwards in turn until they fill one. Calling
    /// it again does nothing.
    ///
    /// # Errors
    /// [`Error::NoAudio`] if nothing was pushed.
    pub fn finish(&mut self) -> Result<(), Error> {
        if !self.any_audio {
            return Err(Error::NoAudio);
        }
        if self.finished {
            return Ok(());
        }
        self.finished = true;
        self.resampler.finish();
        self.analyse(&[])?;
        while let Some(column) = self.log_mel.finish() {
            self.columns = self.columns.wrapping_add(1);
            if self.ring.push(column) {
                self.classify()?;
            }
        }
        if self.ring.has_unseen_end() {
            self.classify()?;
        }
        Ok(())
    }

    /// Return whether there is a result: at least one window was classified.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.mean.windows() > 0
    }

    /// Return the answer over all windows since the start or the last reset.
    ///
    /// # Errors
    /// [`Error::NoResult`] before the first window.
    pub fn result(&self) -> Result<Prediction<'_>, Error> {
        if !self.ready() {
            return Err(Error::NoResult);
        }
        let (class, confidence) = self.mean.best();
        Ok(Prediction {
            class,
            label: self.engine.label(class).unwrap_or_default(),
            confidence,
            probabilities: self.mean.probabilities(),
            windows: self.mean.windows(),
        })
    }

    /// Return the logits of the last window, one i32 per class, in units of `2^-logits_exponent`. Zeros before the
    /// first window.
    #[must_use]
    pub fn logits(&self) -> &[i32] {
        &self.logits
    }

    /// Iterate over the embedding of the signal so far: the mean over its windows of the last layer's input,
    /// [`ModelInfo::embedding`] values of `0.0..=255.0`. They are steps of that layer's scale, a power of two; it
    /// cancels where embeddings of one model are compared by their angle. Windows after the first 16 million do
    /// not count.
    ///
    /// # Errors
    /// [`Error::NoEmbedding`] for a model without one, [`Error::NoResult`] before the first window.
    pub fn embedding(&self) -> Result<EmbeddingValues<'_>, Error> {
        if self.info.embedding == 0 {
            return Err(Error::NoEmbedding);
        }
        if !self.ready() {
            return Err(Error::NoResult);
        }
        Ok(self.embedding.mean())
    }

    /// Return the embedding of the last window, the same integers on every target; empty for a model without one
    /// and before the first window.
    #[must_use]
    pub fn window_embedding(&self) -> &[u8] {
        if self.ready() {
            self.engine.embedding()
        } else {
            &[]
        }
    }

    /// Return the number of log-mel columns since the start or the last reset; it wraps after `u32::MAX`.
    #[must_use]
    pub fn columns(&self) -> u32 {
        self.columns
    }

    /// Return the newest log-mel column, for a display: one value per band in 1/128 dB relative to a power of 1. `None`
    /// before the first column. To see all of them, push at most one hop at a time.
    #[must_use]
    pub fn newest_column(&self) -> Option<&[i16]> {
        self.ring.newest()
    }

    /// Return the name of a class, `None` if there is no such class.
    #[must_use]
    pub fn label(&self, class: usize) -> Option<&str> {
        self.engine.label(class)
    }

    /// Return the model's metadata.
    #[must_use]
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// Forget the signal, so that another one of the same format can be pushed.
    pub fn reset(&mut self) {
        self.mix.reset();
        self.resampler.reset();
        self.log_mel.reset();
        self.ring.reset();
        self.mean.reset();
        self.embedding.reset();
        self.logits.fill(0);
        self.columns = 0;
        self.any_audio = false;
        self.finished = false;
    }

    /// Resample and analyse mono samples and the rest in the resampler; true if a window was completed.
    fn analyse(&mut self, mut mono: &[f32]) -> Result<bool, Error> {
        self.any_audio |= !mono.is_empty();
        if self.resampler.is_identity() {
            return self.frame(mono);
        }
        let mut block = [0.0; BLOCK];
        let mut window = false;
        loop {
            let Progress { consumed, produced } = self.resampler.process(mono, &mut block);
            mono = mono.get(consumed..).unwrap_or_default();
            window |= self.frame(block.get(..produced).unwrap_or_default())?;
            if produced < BLOCK {
                return Ok(window);
            }
        }
    }

    /// Put samples of the model's rate into frames; true if a window was completed.
    fn frame(&mut self, mut samples: &[f32]) -> Result<bool, Error> {
        let mut window = false;
        while !samples.is_empty() {
            let (taken, column) = self.log_mel.push_slice(samples);
            samples = samples.get(taken..).unwrap_or_default();
            let Some(column) = column else {
                continue;
            };
            self.columns = self.columns.wrapping_add(1);
            if self.ring.push(column) {
                self.classify()?;
                window = true;
            }
        }
        Ok(window)
    }

    fn classify(&mut self) -> Result<(), Error> {
        let view = View::new(self.ring.take_window(), self.info.front_end.top_db);
        view.write(self.cepstrum.as_mut(), &mut self.engine);
        self.engine.run(&mut self.logits)?;
        self.mean.add(&self.logits, self.info.logits_exponent);
        self.embedding.add(self.engine.embedding());
        Ok(())
    }
}
