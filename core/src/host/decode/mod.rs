//! Reading audio files: wav, mp3, flac, ogg (Vorbis) and m4a (AAC), through symphonia.

mod error;

use std::boxed::Box;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Cursor, ErrorKind, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::vec::Vec;

use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::meta::MetadataOptions;

pub use error::DecodeError;

use crate::audio::{InputFormat, Resampler};

/// Packets in a row without audio after which the rest of a file counts as unreadable: minutes of any real format. A
/// hostile file can announce billions.
const MAX_SILENT_PACKETS: u32 = 100_000;

/// Reads an audio file block by block, so that its length does not matter.
///
/// Delay and padding of the encoder are removed if the file states them (mp3, Vorbis); AAC in m4a begins with up to
/// 50 ms of silence.
///
/// ```no_run
/// use timbrel_core::host::decode::AudioReader;
///
/// let mut reader = AudioReader::open("song.mp3".as_ref())?;
/// println!("{:?}", reader.format());
/// while let Some(block) = reader.next_block()? {
///     println!("{} interleaved samples", block.len());
/// }
/// # Ok::<(), timbrel_core::host::decode::DecodeError>(())
/// ```
pub struct AudioReader {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    input: InputFormat,
    block: Vec<f32>,
    /// The first block is decoded on opening, since rate and channels are certain only then.
    first_is_ready: bool,
}

impl core::fmt::Debug for AudioReader {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("AudioReader")
            .field("input", &self.input)
            .finish_non_exhaustive()
    }
}

impl AudioReader {
    /// Open a file and decode its first block.
    ///
    /// # Errors
    /// [`DecodeError`] with the fault of the file.
    pub fn open(path: &Path) -> Result<Self, DecodeError> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(DecodeError::Io {
                kind: ErrorKind::IsADirectory,
            });
        }
        Self::new(Box::new(file), path.extension().and_then(OsStr::to_str))
    }

    /// Opens a file that is in memory. `extension` ("mp3", "wav" …) helps to tell the format; the content
    /// decides.
    ///
    /// # Errors
    /// [`DecodeError`] says what the bytes are not.
    pub fn from_bytes(bytes: Vec<u8>, extension: Option<&str>) -> Result<Self, DecodeError> {
        Self::new(Box::new(Cursor::new(bytes)), extension)
    }

    fn new(mut source: Box<dyn MediaSource>, extension: Option<&str>) -> Result<Self, DecodeError> {
        if source.read(&mut [0])? == 0 {
            return Err(DecodeError::Empty);
        }
        source.rewind()?;
        guarded(|| {
            let stream = MediaSourceStream::new(source, Default::default());
            let mut hint = Hint::new();
            if let Some(extension) = extension {
                hint.with_extension(extension);
            }
            let options = (FormatOptions::default(), MetadataOptions::default());
            let format = symphonia::default::get_probe()
                .probe(&hint, stream, options.0, options.1)
                .map_err(probe_error)?;
            let (track, decoder) = choose_track(&*format)?;
            let mut reader = Self {
                track,
                format,
                decoder,
                input: InputFormat::mono(0),
                block: Vec::new(),
                first_is_ready: false,
            };
            reader.input = reader.decode()?.ok_or(DecodeError::NoAudio)?;
            reader.first_is_ready = true;
            Ok(reader)
        })
    }

    /// Return rate and channels of the blocks.
    #[must_use]
    pub fn format(&self) -> InputFormat {
        self.input
    }

    /// Decode the next block of interleaved samples (full scale ±1.0); `None` at the end. Packets that cannot be decoded
    /// are skipped, and a truncated file ends where it is cut, as in players.
    ///
    /// # Errors
    /// [`DecodeError::FormatChanged`] or [`DecodeError::Io`].
    pub fn next_block(&mut self) -> Result<Option<&[f32]>, DecodeError> {
        if !core::mem::take(&mut self.first_is_ready) {
            let Some(input) = guarded(|| self.decode())? else {
                return Ok(None);
            };
            if input != self.input {
                return Err(DecodeError::FormatChanged);
            }
        }
        Ok(Some(&self.block))
    }

    /// Decode into `block` until it is not empty.
    fn decode(&mut self) -> Result<Option<InputFormat>, DecodeError> {
        for _ in 0..MAX_SILENT_PACKETS {
            let packet = match self.format.next_packet() {
                Ok(Some(packet)) => packet,
                // one ogg stream after another
                Err(SymphoniaError::ResetRequired) => {
                    (self.track, self.decoder) = choose_track(&*self.format)?;
                    continue;
                }
                Err(SymphoniaError::IoError(error)) if error.kind() != ErrorKind::UnexpectedEof => {
                    return Err(error.into());
                }
                // the end, or nothing readable after this point
                Ok(None) | Err(_) => return Ok(None),
            };
            if packet.track_id != self.track {
                continue;
            }
            let Ok(buffer) = self.decoder.decode(&packet) else {
                continue;
            };
            let spec = buffer.spec();
            let input = InputFormat {
                sample_rate: spec.rate(),
                channels: spec.channels().count() as u16,
            };
            buffer.copy_to_vec_interleaved(&mut self.block);
            if !self.block.is_empty() {
                return Ok(Some(input));
            }
        }
        Ok(None)
    }
}

