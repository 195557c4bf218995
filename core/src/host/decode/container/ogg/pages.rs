//! The pages of an ogg file, up to another file that follows them.

use std::boxed::Box;
use std::io::{Error as IoError, ErrorKind, Read, Result as IoResult, Seek, SeekFrom};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use symphonia::core::io::MediaSource;

use super::{MOST_PAGE, PAGE_HEADER};
use crate::host::decode::buffer::Buffer;
use crate::host::decode::frames::{self, skippable};
use crate::host::decode::sniff::is_container;
use crate::host::decode::source::Source;

/// A file that is read up to the end of its last page, and taken back there.
#[derive(Clone)]
pub(in crate::host::decode::container) struct Pages(Arc<Mutex<State>>);

struct State {
    buffer: Buffer,
    /// Bytes of the newest page, or of what is no page, that are still to be read.
    left: usize,
    /// Whether a page ended where the buffer begins.
    in_step: bool,
    /// Whether another file begins there.
    has_rest: bool,
}

impl Pages {
    pub(in crate::host::decode::container) fn new(source: Source) -> Self {
        Self(Arc::new(Mutex::new(State {
            buffer: Buffer::new(source),
            left: 0,
            in_step: false,
            has_rest: false,
        })))
    }

    /// Take what follows the last page, where that is another file.
    pub(in crate::host::decode::container) fn rest(&self) -> IoResult<Option<Source>> {
        let mut state = self.lock();
        Ok(if core::mem::take(&mut state.has_rest) {
            Some(state.buffer.take()?)
        } else {
            None
        })
    }

    /// Return it as a container's reader takes it.
    pub(in crate::host::decode::container) fn boxed(&self) -> Box<dyn MediaSource> {
        Box::new(self.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Find out what comes next, and how long it is.
    fn find(&mut self) -> IoResult<()> {
        while !self.has_rest {
            let bytes = self.buffer.look(MOST_PAGE)?;
            if let Some(page) = length(bytes) {
                (self.left, self.in_step) = (page, true);
                return Ok(());
            }
            if let Some(length) = skippable(bytes).filter(|_| self.in_step) {
                self.buffer.skip(length)?;
                continue;
            }
            if self.in_step && (is_container(bytes) || frames::begin(bytes)) {
                self.has_rest = true;
                return Ok(());
            }
            // damage: the reader finds the next page
            self.in_step = false;
            let next = bytes.windows(4).skip(1).position(|four| four == b"OggS");
            self.left = next.map_or(bytes.len(), |next| next + 1);
            return Ok(());
        }
        Ok(())
    }
}

/// Return the length of the page that these bytes begin, whether or not the file ends within it.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    let header = bytes.first_chunk::<PAGE_HEADER>()?;
    let table = usize::from(header[PAGE_HEADER - 1]);
    let segments = bytes.get(PAGE_HEADER..PAGE_HEADER + table)?;
    let body = segments.iter().copied().map(usize::from).sum::<usize>();
    header
        .starts_with(b"OggS")
        .then_some(PAGE_HEADER + table + body)
}

impl Read for Pages {
    fn read(&mut self, bytes: &mut [u8]) -> IoResult<usize> {
        let mut state = self.lock();
        if state.left == 0 {
            state.find()?;
        }
        let most = state.left.min(bytes.len());
        let from = state.buffer.look(most)?;
        let count = most.min(from.len());
        bytes
            .iter_mut()
            .zip(from.iter().take(count))
            .for_each(|(to, from)| *to = *from);
        state.buffer.skip(count as u64)?;
        state.left -= count;
        Ok(count)
    }
}

impl Seek for Pages {
    fn seek(&mut self, _: SeekFrom) -> IoResult<u64> {
        Err(IoError::from(ErrorKind::NotSeekable))
    }
}

impl MediaSource for Pages {
    fn is_seekable(&self) -> bool {
        false
    }

    fn byte_len(&self) -> Option<u64> {
        None
    }
}
