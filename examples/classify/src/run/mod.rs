//! From the command line to the last answer.

pub(crate) mod journal;
mod listen;
mod pool;
mod progress;
pub(crate) mod stop;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::time::{Duration, Instant};

pub(crate) use listen::Ear;
pub(crate) use progress::Progress;

use crate::answer::Record;
use crate::args::{Format, Listen};
use crate::complain;
use crate::inputs::{self, Input};
use crate::model::ModelFile;
use crate::output::destination::{Destination, Replacement};
use crate::output::playlists::Playlists;
use crate::output::{self, Output};
use crate::tags;
use journal::{Journal, Key};

/// Outcome of a run.
pub(crate) enum End {
    /// Every file has an answer.
    Complete,
    /// Some file failed.
    SomeFailed,
    /// A signal stopped it.
    Stopped,
}

/// Run `work` on all inputs, on `jobs` threads, until a signal asks to stop; `take` gets the results in order.
///
/// # Errors
/// `take` failed.
pub(crate) fn each<T: Send, W: FnMut(Input) -> T>(
    paths: Vec<PathBuf>,
    jobs: usize,
    worker: impl Fn() -> W + Sync,
    take: impl FnMut(T) -> io::Result<()>,
) -> io::Result<()> {
    stop::listen();
    let inputs = inputs::expand(paths).take_while(|_| !stop::is_asked());
    pool::in_order(inputs, jobs, worker, take)
}

/// A record, and whether it has to be added to the journal, under which key.
struct Finished {
    record: Record,
    /// The answer is one of the journal's.
    is_kept: bool,
    key: Option<Key>,
    /// Reason why the answer is not in the file's tags.
    untagged: Option<String>,
}

/// Name the genres of the files on the command line.
///
/// # Errors
/// The answers cannot be written.
pub(crate) fn run(arguments: &Listen, model: &ModelFile) -> io::Result<End> {
    let journal = match &arguments.out {
        Some(out) => Some(Journal::open(out, arguments.resume, arguments.embeddings)?),
        None => None,
    };
    let mut answers = Answers::new(arguments, model)?;
    let mut complaints = Complaints::default();
    // whoever takes the genre out of a single answer does not see the rest
    let says_state =
        arguments.format() == Format::Json && arguments.out.is_none() && !is_many(arguments);
    let progress = Progress::new(match is_many(arguments) {
        true => arguments.paths.clone(),
        false => Vec::new(),
    });
    let (mut heard, mut kept, mut failed) = (0_u64, 0_u64, 0_u64);
    let began = Instant::now();
    let worker = || {
        let mut ear = Ear::new(&model.loaded, arguments.embeddings);
        let journal = journal.as_ref();
        move |input| finish(&input, &mut ear, journal, arguments, model)
    };
    let written = each(
        arguments.paths.clone(),
        arguments.common.jobs(),
        worker,
        |finished| {
            if let (Some(key), Some(journal), Ok(answer)) =
                (&finished.key, &journal, &finished.record.outcome)
            {
                journal.append(key, answer)?;
            }
            kept += u64::from(finished.is_kept);
            heard += 1;
            failed += u64::from(finished.record.outcome.is_err() || finished.untagged.is_some());
            progress.step();
            // a reader that has left is noticed before anything is said
            let written = progress.aside(|| answers.record(&finished.record));
            complaints.add(&finished);
            if says_state {
                complaints.add_state(&finished.record);
            }
            if written.is_ok() && complaints.are_due() {
                progress.aside(|| complaints.say());
            }
            written
        },
    );
    progress.end();
    if !matches!(&written, Err(error) if error.kind() == io::ErrorKind::BrokenPipe) {
        complaints.say();
    }
    written?;
    if stop::is_asked() {
        answers.stop()?;
        say_how_to_go_on(arguments, heard);
        return Ok(End::Stopped);
    }
    answers.end()?;
    if let Some(journal) = journal.filter(|_| !arguments.resume) {
        journal.remove()?;
    }
    if is_many(arguments) && (arguments.out.is_some() || io::stderr().is_terminal()) {
        let rate = (heard - kept) as f64 / began.elapsed().as_secs_f64().max(1e-3);
        complain(&format!(
            "{heard} files: {} answered ({kept} of them before), {failed} failed; {rate:.1} files/s",
            heard - failed
        ));
    }
    Ok(if failed == 0 {
        End::Complete
    } else {
        End::SomeFailed
    })
}

fn is_many(arguments: &Listen) -> bool {
    match arguments.paths.as_slice() {
        [] => false,
        [path] => !inputs::is_single(path),
        _ => true,
    }
}

