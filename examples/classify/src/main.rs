//! Names the genre of audio files with the shipped model, or with one's own.

mod demo;
mod model;
mod report;

use std::ffi::OsStr;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use model::EngineName;
use timbrel_core::audio::InputFormat;
use timbrel_core::host::piece::{Heard, Listener, PieceError, error_to_json};

/// Names the genre of wav, mp3, flac, ogg, m4a, aac, aiff, au, caf, mkv and webm files.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Model to use instead of the built-in one: a .timbrel file, or an .onnx with `--engine tract`
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Engine that runs the model; by default the one that suits the model file
    #[arg(long, value_enum)]
    engine: Option<EngineName>,
    /// Print a line of JSON for each file; of several files, a line with the error for each that failed
    #[arg(long)]
    json: bool,
    /// Number of genres to show
    #[arg(long, value_name = "K", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    top: u16,
    /// Audio files, or - for standard input; without any, a synthesised demo tune
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let model = match model::load(arguments.model.as_deref(), arguments.engine) {
        Ok(model) => model,
        Err(error) => {
            complain(&error);
            return ExitCode::FAILURE;
        }
    };
    let mut listener = Listener::new(&model);
    let mut output = Output::new(&arguments);
    let shown = if arguments.files.is_empty() {
        let heard = listener.samples(InputFormat::mono(demo::RATE), &demo::tune());
        output.show("demo tune (made by this program)".as_ref(), heard)
    } else {
        arguments.files.iter().try_for_each(|file| {
            let heard = match file.to_str() {
                Some("-") => listener.stream(std::io::stdin()),
                _ => listener.file(file),
            };
            output.show(file.as_os_str(), heard)
        })
    };
    match shown {
        // the reader has closed the pipe
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        Err(error) => {
            complain(&format!("cannot write: {error}"));
            return ExitCode::FAILURE;
        }
        Ok(()) => {}
    }
    ExitCode::from(u8::from(output.failed))
}

/// Writes answers to standard output and failures to standard error.
struct Output<'a> {
    arguments: &'a Arguments,
    failed: bool,
}

impl<'a> Output<'a> {
    fn new(arguments: &'a Arguments) -> Self {
        Self {
            arguments,
            failed: false,
        }
    }

    /// Show the answer for a file.
    ///
    /// # Errors
    /// Standard output cannot be written.
    fn show(&mut self, name: &OsStr, heard: Result<Heard, PieceError>) -> std::io::Result<()> {
        let shown = name.to_string_lossy();
        let mut out = std::io::stdout().lock();
        match heard {
            Ok(heard) => {
                for warning in report::warnings(&heard) {
                    complain(&format!("{shown}: {warning}"));
                }
                if self.arguments.json {
                    out.write_all(heard.to_json(&shown).as_bytes())?;
                } else {
                    // the name as it is, even if it is not Unicode
                    out.write_all(name.as_encoded_bytes())?;
                    let top = usize::from(self.arguments.top);
                    out.write_all(report::text(&heard, top).as_bytes())?;
                }
            }
            Err(error) => {
                self.failed = true;
                let error = error.to_string();
                complain(&format!("{shown}: {error}"));
                // of several files, each has its line
                if self.arguments.json && self.arguments.files.len() > 1 {
                    out.write_all(error_to_json(&shown, &error).as_bytes())?;
                }
            }
        }
        out.flush()
    }
}

/// Write a line to standard error, if that can be written.
fn complain(what: &str) {
    let _ = writeln!(std::io::stderr(), "classify: {what}");
}
