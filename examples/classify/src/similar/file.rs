//! An index as a safetensors file, read and written in pieces: with a million songs it is half a gigabyte.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use safetensors::tensor::{Dtype, Metadata, TensorInfo};

use super::index::{Entry, Index};
use crate::output::destination::Replacement;

/// Largest header, bytes; that of an index has a few hundred.
const HEADER: u64 = 1 << 16;

/// Values that are read at once.
const PIECE: usize = 8192;

impl Index {
    /// Read a file; one that another model made, or one that does not exist, gives an empty index.
    ///
    /// # Errors
    /// The file cannot be read, or is not an index.
    pub(super) fn load(path: &Path, model: &str) -> io::Result<Self> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(at(path, error)),
        };
        let tensors = Tensors::open(file).map_err(|error| at(path, error))?;
        if tensors.model()? != model {
            return Ok(Self::default());
        }
        tensors.index().map_err(|error| at(path, error))
    }

    /// Write the index; a file that is there is replaced when the new one is whole.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn save(&self, path: &Path, model: &str) -> io::Result<()> {
        let mut file = Replacement::of(path)?;
        self.write(&mut file, model)
            .map_err(|error| at(path, error))?;
        file.commit()
    }

    /// Write what `header` describes, in its order.
    fn write(&self, out: &mut impl Write, model: &str) -> io::Result<()> {
        let header = self.header(model)?;
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(&header)?;
        for entry in &self.entries {
            out.write_all(&entry.size.to_le_bytes())?;
        }
        for entry in &self.entries {
            out.write_all(&entry.modified.to_le_bytes())?;
        }
        for value in &self.vectors {
            out.write_all(&value.to_le_bytes())?;
        }
        for entry in &self.entries {
            out.write_all(&entry.seconds.to_le_bytes())?;
        }
        for entry in &self.entries {
            out.write_all(entry.file.as_bytes())?;
            out.write_all(&[0])?;
        }
        Ok(())
    }

    fn header(&self, model: &str) -> io::Result<Vec<u8>> {
        let count = self.entries.len();
        let names = self.entries.iter().map(|entry| entry.file.len() + 1).sum();
        let mut end = 0;
        // the largest numbers first, so that all are aligned
        let tensors = [
            ("sizes", Dtype::U64, vec![count]),
            ("modified", Dtype::I64, vec![count]),
            ("embeddings", Dtype::F32, vec![count, self.dimension()]),
            ("seconds", Dtype::F32, vec![count]),
            ("files", Dtype::U8, vec![names]),
        ];
        let tensors = tensors.map(|(name, dtype, shape)| {
            let begin = end;
            end += shape.iter().product::<usize>() * dtype.bitsize() / 8;
            let data_offsets = (begin, end);
            let info = TensorInfo {
                dtype,
                shape,
                data_offsets,
            };
            (name.to_owned(), info)
        });
        let made_by = HashMap::from([("model".to_owned(), model.to_owned())]);
        let metadata = Metadata::new(Some(made_by), tensors.into()).map_err(io::Error::other)?;
        let mut header = serde_json::to_vec(&metadata)?;
        header.resize(header.len().next_multiple_of(8), b' ');
        Ok(header)
    }
}

/// A safetensors file whose header has been read.
struct Tensors {
    file: BufReader<File>,
    metadata: Metadata,
    /// Where the first tensor begins.
    begin: u64,
}

impl Tensors {
    fn open(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let mut file = BufReader::new(file);
        let mut size = [0; 8];
        file.read_exact(&mut size).map_err(|_| no_index())?;
        let size = u64::from_le_bytes(size);
        if size > HEADER {
            return Err(no_index());
        }
        let mut header = Vec::new();
        file.by_ref().take(size).read_to_end(&mut header)?;
        let metadata: Metadata = serde_json::from_slice(&header).map_err(|_| no_index())?;
        let begin = 8 + size;
        // after this no tensor can claim more memory than the file has bytes
        if begin + metadata.data_len() as u64 != length {
            return Err(no_index());
        }
        Ok(Self {
            file,
            metadata,
            begin,
        })
    }

    /// Return the model that made the embeddings.
    fn model(&self) -> io::Result<&str> {
        let known = self.metadata.metadata().as_ref();
        let model = known.and_then(|known| known.get("model"));
        model.map(String::as_str).ok_or_else(no_index)
    }

