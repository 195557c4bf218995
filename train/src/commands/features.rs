//! `timbrel features`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use timbrel_core::host::decode::read_mono;
use timbrel_train::console::say;
use timbrel_train::features::Feature;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Audio file: wav, mp3, flac, ogg, m4a, aac, AIFF, AU, CAF, mkv or webm.
    file: PathBuf,
    /// Name of the feature: log_stft_N_H, mel_power_N_H_128, mel_db_N_H_128 or mfcc_N_H_C, with _at_RATE
    /// behind it for another sample rate than 22050 Hz.
    #[arg(long)]
    front_end: String,
    /// safetensors file to write.
    #[arg(long)]
    out: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let feature = Feature::parse(&arguments.front_end)?;
    let name = || arguments.file.display().to_string();
    let samples = read_mono(&arguments.file, feature.sample_rate()).with_context(name)?;
    let matrix = feature.compute(&samples).with_context(name)?;
    matrix.write(&arguments.out, &arguments.front_end)?;
    say(format_args!(
        "{} [{}, {}] of {:.2} s",
        arguments.front_end,
        matrix.bins,
        matrix.frames,
        samples.len() as f32 / feature.sample_rate() as f32
    ))
}
