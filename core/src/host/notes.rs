//! What is to be said of a file beside its answer.

use std::format;
use std::string::String;
use std::vec::Vec;

/// Faults of a file and of its signal.
pub(super) struct Notes {
    /// Share of the announced audio that was decoded, as far as the file announces any.
    pub(super) share: Option<f64>,
    /// Whether the file is cut off without saying by how much.
    pub(super) cut_off: bool,
    /// Number of samples that were not finite, and the index of the first one.
    pub(super) replaced: Option<(u64, u64)>,
    /// Whether only the core of HE-AAC was heard.
    pub(super) core_only: bool,
    /// Share of the audio whose channels cancel each other.
    pub(super) cancelled: f32,
    /// Share of the samples at or beyond full scale.
    pub(super) clipped: f32,
}

/// Share of the samples at full scale from which on the sound is called clipped. Loud masters stay below it; 20 dB too much
/// bring every piece above it.
const MUCH_CLIPPED: f32 = 0.05;

impl Notes {
    /// Return the share of the audio that was decoded if it is less than 90 %.
    pub(super) fn partial(&self) -> Option<f64> {
        self.share.filter(|share| *share < 0.9)
    }

    /// Return a sentence for each fault.
    pub(super) fn sentences(&self) -> Vec<String> {
        let partial = self
            .partial()
            .map(|share| format!("only {:.0} % of the audio could be decoded", 100.0 * share));
        let cut_off = self.cut_off.then(|| {
            String::from("the file is cut off; it does not say how much of it is missing")
        });
        let core = self
            .core_only
            .then(|| String::from("HE-AAC: heard without the band that it adds above its core"));
        partial
            .into_iter()
            .chain(cut_off)
            .chain(self.replaced.map(replaced))
            .chain(core)
            .chain((self.cancelled > 0.1).then(|| cancelled(self.cancelled)))
            .chain((self.clipped > MUCH_CLIPPED).then(|| clipped(self.clipped)))
            .collect()
    }
}

fn replaced((count, first): (u64, u64)) -> String {
    let samples = if count == 1 {
        "sample is"
    } else {
        "samples are"
    };
    format!(
        "{count} {samples} not a number or infinite, and replaced by silence; \
         the first one has index {first}"
    )
}

fn cancelled(share: f32) -> String {
    format!(
        "the channels cancel each other in {:.0} % of the audio, where the loudest one was heard instead of \
         their mean",
        100.0 * share
    )
}

fn clipped(share: f32) -> String {
    format!(
        "{:.0} % of the samples are at full scale: the sound is clipped, and the answer may suffer",
        100.0 * share
    )
}
