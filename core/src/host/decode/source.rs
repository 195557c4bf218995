//! The bytes of a file, seekable or not, whose beginning can be looked at, skipped and rewritten.

use std::boxed::Box;
use std::io::{Cursor, Error as IoError, ErrorKind, Read, Result as IoResult, Seek, SeekFrom};
use std::vec::Vec;

use symphonia::core::io::MediaSource;

/// Bytes that are read at a time to skip or to look ahead.
const CHUNK: usize = 64 * 1024;

/// A file as its reader should see it: a beginning that is in memory, followed by the rest of the real file.
pub(super) struct Source {
    inner: Box<dyn MediaSource>,
    seekable: bool,
    /// The beginning; it may differ from the real one.
    head: Vec<u8>,
    /// Position in `inner` of the byte after `head`.
    rest: u64,
    /// Position that `inner` is at.
    inner_at: u64,
    /// Position of the next read.
    at: u64,
    /// Length, where it is known.
    len: Option<u64>,
    /// Bytes that are replaced, by position.
    patches: Vec<(u64, Vec<u8>)>,
}

impl Source {
    pub(super) fn new(inner: Box<dyn MediaSource>) -> Self {
        let seekable = inner.is_seekable();
        let len = if seekable { inner.byte_len() } else { None };
        Self {
            inner,
            seekable,
            head: Vec::new(),
            rest: 0,
            inner_at: 0,
            at: 0,
            len,
            patches: Vec::new(),
        }
    }

    /// Return the first `count` bytes, fewer only where the file ends.
    pub(super) fn prefix(&mut self, count: usize) -> IoResult<&[u8]> {
        while self.head.len() < count {
            let begun = self.head.len();
            let missing = (count - begun).min(CHUNK);
            self.head.resize(begun + missing, 0);
            let mut bytes = core::mem::take(&mut self.head);
            let read = self.read_inner(self.rest, bytes.get_mut(begun..).unwrap_or_default());
            self.head = bytes;
            self.head.truncate(begun + *read.as_ref().unwrap_or(&0));
            let read = read?;
            self.rest += read as u64;
            if read == 0 {
                break;
            }
        }
        let most = self
            .len
            .map_or(usize::MAX, |len| usize::try_from(len).unwrap_or(usize::MAX));
        let end = count.min(self.head.len()).min(most);
        Ok(self.head.get(..end).unwrap_or_default())
    }

    /// Forget the first `count` bytes.
    pub(super) fn skip(&mut self, count: u64) -> IoResult<()> {
        let from_head = count.min(self.head.len() as u64);
        self.head.drain(..from_head as usize);
        let mut rest = count - from_head;
        if !self.seekable {
            let mut block = [0; 4096];
            while rest > 0 {
                let part = rest.min(block.len() as u64) as usize;
                let read = self.read_inner(self.rest, block.get_mut(..part).unwrap_or_default())?;
                if read == 0 {
                    break;
                }
                self.rest += read as u64;
                rest -= read as u64;
            }
        } else {
            self.rest = self.rest.saturating_add(rest);
        }
        self.len = self.len.map(|len| len.saturating_sub(count));
        self.at = 0;
        Ok(())
    }

    /// Put `bytes` in place of the first `count` ones.
    pub(super) fn replace(&mut self, count: u64, bytes: &[u8]) -> IoResult<()> {
        self.skip(count)?;
        self.head.splice(..0, bytes.iter().copied());
        self.len = self.len.map(|len| len + bytes.len() as u64);
        Ok(())
    }

    /// Begin `count` bytes earlier again.
    pub(super) fn unskip(&mut self, count: u64) -> IoResult<()> {
        if count == 0 {
            return Ok(());
        }
        let begin = self.rest.checked_sub(self.head.len() as u64 + count);
        let begin = begin
            .filter(|_| self.seekable)
            .ok_or(ErrorKind::NotSeekable)?;
        self.head.clear();
        self.rest = begin;
        self.len = self.len.map(|len| len + count);
        Ok(())
    }

    /// Begin where the reading is, after `bytes` that were read and are to be read again.
    pub(super) fn begin_here(&mut self, bytes: &[u8]) -> IoResult<()> {
        let read = core::mem::take(&mut self.at);
        self.patches.clear();
        let kept = read.min(self.head.len() as u64);
        self.head.drain(..kept as usize);
        self.rest = self.rest.saturating_add(read - kept);
        self.len = self.len.map(|len| len.saturating_sub(read));
        self.replace(0, bytes)
    }

    /// End after `length` bytes, if not before.
    pub(super) fn limit(&mut self, length: u64) {
        self.len = Some(self.len.map_or(length, |len| len.min(length)));
    }

