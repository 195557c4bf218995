//! `timbrel dataset`.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::{Args, Subcommand};
use timbrel_train::console::say;
use timbrel_train::data::collection::check::{self, Check};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    dataset: Dataset,
}

#[derive(Subcommand)]
enum Dataset {
    /// GTZAN: reads every file, and reports what is missing, broken or duplicated.
    Gtzan {
        /// Folder of the download; without one, says how to get it.
        folder: Option<PathBuf>,
    },
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let Dataset::Gtzan { folder } = &arguments.dataset;
    let Some(folder) = folder else {
        say(format_args!("{}", check::HOW_TO_GET))?;
        return Ok(());
    };
    let check = Check::run(folder)?;
    say(&check)?;
    ensure!(
        check.complete(),
        "this is not the whole of GTZAN\n{}",
        check::HOW_TO_GET
    );
    Ok(())
}
