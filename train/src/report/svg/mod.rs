//! Plots as SVG. Colours are CSS variables, so that one file serves light and dark pages.

mod axis;
mod curves;
mod draw;
mod risk;
mod squares;

pub(super) use curves::{accuracies, losses};
pub(super) use draw::{colour, escape};
pub(super) use risk::risk_coverage;
pub(super) use squares::{classes, confusion, reliability};

/// Colours and type of plots and pages. The eight line colours differ in lightness too, for readers who see
/// few colours and for printing.
pub(super) const STYLE: &str = "
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1b1f24; --soft: #59636e; --rule: #d5dae0;
  --accent: #1d5fbf; --on-accent: #ffffff; --second: #b4530a; --panel: #f5f7f9;
  --c0: #1d5fbf; --c1: #b4530a; --c2: #1a7f4b; --c3: #8e44ad; --c4: #00838f; --c5: #c2185b; --c6: #6b6b00; --c7: #5d4037; }
@media (prefers-color-scheme: dark) { :root { --paper: #12161b; --ink: #e8ecf0; --soft: #9aa5b1; --rule: #333b44;
  --accent: #6aa5ff; --on-accent: #08111f; --second: #ffab5e; --panel: #1a2027;
  --c0: #6aa5ff; --c1: #ffab5e; --c2: #5fd394; --c3: #cf9cf0; --c4: #4fd0de; --c5: #ff85b3; --c6: #d8d45a; --c7: #c8a698; } }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }
svg .soft { fill: var(--soft); }
svg .strong { font-weight: 600; }
svg .on { fill: var(--on-accent); }
svg .rule { stroke: var(--rule); fill: none; }
svg .ideal { stroke: var(--soft); stroke-dasharray: 4 4; fill: none; }
svg .cell { fill: var(--accent); }
svg .second { fill: var(--second); }
svg .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
";

/// Return a plot as a file of its own.
pub(super) fn alone(svg: &str) -> String {
    let style = format!(
        "><style>{STYLE}</style><rect width=\"100%\" height=\"100%\" fill=\"var(--paper)\"/>"
    );
    svg.replacen('>', &style, 1) + "\n"
}
