use std::boxed::Box;
use std::fs::File;
use std::io::{self, Cursor, ErrorKind, Read};
use std::path::Path;
use std::string::String;
use std::vec::Vec;

use symphonia::core::codecs::audio::AudioDecoder;
use symphonia::core::io::{MediaSource, ReadOnlySource};

use super::aac::is_extended_aac;
use super::container::Container;
use super::error::DecodeError;
use super::flac::Flac;
use super::frames::{self, Frames};
use super::packets::{Packets, Unit, decoder};
use super::sniff::{Kind, sniff};
use super::source::Source;
use super::{aiff, au, wave};
use crate::audio::{InputFormat, MAX_CHANNELS, check_rate};
use crate::host::caught::caught;
use crate::host::notes::Notes;

/// Packets in a row that give no audio before the rest of a file counts as unreadable: minutes of any real
/// format. A hostile file can announce billions.
const MAX_SILENT_PACKETS: u32 = 100_000;

/// Reads an audio file block by block, so that its length does not matter.
///
/// Delay and padding that the encoder added are removed where the file states them (mp3, Vorbis); AAC in m4a
/// begins with up to 50 ms of silence. Samples that are not finite numbers are replaced by silence.
///
/// ```no_run
/// use timbrel_core::host::decode::AudioReader;
///
/// let mut reader = AudioReader::open("song.mp3")?;
/// println!("{:?}", reader.format());
/// while let Some(block) = reader.next_block()? {
///     println!("{} interleaved samples", block.samples.len());
/// }
/// # Ok::<(), timbrel_core::host::decode::DecodeError>(())
/// ```
pub struct AudioReader {
    packets: Box<dyn Packets>,
    decoder: Option<Box<dyn AudioDecoder>>,
    format: InputFormat,
    samples: Vec<f32>,
    /// The first block is decoded on opening, since only then rate and channels are certain.
    first_is_ready: bool,
    /// Interleaved samples before the newest block.
    before: u64,
    replaced: u64,
    first_replaced: Option<u64>,
    seconds: f64,
    /// Seconds before the newest of several files that follow one another, and those that are missing in them.
    earlier: f64,
    missing: f64,
    /// Bytes of packets that were decoded, and of those that no decoder takes.
    decoded: u64,
    undecoded: u64,
    core_only: bool,
    cut_off: bool,
}

/// Interleaved samples (full scale ±1.0) and their format.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block<'r> {
    /// Rate, in [`SUPPORTED_RATES`](crate::audio::SUPPORTED_RATES), and channels, at most
    /// [`MAX_CHANNELS`](crate::audio::MAX_CHANNELS); they can change from one block to the next.
    pub format: InputFormat,
    /// Whole frames, one or more.
    pub samples: &'r [f32],
}

