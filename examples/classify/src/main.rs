//! Names the genre of audio files with the shipped model, or with one's own.

mod answer;
mod args;
mod demo;
mod inputs;
mod model;
mod output;
mod run;
mod similar;
mod tags;

use std::io::{ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use args::{Arguments, Command, Format};
use clap::{CommandFactory, Parser};
use run::End;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    check(&arguments);
    let common = match &arguments.command {
        Some(Command::Similar(similar)) => &similar.common,
        None => &arguments.listen.common,
    };
    let model = match model::load(common.model.as_deref(), common.engine) {
        Ok(model) => model,
        Err(error) => {
            complain(&error);
            return ExitCode::FAILURE;
        }
    };
    let end = match &arguments.command {
        Some(Command::Similar(similar)) => similar::run(similar, &model),
        None => run::run(&arguments.listen, &model),
    };
    match end {
        Ok(End::Complete) => ExitCode::SUCCESS,
        Ok(End::SomeFailed) => ExitCode::FAILURE,
        Ok(End::Stopped) => ExitCode::from(130),
        // the reader has closed the pipe
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("cannot write: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// End the program with status 2 where options do not go together.
fn check(arguments: &Arguments) {
    let refuse = |message| {
        let kind = clap::error::ErrorKind::ArgumentConflict;
        Arguments::command().error(kind, message).exit()
    };
    let listen = &arguments.listen;
    if listen.format() == Format::Parquet {
        if cfg!(not(feature = "parquet")) {
            refuse("--format parquet needs a build with `--features parquet`");
        }
        if listen.out.is_none() && std::io::stdout().is_terminal() {
            refuse("Parquet is not for a terminal: add --out FILE");
        }
    }
    if listen.embeddings && matches!(listen.format(), Format::Text | Format::Csv) {
        refuse("--embeddings needs `--format json` or `--format parquet`");
    }
    if let Some(Command::Similar(similar)) = &arguments.command
        && similar.paths.len() < 2 - usize::from(similar.index.is_some() || similar.duplicates)
        && (!similar.duplicates || similar.index.is_none())
    {
        refuse("name a song and a library: classify similar SONG FOLDER, or --index FILE");
    }
}

/// Write a line to standard error, if that can be written.
fn complain(what: &str) {
    let _ = writeln!(std::io::stderr(), "classify: {what}");
}
