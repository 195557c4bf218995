//! How often the surest answers are wrong.

use super::draw::{Anchor, Svg, colour};
use crate::report::Figures;

/// Size of the plotted area.
const AREA: [f64; 2] = [440.0, 240.0];
const LEFT: f64 = 56.0;
const TOP: f64 = 14.0;

/// Draw the share of wrong answers among the surest ones, over their share of all tracks.
pub(in crate::report) fn risk_coverage(figures: &Figures) -> String {
    let place =
        |coverage: f64, risk: f64| [LEFT + AREA[0] * coverage, TOP + AREA[1] * (1.0 - risk)];
    let mut svg = Svg::new(
        LEFT + AREA[0] + 24.0,
        TOP + AREA[1] + 48.0,
        "Share of wrong answers among the surest, over their share of all tracks",
    );
    for tick in 0..=5 {
        let share = f64::from(tick) / 5.0;
        let text = format!("{}", tick * 20);
        let [_, y] = place(0.0, share);
        svg.line([LEFT, y], [LEFT + AREA[0], y], "rule");
        svg.text([LEFT - 8.0, y + 4.0], Anchor::End, "soft", &text);
        let [x, _] = place(share, 0.0);
        svg.text([x, TOP + AREA[1] + 18.0], Anchor::Middle, "soft", &text);
    }
    svg.upright([14.0, TOP + AREA[1] / 2.0], "wrong (%)");
    svg.text(
        [LEFT + AREA[0] / 2.0, TOP + AREA[1] + 38.0],
        Anchor::Middle,
        "soft",
        "answered, the surest first (% of the tracks)",
    );
    let points: Vec<[f64; 2]> = (figures.risk_coverage.iter())
        .map(|surest| place(surest.coverage, 1.0 - surest.accuracy))
        .collect();
    if !points.is_empty() {
        svg.path(&points, &colour(0), "none");
    }
    svg.finish()
}
