//! Answers that survive an interruption: a line of JSON per file, written as soon as it is there.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::answer::Answer;

/// The key of an answer: an untouched file, and the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Key {
    file: String,
    size: u64,
    /// Nanoseconds since 1970.
    modified: i128,
    model: String,
}

impl Key {
    /// Return the key of a file that exists and whose name is Unicode.
    pub(crate) fn of(path: &Path, model: &str) -> Option<Self> {
        let file = path.to_str()?.to_owned();
        let data = std::fs::metadata(path)
            .ok()
            .filter(std::fs::Metadata::is_file)?;
        Some(Self {
            file,
            size: data.len(),
            modified: nanoseconds(data.modified().ok()?),
            model: model.into(),
        })
    }
}

/// Return a time in nanoseconds since 1970.
pub(crate) fn nanoseconds(time: SystemTime) -> i128 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => since.as_nanos() as i128,
        Err(before) => -(before.duration().as_nanos() as i128),
    }
}

/// A line as it is written.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    key: &'a Key,
    answer: &'a RawValue,
    #[serde(skip_serializing_if = "<[f32]>::is_empty")]
    embedding: &'a [f32],
}

/// A line as it is read.
#[derive(Deserialize)]
struct Line {
    file: String,
    size: u64,
    modified: i128,
    model: String,
    answer: Box<RawValue>,
    #[serde(default)]
    embedding: Vec<f32>,
}

/// Where a line begins and its length, by a hash of the file's name.
type Lines = HashMap<u64, (u64, usize)>;

/// The journal of an output file.
pub(crate) struct Journal {
    path: PathBuf,
    file: Mutex<File>,
    /// The newest line of each file; the name itself is in the line.
    lines: Lines,
    embeddings: bool,
}

impl Journal {
    /// Open the journal of the output `out`, or begin it anew if `resume` is not set. Only answers with an embedding
    /// are found if `embeddings` is set.
    ///
    /// # Errors
    /// The file cannot be read or written, or another run has it.
    pub(crate) fn open(out: &Path, resume: bool, embeddings: bool) -> io::Result<Self> {
        let mut name = OsString::from(out);
        name.push(".journal");
        let path = PathBuf::from(name);
        let at =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(at)?;
        // a file system without locks is no reason to stop
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(at(io::Error::other("another run writes this output")));
        }
        if !resume {
            file.set_len(0).map_err(at)?;
        }
        let (lines, end) = read(&file).map_err(at)?;
        // a line that was cut off is written over
        file.set_len(end).map_err(at)?;
        file.seek(SeekFrom::End(0)).map_err(at)?;
        Ok(Self {
            path,
            file: Mutex::new(file),
            lines,
            embeddings,
        })
    }

    /// Return the answer that was kept for this key.
    pub(crate) fn find(&self, key: &Key) -> Option<Answer> {
        let (at, length) = *self.lines.get(&hash(&key.file))?;
        let mut bytes = vec![0; length];
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            let read = file
                .seek(SeekFrom::Start(at))
                .and_then(|_| file.read_exact(&mut bytes));
            file.seek(SeekFrom::End(0)).and(read).ok()?;
        }
        let line: Line = serde_json::from_slice(&bytes).ok()?;
        let is_same = line.file == key.file
            && line.size == key.size
            && line.modified == key.modified
            && line.model == key.model
            && (!self.embeddings || !line.embedding.is_empty());
        let answer = Answer::parse(line.answer.get()).ok().filter(|_| is_same)?;
        Some(Answer {
            embedding: if self.embeddings {
                line.embedding
            } else {
                Vec::new()
            },
            ..answer
        })
    }

    /// Add an answer.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn append(&self, key: &Key, answer: &Answer) -> io::Result<()> {
        let raw: &RawValue = serde_json::from_str(&answer.line)?;
        let mut line = serde_json::to_vec(&Written {
            key,
            answer: raw,
            embedding: &answer.embedding,
        })?;
        line.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&line).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", self.path.display()))
        })
    }

    /// Delete the file.
    ///
    /// # Errors
    /// It cannot be deleted.
    pub(crate) fn remove(self) -> io::Result<()> {
        drop(self.file);
        std::fs::remove_file(self.path)
    }
}

/// Return where the lines begin and how long they are, and the end of the last one.
fn read(file: &File) -> io::Result<(Lines, u64)> {
    let mut reader = BufReader::new(file);
    let (mut lines, mut at, mut line) = (Lines::new(), 0, Vec::new());
    loop {
        line.clear();
        let length = reader.read_until(b'\n', &mut line)?;
        if !line.ends_with(b"\n") {
            return Ok((lines, at));
        }
        #[derive(Deserialize)]
        struct Name {
            file: String,
        }
        // a line that was damaged is passed over
        if let Ok(name) = serde_json::from_slice::<Name>(&line) {
            lines.insert(hash(&name.file), (at, length));
        }
        at += length as u64;
    }
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::{Journal, Key};
    use crate::answer::Answer;
    use std::io::Write;

    const LINE: &str = r#"{"file": "a", "genre": "pop", "confidence": 0.750000, "probabilities": {"pop": 0.750000, "blues": 0.250000}, "windows": 1, "seconds": 2.000}"#;

    fn key(file: &str, size: u64) -> Key {
        Key {
            file: file.into(),
            size,
            modified: -1,
            model: "m".into(),
        }
    }

    #[test]
    fn what_was_kept_is_found_by_its_whole_key() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out.csv");
        let mut answer = Answer::parse(LINE).unwrap();
        answer.embedding = vec![0.1, 7.25];
        let journal = Journal::open(&out, false, true).unwrap();
        for size in [1, 2] {
            journal.append(&key("a", size), &answer).unwrap();
        }
        journal.append(&key("b\n\"", 3), &answer).unwrap();
        assert!(
            journal.find(&key("a", 2)).is_none(),
            "only what was there on opening"
        );
        drop(journal);
        // the last line is cut off, another one is damaged
        let path = folder.path().join("out.csv.journal");
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap();
        file.write_all(b"nonsense\n{\"file\": \"c\", \"si").unwrap();
        drop(file);

        let journal = Journal::open(&out, true, true).unwrap();
        let found = journal.find(&key("a", 2)).unwrap();
        assert_eq!(
            (found.line.as_str(), &found.embedding),
            (LINE, &vec![0.1, 7.25])
        );
        assert_eq!(found.probabilities[0].0, "pop");
        assert!(journal.find(&key("a", 1)).is_none(), "a newer line counts");
        assert!(journal.find(&key("b\n\"", 3)).is_some());
        assert!(
            journal
                .find(&Key {
                    model: "n".into(),
                    ..key("a", 2)
                })
                .is_none()
        );
        assert!(journal.find(&key("c", 1)).is_none());
        journal
            .append(&key("c", 1), &Answer::parse(LINE).unwrap())
            .unwrap();
        drop(journal);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 5);
        let journal = Journal::open(&out, true, true).unwrap();
        assert!(
            journal.find(&key("c", 1)).is_none(),
            "kept without its embedding"
        );
        drop(journal);
        let journal = Journal::open(&out, true, false).unwrap();
        assert!(journal.find(&key("c", 1)).unwrap().embedding.is_empty());
        journal.remove().unwrap();
        assert!(!path.exists());
    }
}
