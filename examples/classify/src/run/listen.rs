//! One input, one record.

use std::panic::{AssertUnwindSafe, catch_unwind};

use timbrel_core::audio::InputFormat;
use timbrel_core::host::Loaded;
use timbrel_core::host::piece::{Listener, PieceError};

use crate::answer::{Answer, Record};
use crate::demo;
use crate::inputs::Input;

/// Turns inputs into records, on one thread.
pub(crate) struct Ear<'m> {
    listener: Listener<'m>,
    embeddings: bool,
}

impl<'m> Ear<'m> {
    /// Begin with a model; answers have their embedding if `embeddings` is set.
    pub(crate) fn new(model: &'m Loaded<'m>, embeddings: bool) -> Self {
        Self {
            listener: Listener::new(model),
            embeddings,
        }
    }

    /// Classify an input. Whatever goes wrong is in the record.
    pub(crate) fn hear(&mut self, input: &Input) -> Record {
        let name = input.name().to_owned();
        let listener = &mut self.listener;
        let heard = catch_unwind(AssertUnwindSafe(|| {
            match input {
                Input::Demo => listener.samples(InputFormat::mono(demo::RATE), &demo::tune()),
                Input::Stdin => listener.stream(std::io::stdin()),
                Input::File(path) => listener.file(path),
                Input::Problem(_, problem) => return Err(problem.clone()),
            }
            .map_err(|error: PieceError| error.to_string())
        }));
        let heard = heard.unwrap_or_else(|_| Err("the program failed on this file".into()));
        let (warnings, outcome) = match heard {
            Ok(heard) => (
                heard.warnings(),
                Answer::new(heard, &name.to_string_lossy(), self.embeddings),
            ),
            Err(error) => (Vec::new(), Err(error)),
        };
        Record {
            name,
            outcome,
            warnings,
        }
    }
}
