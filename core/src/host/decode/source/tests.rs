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
    (0..length as u64)
        .map(|at| (at * at / 7 + at) as u8)
        .collect()
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
        let mut number = 9_u64;
        let mut below = |limit: usize| {
            number = number
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (number >> 33) as usize % limit
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

/// A file that cannot be read.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> IoResult<usize> {
        Err(ErrorKind::ConnectionReset.into())
    }
}

impl Seek for Broken {
    fn seek(&mut self, _: SeekFrom) -> IoResult<u64> {
        Ok(0)
    }
}

impl MediaSource for Broken {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(1_000)
    }
}

#[test]
fn an_error_of_the_file_is_returned() {
    let error = Source::new(Box::new(Broken)).prefix(10).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn no_more_is_read_than_asked_for() {
    let mut source = source(5_000, false);
    for count in [10, 1, 700, 4_096, 4_096] {
        source.prefix(count).unwrap();
        let read = source.rest;
        assert!(read <= 4_096, "{read} bytes for {count}");
        assert!(count as u64 <= read);
    }
    source.prefix(10_000).unwrap();
    assert_eq!(source.rest, 5_000);
}
