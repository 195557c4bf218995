//! The answer as text.

use std::fmt::Write;

use timbrel_core::host::piece::Heard;

/// Return notes on the audio that belong beside the answer.
pub(crate) fn warnings(heard: &Heard) -> Vec<String> {
    let partial = heard.partial().map(|share| {
        format!(
            "warning: only {:.0} % of the audio could be decoded",
            100.0 * share
        )
    });
    let replaced = heard.replaced.map(|(count, first)| {
        let samples = if count == 1 {
            "sample is"
        } else {
            "samples are"
        };
        format!(
            "warning: {count} {samples} not a number or infinite, and replaced by silence; \
             the first one has index {first}"
        )
    });
    partial.into_iter().chain(replaced).collect()
}

/// Write the genre, which follows the file's name, and the best `top` genres with bars.
pub(crate) fn text(heard: &Heard, top: usize) -> String {
    const BAR: f32 = 30.0;
    let mut ranked: Vec<&(String, f32)> = heard.probabilities.iter().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    let lengths = ranked.iter().map(|(label, _)| label.chars().count());
    let width = lengths.max().unwrap_or(0);
    let plural = if heard.windows == 1 { "" } else { "s" };
    let mut out = format!(
        ": {} ({:.0} %)\n  {:.1} s of audio, {} window{plural}\n",
        heard.genre(),
        100.0 * heard.confidence(),
        heard.seconds,
        heard.windows
    );
    for (label, probability) in ranked.into_iter().take(top) {
        let bar = "█".repeat((probability * BAR).round() as usize);
        let line = format!("  {label:<width$} {:5.1} %  {bar}", 100.0 * probability);
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}
