//! Curves over the epochs, of one run or of several.

use super::axis::Ticks;
use super::draw::{Anchor, Svg, colour};
use crate::report::Epoch;

/// Size of the plotted area.
const AREA: [f64; 2] = [440.0, 240.0];
const LEFT: f64 = 56.0;
const TOP: f64 = 14.0;

/// A figure of an epoch, where it was measured.
type Figure = fn(&Epoch) -> Option<f64>;

/// A curve's name, its figure, and its dashes.
type Curve = (&'static str, Figure, &'static str);

/// Runs with their names.
type Runs<'a> = [(&'a str, &'a [Epoch])];

/// Draw losses in nats: of training crops dashed, of valid tracks solid.
pub(in crate::report) fn losses(runs: &Runs<'_>) -> String {
    let curves: [Curve; 2] = [
        ("train", |epoch| Some(epoch.train_loss), "4 3"),
        ("valid", |epoch| epoch.valid_track_loss, "none"),
    ];
    plot(runs, &curves, "loss (nats)", None)
}

/// Draw accuracies on the valid split: of tracks solid, of windows dashed.
pub(in crate::report) fn accuracies(runs: &Runs<'_>) -> String {
    let curves: [Curve; 2] = [
        (
            "tracks",
            |epoch| epoch.valid_track_accuracy.map(|a| 100.0 * a),
            "none",
        ),
        (
            "windows",
            |epoch| epoch.valid_window_accuracy.map(|a| 100.0 * a),
            "4 3",
        ),
    ];
    plot(runs, &curves, "valid, right (%)", Some([0.0, 100.0]))
}

fn plot(runs: &Runs<'_>, curves: &[Curve], axis: &str, range: Option<[f64; 2]>) -> String {
    let values = || {
        let epochs = runs.iter().flat_map(|(_, epochs)| epochs.iter());
        epochs.flat_map(|epoch| curves.iter().filter_map(|(_, figure, _)| figure(epoch)))
    };
    let [low, high] = range.unwrap_or_else(|| [0.0, values().fold(0.0, f64::max)]);
    let ticks = Ticks::over(high - low, 5.0);
    let high = ticks.above(high);
    let last = runs
        .iter()
        .filter_map(|(_, epochs)| epochs.last())
        .map(|epoch| epoch.epoch);
    let last = last.max().unwrap_or(1).max(2) as f64;
    let place = |epoch: f64, value: f64| {
        [
            LEFT + AREA[0] * (epoch - 1.0) / (last - 1.0),
            TOP + AREA[1] * (1.0 - (value - low) / (high - low)),
        ]
    };
    let legend = TOP + AREA[1] + 62.0;
    let height = legend + 18.0 * (runs.len() - usize::from(runs.len() == 1)) as f64;
    let mut svg = Svg::new(
        LEFT + AREA[0] + 24.0,
        height,
        &format!("{axis} over the epochs"),
    );
    for (tick, label) in ticks.between([low, high]) {
        let [_, y] = place(1.0, tick);
        svg.line([LEFT, y], [LEFT + AREA[0], y], "rule");
        svg.text([LEFT - 8.0, y + 4.0], Anchor::End, "soft", &label);
    }
    for (epoch, label) in Ticks::whole(last - 1.0, 6.0).between([1.0, last]) {
        let [x, _] = place(epoch, low);
        let under = [x, TOP + AREA[1] + 18.0];
        svg.text(under, Anchor::Middle, "soft", &label);
    }
    svg.upright([14.0, TOP + AREA[1] / 2.0], axis);
    svg.text(
        [LEFT + AREA[0] / 2.0, TOP + AREA[1] + 34.0],
        Anchor::Middle,
        "soft",
        "epoch",
    );
    for (run, (_, epochs)) in runs.iter().enumerate() {
        for (_, figure, dashes) in curves {
            let points: Vec<[f64; 2]> = (epochs.iter())
                .filter_map(|epoch| Some(place(epoch.epoch as f64, figure(epoch)?)))
                .collect();
            if !points.is_empty() {
                svg.path(&points, &colour(run), dashes);
            }
        }
    }
    for (index, (name, _, dashes)) in curves.iter().enumerate() {
        let x = LEFT + 110.0 * index as f64;
        svg.path(
            &[[x, legend - 10.0], [x + 24.0, legend - 10.0]],
            "var(--soft)",
            dashes,
        );
        svg.text([x + 30.0, legend - 6.0], Anchor::Start, "soft", name);
    }
    if runs.len() > 1 {
        for (run, (name, _)) in runs.iter().enumerate() {
            let y = legend + 10.0 + 18.0 * run as f64;
            svg.path(&[[LEFT, y], [LEFT + 24.0, y]], &colour(run), "none");
            svg.text([LEFT + 30.0, y + 4.0], Anchor::Start, "", name);
        }
    }
    svg.finish()
}
