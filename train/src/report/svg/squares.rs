//! Plots of counts: the confusion matrix, the classes, reliability.

use super::draw::{Anchor, Svg};
use crate::report::Figures;

/// Height of a row.
const ROW: f64 = 30.0;
/// Room for class names.
const NAMES: f64 = 96.0;

/// Cut a class name that is too long for its place; the tables have the full name.
fn short(label: &str) -> String {
    const LONGEST: usize = 13;
    if label.chars().count() <= LONGEST {
        return label.to_owned();
    }
    let kept: String = label.chars().take(LONGEST - 1).collect();
    kept + "…"
}

/// Draw the tracks by class (rows) and answer (columns), shaded by their share of the row.
pub(in crate::report) fn confusion(figures: &Figures) -> String {
    const COLUMN: f64 = 46.0;
    const TOP: f64 = 94.0;
    let count = figures.labels.len() as f64;
    let size = [
        NAMES + 22.0 + count * COLUMN + 56.0,
        TOP + count * ROW + 12.0,
    ];
    let mut svg = Svg::new(
        size[0],
        size[1],
        "Confusion matrix: tracks by genre and answer",
    );
    svg.upright([14.0, TOP + count * ROW / 2.0], "genre");
    svg.text(
        [NAMES + 22.0 + count * COLUMN / 2.0, 14.0],
        Anchor::Middle,
        "soft",
        "answer",
    );
    svg.text([size[0] - 4.0, TOP - 8.0], Anchor::End, "soft", "recall");
    for (index, class) in figures.classes.iter().enumerate() {
        let y = TOP + index as f64 * ROW;
        let x = NAMES + 22.0 + index as f64 * COLUMN;
        svg.text(
            [NAMES + 14.0, y + 19.0],
            Anchor::End,
            "",
            &short(&class.label),
        );
        svg.slanted([x + COLUMN / 2.0, TOP - 8.0], &short(&class.label));
        let recall = format!("{:.0} %", 100.0 * class.recall);
        svg.text([size[0] - 4.0, y + 19.0], Anchor::End, "strong", &recall);
        for (answer, &tracks) in figures.confusion[index].iter().enumerate() {
            let share = tracks as f64 / class.tracks.max(1) as f64;
            let x = NAMES + 22.0 + answer as f64 * COLUMN;
            let title = format!(
                "{} heard as {}: {tracks} of {}",
                class.label, figures.labels[answer], class.tracks
            );
            let cell = [x + 1.0, y + 1.0, COLUMN - 2.0, ROW - 2.0];
            // rare pairs stay visible
            let opacity = 0.06 + 0.94 * share.powf(0.8);
            svg.rect(cell, "cell", opacity, &title);
            if tracks > 0 {
                let class = if opacity > 0.74 { "on strong" } else { "" };
                svg.text(
                    [x + COLUMN / 2.0, y + 19.0],
                    Anchor::Middle,
                    class,
                    &tracks.to_string(),
                );
            }
        }
    }
    svg.finish()
}

/// Draw precision, recall and F1 of each class as bars.
pub(in crate::report) fn classes(figures: &Figures) -> String {
    const WIDTH: f64 = 320.0;
    const HEIGHT: f64 = 40.0;
    const LEFT: f64 = NAMES + 14.0;
    let count = figures.classes.len() as f64;
    let size = [LEFT + WIDTH + 120.0, 34.0 + count * HEIGHT + 26.0];
    let mut svg = Svg::new(size[0], size[1], "Precision, recall and F1 of each genre");
    let bottom = 34.0 + count * HEIGHT;
    for (x, class, name) in [
        (LEFT, "cell", "recall"),
        (LEFT + 80.0, "second", "precision"),
    ] {
        svg.rect([x, 8.0, 12.0, 12.0], class, 1.0, name);
        svg.text([x + 18.0, 18.0], Anchor::Start, "soft", name);
    }
    for tick in 0..=4 {
        let x = LEFT + WIDTH * f64::from(tick) / 4.0;
        svg.line([x, 28.0], [x, bottom], "rule");
        svg.text(
            [x, bottom + 16.0],
            Anchor::Middle,
            "soft",
            &format!("{} %", 25 * tick),
        );
    }
    for (index, class) in figures.classes.iter().enumerate() {
        let y = 34.0 + index as f64 * HEIGHT;
        svg.text(
            [NAMES + 4.0, y + 20.0],
            Anchor::End,
            "",
            &short(&class.label),
        );
        let bars = [
            ("cell", "recall", class.recall),
            ("second", "precision", class.precision),
        ];
        for (place, (style, name, value)) in bars.into_iter().enumerate() {
            let title = format!("{}: {name} {:.1} %", class.label, 100.0 * value);
            let y = y + 4.0 + 13.0 * place as f64;
            svg.rect([LEFT, y, WIDTH * value, 11.0], style, 1.0, &title);
        }
        let text = format!("F1 {:.2} of {}", class.f1, class.tracks);
        svg.text(
            [LEFT + WIDTH + 12.0, y + 20.0],
            Anchor::Start,
            "soft",
            &text,
        );
    }
    svg.finish()
}

/// Draw accuracy over confidence; on the diagonal the model is as sure as it is right.
pub(in crate::report) fn reliability(figures: &Figures) -> String {
    const SIDE: f64 = 300.0;
    const LEFT: f64 = 66.0;
    const TOP: f64 = 26.0;
    let mut svg = Svg::new(
        LEFT + SIDE + 20.0,
        TOP + SIDE + 48.0,
        "Accuracy over confidence",
    );
    for tick in 0..=4 {
        let share = f64::from(tick) / 4.0;
        let (x, y) = (LEFT + SIDE * share, TOP + SIDE * (1.0 - share));
        svg.line([LEFT, y], [LEFT + SIDE, y], "rule");
        svg.text(
            [LEFT - 8.0, y + 4.0],
            Anchor::End,
            "soft",
            &format!("{} %", 25 * tick),
        );
        svg.text(
            [x, TOP + SIDE + 18.0],
            Anchor::Middle,
            "soft",
            &format!("{} %", 25 * tick),
        );
    }
    svg.upright([14.0, TOP + SIDE / 2.0], "right");
    svg.text(
        [LEFT + SIDE / 2.0, TOP + SIDE + 40.0],
        Anchor::Middle,
        "soft",
        "confidence",
    );
    let most = figures
        .reliability
        .iter()
        .map(|bin| bin.tracks)
        .max()
        .unwrap_or(0)
        .max(1);
    for bin in figures.reliability.iter().filter(|bin| bin.tracks > 0) {
        let (x, width) = (LEFT + SIDE * bin.low, SIDE * (bin.high - bin.low));
        let title = format!(
            "{} tracks, mean confidence {:.0} %, {:.0} % right",
            bin.tracks,
            100.0 * bin.confidence,
            100.0 * bin.accuracy
        );
        // bins with few tracks say little and are drawn lighter
        let opacity = 0.25 + 0.75 * bin.tracks as f64 / most as f64;
        let height = SIDE * bin.accuracy;
        let bar = [x + 1.0, TOP + SIDE - height, width - 2.0, height];
        svg.rect(bar, "cell", opacity, &title);
        let above = TOP + SIDE - height - 4.0;
        svg.text(
            [x + width / 2.0, above],
            Anchor::Middle,
            "soft",
            &bin.tracks.to_string(),
        );
    }
    svg.line([LEFT, TOP + SIDE], [LEFT + SIDE, TOP], "ideal");
    svg.finish()
}
