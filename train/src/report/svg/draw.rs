//! The few shapes that the plots are made of.

use std::fmt::Write;

/// Placement of a text relative to its point.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A picture under construction; lengths are in pixels.
pub(super) struct Svg(String);

impl Svg {
    pub(super) fn new(width: f64, height: f64, description: &str) -> Self {
        Self(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
             height=\"{height:.0}\" role=\"img\" aria-label=\"{}\">",
            escape(description)
        ))
    }

    pub(super) fn text(&mut self, [x, y]: [f64; 2], anchor: Anchor, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.push(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" class=\"{class}\">{}</text>",
            escape(text)
        ));
    }

    /// Write a text that reads upwards.
    pub(super) fn upright(&mut self, [x, y]: [f64; 2], text: &str) {
        self.push(format_args!(
            "<text transform=\"translate({x:.1} {y:.1}) rotate(-90)\" text-anchor=\"middle\" class=\"soft\">{}</text>",
            escape(text)
        ));
    }

    /// Write a text that rises to the right, for the heads of narrow columns.
    pub(super) fn slanted(&mut self, [x, y]: [f64; 2], text: &str) {
        self.push(format_args!(
            "<text transform=\"translate({x:.1} {y:.1}) rotate(-45)\">{}</text>",
            escape(text)
        ));
    }

    /// Draw a rectangle with a text that appears under the pointer.
    pub(super) fn rect(&mut self, [x, y, w, h]: [f64; 4], class: &str, opacity: f64, title: &str) {
        self.push(format_args!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" class=\"{class}\" \
             fill-opacity=\"{opacity:.3}\"><title>{}</title></rect>",
            escape(title)
        ));
    }

    pub(super) fn line(&mut self, [x0, y0]: [f64; 2], [x1, y1]: [f64; 2], class: &str) {
        self.push(format_args!(
            "<line x1=\"{x0:.1}\" y1=\"{y0:.1}\" x2=\"{x1:.1}\" y2=\"{y1:.1}\" class=\"{class}\"/>"
        ));
    }

    /// Draw a line through points; a single one becomes a dot.
    pub(super) fn path(&mut self, points: &[[f64; 2]], colour: &str, dashes: &str) {
        if let [[x, y]] = points {
            self.push(format_args!(
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" style=\"fill:{colour}\"/>"
            ));
            return;
        }
        let mut places = String::new();
        for [x, y] in points {
            // writing to a String cannot fail
            let _ = write!(places, "{x:.1},{y:.1} ");
        }
        self.push(format_args!(
            "<polyline points=\"{}\" class=\"line\" style=\"stroke:{colour};stroke-dasharray:{dashes}\"/>",
            places.trim_end()
        ));
    }

    pub(super) fn finish(mut self) -> String {
        self.0 += "</svg>";
        self.0
    }

    fn push(&mut self, shape: std::fmt::Arguments<'_>) {
        let _ = self.0.write_fmt(shape);
    }
}

/// Escape text for XML and HTML.
pub(in crate::report) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Return the colour of the run at this place in a comparison.
pub(in crate::report) fn colour(run: usize) -> String {
    format!("var(--c{})", run % 8)
}
