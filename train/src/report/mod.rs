//! Reports on an evaluation or a run: figures, tables, plots, and a page that shows them.

mod compare;
mod figures;
mod history;
mod html;
mod robustness;
mod segments;
mod svg;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub use compare::{Compared, compare};
pub use figures::{Bin, Class, Confused, Figures, Surest};
pub use history::{Epoch, read as read_history};
pub use robustness::{Condition, Outcome, Robustness, robustness, standard_conditions};

use crate::data::Dataset;
use crate::evaluate::Answers;
use crate::file::write_whole;

/// Everything that a report is written from.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// Its heading.
    pub title: &'a str,
    /// Description of the model and its origin, for the reader.
    pub about: Vec<(String, String)>,
    /// The figures.
    pub figures: &'a Figures,
    /// Epochs of the run; may be empty.
    pub history: &'a [Epoch],
    /// The answers themselves.
    pub answers: &'a Answers,
    /// The data that they are about.
    pub dataset: &'a Dataset,
    /// Seconds from column to column.
    pub column_seconds: f64,
}

impl Report<'_> {
    /// Write `metrics.json`, `segments.csv`, the plots and `report.html` into a folder and return the files.
    ///
    /// # Errors
    /// The folder or a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let plots = self.plots();
        let mut files = vec![
            (
                "metrics.json",
                serde_json::to_string_pretty(self.figures)? + "\n",
            ),
            ("segments.csv", segments::csv(self)?),
            ("report.html", html::page(self, &plots)),
        ];
        let drawn = plots.iter().map(|plot| (plot.file, svg::alone(&plot.svg)));
        files.extend(drawn);
        let mut written = Vec::new();
        for (name, text) in files {
            let path = folder.join(name);
            write_whole(&path, &text)?;
            written.push(path);
        }
        Ok(written)
    }

    fn plots(&self) -> Vec<Plot> {
        let figures = self.figures;
        let mut plots = vec![
            Plot::new("confusion.svg", "Confusion", svg::confusion(figures)),
            Plot::new("classes.svg", "Classes", svg::classes(figures)),
            Plot::new("reliability.svg", "Reliability", svg::reliability(figures)),
        ];
        plots.push(Plot::new(
            "risk-coverage.svg",
            "Risk and coverage",
            svg::risk_coverage(figures),
        ));
        if !self.history.is_empty() {
            let runs = [(self.title, self.history)];
            plots.push(Plot::new("loss.svg", "Loss", svg::losses(&runs)));
            plots.push(Plot::new(
                "accuracy.svg",
                "Accuracy",
                svg::accuracies(&runs),
            ));
        }
        plots
    }
}

/// A picture with the name of its file and its heading.
struct Plot {
    file: &'static str,
    heading: &'static str,
    svg: String,
}

impl Plot {
    fn new(file: &'static str, heading: &'static str, svg: String) -> Self {
        Self { file, heading, svg }
    }
}
