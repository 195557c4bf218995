//! Listens to raw audio on standard input, a microphone through `arecord` say, and shows the running genre.

mod live;
mod show;
mod source;

use std::fs;
use std::io::{self, ErrorKind, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::Classifier;
use timbrel_core::model::Model;

use live::{Failure, Live};
use show::{Look, Show};
use source::Source;

static COMPACT: &[u8] = include_bytes!("../../../models/compact.timbrel");

/// Shows the genre of raw 16-bit audio (little-endian, interleaved) on standard input, as it plays:
///
///     arecord -q -t raw -f S16_LE -r 44100 -c 1 | timbrel-live
#[derive(Parser)]
#[command(version, verbatim_doc_comment)]
struct Arguments {
    /// Samples per second and channel: 4000 to 768000
    #[arg(long, value_name = "HZ", default_value_t = 44_100)]
    rate: u32,
    /// Interleaved channels, 1 to 8
    #[arg(long, value_name = "N", default_value_t = 1)]
    channels: u16,
    /// Windows whose mean is the running answer; one is 3 s with the built-in model, a new one comes
    /// every 1.5 s
    #[arg(long, value_name = "N", default_value_t = 14, value_parser = clap::value_parser!(u16).range(1..))]
    memory: u16,
    /// Windows whose loudness is below this, in dB of full scale, are silence and not shown as music
    #[arg(long, value_name = "DB", default_value_t = -60.0, allow_negative_numbers = true)]
    silence: f32,
    /// Form of the answers; by default a picture on a terminal and lines elsewhere
    #[arg(long, value_enum)]
    show: Option<Form>,
    /// Model to use instead of the built-in one: a .timbrel file
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    /// Bars that move
    Terminal,
    /// A line for each window, and one for the whole
    Lines,
    /// The same as JSON
    Json,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        // the reader has closed the pipe
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("timbrel-live: {error}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &Failure) -> bool {
    let kind = error.downcast_ref().map(io::Error::kind);
    kind == Some(ErrorKind::BrokenPipe)
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    if io::stdin().is_terminal() {
        return Err("standard input is a terminal; pipe audio in: \
            arecord -q -t raw -f S16_LE -r 44100 -c 1 | timbrel-live"
            .into());
    }
    let own;
    let bytes = match &arguments.model {
        None => COMPACT,
        Some(path) => {
            own = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
            &own
        }
    };
    let model = Model::parse(bytes).map_err(|error| format!("model: {error}"))?;
    let mut memory = vec![0; Classifier::fast_bytes(&model)];
    let format = InputFormat {
        sample_rate: arguments.rate,
        channels: arguments.channels,
    };
    let classifier = Classifier::int8(model, format, &mut memory)?;
    let default = match io::stdout().is_terminal() {
        true => Form::Terminal,
        false => Form::Lines,
    };
    let mut show = match arguments.show.unwrap_or(default) {
        Form::Terminal => Show::terminal(io::stdout(), Look::of_terminal()),
        Form::Lines => Show::lines(io::stdout()),
        Form::Json => Show::json(io::stdout()),
    };
    show.begin()?;
    let memory = usize::from(arguments.memory);
    let mut live = Live::new(classifier, format, memory, arguments.silence, show);
    let mut source = Source::new(io::stdin().lock());
    while let Some(samples) = source.next()? {
        live.hear(samples)?;
    }
    live.end()
}