    fn index(mut self) -> io::Result<Index> {
        let shape = self.metadata.info("embeddings").map(|info| &info.shape[..]);
        let Some(&[count, dimension]) = shape else {
            return Err(no_index());
        };
        let vectors = self.read("embeddings", Dtype::F32, f32::from_le_bytes)?;
        let sizes = self.read("sizes", Dtype::U64, u64::from_le_bytes)?;
        let times = self.read("modified", Dtype::I64, i64::from_le_bytes)?;
        let seconds = self.read("seconds", Dtype::F32, f32::from_le_bytes)?;
        let names = self.read("files", Dtype::U8, u8::from_le_bytes)?;
        let names = str::from_utf8(&names).map_err(|_| no_index())?;
        let mut files = names.split_terminator('\0');
        if [sizes.len(), times.len(), seconds.len()] != [count; 3]
            || vectors.len() != count * dimension
        {
            return Err(no_index());
        }
        let mut entries = Vec::with_capacity(count);
        for ((size, modified), seconds) in sizes.into_iter().zip(times).zip(seconds) {
            let file = files.next().ok_or_else(no_index)?.to_owned();
            entries.push(Entry {
                file,
                size,
                modified,
                seconds,
            });
        }
        match files.next() {
            Some(_) => Err(no_index()),
            None => Ok(Index { entries, vectors }),
        }
    }

    /// Read a tensor of values with `N` bytes each.
    fn read<T, const N: usize>(
        &mut self,
        name: &str,
        dtype: Dtype,
        value: fn([u8; N]) -> T,
    ) -> io::Result<Vec<T>> {
        let info = self.metadata.info(name).filter(|info| info.dtype == dtype);
        let (begin, end) = info.ok_or_else(no_index)?.data_offsets;
        self.file.seek(SeekFrom::Start(self.begin + begin as u64))?;
        let mut values = Vec::with_capacity((end - begin) / N);
        let mut piece = vec![0; PIECE * N];
        let mut left = end - begin;
        while left > 0 {
            let piece = &mut piece[..left.min(PIECE * N)];
            self.file.read_exact(piece)?;
            values.extend(piece.as_chunks::<N>().0.iter().map(|bytes| value(*bytes)));
            left -= piece.len();
        }
        Ok(values)
    }
}

fn no_index() -> io::Error {
    io::Error::other("not an index of this program")
}

fn at(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use safetensors::SafeTensors;
    use safetensors::tensor::Dtype;

    use crate::similar::index::{Entry, Index};

    #[test]
    fn an_index_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.safetensors");
        assert!(Index::load(&path, "m").unwrap().entries.is_empty());
        let mut index = Index::default();
        index.push(Entry::made_up("a\n", 1), &[3.0, 4.0, 0.0]);
        index.push(Entry::made_up("b", 2), &[0.0, 0.0, 0.0]);
        index.save(&path, "m").unwrap();
        let read = Index::load(&path, "m").unwrap();
        assert_eq!(
            (&read.entries, &read.vectors),
            (&index.entries, &index.vectors)
        );
        assert_eq!(read.vectors, [0.6, 0.8, 0.0, 0.0, 0.0, 0.0]);
        assert!(Index::load(&path, "another").unwrap().entries.is_empty());

        // other programs read it as well
        let bytes = std::fs::read(&path).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let embeddings = tensors.tensor("embeddings").unwrap();
        assert_eq!(
            (embeddings.dtype(), embeddings.shape()),
            (Dtype::F32, &[2, 3][..])
        );
        assert_eq!(tensors.tensor("files").unwrap().data(), b"a\n\0b\0");

        Index::default().save(&path, "m").unwrap();
        assert!(Index::load(&path, "m").unwrap().entries.is_empty());
    }

    #[test]
    fn what_is_no_index_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.safetensors");
        let mut index = Index::default();
        index.push(Entry::made_up("a", 1), &[3.0, 4.0]);
        index.save(&path, "m").unwrap();
        let whole = std::fs::read(&path).unwrap();
        let swapped = |from: &str, to: &str| {
            let text = String::from_utf8_lossy(&whole);
            assert!(text.contains(from));
            text.replacen(from, to, 1).into_bytes()
        };
        for bad in [
            Vec::new(),
            b"{}".to_vec(),
            b"\x02\0\0\0\0\0\0\0{}".to_vec(),
            [&[255; 8], &b"{}"[..]].concat(),
            whole[..whole.len() - 1].to_vec(),
            [&whole[..], b"x"].concat(),
            swapped("\"I64\"", "\"U64\""),
            swapped("[1,2]", "[2,1]"),
            swapped("seconds", "minutes"),
        ] {
            std::fs::write(&path, &bad).unwrap();
            let error = Index::load(&path, "m").unwrap_err();
            assert!(error.to_string().contains("not an index"), "{error}");
        }
    }
}
