//! Audio in, genre out: push samples of any rate in any portions, and read the result at any time.
//!
//! A push walks through this module from `push` to `classify`: mix, resample, frames and columns, then `history`
//! stores a column, `view` presents a window of them to the engine, and `outputs` averages its answers. `signal`
//! measures the sound on its way, and `prediction` draws the conclusion.

mod answers;
mod cepstrum;
mod construct;
mod history;
mod layout;
mod level;
mod offset;
mod outputs;
mod prediction;
mod signal;
mod view;

use heapless::Vec;

use crate::Error;
use crate::audio::{Converted, DownMix, InputFormat, Progress, Resampler, Sample, convert};
use crate::engine::Engine;
use crate::frontend::{FrontEnd, LogMelIn, WindowSpec};
use crate::memory::Size;
use crate::model::{MAX_CLASSES, ModelInfo};
use cepstrum::Cepstrum;
use history::Ring;
use layout::Layout;
pub use outputs::EmbeddingValues;
use outputs::{Embedding, Judgement, Mean, Vote, logit_step};
pub use prediction::{Prediction, State, WindowAnswer};
pub use signal::LEAST_SECONDS;
use signal::Signal;
use view::View;

/// Samples that are taken at a time: few where the stack is small.
const BLOCK: usize = if cfg!(feature = "std") { 512 } else { 64 };

/// Return the bytes of working memory for the front end and the history of a window's columns, wherever it begins:
/// all that a classifier needs apart from its network. A model of MFCCs keeps mel bands in the history too, and
/// needs another `4 · n_mels · (coefficients + 1)` bytes for their transform.
///
/// ```
/// use timbrel_core::classifier::feature_bytes;
/// use timbrel_core::frontend::{FrontEnd, WindowSpec};
///
/// const WINDOW: WindowSpec = WindowSpec { columns: 128, hop: 64 };
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
    /// Whether a window was completed, after which the call returned. It was classified unless it is silent.
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
    signal: Signal,
    columns: u32,
    finished: bool,
    /// Whether the last window is silent.
    window_silent: bool,
}

impl<'w, E: Engine> Classifier<'w, E> {
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
            let room = self.missing().min(BLOCK);
            let slots = block.get_mut(..room).unwrap_or_default();
            let converted = convert(samples.get(consumed..).unwrap_or_default(), slots);
            consumed += converted.taken;
            let window = self.take(
                slots.get_mut(..converted.taken).unwrap_or_default(),
                &converted,
            )?;
            if window || consumed == samples.len() {
                return Ok(Pushed { consumed, window });
            }
            if converted.invalid {
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
        self.analyse(&mut [])?;
        self.mix = mix;
        self.resampler = resampler;
        self.signal.change_rate(format.sample_rate);
        Ok(())
    }

    /// End the signal and classify the rest: the last window's worth of columns if at least half a window hop of them
    /// is new; if there was no window, all columns, alternately forwards and backwards until they fill one. Calling
    /// it again does nothing.
    ///
    /// # Errors
    /// [`Error::NoAudio`] if nothing was pushed; [`Error::TooShort`] if there was no window, and less than
    /// [`LEAST_SECONDS`] were pushed. Both change nothing: more can be pushed.
    pub fn finish(&mut self) -> Result<(), Error> {
        if self.finished {
            return Ok(());
        }
        self.signal.check_length(self.ready())?;
        self.finished = true;
        self.resampler.finish();
        self.analyse(&mut [])?;
        while let Some(column) = self.log_mel.finish() {
            self.columns = self.columns.wrapping_add(1);
            if self.ring.push(column, self.signal.end_column()) {
                self.classify()?;
            }
        }
        if self.ring.has_unseen_end() {
            self.classify()?;
        }
        Ok(())
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
        self.signal.reset();
        self.columns = 0;
        self.finished = false;
        self.window_silent = false;
    }

    /// Return a number of interleaved samples, at least 1, that goes at most to the end of a window: those after it stay
    /// with the caller.
    fn missing(&self) -> usize {
        // more than a block holds is as good
        let later = self.ring.missing().saturating_sub(1).min(BLOCK);
        let outputs = self.log_mel.missing() + later * usize::from(self.info.front_end.hop);
        self.mix
            .missing(self.resampler.inputs_for(outputs.min(8 * BLOCK)))
    }

    /// Mix and analyse interleaved samples; true if a window was completed.
    fn take(&mut self, samples: &mut [f32], converted: &Converted) -> Result<bool, Error> {
        if self.mix.is_mono() {
            self.signal.count(converted, samples.len(), 0);
            return self.analyse(samples);
        }
        // a frame that an earlier block began is completed by this one
        let mut mono = [0.0; BLOCK / 2 + 1];
        let mixed = self.mix.take(samples, &mut mono);
        self.signal.count(converted, mixed.made, mixed.cancelled);
        self.analyse(mono.get_mut(..mixed.made).unwrap_or_default())
    }

    /// Resample and analyse mono samples and the rest in the resampler; true if a window was completed.
    fn analyse(&mut self, mono: &mut [f32]) -> Result<bool, Error> {
        if self.resampler.is_identity() {
            return self.frame(mono);
        }
        let mut mono = &*mono;
        let mut block = [0.0; BLOCK];
        let mut window = false;
        loop {
            let Progress { consumed, produced } = self.resampler.process(mono, &mut block);
            mono = mono.get(consumed..).unwrap_or_default();
            window |= self.frame(block.get_mut(..produced).unwrap_or_default())?;
            if produced < BLOCK {
                return Ok(window);
            }
        }
    }

    /// Put samples of the model's rate into frames; true if a window was completed.
    fn frame(&mut self, mut samples: &mut [f32]) -> Result<bool, Error> {
        let mut window = false;
        while !samples.is_empty() {
            // up to the end of a column, with which a block of the signal's measurements ends
            let count = self.log_mel.missing().min(samples.len());
            let (now, rest) = samples.split_at_mut_checked(count).unwrap_or_default();
            self.signal.condition(now);
            let (_, column) = self.log_mel.push_slice(now);
            samples = rest;
            let Some(column) = column else {
                continue;
            };
            self.columns = self.columns.wrapping_add(1);
            if self.ring.push(column, self.signal.end_column()) {
                self.classify()?;
                window = true;
            }
        }
        Ok(window)
    }

    /// Run the network on the window that ends with the newest column, and count its vote; a silent window needs no
    /// network and has no vote.
    fn classify(&mut self) -> Result<(), Error> {
        let columns = self.ring.take_window();
        self.window_silent = columns.is_silent();
        if self.window_silent {
            self.mean.skip();
            return Ok(());
        }
        let view = View::new(columns, self.info.front_end.top_db);
        view.write(self.cepstrum.as_mut(), &mut self.engine);
        self.engine.run(&mut self.logits)?;
        let not_music = self.engine.not_music();
        let judgement = Judgement {
            rejected: not_music.is_some_and(|logit| logit > 0),
            votes: self.info.has_vote(not_music),
        };
        match self
            .mean
            .add(&self.logits, judgement, logit_step(&self.info))
        {
            Vote::First => {
                self.embedding.reset();
                self.embedding.add(self.engine.embedding());
            }
            Vote::Counts => self.embedding.add(self.engine.embedding()),
            Vote::None => {}
        }
        Ok(())
    }
}
