//! The picture on a terminal: the likeliest genre on top and highlighted, bars as wide as the terminal.

use timbrel_core::classifier::State;

use super::verdict;
use crate::live::Answer;

/// Width where the terminal does not tell its own, characters.
const WIDTH: usize = 80;

/// Blocks of one to eight eighths.
const EIGHTHS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

const LEADER: &str = "\x1b[1;32m";
const UNSURE: &str = "\x1b[1;33m";
const FAINT: &str = "\x1b[2m";
const RESET: &str = "\x1b[0m";

/// Capabilities of the terminal.
pub(crate) struct Look {
    has_colour: bool,
    /// A width for tests; otherwise the terminal is asked before each picture, because it can change.
    width: Option<usize>,
}

impl Look {
    /// Take colour where the user has nothing against it, by the convention of `NO_COLOR`, and the terminal has it.
    pub(crate) fn of_terminal() -> Self {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        Self {
            has_colour: !is_set("NO_COLOR") && !is_dumb,
            width: None,
        }
    }

    /// Draw without colour, in so many characters.
    #[cfg(test)]
    pub(crate) fn plain(width: usize) -> Self {
        Self {
            has_colour: false,
            width: Some(width),
        }
    }

    fn width(&self) -> usize {
        let asked = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        self.width.or_else(asked).unwrap_or(WIDTH).max(1)
    }

    /// Return the lines of the picture; none is wider than the terminal.
    pub(super) fn draw(&self, answer: &Answer<'_>) -> String {
        let width = self.width();
        let mut ranked: Vec<&(String, f32)> = answer.genres.iter().collect();
        // stable, so that of equals the first one leads
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        let level = answer.level.map(|level| format!("  {level:.0} dB"));
        let right = format!("{:.1} s{}", answer.seconds, level.unwrap_or_default());
        let verdict = verdict(answer);
        let gap = width.saturating_sub(verdict.chars().count() + right.chars().count());
        let top = match gap {
            0 => verdict.clone(),
            _ => format!("{verdict}{}{right}", " ".repeat(gap)),
        };
        let leader = match answer.state {
            State::Music => LEADER,
            State::Unsure => UNSURE,
            _ => FAINT,
        };
        let mut picture = self.line(&top, width, leader);
        let labels = ranked.iter().map(|(label, _)| label.chars().count());
        let label_width = labels.max().unwrap_or(0);
        for (rank, (label, p)) in ranked.into_iter().enumerate() {
            let text = format!("  {label:<label_width$} {:3.0} % ", 100.0 * p);
            let room = width.saturating_sub(text.chars().count());
            let line = format!("{text}{}", bar(*p, room));
            let style = match rank {
                0 => leader,
                // too improbable for a bar
                _ if *p < 0.05 => FAINT,
                _ => "",
            };
            picture += &self.line(line.trim_end(), width, style);
        }
        picture
    }

    fn line(&self, text: &str, width: usize, style: &str) -> String {
        let text: String = text.chars().take(width).collect();
        match self.has_colour && !style.is_empty() {
            true => format!("{style}{text}{RESET}\n"),
            false => text + "\n",
        }
    }
}

/// Return a bar over a share of `room` characters, exact to an eighth of one.
fn bar(share: f32, room: usize) -> String {
    let eighths = (share * (8 * room) as f32).round() as usize;
    let mut bar = "█".repeat(eighths / 8);
    bar.extend(
        (eighths % 8)
            .checked_sub(1)
            .and_then(|last| EIGHTHS.get(last)),
    );
    bar
}

#[cfg(test)]
mod tests {
    use super::{Look, bar};
    use crate::live::Answer;
    use timbrel_core::classifier::State;

    fn draw(look: &Look, genres: &[(&str, f32)]) -> String {
        let genres: Vec<(String, f32)> =
            genres.iter().map(|(l, p)| ((*l).to_owned(), *p)).collect();
        look.draw(&Answer {
            state: match genres.is_empty() {
                true => State::Silence,
                false => State::Music,
            },
            genres: &genres,
            windows: 1,
            seconds: 9.9,
            level: Some(-20.0),
        })
    }

    #[test]
    fn bars_are_sorted_and_as_wide_as_the_terminal() {
        let genres = [("pop", 0.25), ("jazz", 0.75), ("metal", 0.0)];
        let text = draw(&Look::plain(34), &genres);
        let bars = ["█".repeat(15), "█".repeat(5)];
        let expected = format!(
            "jazz (75 %)          9.9 s  -20 dB\n  jazz   75 % {}\n  pop    25 % {}\n  metal   0 %\n",
            bars[0], bars[1]
        );
        assert_eq!(text, expected);
        for width in [1, 5, 13, 20, 200] {
            let text = draw(&Look::plain(width), &genres);
            assert!(
                text.lines().all(|line| line.chars().count() <= width),
                "{text}"
            );
            assert_eq!(text.lines().count(), 4);
        }
        assert_eq!(
            draw(&Look::plain(30), &[]),
            "silence          9.9 s  -20 dB\n"
        );
    }

    #[test]
    fn the_leader_is_highlighted() {
        let look = Look {
            has_colour: true,
            width: Some(40),
        };
        let text = draw(&look, &[("pop", 0.02), ("jazz", 0.98)]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("\x1b[1;32mjazz") && lines[0].ends_with("\x1b[0m"));
        assert!(lines[1].starts_with("\x1b[1;32m  jazz"));
        assert!(lines[2].starts_with("\x1b[2m  pop"));
    }

    #[test]
    fn a_bar_is_exact_to_an_eighth() {
        assert_eq!(bar(0.0, 10), "");
        assert_eq!(bar(1.0, 3), "███");
        assert_eq!(bar(0.5, 3), "█▌");
        assert_eq!(bar(0.125, 1), "▏");
    }
}
