//! Timbrel as a WebAssembly module, called by `package/index.js`.
//!
//! An instance of the module is one listener: it takes one signal and is then dropped with its memory. Functions
//! that can fail return 1, or 0 with the reason as text. Columns and windows are handed over as they come, by
//! imported functions, which must not call back.
#![deny(missing_docs)]

#[path = "../../classify/src/demo.rs"]
mod demo;
mod listener;

use std::cell::RefCell;

use listener::Listener;

#[link(wasm_import_module = "timbrel")]
unsafe extern "C" {
    /// Receives a log-mel column: `len` values in 1/128 dB.
    safe fn on_column(values: *const i16, len: usize);
    /// Receives the answer after a window: probabilities and embedding of the signal so far, and its windows; and the
    /// window's own probabilities, as many. `state` and `window_state` are 0 for music, 1 for silence, 2 for
    /// what is not music and 3 for unsure; of a window that is not 0 its own probabilities have no meaning. `level_dbfs` is the
    /// level of the signal.
    safe fn on_window(
        probabilities: *const f32,
        own: *const f32,
        len: usize,
        embedding: *const f32,
        embedding_len: usize,
        windows: u32,
        state: u32,
        window_state: u32,
        level_dbfs: f32,
    );
}

#[derive(Default)]
struct Module {
    /// Input: samples, or the bytes of a file.
    buffer: Vec<f32>,
    /// Output as text.
    text: String,
    listener: Option<Listener>,
}

thread_local! {
    static MODULE: RefCell<Module> = RefCell::default();
}

impl Module {
    /// Run something that may fail, and keep the reason.
    fn attempt(&mut self, run: impl FnOnce(&mut Self) -> Result<(), String>) -> u32 {
        match run(self) {
            Ok(()) => 1,
            Err(reason) => {
                self.text = reason;
                0
            }
        }
    }

    fn listener(&mut self) -> Result<&mut Listener, String> {
        self.listener
            .as_mut()
            .ok_or_else(|| "nothing is open".into())
    }
}

fn attempt(run: impl FnOnce(&mut Module) -> Result<(), String>) -> u32 {
    MODULE.with_borrow_mut(|module| module.attempt(run))
}

/// Return room for `bytes` of input, aligned for f32; valid until the next call.
#[unsafe(no_mangle)]
pub extern "C" fn input(bytes: usize) -> *mut f32 {
    MODULE.with_borrow_mut(|module| {
        module.buffer.clear();
        module.buffer.resize(bytes.div_ceil(size_of::<f32>()), 0.0);
        module.buffer.as_mut_ptr()
    })
}

/// Begin a signal of interleaved samples.
#[unsafe(no_mangle)]
pub extern "C" fn open(sample_rate: u32, channels: u32) -> u32 {
    attempt(|module| {
        module.listener = Some(Listener::new(sample_rate, channels)?);
        Ok(())
    })
}

/// Push `count` samples of the input.
#[unsafe(no_mangle)]
pub extern "C" fn push(count: usize) -> u32 {
    attempt(|module| {
        let buffer = std::mem::take(&mut module.buffer);
        let pushed = module
            .listener()?
            .push(buffer.get(..count).unwrap_or(&buffer));
        module.buffer = buffer;
        pushed
    })
}

/// End the signal.
#[unsafe(no_mangle)]
pub extern "C" fn finish() -> u32 {
    attempt(|module| module.listener()?.finish())
}

/// Classify the audio file whose `bytes` are the input.
#[unsafe(no_mangle)]
pub extern "C" fn hear_file(bytes: usize) -> u32 {
    attempt(|module| {
        let file: &[u8] = bytemuck::cast_slice(&module.buffer);
        let file = file.get(..bytes).unwrap_or(file).to_vec();
        module.buffer = Vec::new();
        module.listener = Some(Listener::file(file)?);
        Ok(())
    })
}

/// Put the tune that the project made itself into the input and return its number of samples, at [`demo_rate`].
#[unsafe(no_mangle)]
pub extern "C" fn demo_tune() -> usize {
    MODULE.with_borrow_mut(|module| {
        module.buffer = demo::tune();
        module.buffer.len()
    })
}

/// Return the sample rate of the tune, Hz.
#[unsafe(no_mangle)]
pub extern "C" fn demo_rate() -> u32 {
    demo::RATE
}

/// Return the address of the input.
#[unsafe(no_mangle)]
pub extern "C" fn input_address() -> *const f32 {
    MODULE.with_borrow(|module| module.buffer.as_ptr())
}

/// Return the seconds of audio that were heard.
#[unsafe(no_mangle)]
pub extern "C" fn seconds() -> f64 {
    MODULE.with_borrow(|module| module.listener.as_ref().map_or(0.0, Listener::seconds))
}

/// Put notes on the file that was classified, one per line, where [`text`] finds them.
#[unsafe(no_mangle)]
pub extern "C" fn warnings() -> u32 {
    attempt(|module| {
        module.text = module.listener()?.warnings();
        Ok(())
    })
}

/// Put the names of the genres, one per line, where [`text`] finds them.
#[unsafe(no_mangle)]
pub extern "C" fn labels() -> u32 {
    attempt(|module| {
        module.text = listener::labels()?;
        Ok(())
    })
}

/// Put the facts about the model that a page shows, as JSON, where [`text`] finds them.
#[unsafe(no_mangle)]
pub extern "C" fn info() -> u32 {
    attempt(|module| {
        module.text = listener::info()?;
        Ok(())
    })
}

/// Return the address of the last text, in UTF-8.
#[unsafe(no_mangle)]
pub extern "C" fn text() -> *const u8 {
    MODULE.with_borrow(|module| module.text.as_ptr())
}

/// Return the bytes of the last text.
#[unsafe(no_mangle)]
pub extern "C" fn text_len() -> usize {
    MODULE.with_borrow(|module| module.text.len())
}
