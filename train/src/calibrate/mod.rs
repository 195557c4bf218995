//! Calibration, which makes a model's answers honest: an output that rejects windows which are not music, a temperature for its
//! probabilities, and a threshold below which an answer is unsure. All of it is fitted on the answers of a finished
//! model, whose logits stay what they are.

mod card;
mod confidence;
mod held_out;
mod logistic;
mod rejection;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use timbrel_core::model::{Confidence, ModelSpec, RejectionSpec};

pub use confidence::{Calibrated, Certain, RIGHT};
pub use held_out::TrackLogits;
pub use logistic::{Example, Logistic};
pub use rejection::{MAY_BE_LOST, Rejected, fit_rejection};

use crate::data::Dataset;
use crate::evaluate::{Inference, evaluate};
use crate::export::{onnx, spec};
use crate::file::write_whole;

/// Split that the rejection is fitted on.
const TRAIN: &str = "train";
/// Split that everything is measured on.
const VALID: &str = "valid";

/// Data and settings of a calibration.
#[derive(Clone, Debug)]
pub struct Sources<'a> {
    /// Cache that the model was trained on.
    pub music: &'a Dataset,
    /// Further music to keep, with the name of each cache; its genres do not matter.
    pub more_music: &'a [(String, Dataset)],
    /// Sounds to reject; each genre of the cache is a generator.
    pub not_music: &'a Dataset,
    /// Other generators' sounds and other music, to measure on.
    pub tests: &'a [(String, Dataset)],
    /// Logits of the train tracks from networks that had not learnt from them. If there are none, the valid split takes their
    /// place.
    pub held_out: &'a [TrackLogits],
}

/// Result of a calibration.
#[derive(Clone, Debug)]
pub struct Calibration {
    /// The output that rejects.
    pub rejection: RejectionSpec,
    /// Temperature and threshold.
    pub confidence: Confidence,
    /// Share of the windows and clips that are rejected, for each cache with its name and each of its genres.
    pub rejected: Vec<(String, Vec<Rejected>)>,
    /// Tracks that temperature and threshold were chosen on, with the calibrated probabilities.
    pub chosen_on: Calibrated,
    /// Whether these are train tracks, heard by networks that had not learnt from them.
    pub cross_validated: bool,
    /// The valid split's tracks. If temperature and threshold were chosen on them, each half has those of the other half.
    pub valid: Calibrated,
    /// Share of the valid split's tracks that are right before and after.
    pub track_accuracy: [f64; 2],
}

/// Fit a model's rejection and confidence.
///
/// # Errors
/// Model and data do not fit together, or the model has no embedding.
pub fn calibrate(base: &ModelSpec, sources: &Sources<'_>) -> Result<(ModelSpec, Calibration)> {
    let plain = inference(&ModelSpec {
        rejection: None,
        confidence: Confidence::NEUTRAL,
        ..base.clone()
    })?;
    ensure!(
        plain.info().embedding > 0,
        "the model has no embedding, which the rejection is computed from"
    );
    let before = evaluate(&plain, sources.music, VALID)?.score;
    let rejection = fit_rejection(&plain, sources)?;
    let rejecting = ModelSpec {
        rejection: Some(rejection.clone()),
        confidence: Confidence::NEUTRAL,
        ..base.clone()
    };
    let model = inference(&rejecting)?;
    let evaluated = evaluate(&model, sources.music, VALID)?;
    let after = evaluated.score.track_accuracy();
    let mut rejected = Vec::new();
    for split in [TRAIN, VALID] {
        let tracks = sources.music.split(split)?;
        rejected.push((
            split.to_owned(),
            Rejected::by_genre(&model, sources.music, &tracks)?,
        ));
    }
    for (name, dataset) in sources.more_music.iter().chain(sources.tests) {
        let tracks = dataset.split("all")?;
        rejected.push((name.clone(), Rejected::by_genre(&model, dataset, &tracks)?));
    }
    let own = TrackLogits::of(&evaluated, &model, sources.music);
    let cross_validated = !sources.held_out.is_empty();
    let (confidence, chosen_on, valid) = if cross_validated {
        let confidence = confidence::fit(sources.held_out);
        let calibrated = |tracks: &[TrackLogits]| Calibrated::new(tracks, confidence);
        (confidence, calibrated(sources.held_out), calibrated(&own))
    } else {
        let confidence = confidence::fit(&own);
        let halves = confidence::cross_fitted(&own);
        (confidence, Calibrated::new(&own, confidence), halves)
    };
    let spec = ModelSpec {
        confidence,
        ..rejecting
    };
    let calibration = Calibration {
        rejection,
        confidence,
        rejected,
        chosen_on,
        cross_validated,
        valid,
        track_accuracy: [before.track_accuracy(), after],
    };
    Ok((spec, calibration))
}

/// Calibrate a `.timbrel` file and write it, its `.onnx` and its card into a folder. The card is that beside the model.
///
/// # Errors
/// As [`calibrate`]; a file cannot be read or written.
pub fn calibrate_file(
    model: &Path,
    sources: &Sources<'_>,
    out: &Path,
) -> Result<(Vec<PathBuf>, Calibration)> {
    let file = std::fs::read(model).context("cannot be read")?;
    let (calibrated, calibration) = calibrate(&spec(&file)?, sources)?;
    let bytes = to_bytes(&calibrated)?;
    let converted = onnx(&calibrated)?;
    let name = model.file_stem().unwrap_or_default().to_string_lossy();
    let card = model.with_extension("md");
    let mut files = vec![
        (out.join(format!("{name}.timbrel")), bytes),
        (out.join(format!("{name}.onnx")), converted),
    ];
    if card.exists() {
        let text = std::fs::read_to_string(&card).context("its card cannot be read")?;
        let text = card::renewed(&text, &files, &calibration);
        files.push((out.join(format!("{name}.md")), text.into_bytes()));
    }
    std::fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    for (path, bytes) in &files {
        write_whole(path, bytes)?;
    }
    let files = files.into_iter().map(|(path, _)| path).collect();
    Ok((files, calibration))
}

fn inference(spec: &ModelSpec) -> Result<Inference> {
    Inference::int8(to_bytes(spec)?)
}

fn to_bytes(spec: &ModelSpec) -> Result<Vec<u8>> {
    spec.to_bytes().map_err(|error| anyhow!("{error}"))
}