/// Translate the error when no reader for the file could be made.
fn probe_error(error: SymphoniaError) -> DecodeError {
    match error {
        // the others come from the reader of a recognised format
        SymphoniaError::Unsupported(what) if what.starts_with("core (probe)") => {
            DecodeError::NotAudio
        }
        SymphoniaError::IoError(error) if error.kind() != ErrorKind::UnexpectedEof => error.into(),
        SymphoniaError::Unsupported(what)
        | SymphoniaError::DecodeError(what)
        | SymphoniaError::LimitError(what) => DecodeError::Header { what },
        _ => DecodeError::Header {
            what: "the file ends in it",
        },
    }
}

/// Choose the audio track that players would play, and make its decoder.
fn choose_track(format: &dyn FormatReader) -> Result<(u32, Box<dyn AudioDecoder>), DecodeError> {
    let track = format.default_track(TrackType::Audio);
    let track = track.ok_or(DecodeError::NoTrack)?;
    let parameters = track.codec_params.as_ref().and_then(|codec| codec.audio());
    let decoder = symphonia::default::get_codecs()
        .make_audio_decoder(
            parameters.ok_or(DecodeError::NoTrack)?,
            &AudioDecoderOptions::default(),
        )
        .map_err(|_| DecodeError::UnknownCodec)?;
    Ok((track.id, decoder))
}

/// Read a whole file as mono at `rate` Hz: the mean of its channels, resampled.
///
/// # Errors
/// As [`AudioReader`], and [`DecodeError::Rate`] if either rate cannot be resampled.
pub fn read_mono(path: &Path, rate: u32) -> Result<Vec<f32>, DecodeError> {
    let mut reader = AudioReader::open(path)?;
    let InputFormat {
        sample_rate,
        channels,
    } = reader.format();
    let mut resampler = Resampler::new(sample_rate, rate).map_err(DecodeError::Rate)?;
    let channels = usize::from(channels.max(1));
    let (mut samples, mut mono) = (Vec::new(), Vec::new());
    while let Some(block) = reader.next_block()? {
        let frames = block.chunks_exact(channels);
        mono.clear();
        mono.extend(frames.map(|frame| frame.iter().sum::<f32>() / channels as f32));
        resampler.process_all(&mono, |block| samples.extend_from_slice(block));
    }
    resampler.finish();
    resampler.process_all(&[], |block| samples.extend_from_slice(block));
    Ok(samples)
}

/// A hostile file may reach an assertion in a decoder; that is the file's error, not the program's.
fn guarded<T>(run: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or(Err(DecodeError::Decoder))
}
