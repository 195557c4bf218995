//! Answers as a picture on a terminal, as lines, and as JSON.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use crate::live::Answer;

/// Writes answers, each as soon as it is ready.
pub(crate) struct Show<W> {
    out: W,
    form: Form,
}

enum Form {
    /// Bars, with the number of lines that are on the terminal already.
    Bars {
        drawn: usize,
    },
    Lines,
    Json,
}

impl<W: Write> Show<W> {
    /// Show moving bars.
    pub(crate) fn terminal(out: W) -> Self {
        let form = Form::Bars { drawn: 0 };
        Self { out, form }
    }

    /// Show one line per answer.
    pub(crate) fn lines(out: W) -> Self {
        let form = Form::Lines;
        Self { out, form }
    }

    /// Show one line of JSON per answer.
    pub(crate) fn json(out: W) -> Self {
        let form = Form::Json;
        Self { out, form }
    }

    /// Show on a terminal that something is going on, until the first window is complete.
    pub(crate) fn begin(&mut self) -> io::Result<()> {
        if let Form::Bars { drawn } = &mut self.form {
            writeln!(self.out, "listening …")?;
            *drawn = 1;
        }
        self.out.flush()
    }

    /// Show the answer over the last windows; without genres it is silence.
    pub(crate) fn running(&mut self, answer: &Answer<'_>) -> io::Result<()> {
        match &mut self.form {
            Form::Bars { drawn } => {
                let picture = picture(answer);
                // over the picture on the terminal
                let up = match *drawn {
                    0 => String::new(),
                    lines => format!("\x1b[{lines}A\x1b[J"),
                };
                *drawn = picture.lines().count();
                write!(self.out, "{up}{picture}")?;
            }
            Form::Lines => writeln!(self.out, "{}", headline(answer))?,
            Form::Json => writeln!(self.out, "{}", object(answer))?,
        }
        self.out.flush()
    }

    /// Show the answer for everything.
    pub(crate) fn whole(&mut self, answer: &Answer<'_>) -> io::Result<()> {
        match self.form {
            Form::Bars { .. } | Form::Lines => {
                writeln!(self.out, "all of it: {}", headline(answer))?;
            }
            Form::Json => {
                let mut object = object(answer);
                object["whole"] = true.into();
                writeln!(self.out, "{object}")?;
            }
        }
        self.out.flush()
    }
}

/// Return the most probable genre.
fn best<'a>(answer: &'a Answer<'_>) -> Option<&'a (String, f32)> {
    // of several the first, as the library does it
    answer
        .genres
        .iter()
        .rev()
        .max_by(|a, b| a.1.total_cmp(&b.1))
}

fn headline(answer: &Answer<'_>) -> String {
    let genre = match best(answer) {
        Some((label, p)) => format!("{label} ({:.0} %)", 100.0 * p),
        None => "silence".into(),
    };
    let level = answer.level.map(|level| format!(", {level:.0} dB"));
    format!(
        "{genre}, {:.1} s{}",
        answer.seconds,
        level.unwrap_or_default()
    )
}

fn picture(answer: &Answer<'_>) -> String {
    const BAR: f32 = 40.0;
    let mut picture = headline(answer) + "\n";
    let widths = answer.genres.iter().map(|(label, _)| label.chars().count());
    let width = widths.max().unwrap_or(0);
    for (label, p) in answer.genres {
        let bar = "█".repeat((p * BAR).round() as usize);
        let line = format!("  {label:<width$} {:3.0} % {bar}", 100.0 * p);
        picture += line.trim_end();
        picture.push('\n');
    }
    picture
}

fn object(answer: &Answer<'_>) -> Value {
    // as many digits as `classify --json` prints
    let rounded = |p: f32| (f64::from(p) * 1e6).round() / 1e6;
    let entry = |(label, p): &(String, f32)| (label.clone(), rounded(*p).into());
    let probabilities: Map<String, Value> = answer.genres.iter().map(entry).collect();
    json!({
        "genre": best(answer).map(|(label, _)| label),
        "confidence": best(answer).map(|(_, p)| rounded(*p)),
        "probabilities": probabilities,
        "windows": answer.windows,
        "seconds": (answer.seconds * 1e3).round() / 1e3,
        "level": answer.level.map(|level| (10.0 * level).round() / 10.0),
    })
}

#[cfg(test)]
mod tests {
    use super::Show;
    use crate::live::Answer;

    fn shown(show: fn(&mut Vec<u8>) -> Show<&mut Vec<u8>>, answers: &[&[f32]]) -> String {
        let mut out = Vec::new();
        let mut show = show(&mut out);
        show.begin().unwrap();
        for probabilities in answers {
            let named = [("jazz", 0), ("pop", 1)].map(|(label, i)| (label.to_owned(), i));
            let genres: Vec<(String, f32)> = named
                .into_iter()
                .filter_map(|(label, i)| Some((label, *probabilities.get(i)?)))
                .collect();
            let answer = Answer {
                genres: &genres,
                windows: 1,
                seconds: 9.9,
                level: Some(-20.0),
            };
            show.running(&answer).unwrap();
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_picture_is_drawn_over_the_last_one() {
        let text = shown(
            |out| Show::terminal(out),
            &[&[0.75, 0.25], &[0.1, 0.9], &[]],
        );
        let text = text.strip_prefix("listening …\n\x1b[1A\x1b[J").unwrap();
        let pictures: Vec<&str> = text.split("\x1b[3A\x1b[J").collect();
        assert_eq!(pictures.len(), 3);
        let bar = "█".repeat(30);
        assert!(pictures[0].starts_with("jazz (75 %), 9.9 s, -20 dB\n"));
        assert!(pictures[0].contains(&format!("jazz  75 % {bar}\n")));
        assert!(pictures[1].starts_with("pop (90 %)"));
        assert!(pictures[2].starts_with("silence"));
    }

    #[test]
    fn the_first_of_equals_is_the_answer() {
        let text = shown(|out| Show::json(out), &[&[0.5, 0.5]]);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["genre"], "jazz");
        assert_eq!(value["level"], -20.0);
    }
}
