//! Embeddings of a library in a safetensors file.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};

use crate::output::destination::Replacement;
use crate::run::journal::nanoseconds;

/// A file of the library.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) file: String,
    size: u64,
    /// Nanoseconds since 1970.
    modified: i64,
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
}

/// Files and their embeddings, which are scaled to length 1.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) entries: Vec<Entry>,
    /// A row per file.
    pub(super) vectors: Vec<f32>,
    rows: HashMap<String, usize>,
}

impl Index {
    /// Begin an empty index.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Return the numbers per file; 0 for an empty index.
    pub(super) fn dimension(&self) -> usize {
        self.vectors.len() / self.entries.len().max(1)
    }

    /// Add a file with its embedding, unless it is there already.
    pub(super) fn add(&mut self, entry: Entry, embedding: &[f32]) {
        let row = self.entries.len();
        if self
            .rows
            .insert(entry.file.clone(), row)
            .is_some_and(|known| {
                self.rows.insert(entry.file.clone(), known);
                true
            })
        {
            return;
        }
        self.entries.push(entry);
        self.vectors.extend(unit(embedding));
    }

    /// Add the files of another index that are not in this one.
    pub(super) fn add_missing(&mut self, other: &Self) {
        let rows = other.vectors.chunks(other.dimension().max(1));
        for (entry, vector) in other.entries.iter().zip(rows) {
            self.add(entry.clone(), vector);
        }
    }

    /// Return the entry and the embedding of a file that was not touched.
    pub(super) fn find(&self, entry: &Entry) -> Option<(&Entry, &[f32])> {
        let row = *self.rows.get(&entry.file)?;
        let known = self.entries.get(row)?;
        let is_same = known.size == entry.size && known.modified == entry.modified;
        let at = row * self.dimension();
        let vector = self.vectors.get(at..at + self.dimension())?;
        is_same.then_some((known, vector))
    }

    /// Read a file; one that another model made, or one that does not exist, gives an empty index.
    ///
    /// # Errors
    /// The file cannot be read, or is not an index.
    pub(super) fn load(path: &Path, model: &str) -> io::Result<Self> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::new()),
            Err(error) => return Err(at(path, error)),
        };
        Self::parse(&bytes, model)
            .ok_or_else(|| at(path, io::Error::other("not an index of this program")))
    }

    fn parse(bytes: &[u8], model: &str) -> Option<Self> {
        let (_, metadata) = SafeTensors::read_metadata(bytes).ok()?;
        let made_by = metadata.metadata().as_ref()?.get("model")?;
        if made_by != model {
            return Some(Self::new());
        }
        let tensors = SafeTensors::deserialize(bytes).ok()?;
        let tensor = |name: &str, dtype| tensors.tensor(name).ok().filter(|t| t.dtype() == dtype);
        let names = tensor("files", Dtype::U8)?;
        let mut files = std::str::from_utf8(names.data())
            .ok()?
            .split_terminator('\0');
        let embeddings = tensor("embeddings", Dtype::F32)?;
        let &[count, dimension] = embeddings.shape() else {
            return None;
        };
        let (sizes, times) = (
            tensor("sizes", Dtype::U64)?,
            tensor("modified", Dtype::I64)?,
        );
        let seconds = tensor("seconds", Dtype::F32)?;
        let (sizes, times) = (
            sizes.data().as_chunks::<8>().0,
            times.data().as_chunks::<8>().0,
        );
        let seconds = seconds.data().as_chunks::<4>().0;
        if [sizes.len(), times.len(), seconds.len()] != [count; 3] {
            return None;
        }
        let values = embeddings.data().as_chunks::<4>().0;
        let vectors: Vec<f32> = values
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect();
        let mut index = Self {
            vectors,
            ..Self::new()
        };
        for ((size, time), seconds) in sizes.iter().zip(times).zip(seconds) {
            let file = files.next()?.to_owned();
            index.rows.insert(file.clone(), index.entries.len());
            index.entries.push(Entry {
                file,
                size: u64::from_le_bytes(*size),
                modified: i64::from_le_bytes(*time),
                seconds: f32::from_le_bytes(*seconds),
            });
        }
        let is_whole = files.next().is_none() && index.vectors.len() == count * dimension;
        is_whole.then_some(index)
    }

    /// Write the index; a file that is there is replaced when the new one is whole.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn save(&self, path: &Path, model: &str) -> io::Result<()> {
        let count = self.entries.len();
        let files: Vec<u8> = self
            .entries
            .iter()
            .flat_map(|entry| entry.file.bytes().chain([0]))
            .collect();
        let bytes =
            |values: &mut dyn Iterator<Item = [u8; 8]>| values.flatten().collect::<Vec<u8>>();
        let sizes = bytes(&mut self.entries.iter().map(|entry| entry.size.to_le_bytes()));
        let times = bytes(
            &mut self
                .entries
                .iter()
                .map(|entry| entry.modified.to_le_bytes()),
        );
        let seconds: Vec<u8> = self
            .entries
            .iter()
            .flat_map(|entry| entry.seconds.to_le_bytes())
            .collect();
        let vectors: Vec<u8> = self
            .vectors
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let shape = vec![count, self.dimension()];
        let view =
            |dtype, shape, data| TensorView::new(dtype, shape, data).map_err(io::Error::other);
        let tensors = [
            ("files", view(Dtype::U8, vec![files.len()], &files)?),
            ("sizes", view(Dtype::U64, vec![count], &sizes)?),
            ("modified", view(Dtype::I64, vec![count], &times)?),
            ("seconds", view(Dtype::F32, vec![count], &seconds)?),
            ("embeddings", view(Dtype::F32, shape, &vectors)?),
        ];
        let metadata = HashMap::from([("model".to_owned(), model.to_owned())]);
        let bytes = serialize(tensors, Some(metadata)).map_err(io::Error::other)?;
        let mut file = Replacement::of(path)?;
        file.write_all(&bytes).map_err(|error| at(path, error))?;
        file.commit()
    }
}

fn at(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
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

    fn entry(file: &str, size: u64) -> Entry {
        Entry {
            file: file.into(),
            size,
            modified: -5,
            seconds: 2.5,
        }
    }

    #[test]
    fn an_index_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.safetensors");
        assert!(Index::load(&path, "m").unwrap().entries.is_empty());
        let mut index = Index::new();
        index.add(entry("a\n", 1), &[3.0, 4.0]);
        index.add(entry("b", 2), &[0.0, 0.0]);
        index.add(entry("b", 2), &[1.0, 1.0]);
        index.save(&path, "m").unwrap();
        let read = Index::load(&path, "m").unwrap();
        assert_eq!(
            (&read.entries, &read.vectors),
            (&index.entries, &index.vectors)
        );
        assert_eq!(read.vectors, [0.6, 0.8, 0.0, 0.0]);
        assert_eq!(read.find(&entry("b", 2)).unwrap().1, [0.0, 0.0]);
        assert!(read.find(&entry("b", 3)).is_none());
        assert!(Index::load(&path, "another").unwrap().entries.is_empty());
        let mut more = Index::new();
        more.add(entry("b", 9), &[0.0, 1.0]);
        more.add_missing(&read);
        assert_eq!(more.entries, [entry("b", 9), entry("a\n", 1)]);

        for bad in [&b"{}"[..], b"\x02\0\0\0\0\0\0\0{}"] {
            std::fs::write(&path, bad).unwrap();
            assert!(Index::load(&path, "m").is_err());
        }
    }
}
