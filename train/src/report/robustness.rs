//! Sensitivity of an exported model to noise, level, pitch, tempo and mp3.

use std::fmt;
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use timbrel_core::audio::InputFormat;
use timbrel_core::host::decode::AudioReader;
use timbrel_core::host::piece::Listener;

use crate::data::Source;
use crate::data::prepare::{excerpt, read_excerpt};
use crate::evaluate::Inference;
use crate::evaluate::score::{Score, argmax};
use crate::features::SAMPLE_RATE;
use crate::waveform::Effect;

/// Change of the audio before the model hears it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Condition {
    /// No change.
    Clean,
    /// A change of the waveform.
    Effect(Effect),
    /// Encoded as mp3 with so many kbit/s, and decoded.
    Mp3(u32),
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clean => write!(f, "as it is"),
            Self::Effect(Effect::Noise(snr)) => write!(f, "noise {snr:.0} dB below"),
            Self::Effect(Effect::Gain(db)) => write!(f, "level {db:+.0} dB"),
            Self::Effect(Effect::Pitch(semitones)) => write!(f, "pitch {semitones:+.0} semitones"),
            Self::Effect(Effect::Stretch(rate)) => {
                write!(f, "tempo {:+.0} %", 100.0 * (rate - 1.0))
            }
            Self::Effect(Effect::Shift(seconds)) => write!(f, "shifted {seconds:+.1} s"),
            Self::Mp3(rate) => write!(f, "mp3 {rate} kbit/s"),
        }
    }
}

/// Result under a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The condition.
    pub condition: Condition,
    /// Right and wrong answers.
    pub score: Score,
    /// Tracks that get the same answer as without any change.
    pub unchanged: usize,
}

/// Measurements, and the files that could not be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Robustness {
    /// One outcome per condition.
    pub outcomes: Vec<Outcome>,
    /// Files that cannot be read, with the reason.
    pub skipped: Vec<(String, String)>,
}

/// Return the conditions that are measured; mp3 only where an encoder is installed.
#[must_use]
pub fn standard_conditions() -> Vec<Condition> {
    let mut conditions = vec![Condition::Clean];
    conditions.extend([40.0, 20.0, 10.0, 0.0].map(|snr| Condition::Effect(Effect::Noise(snr))));
    conditions.extend([-40.0, -20.0, 6.0, 12.0].map(|db| Condition::Effect(Effect::Gain(db))));
    conditions.extend([-2.0, -1.0, 1.0, 2.0].map(|s| Condition::Effect(Effect::Pitch(s))));
    conditions.extend([0.8, 0.9, 1.1, 1.25].map(|rate| Condition::Effect(Effect::Stretch(rate))));
    if encoder_is_there() {
        conditions.extend([320, 128, 64, 32].map(Condition::Mp3));
    }
    conditions
}

/// Classify each track under each condition, from samples on, as a device does. `seconds` of each track are classified; its
/// answer counts as one window.
///
/// # Errors
/// A genre is not among the model's classes, a track cannot be classified, or a condition cannot be made.
pub fn robustness(
    model: &Inference,
    sources: &[Source],
    conditions: &[Condition],
    seconds: f64,
) -> Result<Robustness> {
    let classes = model.labels().len();
    let mut outcomes: Vec<Outcome> = (conditions.iter())
        .map(|&condition| Outcome {
            condition,
            score: Score::new(classes),
            unchanged: 0,
        })
        .collect();
    let mut skipped = Vec::new();
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} tracks {eta}");
    let bar = ProgressBar::new(sources.len() as u64).with_style(style.context("progress bar")?);
    for source in sources {
        bar.inc(1);
        let label = model
            .labels()
            .iter()
            .position(|label| *label == source.genre);
        let label = label.with_context(|| format!("the model does not know {}", source.genre))?;
        let count = (seconds * f64::from(SAMPLE_RATE)) as usize;
        let signal = match read_excerpt(&source.path, SAMPLE_RATE, 0, count) {
            Ok(signal) => signal,
            Err(error) => {
                skipped.push((source.path.display().to_string(), format!("{error:#}")));
                continue;
            }
        };
        let clean = argmax(&hear(model, &signal)?);
        let tried = outcomes.par_iter_mut().enumerate().map(|(index, outcome)| {
            // each condition and track its own noise, the same in every run
            let seed = crate::data::hash(index as u64, &source.track);
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let answer = hear(model, &change(outcome.condition, &signal, &mut rng)?)?;
            outcome.unchanged += usize::from(argmax(&answer) == clean);
            outcome.score.add(label, &[answer]);
            anyhow::Ok(())
        });
        tried.collect::<Result<()>>()?;
    }
    bar.finish_and_clear();
    Ok(Robustness { outcomes, skipped })
}

/// Return the model's probabilities.
fn hear(model: &Inference, signal: &[f32]) -> Result<Vec<f32>> {
    let heard = Listener::new(model.loaded()).samples(InputFormat::mono(SAMPLE_RATE), signal)?;
    Ok(heard.probabilities.into_iter().map(|(_, p)| p).collect())
}

fn change(condition: Condition, signal: &[f32], rng: &mut ChaCha8Rng) -> Result<Vec<f32>> {
    match condition {
        Condition::Clean => Ok(signal.to_vec()),
        Condition::Effect(effect) => Ok(effect.apply(signal, SAMPLE_RATE, rng)),
        Condition::Mp3(rate) => through_mp3(signal, rate),
    }
}

/// Return a command for LAME at 44,100 Hz, as music is sold and shared: at 22,050 Hz it would cut off what lies above
/// 10 kHz even at high rates. It is LGPL and so is run as a program instead of being linked, with raw samples on its
/// standard input and mp3 on its standard output.
fn encoder(rate: u32) -> Command {
    let mut command = Command::new("lame");
    let kilohertz = format!("{:.2}", SAMPLE_RATE as f32 / 1000.0);
    let raw = [
        "--quiet",
        "-r",
        "--bitwidth",
        "16",
        "--signed",
        "--little-endian",
    ];
    let rates = ["-s", &kilohertz, "--resample", "44.1"];
    command.args(raw).args(rates);
    command.args(["-m", "m", "-b", &rate.to_string(), "-", "-"]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

fn encoder_is_there() -> bool {
    let mut command = Command::new("lame");
    command
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn through_mp3(signal: &[f32], rate: u32) -> Result<Vec<f32>> {
    let bytes: Vec<u8> = (signal.iter())
        .flat_map(|sample| ((sample * 32_767.0) as i16).to_le_bytes())
        .collect();
    let mut child = encoder(rate).spawn().context("cannot run lame")?;
    let mut input = child.stdin.take().context("lame's input")?;
    // on a thread of its own: each side would wait for the other once the pipes are full
    let writer = thread::spawn(move || input.write_all(&bytes));
    let output = child.wait_with_output().context("lame")?;
    let written = writer
        .join()
        .map_err(|_| anyhow!("writing to lame panicked"))?;
    ensure!(
        output.status.success() && written.is_ok(),
        "lame failed at {rate} kbit/s"
    );
    let reader = AudioReader::from_bytes(output.stdout, Some("mp3"))?;
    excerpt(reader, SAMPLE_RATE, 0, signal.len())
}
