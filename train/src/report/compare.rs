//! Runs side by side.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::html::{mark, note, percent, shell, table, wide};
use super::svg::{accuracies, escape, losses};
use super::{Epoch, Figures, read_history};
use crate::evaluate::score::mean_and_deviation;
use crate::file::write_whole;
use crate::run::{RunFolder, RunInfo};

/// A run as a comparison shows it.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Its folder as it was named.
    pub name: String,
    /// Its epochs.
    pub history: Vec<Epoch>,
    /// Figures of its report, if there is one.
    pub figures: Option<Figures>,
    /// Keys and values of its recipe.
    recipe: BTreeMap<String, String>,
    /// The checkpoint's facts, where there is one.
    info: Option<RunInfo>,
}

impl Compared {
    /// Read a run's folder.
    ///
    /// # Errors
    /// It holds no `metrics.jsonl`, or a file in it cannot be read.
    pub fn read(path: &Path) -> Result<Self> {
        let folder = RunFolder::new(path);
        let history = read_history(&folder.metrics())?;
        ensure!(!history.is_empty(), "{}: no epoch is done", path.display());
        let report = path.join("report").join("metrics.json");
        let figures = match fs::read_to_string(&report) {
            Ok(text) => {
                Some(serde_json::from_str(&text).with_context(|| report.display().to_string())?)
            }
            Err(_) => None,
        };
        let mut recipe = BTreeMap::new();
        let file = folder.recipe();
        if let Ok(text) = fs::read_to_string(&file) {
            let value: toml::Table =
                toml::from_str(&text).with_context(|| file.display().to_string())?;
            flatten("", &toml::Value::Table(value), &mut recipe);
        }
        Ok(Self {
            name: path.display().to_string(),
            history,
            figures,
            recipe,
            info: folder.info().ok(),
        })
    }

    /// Return the epoch with most valid tracks right; the first of equals.
    #[must_use]
    pub fn best(&self) -> Option<(f64, usize)> {
        let measured = self
            .history
            .iter()
            .filter_map(|e| Some((e.valid_track_accuracy?, e.epoch)));
        measured.fold(None, |best: Option<(f64, usize)>, now| match best {
            Some(best) if best.0 >= now.0 => Some(best),
            _ => Some(now),
        })
    }

    /// Return the valid accuracy of the last epoch that was validated, which nobody chose.
    #[must_use]
    pub fn last(&self) -> Option<f64> {
        self.history
            .iter()
            .rev()
            .find_map(|e| e.valid_track_accuracy)
    }

    /// Name the division of the tracks: the manifest's, or the recipe's of tracks or of segments.
    fn divided_by(&self) -> &str {
        let by_manifest = (self.info.as_ref()).is_some_and(|i| i.changes.manifest_split.is_some());
        match self.recipe.get("split.of") {
            Some(of) if !by_manifest => of.trim_matches('"'),
            _ => "manifest",
        }
    }

    fn row(&self) -> Row {
        let none = || "–".to_owned();
        let last = self.history.last();
        let seconds: f64 = self.history.iter().map(|epoch| epoch.seconds).sum();
        [
            self.name.clone(),
            self.divided_by().to_owned(),
            last.map_or_else(none, |epoch| epoch.epoch.to_string()),
            last.map_or_else(none, |epoch| format!("{:.3}", epoch.train_loss)),
            self.best().map_or_else(none, |(accuracy, epoch)| {
                format!("{} ({epoch})", percent(accuracy))
            }),
            self.last().map_or_else(none, percent),
            self.figures.as_ref().map_or_else(none, |figures| {
                let [low, high] = figures.track_accuracy_interval_95;
                format!(
                    "{} of {}, {}–{} ({})",
                    percent(figures.track_accuracy),
                    figures.tracks,
                    (100.0 * low).round(),
                    (100.0 * high).round(),
                    figures.split
                )
            }),
            self.figures
                .as_ref()
                .map_or_else(none, |figures| format!("{:.3}", figures.macro_f1)),
            format!("{:.0} min", seconds / 60.0),
        ]
    }

