//! Reading audio files: wav (also RF64, BW64 and Wave64), mp3, AAC, flac, ogg, m4a and mp4, AIFF, AU, CAF, mkv and webm,
//! with the codecs PCM, ADPCM, mp2, mp3, AAC-LC (and the core of HE-AAC; of more than two channels the front three), Vorbis, FLAC
//! and ALAC. Files that follow one another are read to the end of the last one.
//!
//! The first bytes decide the format, whatever the file's name. `sniff` names formats that are not supported. wav,
//! AIFF, AU, flac and frames without a container (mp3, AAC) are parsed here; the other containers by symphonia, after `container`
//! has repaired what its readers refuse. symphonia's decoders turn the packets of all of them into samples, apart from mp3 of
//! free format, which it refuses and nanomp3 takes.

mod aac;
mod aiff;
mod au;
mod blocks;
mod buffer;
mod container;
mod error;
mod flac;
mod frames;
mod mono;
mod names;
#[cfg(feature = "opus")]
mod opus;
mod packets;
mod reader;
mod sniff;
mod source;
mod wave;

pub use error::{DecodeError, SystemError};
pub use mono::{MonoReader, read_mono};
pub use reader::{AudioReader, Block};
