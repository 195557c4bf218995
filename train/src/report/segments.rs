//! Every window's answer, as a table.

use anyhow::Result;

use super::Report;
use crate::evaluate::score::argmax;

/// Write one line per window: track, genre, start, answer, and all probabilities.
pub(super) fn csv(report: &Report<'_>) -> Result<String> {
    let labels = &report.dataset.genres;
    let mut table = csv::Writer::from_writer(Vec::new());
    let fixed = [
        "track",
        "genre",
        "window",
        "seconds",
        "answer",
        "confidence",
        "right",
    ];
    let names = labels.iter().map(|label| format!("p_{label}"));
    table.write_record(fixed.map(str::to_owned).into_iter().chain(names))?;
    let mut starts = report.answers.starts.iter();
    for (row, windows) in report.answers.all_windows() {
        let track = &report.dataset.tracks[row];
        for (index, (window, start)) in windows.iter().zip(&mut starts).enumerate() {
            let answer = argmax(window);
            let fixed = [
                track.name.clone(),
                track
                    .label
                    .map_or_else(String::new, |label| labels[label].clone()),
                index.to_string(),
                format!("{:.3}", f64::from(*start) * report.column_seconds),
                labels[answer].clone(),
                format!("{:.6}", window[answer]),
                (track.label).map_or_else(String::new, |l| u8::from(answer == l).to_string()),
            ];
            let probabilities = window.iter().map(|p| format!("{p:.6}"));
            table.write_record(fixed.into_iter().chain(probabilities))?;
        }
    }
    Ok(String::from_utf8(table.into_inner()?)?)
}
