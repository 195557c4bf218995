//! The bar on a terminal.

use std::fmt::Write;
use std::io::IsTerminal;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use super::stop;
use crate::inputs;

/// How far the work is, on standard error if that is a terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Begin with a bar for the files that `paths` stand for, which are counted meanwhile. `paths` is empty where no
    /// bar is wanted.
    pub(crate) fn new(paths: Vec<PathBuf>) -> Self {
        if paths.is_empty() || !std::io::stderr().is_terminal() {
            return Self {
                bar: ProgressBar::hidden(),
            };
        }
        let bar = ProgressBar::no_length();
        let style = "{bar:30} {human_pos} of {human_len} files, {rate}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(style) {
            // indicatif's own has four digits after the point
            bar.set_style(
                style.with_key("rate", |state: &ProgressState, out: &mut dyn Write| {
                    // an error would be one of the terminal
                    let _ = write!(out, "{:.1}/s", state.per_sec());
                }),
            );
        }
        let counted = bar.clone();
        // it ends with the program
        std::thread::spawn(move || {
            let files = inputs::expand(paths);
            counted.set_length(files.take_while(|_| !stop::is_asked()).count() as u64);
        });
        Self { bar }
    }

    /// Count a file.
    pub(crate) fn step(&self) {
        self.bar.inc(1);
    }

    /// Run a function that writes to the terminal, with the bar hidden.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    /// Remove the bar.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
