//! The `timbrel` command.

mod commands;

use anyhow::Result;
use clap::Parser;

/// Trains, evaluates and exports Timbrel's models.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: commands::Command,
}

fn main() -> Result<()> {
    Cli::parse().command.run()
}
