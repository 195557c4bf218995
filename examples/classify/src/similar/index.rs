//! Embeddings of a library.

use std::collections::HashMap;
use std::path::Path;

use crate::run::journal::nanoseconds;

/// A file of the library.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) file: String,
    pub(super) size: u64,
    /// Nanoseconds since 1970.
    pub(super) modified: i64,
    /// Length of the audio.
    pub(super) seconds: f32,
}

impl Entry {
    /// Return the entry of a file that exists and whose name is Unicode, without the length of its audio.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let data = std::fs::metadata(path)
            .ok()
            .filter(std::fs::Metadata::is_file)?;
        Some(Self {
            file: path.to_str()?.into(),
            size: data.len(),
            modified: nanoseconds(data.modified().ok()?) as i64,
            seconds: 0.0,
        })
    }

    /// Return an entry of a file that does not exist.
    #[cfg(test)]
    pub(super) fn made_up(file: &str, size: u64) -> Self {
        Self {
            file: file.into(),
            size,
            modified: -5,
            seconds: 2.5,
        }
    }
}

/// Files and their embeddings, which are scaled to length 1.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) entries: Vec<Entry>,
    /// A row per file.
    pub(super) vectors: Vec<f32>,
}

impl Index {
    /// Return the numbers per file; 0 for an empty index.
    pub(super) fn dimension(&self) -> usize {
        self.vectors.len() / self.entries.len().max(1)
    }

    /// Add a file, which must not be there already, with its embedding.
    pub(super) fn push(&mut self, entry: Entry, embedding: &[f32]) {
        self.entries.push(entry);
        self.vectors.extend(unit(embedding));
    }

    /// Add the files of another index that are not in this one.
    pub(super) fn add_missing(&mut self, other: &Self) {
        let known = self.by_name();
        let is_missing = |row: &usize| !known.rows.contains_key(other.entries[*row].file.as_str());
        let missing: Vec<usize> = (0..other.entries.len()).filter(is_missing).collect();
        for row in missing {
            self.push(other.entries[row].clone(), other.vector(row));
        }
    }

    /// Return the embedding of a row.
    pub(super) fn vector(&self, row: usize) -> &[f32] {
        let at = row * self.dimension();
        &self.vectors[at..at + self.dimension()]
    }

    /// Return a table of the files by their names.
    pub(super) fn by_name(&self) -> ByName<'_> {
        let names = self.entries.iter().map(|entry| entry.file.as_str());
        ByName {
            index: self,
            rows: names.zip(0..).collect(),
        }
    }
}

/// Finds files of an index by their names.
pub(super) struct ByName<'a> {
    index: &'a Index,
    rows: HashMap<&'a str, usize>,
}

impl ByName<'_> {
    /// Return the entry and the embedding of a file that was not touched.
    pub(super) fn find(&self, entry: &Entry) -> Option<(&Entry, &[f32])> {
        let row = *self.rows.get(entry.file.as_str())?;
        let known = &self.index.entries[row];
        let is_same = known.size == entry.size && known.modified == entry.modified;
        is_same.then(|| (known, self.index.vector(row)))
    }
}

/// Scale an embedding to length 1, so that a product of two is the cosine of their angle.
pub(super) fn unit(embedding: &[f32]) -> Vec<f32> {
    let length = embedding.iter().map(|x| x * x).sum::<f32>().sqrt();
    let scale = if length > 0.0 { length.recip() } else { 0.0 };
    embedding.iter().map(|x| x * scale).collect()
}

#[cfg(test)]
mod tests {
    use super::{Entry, Index};

    #[test]
    fn untouched_files_are_found_by_name() {
        let mut index = Index::default();
        index.push(Entry::made_up("a", 1), &[3.0, 4.0]);
        index.push(Entry::made_up("b", 2), &[0.0, 0.0]);
        let known = index.by_name();
        let (entry, vector) = known.find(&Entry::made_up("a", 1)).unwrap();
        assert_eq!((entry, vector), (&index.entries[0], &[0.6, 0.8][..]));
        assert_eq!(known.find(&Entry::made_up("b", 2)).unwrap().1, [0.0, 0.0]);
        assert!(known.find(&Entry::made_up("b", 3)).is_none());
        assert!(known.find(&Entry::made_up("c", 1)).is_none());
    }

    #[test]
    fn files_that_are_missing_are_added() {
        let (mut before, mut index) = (Index::default(), Index::default());
        before.push(Entry::made_up("a", 1), &[1.0, 0.0]);
        before.push(Entry::made_up("b", 2), &[1.0, 0.0]);
        index.push(Entry::made_up("b", 9), &[0.0, 1.0]);
        index.add_missing(&before);
        let expected = [Entry::made_up("b", 9), Entry::made_up("a", 1)];
        assert_eq!(index.entries, expected);
        assert_eq!(index.vectors, [0.0, 1.0, 1.0, 0.0]);
    }
}