    /// Return whether it differs from the other run by its seed alone.
    fn same_but_seed(&self, other: &Self) -> bool {
        let changes = |run: &Self| run.info.as_ref().map(|info| info.changes);
        self.recipe == other.recipe && changes(self) == changes(other)
    }
}

/// Cells of a run, or of the mean of several.
type Row = [String; 9];

/// Heads of the columns of [`Compared::row`].
const HEAD: [&str; 9] = [
    "run",
    "divided by",
    "epochs",
    "train loss",
    "best valid (epoch)",
    "last valid",
    "report",
    "F1",
    "time",
];

/// Return the groups of several runs that differ in their seeds alone.
fn seeds(runs: &[Compared]) -> Vec<Vec<&Compared>> {
    let mut groups: Vec<Vec<&Compared>> = Vec::new();
    for run in runs {
        match groups.iter_mut().find(|group| group[0].same_but_seed(run)) {
            Some(group) => group.push(run),
            None => groups.push(vec![run]),
        }
    }
    groups.retain(|group| group.len() > 1);
    groups
}

/// Return the mean and standard deviation over seeds, in the columns of [`Compared::row`].
fn mean_row(group: &[&Compared]) -> Row {
    let of = |value: &dyn Fn(&Compared) -> Option<f64>| {
        let values: Option<Vec<f64>> = group.iter().map(|run| value(run)).collect();
        values.map_or_else(
            || "–".to_owned(),
            |values| {
                let (mean, deviation) = mean_and_deviation(&values);
                format!("{} ± {:.1}", percent(mean), 100.0 * deviation)
            },
        )
    };
    let name = group[0].recipe.get("name");
    [
        format!(
            "mean of {} seeds of {}",
            group.len(),
            name.map_or("a run", |name| name.trim_matches('"'))
        ),
        group[0].divided_by().to_owned(),
        String::new(),
        String::new(),
        of(&|run| run.best().map(|(accuracy, _)| accuracy)),
        of(&Compared::last),
        of(&|run| run.figures.as_ref().map(|figures| figures.track_accuracy)),
        String::new(),
        String::new(),
    ]
}

/// Return the rows of the runs, followed by those of several seeds.
fn rows(runs: &[Compared]) -> Vec<Row> {
    let means = seeds(runs);
    (runs.iter().map(Compared::row))
        .chain(means.iter().map(|group| mean_row(group)))
        .collect()
}

/// Return a table for a person, and, where a file is given, a page with the curves.
///
/// # Errors
/// The list of runs is empty, or the page cannot be written.
pub fn compare(runs: &[Compared], page: Option<&Path>) -> Result<String> {
    ensure!(!runs.is_empty(), "no runs to compare");
    if let Some(page) = page {
        write_whole(page, html(runs))?;
    }
    let mut table = vec![HEAD.map(str::to_owned)];
    table.extend(rows(runs));
    let mut out = aligned(&table);
    for caution in cautions(runs) {
        out += &format!("\n{caution}\n");
    }
    let differences = differences(runs);
    if !differences.is_empty() {
        out += "\nwhat differs in the recipes:\n";
        for (key, values) in differences {
            out += &format!("  {key}: {}\n", values.join(" | "));
        }
    }
    Ok(out)
}

/// Return a caution for each run whose report stands on few tracks.
fn cautions(runs: &[Compared]) -> Vec<String> {
    let caution = |run: &Compared| {
        let caution = run.figures.as_ref()?.caution()?;
        Some(format!("{}: {caution}", run.name))
    };
    runs.iter().filter_map(caution).collect()
}

/// Return the columns padded to their widest cell.
fn aligned(rows: &[Row]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..HEAD.len())
        .map(|column| width(column).unwrap_or(0))
        .collect();
    let mut out = String::new();
    for row in rows {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        out += cells.collect::<Vec<_>>().join("  ").trim_end();
        out.push('\n');
    }
    out
}

