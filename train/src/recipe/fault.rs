//! Faults that concern more than one key, with the line of the key that they are about.

use std::fmt;

use toml::de::{DeTable, DeValue};

/// A key whose value is impossible beside others.
#[derive(Debug)]
pub(super) struct Fault {
    /// Keys and places in lists from the top down, as in `network.blocks.3.kernel`.
    place: String,
    message: String,
}

/// Return a [`Fault`] unless the condition holds.
macro_rules! check {
    ($holds:expr, $place:expr, $($message:tt)+) => {
        let holds = $holds;
        if !holds {
            return Err($crate::recipe::fault::Fault::new($place, format!($($message)+)).into());
        }
    };
}
pub(super) use check;

impl Fault {
    pub(super) fn new(place: impl Into<String>, message: String) -> Self {
        let place = place.into();
        Self { place, message }
    }

    /// Point to the fault's line in the text of the recipe.
    pub(super) fn in_text(self, text: &str) -> anyhow::Error {
        match line(text, &self.place) {
            Some(line) => anyhow::anyhow!("line {line}: {self}"),
            None => self.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

/// Return the line, counted from 1, of a key or of the nearest table or list around it that the text has.
fn line(text: &str, place: &str) -> Option<usize> {
    let root = DeTable::parse(text).ok()?;
    let mut begin = None;
    let mut value: Option<&DeValue<'_>> = None;
    for step in place.split('.') {
        let table = match value {
            None => root.get_ref(),
            Some(DeValue::Table(table)) => table,
            Some(DeValue::Array(list)) => {
                let element = step.parse().ok().and_then(|index: usize| list.get(index));
                let Some(element) = element else { break };
                begin = Some(element.span().start);
                value = Some(element.get_ref());
                continue;
            }
            Some(_) => break,
        };
        let Some((key, inner)) = table.iter().find(|(key, _)| key.get_ref() == step) else {
            break;
        };
        begin = Some(key.span().start);
        value = Some(inner.get_ref());
    }
    let before = text.get(..begin?)?;
    Some(before.matches('\n').count() + 1)
}