impl core::fmt::Debug for AudioReader {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("AudioReader")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

impl AudioReader {
    /// Open a file and decode its first block. A pipe is read from its beginning to its end.
    ///
    /// # Errors
    /// [`DecodeError`] says why it cannot be read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DecodeError> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::Error::from(ErrorKind::IsADirectory).into());
        }
        Self::new(Box::new(file))
    }

    /// Open a file that is in memory. `extension` ("mp3", "wav" …) is ignored: the content decides.
    ///
    /// # Errors
    /// [`DecodeError`] says why the bytes cannot be read.
    pub fn from_bytes(bytes: Vec<u8>, extension: Option<&str>) -> Result<Self, DecodeError> {
        let _ = extension;
        Self::new(Box::new(Cursor::new(bytes)))
    }

    /// Open what comes from a stream that cannot be sought, such as standard input.
    ///
    /// # Errors
    /// [`DecodeError`] says why it cannot be read.
    pub fn from_stream(stream: impl Read + Send + Sync + 'static) -> Result<Self, DecodeError> {
        Self::new(Box::new(ReadOnlySource::new(stream)))
    }

    fn new(source: Box<dyn MediaSource>) -> Result<Self, DecodeError> {
        guarded(|| {
            let mut reader = Self {
                packets: first(Source::new(source))?,
                decoder: None,
                format: InputFormat::mono(0),
                samples: Vec::new(),
                first_is_ready: false,
                before: 0,
                replaced: 0,
                first_replaced: None,
                seconds: 0.0,
                earlier: 0.0,
                missing: 0.0,
                decoded: 0,
                undecoded: 0,
                core_only: false,
                cut_off: false,
            };
            if !reader.decode()? {
                return Err(DecodeError::NoAudio);
            }
            reader.first_is_ready = true;
            Ok(reader)
        })
    }

    /// Return rate and channels of the newest block, or of the first one.
    #[must_use]
    pub fn format(&self) -> InputFormat {
        self.format
    }

    /// Return the share of the announced audio that was decoded up to now, `None` where the file announces nothing.
    /// After the end, less than 1 means that the file is damaged or broken off, or that a part has a codec that is not
    /// supported, which counts by its bytes.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        let missing = self.missing();
        let all = self.seconds + missing.unwrap_or(0.0);
        let by_time = missing.filter(|_| all > 0.0).map(|_| self.seconds / all);
        let all = (self.decoded + self.undecoded) as f64;
        let by_bytes = (self.undecoded > 0).then_some(self.decoded as f64 / all);
        by_time.into_iter().chain(by_bytes).reduce(f64::min)
    }

    /// Return whether a part of the file is missing without any word of how much: an ogg stream without its last page, frames
    /// of mp3 or AAC of which the last one is not whole, frames of flac without a header before them. Known after the end.
    #[must_use]
    pub fn is_cut_off(&self) -> bool {
        self.cut_off || self.packets.is_cut_off()
    }

    /// Return whether the audio is HE-AAC, of which only the core is decoded: the band above it is missing.
    #[must_use]
    pub fn is_core_only(&self) -> bool {
        self.core_only
    }

    /// Return the number of samples that were not finite and were replaced, and the index of the first one among all
    /// interleaved samples.
    #[must_use]
    pub fn replaced(&self) -> Option<(u64, u64)> {
        self.first_replaced.map(|first| (self.replaced, first))
    }

    /// Return notes on the file that belong beside what is made of it, a sentence each: that a part could not be decoded,
    /// that the file is cut off, that samples were replaced, that only the core of HE-AAC was decoded. Complete after the end.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let notes = Notes {
            share: self.share(),
            cut_off: self.is_cut_off(),
            replaced: self.replaced(),
            core_only: self.is_core_only(),
            cancelled: 0.0,
            clipped: 0.0,
        };
        notes.sentences()
    }

    /// Return the next block, `None` at the end. Packets that cannot be decoded are skipped, and a file that breaks off
    /// ends there, as players do it.
    ///
    /// # Errors
    /// [`DecodeError::Io`], or [`DecodeError::NotAudio`] where next to nothing of a file turned out to be audio.
    pub fn next_block(&mut self) -> Result<Option<Block<'_>>, DecodeError> {
        if !core::mem::take(&mut self.first_is_ready) {
            self.before += self.samples.len() as u64;
            if !guarded(|| self.decode())? {
                return Ok(None);
            }
        }
        Ok(Some(Block {
            format: self.format,
            samples: &self.samples,
        }))
    }

    /// Return the seconds that the file announces beyond those that were decoded; `None` if it announces nothing.
    fn missing(&self) -> Option<f64> {
        let announced = self.packets.announced().filter(|seconds| *seconds > 0.0);
        let decoded = self.seconds - self.earlier;
        let newest = announced.map(|announced| (announced - decoded).max(0.0));
        newest
            .or(Some(0.0).filter(|_| self.missing > 0.0))
            .map(|newest| self.missing + newest)
    }

    /// Go on with the file that follows the one that ended, if one does.
    fn go_on(&mut self) -> Result<bool, DecodeError> {
        let Some(mut rest) = self.packets.rest()? else {
            return Ok(false);
        };
        let kind = sniff(&mut rest)?;
        let is_file = match kind {
            Kind::Frames => frames::begin(rest.prefix(frames::LOOK)?),
            Kind::Foreign(_) | Kind::Headless(_) | Kind::Unknown => false,
            _ => true,
        };
        if !is_file {
            return Ok(false);
        }
        self.missing = self.missing().unwrap_or(0.0);
        self.cut_off |= self.packets.is_cut_off();
        self.earlier = self.seconds;
        let bytes = rest.len();
        match packets(rest, kind) {
            Ok(packets) => self.packets = packets,
            Err(error @ DecodeError::Io(_)) => return Err(error),
            // the samples before it count
            Err(_) => {
                self.undecoded += bytes.unwrap_or(0);
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Decode until there are samples; false at the end.
    fn decode(&mut self) -> Result<bool, DecodeError> {
        for _ in 0..MAX_SILENT_PACKETS {
            let packet = match self.packets.next()? {
                Some(Unit::Packet(packet)) => packet,
                Some(Unit::Codec(parameters, container)) => {
                    self.core_only |= is_extended_aac(&parameters);
                    self.decoder = match decoder(&parameters, container) {
                        Ok(decoder) => Some(decoder),
                        // the samples before it count
                        Err(_) if self.seconds > 0.0 => None,
                        Err(error) => return Err(error),
                    };
                    continue;
                }
                None if self.go_on()? => continue,
                None => break,
            };
            let Some(decoder) = &mut self.decoder else {
                self.undecoded += packet.data.len() as u64;
                continue;
            };
            self.decoded += packet.data.len() as u64;
            let Ok(buffer) = decoder.decode(&packet) else {
                continue;
            };
            let spec = buffer.spec();
            let channels = u16::try_from(spec.channels().count()).unwrap_or(u16::MAX);
            let format = InputFormat {
                sample_rate: spec.rate(),
                channels,
            };
            buffer.copy_to_vec_interleaved(&mut self.samples);
            if self.samples.is_empty() {
                continue;
            }
            let frames = self.samples.len() as f64 / f64::from(format.channels.max(1));
            self.seconds += frames / f64::from(format.sample_rate.max(1));
            check_rate(format.sample_rate).map_err(DecodeError::Rate)?;
            if !(1..=MAX_CHANNELS).contains(&channels) {
                return Err(DecodeError::Channels { found: channels });
            }
            self.format = format;
            self.replace_invalid();
            return Ok(true);
        }
        self.samples.clear();
        Ok(false)
    }

    fn replace_invalid(&mut self) {
        // no early exit, so that it can be done for many samples at a time
        let valid = self
            .samples
            .iter()
            .fold(true, |valid, x| valid & x.is_finite());
        if valid {
            return;
        }
        for (index, sample) in (self.before..).zip(&mut self.samples) {
            if !sample.is_finite() {
                *sample = 0.0;
                self.replaced += 1;
                self.first_replaced.get_or_insert(index);
            }
        }
    }
}

/// Open a file by its first bytes.
fn first(mut source: Source) -> Result<Box<dyn Packets>, DecodeError> {
    if source.prefix(1)?.is_empty() {
        return Err(DecodeError::Empty);
    }
    let kind = sniff(&mut source)?;
    packets(source, kind)
}

fn packets(source: Source, kind: Kind) -> Result<Box<dyn Packets>, DecodeError> {
    Ok(match kind {
        Kind::Wave => wave::open(source)?,
        Kind::Aiff => aiff::open(source)?,
        Kind::Au => au::open(source)?,
        Kind::Frames => Box::new(Frames::new(source, None, 0)),
        Kind::Flac => Box::new(Flac::new(source)),
        kind @ (Kind::Caf | Kind::Ogg | Kind::Mp4 | Kind::Matroska) => {
            Box::new(Container::open(source, kind)?)
        }
        Kind::Foreign(format) => return Err(DecodeError::Foreign { format }),
        Kind::Headless(what) => return Err(DecodeError::Header { what }),
        Kind::Unknown => return Err(DecodeError::NotAudio),
    })
}

/// Turn panics into errors: a hostile file may reach an assertion in a decoder, which is the file's error, not the
/// program's.
fn guarded<T>(run: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    caught(run).unwrap_or(Err(DecodeError::Decoder))
}
