//! `timbrel export`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use timbrel_train::console::say;
use timbrel_train::data::Dataset;
use timbrel_train::device::DeviceKind;
use timbrel_train::export::{Format, Target, export};
use timbrel_train::run::RunFolder;

use super::stated::StatedData;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Folder of a run.
    run: PathBuf,
    /// Folder for the files.
    #[arg(long)]
    out: PathBuf,
    /// Name of the files; by default the recipe's.
    #[arg(long)]
    name: Option<String>,
    /// Write the float network as NAME-float.onnx, too. A network that has no integers is written as floats
    /// anyway.
    #[arg(long)]
    float: bool,
    /// Form of the integers beside NAME.timbrel; with `c`, NAME.h and NAME.c are written as well as NAME.onnx.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    stated: StatedData,
    /// Licence under which the model is offered, for the card.
    #[arg(long, value_name = "TEXT")]
    model_licence: Option<String>,
    /// Data to calibrate and measure on; by default the run's own.
    #[arg(long, env = "TIMBREL_DATA")]
    data: Option<PathBuf>,
    /// Where to run the float network.
    #[arg(long, value_enum, default_value_t = DeviceKind::Cpu)]
    device: DeviceKind,
    /// Let `--device gpu` use an adapter that is emulated in software.
    #[arg(long)]
    allow_software_adapter: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let device = arguments.device.open(arguments.allow_software_adapter)?;
    let folder = RunFolder::new(&arguments.run);
    let data = match &arguments.data {
        Some(data) => data.clone(),
        None => folder.info()?.data,
    };
    let dataset = Dataset::read(&data)?;
    let target = Target {
        name: arguments.name.as_deref(),
        out: &arguments.out,
        float: arguments.float,
        c_source: arguments.format == Format::C,
        stated: arguments.stated.stated(),
        licence: arguments.model_licence.as_deref(),
    };
    let exported = export(&folder, &dataset, target, &device)?;
    for file in &exported.files {
        say(file.display())?;
    }
    if let Some(reason) = exported.floats_only {
        say(format_args!("floats only, no integers: {reason}"))?;
    }
    let measured = &exported.measured;
    let int8 = match &measured.int8 {
        Some(int8) => format!(", int8 {:.1} %", 100.0 * int8.track_accuracy()),
        None => String::new(),
    };
    say(format_args!(
        "{} tracks right: float {:.1} %{int8}",
        measured.split,
        100.0 * measured.float.track_accuracy()
    ))
}
