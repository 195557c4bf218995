//! The page: everything in one file, without scripts and without anything from elsewhere.

use std::fmt::Write;

use super::figures::ENOUGH_OF_CLASS;
use super::svg::{STYLE, colour, escape};
use super::{Plot, Report};
use crate::evaluate::score::{argmax, of_track};

/// Layout of the pages. Where a table or a plot is wider than the screen, a shade at its edge shows that it goes on: phones
/// hide the bar. The shade stays at the edge, and what covers it moves with the content.
const LAYOUT: &str = "
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2.5rem 0 .75rem; }
p { max-width: 44rem; } h1, p { overflow-wrap: anywhere; } .soft { color: var(--soft); }
.few { background: var(--panel); border-left: 4px solid var(--second); border-radius: 4px; padding: .6rem 1rem; }
.key { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.25rem 0; }
.key div { background: var(--panel); border-radius: 8px; padding: .75rem 1rem; min-width: 8.5rem; }
.key b { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums; } .key span { color: var(--soft); font-size: .85rem; }
.wide { overflow-x: auto; --shade: rgb(128 128 128 / .45); background: no-repeat local 0 0 / 3rem 100% linear-gradient(90deg, var(--paper) 40%, transparent),
  no-repeat local 100% 0 / 3rem 100% linear-gradient(270deg, var(--paper) 40%, transparent),
  no-repeat scroll 0 0 / .8rem 100% linear-gradient(90deg, var(--shade), transparent),
  no-repeat scroll 100% 0 / .8rem 100% linear-gradient(270deg, var(--shade), transparent); }
svg { max-width: 100%; height: auto; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 0 2rem; }
.plots > section { min-width: 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; } th { text-align: left; font-weight: 600; }
th, td { padding: .3rem 1rem .3rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
@media (max-width: 40rem) { .wide > svg { max-width: none; } th, td { padding-right: .6rem; font-size: 13px; } }
td.n, th.n { text-align: right; } td.n { white-space: nowrap; } code { font: 13px ui-monospace, monospace; } i.run { display: inline-block; width: .8em; height: .8em; border-radius: 2px; }
";

/// Return a whole page around its body.
pub(super) fn shell(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}{LAYOUT}</style>\n<h1>{title}</h1>\n{body}\n</html>\n"
    )
}

/// Return content that scrolls in itself where the screen is narrower, with the keyboard too.
pub(super) fn wide(name: &str, content: &str) -> String {
    let name = escape(name);
    format!(
        "<div class=\"wide\" role=\"region\" aria-label=\"{name}\" tabindex=\"0\">{content}</div>\n"
    )
}

/// Return a note that the reader must not miss.
pub(super) fn note(text: &str) -> String {
    format!("<p class=\"few\" role=\"note\">{}</p>\n", escape(text))
}

/// Return a table that scrolls; columns from `numbers` on are right-aligned. Cells are HTML.
pub(super) fn table(name: &str, head: &[&str], numbers: usize, rows: &[Vec<String>]) -> String {
    let class = |column: usize| {
        if column >= numbers {
            " class=\"n\""
        } else {
            ""
        }
    };
    let mut out = String::from("<table>\n<tr>");
    // writing to a String cannot fail
    for (column, cell) in head.iter().enumerate() {
        let _ = write!(out, "<th scope=\"col\"{}>{cell}</th>", class(column));
    }
    out += "</tr>\n";
    for row in rows {
        out += "<tr>";
        for (column, cell) in row.iter().enumerate() {
            let _ = write!(out, "<td{}>{cell}</td>", class(column));
        }
        out += "</tr>\n";
    }
    wide(name, &(out + "</table>"))
}

/// Return the mark of a run in a comparison.
pub(super) fn mark(run: usize, name: &str) -> String {
    format!(
        "<i class=\"run\" style=\"background:{}\"></i> {}",
        colour(run),
        escape(name)
    )
}

/// Return a share in per cent.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// Return the page of a report.
pub(super) fn page(report: &Report<'_>, plots: &[Plot]) -> String {
    let mut body = about(report) + &key_figures(report);
    let find = |file| plots.iter().find(|plot| plot.file == file);
    if let Some(plot) = find("confusion.svg") {
        let _ = write!(
            body,
            "<h2>{}</h2>\n<p class=\"soft\">Tracks by what they are (row) and what was answered (column), shaded by \
             the share of the row.</p>\n{}",
            plot.heading,
            wide(plot.heading, &plot.svg)
        );
    }
    body += "<div class=\"plots\">\n";
    for plot in plots.iter().filter(|plot| plot.file != "confusion.svg") {
        let _ = writeln!(
            body,
            "<section><h2>{}</h2>\n{}</section>",
            plot.heading,
            wide(plot.heading, &plot.svg)
        );
    }
    body += "</div>\n";
    body += &class_table(report);
    body += &confused(report);
    body += &wrong(report);
    shell(report.title, &body)
}