/// Return the keys whose values are not the same in all recipes, with the runs' values.
fn differences(runs: &[Compared]) -> Vec<(String, Vec<String>)> {
    let mut keys: Vec<&String> = runs.iter().flat_map(|run| run.recipe.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let values = |key: &String| -> Vec<String> {
        let value = |run: &Compared| {
            run.recipe
                .get(key)
                .cloned()
                .unwrap_or_else(|| "–".to_owned())
        };
        runs.iter().map(value).collect()
    };
    keys.into_iter()
        .map(|key| (key.clone(), values(key)))
        .filter(|(_, values)| values.iter().any(|value| *value != values[0]))
        .collect()
}

fn flatten(prefix: &str, value: &toml::Value, into: &mut BTreeMap<String, String>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                let key = if prefix.is_empty() {
                    key.clone()
                } else {
                    format!("{prefix}.{key}")
                };
                flatten(&key, value, into);
            }
        }
        value => {
            into.insert(prefix.to_owned(), value.to_string());
        }
    }
}

fn html(runs: &[Compared]) -> String {
    let curves: Vec<(&str, &[Epoch])> = (runs.iter())
        .map(|run| (run.name.as_str(), run.history.as_slice()))
        .collect();
    let cells: Vec<Vec<String>> = (rows(runs).iter().enumerate())
        .map(|(index, row)| {
            let mut row: Vec<String> = row.iter().map(|cell| escape(cell)).collect();
            if let Some(run) = runs.get(index) {
                row[0] = mark(index, &run.name);
            }
            row
        })
        .collect();
    let mut body = table("Runs", &HEAD, 2, &cells);
    for caution in cautions(runs) {
        body += &note(&caution);
    }
    body += "<div class=\"plots\">\n";
    for (heading, svg) in [("Accuracy", accuracies(&curves)), ("Loss", losses(&curves))] {
        let plot = wide(heading, &svg);
        body += &format!("<section><h2>{heading}</h2>\n{plot}</section>\n");
    }
    body += "</div>\n";
    body += &recalls(runs);
    let rows: Vec<Vec<String>> = (differences(runs).into_iter())
        .map(|(key, values)| {
            let values = values
                .iter()
                .map(|value| format!("<code>{}</code>", escape(value)));
            std::iter::once(format!("<code>{}</code>", escape(&key)))
                .chain(values)
                .collect()
        })
        .collect();
    if !rows.is_empty() {
        let names: Vec<String> = runs
            .iter()
            .enumerate()
            .map(|(i, run)| mark(i, &run.name))
            .collect();
        let head: Vec<&str> = std::iter::once("key")
            .chain(names.iter().map(String::as_str))
            .collect();
        body += "<h2>What differs in the recipes</h2>\n";
        body += &table("What differs in the recipes", &head, usize::MAX, &rows);
    }
    shell(&format!("{} runs", runs.len()), &body)
}

/// Draw the recall of each genre in the runs that have a report with the same genres.
fn recalls(runs: &[Compared]) -> String {
    let reported: Vec<(usize, &Compared, &Figures)> = (runs.iter().enumerate())
        .filter_map(|(index, run)| Some((index, run, run.figures.as_ref()?)))
        .collect();
    let Some((_, _, first)) = reported.first() else {
        return String::new();
    };
    let same: Vec<_> = reported
        .iter()
        .filter(|(_, _, f)| f.labels == first.labels)
        .collect();
    let names: Vec<String> = same
        .iter()
        .map(|(index, run, _)| mark(*index, &run.name))
        .collect();
    let head: Vec<&str> = std::iter::once("genre")
        .chain(names.iter().map(String::as_str))
        .collect();
    let rows: Vec<Vec<String>> = (first.labels.iter().enumerate())
        .map(|(label, name)| {
            let shares = same
                .iter()
                .map(|(_, _, figures)| percent(figures.classes[label].recall));
            std::iter::once(escape(name)).chain(shares).collect()
        })
        .collect();
    "<h2>Recall</h2>\n".to_owned() + &table("Recall", &head, 1, &rows)
}
