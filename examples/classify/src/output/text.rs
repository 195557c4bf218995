//! Answers for people.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Output;
use super::destination::Destination;
use crate::answer::{Answer, Record};

/// Writes a headline and bars per file.
pub(super) struct Text {
    out: Destination,
    top: usize,
}

impl Text {
    /// Show the `top` likeliest genres.
    pub(super) fn new(out: Destination, top: usize) -> Self {
        Self { out, top }
    }
}

impl Output for Text {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        let text = match &record.outcome {
            Ok(answer) => text(answer, self.top),
            Err(error) => format!(": {error}\n"),
        };
        // the name as it is, even if it is not Unicode
        self.out.write_all(record.name.as_encoded_bytes())?;
        self.out.write_all(text.as_bytes())?;
        self.out.show()
    }

    fn end(self: Box<Self>) -> io::Result<Destination> {
        Ok(self.out)
    }
}

/// Return what follows the file's name: the headline, the length, and the best `top` genres with bars.
fn text(answer: &Answer, top: usize) -> String {
    const BAR: f32 = 30.0;
    let mut ranked: Vec<&(String, f32)> = answer.probabilities.iter().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    let lengths = ranked.iter().map(|(label, _)| label.chars().count());
    let width = lengths.max().unwrap_or(0);
    let plural = if answer.windows == 1 { "" } else { "s" };
    let mut out = format!(
        ": {}\n  {:.1} s of audio, {} window{plural}\n",
        headline(answer),
        answer.seconds,
        answer.windows
    );
    if answer.state.as_deref() == Some("silence") {
        return out;
    }
    for (label, probability) in ranked.into_iter().take(top) {
        let bar = "█".repeat((probability * BAR).round() as usize);
        let line = format!("  {label:<width$} {:5.1} %  {bar}", 100.0 * probability);
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

/// Return the answer in a few words; where it is not to be counted on, that comes first.
fn headline(answer: &Answer) -> String {
    let genre = format!("{} ({:.0} %)", answer.genre, 100.0 * answer.confidence);
    match answer.state.as_deref() {
        Some("silence") => "silence".into(),
        Some("not_music") => format!("not music (speech or noise), likeliest genre {genre}"),
        Some("unsure") => format!("unsure, likeliest genre {genre}"),
        _ => genre,
    }
}

#[cfg(test)]
mod tests {
    use super::text;
    use crate::answer::Answer;

    #[test]
    fn the_headline_says_how_far_to_trust_it() {
        let answer = |state: &str| {
            let line = format!(
                r#"{{"file": "a", {state} "genre": "pop", "confidence": 0.75,
                "probabilities": {{"pop": 0.75, "r'n'b": 0.25}}, "windows": 2, "seconds": 5.0}}"#
            );
            Answer::parse(&line).unwrap()
        };
        for (state, headline) in [
            ("", "pop (75 %)"),
            (r#""state": "music","#, "pop (75 %)"),
            (
                r#""state": "unsure","#,
                "unsure, likeliest genre pop (75 %)",
            ),
            (
                r#""state": "not_music","#,
                "not music (speech or noise), likeliest genre pop (75 %)",
            ),
        ] {
            let expected = format!(
                ": {headline}\n  5.0 s of audio, 2 windows\n  pop    75.0 %  {}\n",
                "█".repeat(23)
            );
            assert_eq!(text(&answer(state), 1), expected);
        }
        assert_eq!(
            text(&answer(r#""state": "silence","#), 3),
            ": silence\n  5.0 s of audio, 2 windows\n"
        );
    }
}
