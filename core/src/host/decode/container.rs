//! Containers that symphonia reads: ogg, mp4, caf and mkv. Faults that would stop its readers are repaired first.

mod caf;
mod mkv;
mod mp4;
pub(super) mod ogg;

use std::boxed::Box;
use std::io::ErrorKind;

use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::units::TimeBase;
use symphonia::default::formats::{CafReader, IsoMp4Reader, MkvReader, OggReader};

use super::error::DecodeError;
use super::packets::{Packets, Unit, decoder};
use super::sniff::Kind;
use super::source::Source;

/// Damaged packets in a row after which the rest of a file counts as unreadable.
const MOST_DAMAGED: u32 = 1000;

/// The audio track of a container.
pub(super) struct Container {
    reader: Box<dyn FormatReader>,
    name: &'static str,
    track: u32,
    /// The decoder to announce next.
    codec: Option<AudioCodecParameters>,
    announced: Option<f64>,
    is_cut: bool,
    /// The file, where another one may follow.
    pages: Option<ogg::Pages>,
}

impl Container {
    /// Open a container of a kind that symphonia has a reader for.
    pub(super) fn open(mut source: Source, kind: Kind) -> Result<Self, DecodeError> {
        // a codec that the reader may not know
        let mut unsupported = None;
        let mut sound = mp4::Sound::default();
        let (mut is_cut, mut share) = (false, 1.0);
        let mut is_straight = false;
        let name = match kind {
            Kind::Ogg => {
                unsupported = ogg::unsupported(&mut source)?;
                ogg::repair(&mut source)?;
                let end = ogg::end(&mut source)?;
                is_straight = !end.is_whole || source.len().is_none();
                is_cut = end.is_cut;
                "Ogg"
            }
            Kind::Mp4 => {
                sound = mp4::repair(&mut source)?;
                unsupported = sound.unsupported();
                share = sound.share.unwrap_or(1.0);
                "MP4"
            }
            Kind::Caf => {
                share = caf::repair(&mut source)?;
                "CAF"
            }
            _ if source
                .prefix(4096)?
                .windows(4)
                .any(|bytes| bytes == b"webm") =>
            {
                "WebM"
            }
            _ => "Matroska",
        };
        let mut ends_early = false;
        if kind == Kind::Matroska {
            (ends_early, share) = mkv::repair(&mut source)?;
        }
        let named = |error| match (error, unsupported) {
            (error @ DecodeError::Io(_), _) | (error, None) => error,
            (_, Some(codec)) => DecodeError::Codec {
                codec,
                container: name,
            },
        };
        let (source, pages): (Box<dyn MediaSource>, _) = if is_straight {
            let pages = ogg::Pages::new(source);
            (pages.boxed(), Some(pages))
        } else {
            (Box::new(source), None)
        };
        let stream = MediaSourceStream::new(source, Default::default());
        let reader = reader(stream, kind).map_err(open_error).map_err(named)?;
        let (track, mut codec) = choose_track(&*reader, name).map_err(named)?;
        sound.complete(&mut codec);
        Ok(Self {
            announced: reader
                .tracks()
                .iter()
                .find(|t| t.id == track)
                .and_then(seconds)
                // the length of the whole, which pictures may have alone
                .or_else(|| whole_seconds(&*reader).filter(|_| ends_early || share < 1.0))
                .map(|seconds| seconds / share),
            is_cut,
            pages,
            reader,
            name,
            track,
            codec: Some(codec),
        })
    }
}

fn reader(
    stream: MediaSourceStream<'static>,
    kind: Kind,
) -> Result<Box<dyn FormatReader>, SymphoniaError> {
    let options = FormatOptions::default();
    Ok(match kind {
        Kind::Ogg => Box::new(OggReader::try_new(stream, options)?),
        Kind::Mp4 => Box::new(IsoMp4Reader::try_new(stream, options)?),
        Kind::Caf => Box::new(CafReader::try_new(stream, options)?),
        _ => Box::new(MkvReader::try_new(stream, options)?),
    })
}

impl Packets for Container {
    fn next(&mut self) -> Result<Option<Unit>, DecodeError> {
        if let Some(codec) = self.codec.take() {
            return Ok(Some(Unit::Codec(codec, self.name)));
        }
        for _ in 0..MOST_DAMAGED {
            match self.reader.next_packet() {
                Ok(Some(packet)) if packet.track_id == self.track => {
                    return Ok(Some(Unit::Packet(packet)));
                }
                Ok(Some(_)) | Err(SymphoniaError::DecodeError(_)) => {}
                // one ogg stream after another
                Err(SymphoniaError::ResetRequired) => {
                    let (track, codec) = choose_track(&*self.reader, self.name)?;
                    self.track = track;
                    // the first one announced only its own part
                    self.announced = None;
                    return Ok(Some(Unit::Codec(codec, self.name)));
                }
                Err(SymphoniaError::IoError(error)) if error.kind() != ErrorKind::UnexpectedEof => {
                    return Err(error.into());
                }
                // the end, or nothing that can be read after this point
                Ok(None) | Err(_) => return Ok(None),
            }
        }
        Ok(None)
    }

    fn announced(&self) -> Option<f64> {
        self.announced
    }

    fn is_cut_off(&self) -> bool {
        self.is_cut
    }

    fn rest(&mut self) -> Result<Option<Source>, DecodeError> {
        Ok(match &self.pages {
            Some(pages) => pages.rest()?,
            None => None,
        })
    }
}

/// Choose the track that players would play: the default one if it can be decoded, else the first that can.
fn choose_track(
    reader: &dyn FormatReader,
    container: &'static str,
) -> Result<(u32, AudioCodecParameters), DecodeError> {
    let default = reader.default_track(TrackType::Audio);
    let audio = |track: &Track| Some((track.id, track.codec_params.as_ref()?.audio()?.clone()));
    let mut tracks = default
        .into_iter()
        .chain(reader.tracks())
        .filter_map(audio)
        .peekable();
    let first = tracks.peek().cloned().ok_or(DecodeError::NoTrack)?;
    let mut playable = tracks.filter(|(_, codec)| decoder(codec, container).is_ok());
    Ok(playable.next().unwrap_or(first))
}

/// Return the length of a track in seconds, where the container states it.
fn seconds(track: &Track) -> Option<f64> {
    Some(in_seconds(track.duration?.get(), track.time_base?))
}

/// Return the length of all tracks in seconds, where the container states it.
fn whole_seconds(reader: &dyn FormatReader) -> Option<f64> {
    let media = reader.media_info();
    Some(in_seconds(media.duration?.get(), media.time_base?))
}

fn in_seconds(units: u64, base: TimeBase) -> f64 {
    units as f64 * f64::from(base.numer.get()) / f64::from(base.denom.get())
}

/// Convert the fault that kept a container from opening.
fn open_error(error: SymphoniaError) -> DecodeError {
    match error {
        SymphoniaError::IoError(error) if error.kind() != ErrorKind::UnexpectedEof => error.into(),
        SymphoniaError::Unsupported(what)
        | SymphoniaError::DecodeError(what)
        | SymphoniaError::LimitError(what) => DecodeError::Header { what },
        _ => DecodeError::Header {
            what: "the file ends in it",
        },
    }
}
