//! A window over a source that moves forward.

use std::io::{Read, Result as IoResult};
use std::vec::Vec;

use crate::host::decode::source::Source;

/// Bytes that are read at a time.
const CHUNK: usize = 64 * 1024;

/// The bytes from the place on that was reached.
pub(super) struct Buffer {
    source: Source,
    bytes: Vec<u8>,
    /// Where the place is in `bytes`.
    at: usize,
    ended: bool,
}

impl Buffer {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            bytes: Vec::new(),
            at: 0,
            ended: false,
        }
    }

    /// Return at least `count` bytes from here on, fewer only at the end.
    pub(super) fn look(&mut self, count: usize) -> IoResult<&[u8]> {
        while self.bytes.len() - self.at < count && !self.ended {
            self.bytes.drain(..core::mem::take(&mut self.at));
            let begun = self.bytes.len();
            self.bytes.resize(begun + CHUNK, 0);
            let read = self
                .source
                .read(self.bytes.get_mut(begun..).unwrap_or_default());
            self.bytes.truncate(begun + *read.as_ref().unwrap_or(&0));
            self.ended = read? == 0;
        }
        Ok(self.bytes.get(self.at..).unwrap_or_default())
    }

    /// Go on by `count` bytes.
    pub(super) fn skip(&mut self, count: u64) -> IoResult<()> {
        let mut left = count;
        loop {
            let here = (self.bytes.len() - self.at) as u64;
            let step = left.min(here);
            self.at += step as usize;
            left -= step;
            if left == 0 || self.look(1)?.is_empty() {
                return Ok(());
            }
        }
    }

    /// Take the source, which then begins at this place.
    pub(super) fn take(&mut self) -> IoResult<Source> {
        let mut source = core::mem::take(&mut self.source);
        let bytes = core::mem::take(&mut self.bytes);
        source.begin_here(bytes.get(self.at..).unwrap_or_default())?;
        self.at = 0;
        self.ended = true;
        Ok(source)
    }
}
