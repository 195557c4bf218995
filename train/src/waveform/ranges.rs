//! Effects by name: one of a given size, or all of random sizes within ranges.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};
use rand::{Rng, RngExt};

use super::{gain, noise, pitch_shift, time_shift, time_stretch};

/// Names with the unit, least and greatest size of each effect, in the order in which they are applied.
const EFFECTS: [(&str, &str, f32, f32); 5] = [
    ("stretch", "share of the tempo", 0.0, 0.9),
    ("pitch", "semitones", 0.0, 24.0),
    ("shift", "seconds", 0.0, 3600.0),
    ("gain", "dB", 0.0, 60.0),
    ("noise", "dB of signal above noise", -20.0, 100.0),
];

/// One change of a signal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect {
    /// White noise, so many dB below the signal.
    Noise(f32),
    /// So many dB louder, clipped at full scale.
    Gain(f32),
    /// So many semitones up.
    Pitch(f32),
    /// So many times as fast.
    Stretch(f32),
    /// So many seconds later, around the end.
    Shift(f32),
}

impl Effect {
    /// Apply the effect to a signal of `rate` Hz.
    #[must_use]
    pub fn apply(self, samples: &[f32], rate: u32, rng: &mut impl Rng) -> Vec<f32> {
        match self {
            Self::Noise(snr) => noise(samples, snr, rng),
            Self::Gain(db) => gain(samples, db),
            Self::Pitch(semitones) => pitch_shift(samples, f64::from(semitones)),
            Self::Stretch(tempo) => time_stretch(samples, f64::from(tempo)),
            Self::Shift(seconds) => time_shift(samples, (seconds * rate as f32).round() as i64),
        }
    }
}

/// Limits of each effect; effects that are not named are left out.
///
/// Written `noise=20,gain=6,pitch=2,stretch=0.1,shift=1`: noise 20 to 40 dB below the signal, level ±6 dB,
/// pitch ±2 semitones, tempo ±10 %, up to 1 s later or earlier.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranges([Option<f32>; EFFECTS.len()]);

impl Ranges {
    /// Return whether no effect is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// Return the samples that are needed for one that is kept: more than one where the tempo may rise.
    #[must_use]
    pub fn longest(&self) -> f64 {
        1.0 + f64::from(self.0[0].unwrap_or(0.0))
    }

    /// Apply each effect that is named, in a size drawn uniformly from its range, to a signal of `rate` Hz.
    #[must_use]
    pub fn draw(&self, samples: &[f32], rate: u32, rng: &mut impl Rng) -> Vec<f32> {
        let mut changed = samples.to_vec();
        for (effect, size) in self.0.iter().enumerate() {
            let Some(size) = *size else {
                continue;
            };
            let drawn = size * (2.0 * rng.random::<f32>() - 1.0);
            let effect = match effect {
                0 => Effect::Stretch(1.0 + drawn),
                1 => Effect::Pitch(drawn),
                2 => Effect::Shift(drawn),
                3 => Effect::Gain(drawn),
                _ => Effect::Noise(size + 20.0 * rng.random::<f32>()),
            };
            changed = effect.apply(&changed, rate, rng);
        }
        changed
    }
}

impl FromStr for Ranges {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut ranges = Self::default();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (name, size) = part
                .split_once('=')
                .with_context(|| format!("`{part}` is not NAME=SIZE"))?;
            let Some(index) = EFFECTS.iter().position(|effect| effect.0 == name) else {
                bail!("no effect `{name}`: stretch, pitch, shift, gain, noise");
            };
            let (_, unit, least, greatest) = EFFECTS[index];
            let size: f32 = size.parse().with_context(|| format!("`{part}`"))?;
            ensure!(
                (least..=greatest).contains(&size),
                "`{part}`: {least} to {greatest} {unit}"
            );
            ensure!(
                ranges.0[index].replace(size).is_none(),
                "`{name}` stands twice"
            );
        }
        Ok(ranges)
    }
}

impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for ((name, ..), size) in EFFECTS.iter().zip(&self.0) {
            if let Some(size) = size {
                write!(f, "{separator}{name}={size}")?;
                separator = ",";
            }
        }
        Ok(())
    }
}