/// Take the answer from the journal or listen, and write the tags.
fn finish(
    input: &Input,
    ear: &mut Ear<'_>,
    journal: Option<&Journal>,
    arguments: &Listen,
    model: &ModelFile,
) -> Finished {
    let key = |journal| match (journal, input) {
        (Some(_), Input::File(path)) => Key::of(path, &model.fingerprint),
        _ => None,
    };
    let before = key(journal);
    let found = before.as_ref().zip(journal);
    let found = found.and_then(|(key, journal)| journal.find(key));
    let is_kept = found.is_some();
    let mut to_add = before.filter(|_| !is_kept);
    let record = match found {
        Some(answer) => Record {
            name: input.name().to_owned(),
            outcome: Ok(answer),
            warnings: Vec::new(),
        },
        None => ear.hear(input),
    };
    let mut untagged = None;
    if let (Some(field), Input::File(path), Ok(answer)) =
        (arguments.field(), input, &record.outcome)
        && answer.is_sure()
    {
        match tags::write(path, &field, answer) {
            // the file's size and time are others now
            Ok(true) => to_add = key(journal),
            Ok(false) => {}
            Err(reason) => untagged = Some(reason),
        }
    }
    Finished {
        record,
        is_kept,
        key: to_add,
        untagged,
    }
}

/// Most time that a complaint waits for the reader of the output to leave.
const PATIENCE: Duration = Duration::from_millis(100);

/// What is to be said on standard error, where it does not matter once the reader of the output has left.
#[derive(Default)]
struct Complaints {
    waiting: Vec<String>,
    since: Option<Instant>,
}

impl Complaints {
    fn add(&mut self, finished: &Finished) {
        let name = finished.record.name.to_string_lossy();
        let warnings = finished.record.warnings.iter();
        self.waiting
            .extend(warnings.map(|warning| format!("{name}: warning: {warning}")));
        if let Err(error) = &finished.record.outcome {
            self.waiting.push(format!("{name}: {error}"));
        }
        if let Some(reason) = &finished.untagged {
            self.waiting
                .push(format!("{name}: tag not written: {reason}"));
        }
        if !self.waiting.is_empty() {
            self.since.get_or_insert_with(Instant::now);
        }
    }

    /// Add a note where the answer's genre means nothing.
    fn add_state(&mut self, record: &Record) {
        let state = record.outcome.as_ref().ok().map(|answer| &answer.state);
        let state = match state.and_then(Option::as_deref) {
            Some("silence") => "silence",
            Some("not_music") => "not music (speech or noise)",
            Some("unsure") => "unsure",
            _ => return,
        };
        let name = record.name.to_string_lossy();
        self.waiting.push(format!(
            "{name}: {state}; the genre is only the likeliest one"
        ));
    }

    /// Return whether something has waited long enough. On a terminal nothing waits.
    fn are_due(&self) -> bool {
        let waits = |since: Instant| io::stdout().is_terminal() || since.elapsed() >= PATIENCE;
        self.since.is_some_and(waits)
    }

    fn say(&mut self) {
        self.waiting.drain(..).for_each(|what| complain(&what));
        self.since = None;
    }
}

fn say_how_to_go_on(arguments: &Listen, heard: u64) {
    complain(&match (&arguments.out, arguments.resume) {
        (Some(_), true) => {
            format!("stopped after {heard} files; the same command goes on from here")
        }
        (Some(_), false) => {
            format!("stopped after {heard} files; the same command with --resume goes on from here")
        }
        (None, _) => format!(
            "stopped after {heard} files; with --out FILE a run can be continued with --resume"
        ),
    });
}

/// All destinations of answers.
struct Answers {
    output: Box<dyn Output>,
    playlists: Option<Playlists>,
    /// Of a single file, the error is said on standard error alone.
    writes_errors: bool,
}

impl Answers {
    fn new(arguments: &Listen, model: &ModelFile) -> io::Result<Self> {
        let destination = match &arguments.out {
            Some(path) => Destination::File(Replacement::partial(path)?),
            None => Destination::Stdout(io::stdout()),
        };
        let labels = model.loaded.labels();
        let format = arguments.format();
        Ok(Self {
            output: output::new(arguments, labels, destination)?,
            playlists: match arguments.export {
                Some(_) => Some(Playlists::new(&arguments.export_to, labels)?),
                None => None,
            },
            writes_errors: match format {
                Format::Text => false,
                Format::Json => is_many(arguments) || arguments.out.is_some(),
                Format::Csv | Format::Parquet => true,
            },
        })
    }

    fn record(&mut self, record: &Record) -> io::Result<()> {
        if let (Some(playlists), Ok(answer)) = (&mut self.playlists, &record.outcome) {
            playlists.add(&record.name, answer)?;
        }
        if record.outcome.is_err() && !self.writes_errors {
            return Ok(());
        }
        self.output.record(record)
    }

    /// Put everything in its place.
    fn end(self) -> io::Result<()> {
        self.output.end()?.commit()?;
        self.playlists.map_or(Ok(()), Playlists::commit)
    }

    /// Complete the output on standard output, and leave no other trace.
    fn stop(self) -> io::Result<()> {
        self.output.end()?.abandon();
        Ok(())
    }
}