fn about(report: &Report<'_>) -> String {
    let rows: Vec<String> = (report.about.iter())
        .map(|(name, value)| format!("{} <code>{}</code>", escape(name), escape(value)))
        .collect();
    format!("<p class=\"soft\">{}</p>\n", rows.join(" · "))
}

fn key_figures(report: &Report<'_>) -> String {
    let figures = report.figures;
    let [low, high] = figures.track_accuracy_interval_95;
    let mut out = String::from("<div class=\"key\">\n");
    let under = format!(
        "of {} tracks right; 95 % interval {:.1} to {:.1} %",
        figures.tracks,
        100.0 * low,
        100.0 * high
    );
    let windows = format!("of {} windows right", figures.windows);
    let boxes = [
        (percent(figures.track_accuracy), under),
        (percent(figures.window_accuracy), windows),
        (
            format!("{:.3}", figures.macro_f1),
            "F1, mean over the genres".to_owned(),
        ),
        (
            format!("{:.3}", figures.track_loss),
            "nats, mean loss of a track".to_owned(),
        ),
        (
            percent(figures.calibration_error),
            "calibration error".to_owned(),
        ),
    ];
    for (value, meaning) in boxes {
        let _ = writeln!(out, "<div><b>{value}</b><span>{meaning}</span></div>");
    }
    out += "</div>\n";
    out + &figures
        .caution()
        .map_or_else(String::new, |text| note(&text))
}

fn class_table(report: &Report<'_>) -> String {
    let rows: Vec<Vec<String>> = (report.figures.classes.iter())
        .map(|class| {
            vec![
                escape(&class.label),
                class.tracks.to_string(),
                class.answered.to_string(),
                percent(class.precision),
                percent(class.recall),
                format!("{:.3}", class.f1),
            ]
        })
        .collect();
    let head = ["genre", "tracks", "answered", "precision", "recall", "F1"];
    let small: Vec<String> = (report.figures.small_classes())
        .map(|class| format!("{} {}", class.label, class.tracks))
        .collect();
    let caution = if small.is_empty() {
        String::new()
    } else {
        note(&format!(
            "Genres with fewer than {ENOUGH_OF_CLASS} tracks: {}. One track more or less changes their recall by more than 10 points.",
            small.join(", ")
        ))
    };
    format!(
        "<h2>Genres</h2>\n{caution}{}",
        table("Genres", &head, 1, &rows)
    )
}

fn confused(report: &Report<'_>) -> String {
    const SHOWN: usize = 12;
    let rows: Vec<Vec<String>> = (report.figures.most_confused.iter().take(SHOWN))
        .map(|pair| {
            vec![
                escape(&pair.label),
                escape(&pair.answer),
                pair.tracks.to_string(),
                percent(pair.share),
            ]
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let head = ["genre", "heard as", "tracks", "of the genre"];
    "<h2>Most confused</h2>\n".to_owned() + &table("Most confused", &head, 2, &rows)
}

fn wrong(report: &Report<'_>) -> String {
    let labels = &report.dataset.genres;
    let mut found = Vec::new();
    for (row, windows) in report.answers.tracks() {
        let track = &report.dataset.tracks[row];
        let probabilities = of_track(&windows);
        let answer = argmax(&probabilities);
        if let Some(label) = track.label
            && answer != label
        {
            let confidence = probabilities[answer];
            found.push((confidence, track, label, answer, probabilities[label]));
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let rows: Vec<Vec<String>> = (found.iter())
        .map(|(confidence, track, label, answer, own)| {
            vec![
                format!("<code>{}</code>", escape(&track.name)),
                escape(&labels[*label]),
                escape(&labels[*answer]),
                percent(f64::from(*confidence)),
                percent(f64::from(*own)),
            ]
        })
        .collect();
    let head = ["track", "genre", "heard as", "with", "its own genre"];
    format!(
        "<h2>Wrong answers</h2>\n<details><summary>{} tracks, the surest first</summary>\n{}</details>\n",
        rows.len(),
        table("Wrong answers", &head, 3, &rows)
    )
}
