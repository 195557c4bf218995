//! Checksums over the bits of floating-point results. Logits are integers after a quantisation that hides
//! small differences; these checksums hide none.

use timbrel_core::audio::Resampler;
use timbrel_core::frontend::LogMel;

use crate::{RATE_HZ, Tune};

/// A log-mel front end of the shipped model's sizes, with its memory inside.
pub type FrontEndMemory = LogMel<2048, 128>;

/// Samples whose columns are fingerprinted: 4 s, 52 columns.
pub const COLUMN_SAMPLES: usize = 4 * RATE_HZ as usize;

/// Rate at which [`resampled`] takes the tune to be played, Hz: the one rate that is common in files and not
/// a multiple of the model's.
const OTHER_RATE_HZ: u32 = 48_000;
const RESAMPLED_SAMPLES: usize = 4_800;

/// Return the fingerprint of the log-mel columns of the tune's beginning.
pub fn columns(log_mel: &mut FrontEndMemory) -> u32 {
    log_mel.reset();
    let mut hash = Hash::new();
    for sample in Tune::new().take(COLUMN_SAMPLES) {
        if let Some(column) = log_mel.push(f32::from(sample) / 32_768.0) {
            hash.add_all(column);
        }
    }
    while let Some(column) = log_mel.finish() {
        hash.add_all(column);
    }
    hash.0
}

/// Return the fingerprint of the tune's first tenth of a second, played at 48 kHz and resampled to the model's rate; it
/// is never `None`.
#[must_use]
pub fn resampled() -> Option<u32> {
    let mut resampler = Resampler::new(OTHER_RATE_HZ, RATE_HZ).ok()?;
    let mut hash = Hash::new();
    for sample in Tune::new().take(RESAMPLED_SAMPLES) {
        resampler.push(f32::from(sample) / 32_768.0);
        while let Some(sample) = resampler.pull() {
            hash.add(sample);
        }
    }
    resampler.finish();
    while let Some(sample) = resampler.pull() {
        hash.add(sample);
    }
    Some(hash.0)
}

/// FNV-1a over the bits of f32 values.
struct Hash(u32);

impl Hash {
    const fn new() -> Self {
        Self(0x811c_9dc5)
    }

    fn add(&mut self, value: f32) {
        for byte in value.to_bits().to_le_bytes() {
            self.0 = (self.0 ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
    }

    fn add_all(&mut self, values: &[f32]) {
        values.iter().for_each(|value| self.add(*value));
    }
}
