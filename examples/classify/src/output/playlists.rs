//! One playlist per genre.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, absolute};

use super::destination::Replacement;
use crate::answer::Answer;

/// Playlists that are put in their places together.
pub(crate) struct Playlists {
    genres: Vec<(String, Replacement)>,
}

impl Playlists {
    /// Begin `folder/GENRE.m3u8` for each of the model's labels.
    ///
    /// # Errors
    /// The folder cannot be made or written.
    pub(crate) fn new(folder: &Path, labels: &[String]) -> io::Result<Self> {
        std::fs::create_dir_all(folder).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", folder.display()))
        })?;
        let one = |label: &String| {
            let path = folder.join(format!("{}.m3u8", file_name(label)));
            let mut file = Replacement::of(&path)?;
            file.write_all(b"#EXTM3U\n")?;
            Ok((label.clone(), file))
        };
        Ok(Self {
            genres: labels.iter().map(one).collect::<io::Result<_>>()?,
        })
    }

    /// Add a file to the playlist of its genre, if the answer is one to count on.
    ///
    /// # Errors
    /// The playlist cannot be written.
    pub(crate) fn add(&mut self, name: &OsStr, answer: &Answer) -> io::Result<()> {
        let path = Path::new(name);
        let Some((_, file)) = self
            .genres
            .iter_mut()
            .find(|(label, _)| *label == answer.genre)
            .filter(|_| answer.is_sure() && path.is_file())
        else {
            return Ok(());
        };
        let path = absolute(path)?;
        let title = path.file_stem().unwrap_or_default().to_string_lossy();
        // a line each, whatever the file's name is
        let title = title.replace(['\n', '\r'], " ");
        if path.as_os_str().as_encoded_bytes().contains(&b'\n') {
            return Ok(());
        }
        writeln!(file, "#EXTINF:{:.0},{title}", answer.seconds)?;
        file.write_all(path.as_os_str().as_encoded_bytes())?;
        file.write_all(b"\n")
    }

    /// Put the playlists in their places; those of genres without a file, too, so that none is out of date.
    ///
    /// # Errors
    /// One cannot be written.
    pub(crate) fn commit(self) -> io::Result<()> {
        self.genres
            .into_iter()
            .try_for_each(|(_, file)| file.commit())
    }
}

/// Return a label as a file name that every system takes.
fn file_name(label: &str) -> String {
    let name: String = label
        .chars()
        .map(|c| match c {
            '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '-',
            c if c.is_control() => '-',
            c => c,
        })
        .collect();
    match name.trim_matches(['.', ' ']) {
        "" => "genre".into(),
        name => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn labels_become_file_names() {
        let names = ["r&b", "drum/bass", "..", "a:b"].map(file_name);
        assert_eq!(names, ["r&b", "drum-bass", "genre", "a-b"]);
    }
}
