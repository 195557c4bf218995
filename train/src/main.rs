//! The `timbrel` command.

mod commands;

use std::process::ExitCode;

use clap::Parser;

/// A network's activations are megabytes, made and dropped at every step. Most systems' own allocators give such pieces
/// back each time, and a quarter of a training's time then goes into fetching them again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
            // the fault and its place on one line; a backtrace would not help a user
            eprintln!("timbrel: {error:#}");
            ExitCode::FAILURE
        }
    }
}
