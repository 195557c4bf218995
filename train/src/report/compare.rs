//! Runs side by side.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::html::{mark, percent, shell, table};
use super::svg::{accuracies, escape, losses};
use super::{Epoch, Figures, read_history, write_whole};
use crate::training::RunFolder;

/// A run as a comparison shows it.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Name of its folder.
    pub name: String,
    /// Its epochs.
    pub history: Vec<Epoch>,
    /// Figures of its report, if there is one.
    pub figures: Option<Figures>,
    /// Keys and values of its recipe.
    recipe: BTreeMap<String, String>,
    /// Seed, where there is a checkpoint that tells it.
    seed: Option<u64>,
}

impl Compared {
    /// Reads a run's folder.
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
        let name = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let name = name
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Ok(Self {
            name,
            history,
            figures,
            recipe,
            seed: folder.info().ok().map(|info| info.seed),
        })
    }

    /// The epoch with most valid tracks right; the first of equals.
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

    fn row(&self) -> [String; 8] {
        let none = || "–".to_owned();
        let last = self.history.last();
        let seconds: f64 = self.history.iter().map(|epoch| epoch.seconds).sum();
        let best = self.best();
        [
            self.name.clone(),
            self.seed.map_or_else(none, |seed| seed.to_string()),
            last.map_or_else(none, |epoch| epoch.epoch.to_string()),
            last.map_or_else(none, |epoch| format!("{:.3}", epoch.train_loss)),
            best.map_or_else(none, |(accuracy, epoch)| {
                format!("{} ({epoch})", percent(accuracy))
            }),
            self.figures.as_ref().map_or_else(none, |figures| {
                let [low, high] = figures.track_accuracy_interval_95;
                format!(
                    "{} {}–{} ({})",
                    percent(figures.track_accuracy),
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
}

/// Heads of the columns of [`Compared::row`].
const HEAD: [&str; 8] = [
    "run",
    "seed",
    "epochs",
    "train loss",
    "best valid (epoch)",
    "report",
    "F1",
    "time",
];

/// A table for a person, and, where a file is given, a page with the curves.
///
/// # Errors
/// There is no run, or the page cannot be written.
pub fn compare(runs: &[Compared], page: Option<&Path>) -> Result<String> {
    ensure!(!runs.is_empty(), "there is no run to compare");
    if let Some(page) = page {
        write_whole(page, &html(runs))?;
    }
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(runs.iter().map(Compared::row));
    let mut out = aligned(&rows);
    let differences = differences(runs);
    if !differences.is_empty() {
        out += "\nwhat differs in the recipes:\n";
        for (key, values) in differences {
            out += &format!("  {key}: {}\n", values.join(" | "));
        }
    }
    Ok(out)
}

/// Columns padded to their widest cell.
fn aligned(rows: &[[String; 8]]) -> String {
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

/// Keys whose values are not the same in all recipes, with the runs' values.
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
    let rows: Vec<Vec<String>> = (runs.iter().enumerate())
        .map(|(index, run)| {
            let mut row = run.row().map(|cell| escape(&cell)).to_vec();
            row[0] = mark(index, &run.name);
            row
        })
        .collect();
    let mut body = table(&HEAD, 1, &rows);
    body += "<div class=\"plots\">\n";
    for (heading, svg) in [("Accuracy", accuracies(&curves)), ("Loss", losses(&curves))] {
        body +=
            &format!("<section><h2>{heading}</h2>\n<div class=\"wide\">{svg}</div></section>\n");
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
        body += &table(&head, usize::MAX, &rows);
    }
    shell(&format!("{} runs", runs.len()), &body)
}

/// Recall of each genre in the runs that have a report with the same genres.
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
    "<h2>Recall</h2>\n".to_owned() + &table(&head, 1, &rows)
}
