//! Answers as a picture on a terminal, as lines, and as JSON.

mod picture;

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use timbrel_core::classifier::State;

use crate::live::Answer;
pub(crate) use picture::Look;

/// Writes answers, each as soon as it is there.
pub(crate) struct Show<W> {
    out: W,
    form: Form,
}

enum Form {
    /// Bars, and how many lines of them stand on the terminal already.
    Bars {
        look: Look,
        drawn: usize,
    },
    Lines,
    Json,
}

impl<W: Write> Show<W> {
    /// Show bars that move.
    pub(crate) fn terminal(out: W, look: Look) -> Self {
        let form = Form::Bars { look, drawn: 0 };
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
        if let Form::Bars { drawn, .. } = &mut self.form {
            writeln!(self.out, "listening …")?;
            *drawn = 1;
        }
        self.out.flush()
    }

    /// Show the answer over the last windows; without genres it is silence.
    pub(crate) fn running(&mut self, answer: &Answer<'_>) -> io::Result<()> {
        match &mut self.form {
            Form::Bars { look, drawn } => {
                let picture = look.draw(answer);
                // over the picture that stands there
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

/// Return the most probable genre; of several, the first one, as the library does.
fn best<'a>(answer: &'a Answer<'_>) -> Option<&'a (String, f32)> {
    answer
        .genres
        .iter()
        .rev()
        .max_by(|a, b| a.1.total_cmp(&b.1))
}

/// Return the answer in a few words; where the genre means little, that comes first.
fn verdict(answer: &Answer<'_>) -> String {
    let genre = match best(answer) {
        Some((label, p)) if answer.state != State::Silence => {
            format!("{label} ({:.0} %)", 100.0 * p)
        }
        _ => return "silence".into(),
    };
    match answer.state {
        State::NotMusic => format!("not music (speech or noise), likeliest {genre}"),
        State::Unsure => format!("unsure, likeliest {genre}"),
        _ => genre,
    }
}

fn headline(answer: &Answer<'_>) -> String {
    let level = answer.level.map(|level| format!(", {level:.0} dB"));
    format!(
        "{}, {:.1} s{}",
        verdict(answer),
        answer.seconds,
        level.unwrap_or_default()
    )
}

fn object(answer: &Answer<'_>) -> Value {
    // as many digits as `classify --json` prints
    let rounded = |p: f32| (f64::from(p) * 1e6).round() / 1e6;
    let entry = |(label, p): &(String, f32)| (label.clone(), rounded(*p).into());
    let probabilities: Map<String, Value> = answer.genres.iter().map(entry).collect();
    json!({
        "state": answer.state.as_str(),
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
    use super::{Look, Show};
    use crate::live::Answer;
    use timbrel_core::classifier::State;

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
                state: match genres.is_empty() {
                    true => State::Silence,
                    false => State::Music,
                },
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
            |out| Show::terminal(out, Look::plain(40)),
            &[&[0.75, 0.25], &[0.1, 0.9], &[]],
        );
        let text = text.strip_prefix("listening …\n\x1b[1A\x1b[J").unwrap();
        let pictures: Vec<&str> = text.split("\x1b[3A\x1b[J").collect();
        assert_eq!(pictures.len(), 3);
        assert!(pictures[0].starts_with("jazz (75 %)"));
        assert!(pictures[1].starts_with("pop (90 %)"));
        assert!(pictures[2].starts_with("silence"));
    }

    #[test]
    fn the_first_of_equals_is_the_answer() {
        let text = shown(|out| Show::json(out), &[&[0.5, 0.5]]);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (&value["state"], &value["genre"]),
            (&"music".into(), &"jazz".into())
        );
        assert_eq!(value["level"], -20.0);
    }
}
