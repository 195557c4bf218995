//! 16-bit samples from a stream of bytes.

use std::io::{self, ErrorKind, Read};

/// Bytes that are read at a time: a tenth of a second of stereo at 44.1 kHz, rounded.
const BLOCK: usize = 16_384;

/// Reads little-endian samples; a read may end in the middle of one.
pub(crate) struct Source<R> {
    stream: R,
    bytes: Vec<u8>,
    /// Number of bytes that wait for the other half of their sample: 0 or 1.
    kept: usize,
    samples: Vec<i16>,
}

impl<R: Read> Source<R> {
    pub(crate) fn new(stream: R) -> Self {
        Self {
            stream,
            bytes: vec![0; BLOCK],
            kept: 0,
            samples: Vec::with_capacity(BLOCK / 2),
        }
    }

    /// Return the samples that have come, as soon as there are some; `None` at the end. Half a sample at the end is
    /// dropped.
    pub(crate) fn next(&mut self) -> io::Result<Option<&[i16]>> {
        loop {
            let read = match self.stream.read(&mut self.bytes[self.kept..]) {
                Ok(0) => return Ok(None),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let there = self.kept + read;
            let pairs = self.bytes[..there].chunks_exact(2);
            self.samples.clear();
            self.samples
                .extend(pairs.map(|pair| i16::from_le_bytes([pair[0], pair[1]])));
            self.kept = there % 2;
            self.bytes[0] = self.bytes[there - 1];
            if !self.samples.is_empty() {
                return Ok(Some(&self.samples));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Source;
    use std::io::{self, Read};

    /// Gives a few bytes at a time, in turn.
    struct Dripping<'a>(&'a [u8], usize);

    impl Read for Dripping<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = self.1 % 3 + 1;
            let count = self.1.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn samples_do_not_depend_on_how_bytes_come() {
        let wanted: Vec<i16> = (0..1000_i16).map(|i| i * 31 - 15_000).collect();
        let mut bytes: Vec<u8> = wanted.iter().flat_map(|s| s.to_le_bytes()).collect();
        // half a sample that is never completed
        bytes.push(7);
        let mut source = Source::new(Dripping(&bytes, 0));
        let mut heard = Vec::new();
        while let Some(samples) = source.next().unwrap() {
            heard.extend_from_slice(samples);
        }
        assert_eq!(heard, wanted);
    }
}
