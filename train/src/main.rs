//! The `timbrel` command.

mod commands;

use std::process::ExitCode;

use clap::Parser;

/// Trains, evaluates and exports Timbrel's models.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: commands::Command,
}

fn main() -> ExitCode {
    match Cli::parse().command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // what went wrong and in what, on one line; a backtrace would tell a user nothing
            eprintln!("timbrel: {error:#}");
            ExitCode::FAILURE
        }
    }
}
