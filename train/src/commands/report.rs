//! `timbrel report`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use timbrel_train::console::say;
use timbrel_train::data::Dataset;
use timbrel_train::data::split::Parts;
use timbrel_train::device::DeviceKind;
use timbrel_train::evaluate::float;
use timbrel_train::report::{Figures, Report, read_history};
use timbrel_train::run::RunFolder;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Folder of a run.
    run: PathBuf,
    /// Folder for the report; by default the run's `report`.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Data to evaluate on; by default the run's own.
    #[arg(long, env = "TIMBREL_DATA")]
    data: Option<PathBuf>,
    /// Part of the recipe's split, or of the manifest's: train, valid or test.
    #[arg(long, default_value = "valid")]
    split: String,
    /// Where to run the network.
    #[arg(long, value_enum, default_value_t = DeviceKind::Cpu)]
    device: DeviceKind,
    /// Let `--device gpu` use an adapter that is emulated in software.
    #[arg(long)]
    allow_software_adapter: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let device = arguments.device.open(arguments.allow_software_adapter)?;
    let folder = RunFolder::new(&arguments.run);
    let info = folder.info()?;
    let (recipe, network) = folder.network(&device)?;
    let dataset = Dataset::read(arguments.data.as_ref().unwrap_or(&info.data))?;
    let parts = Parts::new(&recipe, &dataset)?;
    let pieces = parts.named(&arguments.split)?;
    let answers = float::answers(&network, &dataset, pieces, recipe.window(), &device)?;
    let figures = Figures::new(&answers, &dataset, &arguments.split);
    let report = Report {
        title: &format!("{}, seed {}", recipe.name, info.seed),
        about: vec![
            ("split".to_owned(), arguments.split.clone()),
            ("network".to_owned(), "float, best epoch".to_owned()),
            (
                "epochs".to_owned(),
                format!("{} of {}", info.done, info.epochs),
            ),
        ],
        figures: &figures,
        history: &read_history(&folder.metrics())?,
        answers: &answers,
        dataset: &dataset,
        column_seconds: dataset.column_seconds(&recipe.front_end()),
    };
    let out = match &arguments.out {
        Some(out) => out.clone(),
        None => arguments.run.join("report"),
    };
    for file in report.write(&out)? {
        say(format_args!("{}", file.display()))?;
    }
    let [low, high] = figures.track_accuracy_interval_95;
    say(format_args!(
        "{}: {:.1} % of {} tracks right (95 % interval {:.1} to {:.1} %), {:.1} % of the windows, F1 {:.3}",
        figures.split,
        100.0 * figures.track_accuracy,
        figures.tracks,
        100.0 * low,
        100.0 * high,
        100.0 * figures.window_accuracy,
        figures.macro_f1
    ))?;
    figures.caution().map_or(Ok(()), say)
}