    /// Replace the bytes at a position by `bytes`.
    pub(super) fn patch(&mut self, at: u64, bytes: Vec<u8>) {
        self.patches.push((at, bytes));
    }

    /// Return the length in bytes, where it is known.
    pub(super) fn len(&self) -> Option<u64> {
        self.len
    }

    /// Return bytes from the middle of a seekable file, fewer where it ends; none from a file that cannot be sought.
    pub(super) fn read_at(&mut self, at: u64, count: usize) -> IoResult<Vec<u8>> {
        if !self.seekable {
            return Ok(Vec::new());
        }
        let before = self.at;
        self.seek(SeekFrom::Start(at))?;
        let mut bytes = Vec::new();
        self.take(count as u64).read_to_end(&mut bytes)?;
        self.seek(SeekFrom::Start(before))?;
        Ok(bytes)
    }

    /// Keep a file that cannot be sought in memory, if it is no longer than `most` bytes.
    pub(super) fn hold(&mut self, most: usize) -> IoResult<()> {
        if self.seekable || self.prefix(most + 1)?.len() > most {
            return Ok(());
        }
        self.seekable = true;
        self.len = Some(self.head.len() as u64);
        Ok(())
    }

    fn read_inner(&mut self, at: u64, bytes: &mut [u8]) -> IoResult<usize> {
        if self.inner_at != at {
            if !self.seekable {
                return Err(IoError::from(ErrorKind::NotSeekable));
            }
            self.inner_at = self.inner.seek(SeekFrom::Start(at))?;
        }
        loop {
            match self.inner.read(bytes) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => {
                    let read = read?;
                    self.inner_at += read as u64;
                    return Ok(read);
                }
            }
        }
    }
}

impl Default for Source {
    fn default() -> Self {
        Self::new(Box::new(Cursor::new([])))
    }
}

impl Read for Source {
    fn read(&mut self, bytes: &mut [u8]) -> IoResult<usize> {
        let left = self.len.map_or(u64::MAX, |len| len.saturating_sub(self.at));
        let count = (bytes.len() as u64).min(left) as usize;
        let bytes = bytes.get_mut(..count).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(0);
        }
        let kept = usize::try_from(self.at)
            .ok()
            .and_then(|at| self.head.get(at..));
        let read = match kept {
            Some(kept) if !kept.is_empty() => {
                let count = kept.len().min(bytes.len());
                bytes
                    .iter_mut()
                    .zip(kept)
                    .for_each(|(to, from)| *to = *from);
                count
            }
            _ => self.read_inner(self.rest + self.at - self.head.len() as u64, bytes)?,
        };
        let begin = self.at;
        self.at += read as u64;
        for (at, patch) in &self.patches {
            for (index, byte) in patch.iter().enumerate() {
                let place = (at + index as u64).checked_sub(begin);
                let place = place.and_then(|place| usize::try_from(place).ok());
                if let Some(slot) = place.and_then(|p| bytes.get_mut(..read)?.get_mut(p)) {
                    *slot = *byte;
                }
            }
        }
        Ok(read)
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> IoResult<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.len.and_then(|len| len.checked_add_signed(by)),
        };
        let target = target.ok_or(ErrorKind::InvalidInput)?;
        if !self.seekable && target != self.at {
            return Err(ErrorKind::NotSeekable.into());
        }
        self.at = target;
        Ok(target)
    }
}

impl MediaSource for Source {
    fn is_seekable(&self) -> bool {
        self.seekable
    }

