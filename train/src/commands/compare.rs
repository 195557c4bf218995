//! `timbrel compare`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use timbrel_train::report::{Compared, compare};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Folders of runs.
    #[arg(required = true)]
    runs: Vec<PathBuf>,
    /// Write a page with the curves to this file.
    #[arg(long)]
    html: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let runs: Vec<Compared> = (arguments.runs.iter())
        .map(|path| Compared::read(path))
        .collect::<Result<_>>()?;
    print!("{}", compare(&runs, arguments.html.as_deref())?);
    Ok(())
}
