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
mod tests;
