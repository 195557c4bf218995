//! The audio files under a folder.

use std::ffi::OsStr;
use std::path::Path;

use walkdir::{DirEntry, WalkDir};

use super::Input;

/// Endings of files that are taken from folders.
const ENDINGS: [&str; 29] = [
    "aac", "aif", "aifc", "aiff", "alac", "au", "caf", "flac", "m4a", "m4b", "m4r", "mka", "mkv",
    "mov", "mp1", "mp2", "mp3", "mp4", "mpga", "oga", "ogg", "opus", "rf64", "snd", "w64", "wav",
    "wave", "weba", "webm",
];

/// Return the audio files under `folder`, sorted by name, links followed. Hidden files and folders are passed over.
pub(super) fn files(folder: &Path) -> impl Iterator<Item = Input> + Send + 'static {
    let entries = WalkDir::new(folder).follow_links(true).sort_by_file_name();
    let entries = entries.into_iter().filter_entry(is_visible);
    entries.filter_map(|entry| match entry {
        Ok(entry) if entry.file_type().is_file() && has_audio_ending(entry.path()) => {
            Some(Input::File(entry.into_path()))
        }
        Ok(_) => None,
        // files behind a loop of links are found another way
        Err(error) if error.loop_ancestor().is_some() => None,
        Err(error) => {
            let path = error.path().unwrap_or(Path::new("")).into();
            let reason = error
                .io_error()
                .map_or_else(|| error.to_string(), ToString::to_string);
            Some(Input::Problem(path, reason))
        }
    })
}

fn is_visible(entry: &DirEntry) -> bool {
    entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".")
}

fn has_audio_ending(path: &Path) -> bool {
    let ending = path.extension().and_then(OsStr::to_str);
    ending.is_some_and(|ending| {
        ENDINGS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(ending))
    })
}