    fn byte_len(&self) -> Option<u64> {
        self.len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that is read a few bytes at a time, with interruptions.
    struct Uneven {
        bytes: Cursor<Vec<u8>>,
        is_file: bool,
        turn: usize,
    }

    impl Read for Uneven {
        fn read(&mut self, bytes: &mut [u8]) -> IoResult<usize> {
            self.turn += 1;
            if self.turn.is_multiple_of(5) {
                return Err(ErrorKind::Interrupted.into());
            }
            let count = bytes.len().min(self.turn * 97 % 1_000);
            self.bytes.read(&mut bytes[..count.max(1)])
        }
    }

    impl Seek for Uneven {
        fn seek(&mut self, to: SeekFrom) -> IoResult<u64> {
            assert!(self.is_file, "nobody seeks in a stream");
            self.bytes.seek(to)
        }
    }

    impl MediaSource for Uneven {
        fn is_seekable(&self) -> bool {
            self.is_file
        }

        fn byte_len(&self) -> Option<u64> {
            Some(self.bytes.get_ref().len() as u64)
        }
    }

    fn content(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at * at / 7 + at) as u8).collect()
    }

    fn source(length: usize, is_file: bool) -> Source {
        let bytes = Cursor::new(content(length));
        let turn = 0;
        Source::new(Box::new(Uneven {
            bytes,
            is_file,
            turn,
        }))
    }

    fn read(source: &mut Source, count: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        source.take(count as u64).read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn it_is_the_file_with_another_beginning() {
        for is_file in [false, true] {
            let mut expected = content(120_000);
            let mut source = source(expected.len(), is_file);
            let mut number = 9_usize;
            let mut below = |limit: usize| {
                number = number
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (number >> 33) % limit
            };
            for turn in 0..200 {
                let count = below(1_500).min(expected.len());
                match below(5) {
                    0 => assert_eq!(source.prefix(count).unwrap(), &expected[..count]),
                    1 => {
                        source.skip(count as u64).unwrap();
                        expected.drain(..count);
                    }
                    2 => {
                        let bytes = content(below(40));
                        source.replace(count as u64 / 9, &bytes).unwrap();
                        expected.splice(..count / 9, bytes);
                    }
                    3 => {
                        let at = below(expected.len());
                        let end = (at + count).min(expected.len());
                        let middle = source.read_at(at as u64, count).unwrap();
                        assert_eq!(middle, if is_file { &expected[at..end] } else { &[] });
                    }
                    _ => {
                        let heard = read(&mut source, count);
                        assert_eq!(heard, expected[..count], "{turn}");
                        let again = count.min(3);
                        source.begin_here(&heard[count - again..]).unwrap();
                        expected.drain(..count - again);
                    }
                }
                assert_eq!(source.len(), is_file.then_some(expected.len() as u64));
                assert_eq!(source.byte_len(), source.len());
            }
            assert!(expected.len() > 1_000);
            assert_eq!(read(&mut source, usize::MAX), expected);
        }
    }

    #[test]
    fn only_a_file_is_sought() {
        let [mut stream, mut file] = [source(900, false), source(900, true)];
        assert!(file.is_seekable() && !stream.is_seekable());
        assert_eq!(file.seek(SeekFrom::End(-10)).unwrap(), 890);
        assert_eq!(read(&mut file, 99), content(900)[890..]);
        assert_eq!(file.seek(SeekFrom::Current(-20)).unwrap(), 880);
        let error = |source: &mut Source, to| source.seek(to).unwrap_err().kind();
        assert_eq!(
            error(&mut file, SeekFrom::Current(-881)),
            ErrorKind::InvalidInput
        );
        assert_eq!(
            error(&mut stream, SeekFrom::Start(3)),
            ErrorKind::NotSeekable
        );
        assert_eq!(
            error(&mut stream, SeekFrom::End(0)),
            ErrorKind::InvalidInput
        );
        assert_eq!(stream.stream_position().unwrap(), 0);
        // a stream that is held is a file, unless it is too long
        stream.hold(899).unwrap();
        assert!(!stream.is_seekable());
        stream.hold(900).unwrap();
        assert!(stream.is_seekable());
        assert_eq!(stream.len(), Some(900));
        assert_eq!(stream.read_at(700, 50).unwrap(), content(900)[700..750]);
        assert_eq!(read(&mut stream, 1_000), content(900));
    }

    #[test]
    fn what_was_skipped_comes_back_from_a_file_alone() {
        let [mut stream, mut file] = [source(900, false), source(900, true)];
        for source in [&mut stream, &mut file] {
            source.skip(100).unwrap();
            source.unskip(0).unwrap();
        }
        assert!(stream.unskip(1).is_err());
        file.prefix(30).unwrap();
        file.unskip(40).unwrap();
        assert_eq!(file.len(), Some(840));
        assert!(file.unskip(61).is_err());
        assert_eq!(read(&mut file, 900), content(900)[60..]);
    }

    #[test]
    fn limits_and_patches_hold_wherever_it_is_read() {
        let mut source = source(900, true);
        source.patch(5, std::vec![1, 2, 3]);
        source.limit(500);
        source.limit(700);
        let mut expected = content(900)[..500].to_vec();
        expected[5..8].copy_from_slice(&[1, 2, 3]);
        assert_eq!(source.len(), Some(500));
        assert_eq!(read(&mut source, 900), expected);
        for from in [0, 4, 6, 7, 8] {
            source.seek(SeekFrom::Start(from)).unwrap();
            let from = from as usize;
            assert_eq!(read(&mut source, 4), expected[from..from + 4]);
        }
        source.begin_here(&[]).unwrap();
        assert_eq!(source.prefix(900).unwrap(), &content(900)[12..500]);
    }
}
