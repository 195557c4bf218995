//! The command line.

use std::num::NonZero;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::model::EngineName;
use crate::tags::Field;

/// Names the genre of wav, mp3, flac, ogg, m4a, aac, aiff, au, caf, mkv and webm files, of one or of a whole library.
///
/// Exit status: 0 if every file has an answer, 1 if some file failed, 2 for a wrong command line, 130 after Ctrl-C.
#[derive(Parser)]
#[command(name = "classify", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) listen: Listen,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Finds the songs of a library that sound most like one song, or duplicates
    Similar(Similar),
}

/// Options of everything that listens.
#[derive(Args)]
pub(crate) struct Common {
    /// Model to use instead of the built-in one: a .timbrel file, or an .onnx with `--engine tract`
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
    /// Engine that runs the model; by default the one that suits the model file
    #[arg(long, value_enum)]
    pub(crate) engine: Option<EngineName>,
    /// Files that are classified at once; by default as many as there are cores
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
}

impl Common {
    /// Return the number of threads that classify.
    pub(crate) fn jobs(&self) -> usize {
        match self.jobs {
            Some(jobs) => usize::from(jobs),
            None => std::thread::available_parallelism().map_or(1, NonZero::get),
        }
    }
}

/// Options for naming genres.
#[derive(Args)]
pub(crate) struct Listen {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Form of the answers
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// File for the answers instead of standard output, written whole; what was done before an interruption is kept
    /// in FILE.journal
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Take from FILE.journal the answers for files that have not changed, and keep it for the next time
    #[arg(long, requires = "out")]
    pub(crate) resume: bool,
    /// Number of genres to show in text
    #[arg(long, value_name = "K", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) top: u16,
    /// Add each file's embedding to JSON and Parquet
    #[arg(long)]
    pub(crate) embeddings: bool,
    /// Write the answer into this tag of the files: genre, comment, mood, grouping, or a name of your own
    #[arg(long, value_name = "FIELD", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    write_tags: Option<String>,
    /// Before tags are written for the first time, keep the file as it is under its name with SUFFIX added
    #[arg(long, value_name = "SUFFIX", requires = "write_tags", value_parser = suffix)]
    backup: Option<String>,
    /// Also write one playlist per genre, GENRE.m3u8
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) export: Option<Playlist>,
    /// Folder for the playlists
    #[arg(long, value_name = "FOLDER", default_value = ".", requires = "export")]
    pub(crate) export_to: PathBuf,
    /// Audio files, folders, patterns such as 'music/**/*.mp3', playlists (m3u, m3u8, pls), or - for standard input;
    /// without any, a synthesised demo tune
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

impl Listen {
    /// Return the form of the answers.
    pub(crate) fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format }
    }

    /// Return where the answers go in the files' own tags.
    pub(crate) fn field(&self) -> Option<Field<'_>> {
        Some(Field {
            name: self.write_tags.as_deref()?,
            backup: self.backup.as_deref(),
        })
    }
}

/// Take what is added to a file's name: with a folder in it, or nothing, it would not name a file beside it.
fn suffix(text: &str) -> Result<String, &'static str> {
    match text.is_empty() || text.contains(std::path::is_separator) {
        true => Err("not an ending of a file's name"),
        false => Ok(text.into()),
    }
}

/// Forms of the answers.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// A line of JSON per file
    Json,
    /// A table with a header
    Csv,
    /// An Apache Parquet file
    Parquet,
}

/// Kinds of playlists.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Playlist {
    /// Extended M3U in UTF-8
    M3u,
}

/// Options for finding similar songs.
#[derive(Args)]
pub(crate) struct Similar {
    #[command(flatten)]
    pub(crate) common: Common,
    /// File that keeps the embeddings (safetensors), so that only new and changed files are heard
    #[arg(long, value_name = "FILE")]
    pub(crate) index: Option<PathBuf>,
    /// Number of songs to show
    #[arg(long, value_name = "K", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) count: u16,
    /// Find recordings that are in the library twice; without SONG
    #[arg(long)]
    pub(crate) duplicates: bool,
    /// Least similarity (cosine of the embeddings) of duplicates
    #[arg(
        long,
        value_name = "COSINE",
        default_value_t = 0.999,
        requires = "duplicates"
    )]
    pub(crate) threshold: f32,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// The song, and the library: files, folders, patterns or playlists; without a library, what the index holds
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}
