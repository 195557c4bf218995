//! Names the genre of audio files with the shipped model, or with one's own.

mod demo;
mod model;
mod report;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use model::EngineName;
use timbrel_core::audio::InputFormat;
use timbrel_core::host::piece::{Heard, Listener, PieceError};

/// Names the genre of wav, mp3, flac, ogg and m4a files.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Model to use instead of the built-in one: a .timbrel file, or an .onnx with `--engine tract`
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Engine that runs the model; by default the one that the model file is for
    #[arg(long, value_enum)]
    engine: Option<EngineName>,
    /// Print a line of JSON for each file
    #[arg(long)]
    json: bool,
    /// How many genres to show
    #[arg(long, value_name = "K", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    top: u16,
    /// Audio files; without any, a tune that this program makes itself
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let model = match model::load(arguments.model.as_deref(), arguments.engine) {
        Ok(model) => model,
        Err(error) => {
            eprintln!("classify: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut listener = Listener::new(&model);
    let mut failed = false;
    let mut show = |name: &str, heard: Result<Heard, PieceError>| {
        let printed = heard.map_err(|error| error.to_string()).and_then(|heard| {
            let text = match arguments.json {
                true => heard.to_json(name),
                false => report::text(name, &heard, usize::from(arguments.top)),
            };
            let written = std::io::stdout().write_all(text.as_bytes());
            written.map_err(|error| error.to_string())
        });
        if let Err(error) = printed {
            eprintln!("classify: {name}: {error}");
            failed = true;
        }
    };
    if arguments.files.is_empty() {
        show(
            "demo tune (made by this program)",
            listener.samples(InputFormat::mono(demo::RATE), &demo::tune()),
        );
    }
    for file in &arguments.files {
        show(&file.to_string_lossy(), listener.file(file));
    }
    ExitCode::from(u8::from(failed))
}
