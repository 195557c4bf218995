//! The files that the command line names: themselves, in folders, by patterns, in playlists.

mod folder;
mod playlist;

use std::ffi::OsStr;
use std::iter::once;
use std::path::{Path, PathBuf};

/// A thing to classify.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Input {
    /// The tune of this program.
    Demo,
    /// Standard input.
    Stdin,
    /// An audio file.
    File(PathBuf),
    /// A path that leads to no file, and the reason.
    Problem(PathBuf, String),
}

impl Input {
    /// Return the name to show.
    pub(crate) fn name(&self) -> &OsStr {
        match self {
            Self::Demo => OsStr::new("demo tune (made by this program)"),
            Self::Stdin => OsStr::new("-"),
            Self::File(path) | Self::Problem(path, _) => path.as_os_str(),
        }
    }
}

type Inputs = Box<dyn Iterator<Item = Input> + Send>;

/// Return the inputs that the paths of the command line stand for, found lazily.
pub(crate) fn expand(paths: Vec<PathBuf>) -> Inputs {
    if paths.is_empty() {
        return Box::new(once(Input::Demo));
    }
    Box::new(paths.into_iter().flat_map(one))
}

/// Return whether a path stands for one thing at most.
pub(crate) fn is_single(path: &Path) -> bool {
    !path.is_dir() && !playlist::is_playlist(path) && !is_pattern(path)
}

fn one(path: PathBuf) -> Inputs {
    if path == Path::new("-") {
        return Box::new(once(Input::Stdin));
    }
    if path.is_dir() {
        return or_problem(folder::files(&path), path, "the folder has no audio files");
    }
    if playlist::is_playlist(&path) {
        return match playlist::read(&path) {
            Ok(entries) => or_problem(entries.into_iter(), path, "the playlist is empty"),
            Err(error) => Box::new(once(Input::Problem(path, error.to_string()))),
        };
    }
    if is_pattern(&path) {
        return pattern(path);
    }
    Box::new(once(Input::File(path)))
}

/// Return whether a path is a pattern: the shell expands them on most systems, but quoted ones, and all on Windows,
/// arrive here.
fn is_pattern(path: &Path) -> bool {
    let has_wildcard = path
        .to_str()
        .is_some_and(|path| path.contains(['*', '?', '[']));
    has_wildcard && !path.exists()
}

fn pattern(path: PathBuf) -> Inputs {
    let text = path.to_str().unwrap_or_default();
    let found = match glob::glob(text) {
        Ok(found) => found,
        Err(error) => return Box::new(once(Input::Problem(path, error.to_string()))),
    };
    // with ** the files of a folder are found without looking into it
    let is_deep = text.contains("**");
    let inputs = found.flat_map(move |entry| match entry {
        Ok(path) if path.is_dir() && is_deep => Box::new(std::iter::empty()),
        Ok(path) if path.is_dir() => Box::new(folder::files(&path)) as Inputs,
        Ok(path) => Box::new(once(Input::File(path))),
        Err(error) => Box::new(once(Input::Problem(
            error.path().into(),
            error.error().to_string(),
        ))),
    });
    or_problem(inputs, path, "no file matches the pattern")
}

/// Return `inputs`, or the problem if there are none.
fn or_problem(
    mut inputs: impl Iterator<Item = Input> + Send + 'static,
    path: PathBuf,
    problem: &str,
) -> Inputs {
    match inputs.next() {
        Some(first) => Box::new(once(first).chain(inputs)),
        None => Box::new(once(Input::Problem(path, problem.into()))),
    }
}

#[cfg(test)]
mod tests {
    use super::{Input, expand};
    use std::path::{Path, PathBuf};

    fn names(paths: &[PathBuf], folder: &Path) -> Vec<String> {
        let inputs = expand(paths.to_vec()).map(|input| match input {
            Input::File(path) => path
                .strip_prefix(folder)
                .unwrap()
                .to_str()
                .unwrap()
                .replace('\\', "/"),
            Input::Problem(_, problem) => format!("problem: {problem}"),
            Input::Demo => "demo".into(),
            Input::Stdin => "-".into(),
        });
        inputs.collect()
    }

    #[test]
    fn folders_patterns_and_playlists_are_followed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for path in [
            "b/2.MP3",
            "b/10.flac",
            "b/cover.jpg",
            "b/._2.mp3",
            ".trash/x.mp3",
            "a.wav",
            "c/d/e.ogg",
            "[live].mp3",
        ] {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        std::fs::create_dir(root.join("empty")).unwrap();
        let all = ["[live].mp3", "a.wav", "b/10.flac", "b/2.MP3", "c/d/e.ogg"];
        assert_eq!(names(&[root.into()], root), all);
        assert_eq!(
            names(&[root.join("**/*.ogg"), root.join("?.wav")], root),
            ["c/d/e.ogg", "a.wav"]
        );
        // a pattern that names folders stands for their files
        assert_eq!(names(&[root.join("c*")], root), ["c/d/e.ogg"]);
        // a file whose name looks like a pattern is the file
        assert_eq!(names(&[root.join("[live].mp3")], root), ["[live].mp3"]);
        // named, a file needs no known ending
        assert_eq!(names(&[root.join("b/cover.jpg")], root), ["b/cover.jpg"]);
        let problems = names(&[root.join("empty"), root.join("*.wma"), "-".into()], root);
        assert_eq!(
            problems,
            [
                "problem: the folder has no audio files",
                "problem: no file matches the pattern",
                "-"
            ]
        );
        assert_eq!(names(&[], root), ["demo"]);
    }
}
