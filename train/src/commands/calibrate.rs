//! `timbrel calibrate`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use timbrel_train::calibrate::{Rejected, Sources, TrackLogits, calibrate_file};
use timbrel_train::console::say;
use timbrel_train::data::Dataset;

#[derive(Args)]
pub(crate) struct Arguments {
    /// A `.timbrel` file; its card is the `.md` file beside it.
    #[arg(long)]
    model: PathBuf,
    /// Folder that holds `logmel.safetensors` and `manifest.csv` of the music that it was trained on.
    #[arg(long, env = "TIMBREL_DATA")]
    data: PathBuf,
    /// Folder of a cache of sounds that are not music, to fit the rejection on; each genre is a generator.
    #[arg(long, value_name = "CACHE")]
    not_music: PathBuf,
    /// Folder of a cache of further music that shall not be rejected; may be repeated.
    #[arg(long, value_name = "CACHE")]
    music: Vec<PathBuf>,
    /// Folder of a cache of other sounds or other music, on which the rejection is only measured; may be repeated.
    #[arg(long, value_name = "CACHE")]
    test: Vec<PathBuf>,
    /// Logits of train tracks from a network that had not learnt from them, as `evaluate --logits` writes them; may be
    /// repeated. Without any, temperature and threshold are chosen on the valid split.
    #[arg(long, value_name = "FILE")]
    held_out: Vec<PathBuf>,
    /// Folder for the `.timbrel` file, its `.onnx` and its card; may be the model's own.
    #[arg(long)]
    out: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let music = Dataset::read(&arguments.data)?;
    let not_music = Dataset::read(&arguments.not_music)?;
    let (more_music, tests) = (caches(&arguments.music)?, caches(&arguments.test)?);
    let mut held_out = Vec::new();
    for path in &arguments.held_out {
        let tracks = TrackLogits::read(path, &music);
        held_out.extend(tracks.with_context(|| path.display().to_string())?);
    }
    let sources = Sources {
        music: &music,
        more_music: &more_music,
        not_music: &not_music,
        tests: &tests,
        held_out: &held_out,
    };
    let model = &arguments.model;
    let (files, found) = calibrate_file(model, &sources, &arguments.out)
        .with_context(|| format!("model {}", model.display()))?;
    for file in files {
        say(file.display())?;
    }
    say("rejected:                         windows      clips")?;
    for (name, genres) in &found.rejected {
        line(name, &Rejected::sum(genres))?;
    }
    for (_, genres) in found.rejected.iter().skip(2) {
        for genre in genres {
            line(&genre.genre, genre)?;
        }
    }
    let [before, after] = found.track_accuracy.map(|share| 100.0 * share);
    say(format_args!(
        "valid tracks right: {before:.1} %, {after:.1} % with the rejection\n\
         scale {:.3}, calibration error {:.1} %\n\
         unsure below {:.1} %: {:.1} % of the valid tracks are answered, {:.1} % of them rightly",
        found.confidence.scale,
        100.0 * found.valid.calibration_error(),
        100.0 * found.confidence.unsure_below,
        100.0 * found.valid.coverage(),
        100.0 * found.valid.accuracy_of_sure()
    ))
}

fn caches(folders: &[PathBuf]) -> Result<Vec<(String, Dataset)>> {
    let read = |folder: &PathBuf| Ok((name(folder), Dataset::read(folder)?));
    folders.iter().map(read).collect()
}

/// Name of a cache: that of its folder.
fn name(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or(folder.as_os_str());
    name.to_string_lossy().into_owned()
}

fn line(name: &str, of: &Rejected) -> Result<()> {
    say(format_args!(
        "  {name:<28} {:>5.1} % of {:<6} {:>5.1} % of {}",
        100.0 * of.of_windows(),
        of.windows,
        100.0 * of.of_tracks(),
        of.tracks
    ))
}
