//! The answer as text and as JSON.

use std::fmt::Write;

use crate::listen::Heard;

/// The genre, and the best `top` genres with bars.
#[must_use]
pub fn text(name: &str, heard: &Heard, top: usize) -> String {
    const BAR: f32 = 30.0;
    let mut ranked: Vec<&(String, f32)> = heard.probabilities.iter().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    let lengths = ranked.iter().map(|(label, _)| label.chars().count());
    let width = lengths.max().unwrap_or(0);
    let (genre, confidence) = &heard.probabilities[heard.class];
    let plural = if heard.windows == 1 { "" } else { "s" };
    let mut out = format!(
        "{name}: {genre} ({:.0} %)\n  {:.1} s of audio, {} window{plural}\n",
        100.0 * confidence,
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

/// One line of JSON: file, genre, confidence, all probabilities, windows, seconds.
#[must_use]
pub fn json(name: &str, heard: &Heard) -> String {
    // written by hand for the number of digits, which other programs print alike
    let string = |text: &str| serde_json::Value::from(text).to_string();
    let (genre, confidence) = &heard.probabilities[heard.class];
    let entry = |(label, p): &(String, f32)| format!("{}: {p:.6}", string(label));
    let entries: Vec<String> = heard.probabilities.iter().map(entry).collect();
    format!(
        "{{\"file\": {}, \"genre\": {}, \"confidence\": {confidence:.6}, \"probabilities\": {{{}}}, \"windows\": {}, \"seconds\": {:.3}}}\n",
        string(name),
        string(genre),
        entries.join(", "),
        heard.windows,
        heard.seconds
    )
}
