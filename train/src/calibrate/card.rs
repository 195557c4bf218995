//! The part of a model card that a calibration writes.

use std::fmt::Write;
use std::path::PathBuf;

use super::{Calibrated, Calibration, MAY_BE_LOST, RIGHT, Rejected, TRAIN, VALID};
use crate::export::{KNOWS_NOTHING_ELSE, REJECTS_THE_REST};

/// A figure of calibrated answers.
type Figure = fn(&Calibrated) -> f64;

/// Heading of the part.
const HEADING: &str = "## Not music, and not sure";

/// Return a card with the part written anew and the sizes of the files.
pub(super) fn renewed(
    card: &str,
    files: &[(PathBuf, Vec<u8>)],
    calibration: &Calibration,
) -> String {
    let mut out = String::new();
    let mut skipping = false;
    for line in card.lines() {
        if line.starts_with("## ") {
            skipping = line == HEADING;
            if line == "## Limits" {
                out += &section(calibration);
            }
        }
        if !skipping {
            out += &with_size(line, files).replace(KNOWS_NOTHING_ELSE, REJECTS_THE_REST);
            out.push('\n');
        }
    }
    out
}

/// Return a line of the table of files with the size that the file has now, and any other as it is.
fn with_size(line: &str, files: &[(PathBuf, Vec<u8>)]) -> String {
    for (path, bytes) in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if line.starts_with(&format!("| `{name}`"))
            && let Some((what, _)) = line.trim_end_matches(" |").rsplit_once(" | ")
        {
            return format!("{what} | {} bytes |", bytes.len());
        }
    }
    line.to_owned()
}

fn section(calibration: &Calibration) -> String {
    let mut out = format!("{HEADING}\n\n");
    // writing to a String cannot fail
    let _ = write_section(calibration, &mut out);
    out
}

fn write_section(found: &Calibration, out: &mut String) -> std::fmt::Result {
    writeln!(
        out,
        "Besides the logits there is an output that says whether a window is music: {} i8 weights on the embedding. It was \
         fitted on sounds made for it, and may reject {:.0} % of the train split's windows. A clip of whose \
         windows more than half are rejected is \"not music\". Windows that are rejected with a probability of more than 82 % \
         have no vote.\n",
        found.rejection.weights.len(),
        100.0 * MAY_BE_LOST
    )?;
    writeln!(
        out,
        "| | windows rejected | clips rejected |\n|---|---|---|"
    )?;
    for (name, genres) in &found.rejected {
        let all = Rejected::sum(genres);
        let name = match name.as_str() {
            TRAIN => "music, train split",
            VALID => "music, valid split",
            other => other,
        };
        write_row(name, &all, out)?;
    }
    let [before, after] = found.track_accuracy.map(|share| 100.0 * share);
    writeln!(
        out,
        "\nWith it {after:.1} % of the valid tracks are right, without it {before:.1} %."
    )?;
    for (name, genres) in found.rejected.iter().skip(2) {
        writeln!(out, "\n{name}, each:\n")?;
        writeln!(
            out,
            "| | windows rejected | clips rejected |\n|---|---|---|"
        )?;
        for genre in genres {
            write_row(&genre.genre, genre, out)?;
        }
    }
    let (origin, measured) = if found.cross_validated {
        (
            "train tracks, each heard by a network of the same recipe that had not learnt from it",
            "the valid split, which had no part in it",
        )
    } else {
        (
            "the valid split, which the weights had not learnt from",
            "each half of the valid split with the numbers of the other half",
        )
    };
    writeln!(
        out,
        "\nThe logits are multiplied by {:.3} before the softmax, and an answer below {:.1} % is \"unsure\": the least at which \
         the share of the other answers that were right is {:.0} % and a standard error or more. Both were chosen on {origin} ({} tracks). Measured on {measured}:\n",
        found.confidence.scale,
        100.0 * found.confidence.unsure_below,
        100.0 * RIGHT,
        found.chosen_on.answers().len()
    )?;
    writeln!(out, "| | chosen on | valid |\n|---|---|---|")?;
    let rows: [(&str, Figure); 6] = [
        ("answers that are sure", Calibrated::coverage),
        ("of these right", Calibrated::accuracy_of_sure),
        ("all right", |c| c.accuracy_at(1.0)),
        ("the surest three quarters right", |c| c.accuracy_at(0.75)),
        ("the surest half right", |c| c.accuracy_at(0.5)),
        ("expected calibration error", Calibrated::calibration_error),
    ];
    for (name, figure) in rows {
        let [chosen, valid] = [&found.chosen_on, &found.valid].map(|c| 100.0 * figure(c));
        writeln!(out, "| {name} | {chosen:.1} % | {valid:.1} % |")?;
    }
    writeln!(out)
}

fn write_row(name: &str, of: &Rejected, out: &mut String) -> std::fmt::Result {
    writeln!(
        out,
        "| {name} | {:.1} % of {} | {:.1} % of {} |",
        100.0 * of.of_windows(),
        of.windows,
        100.0 * of.of_tracks(),
        of.tracks
    )
}
