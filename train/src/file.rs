//! Files that are written whole or not at all.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Write a file beside its place and move it there, so that a full disk or a kill never leaves half a file where a
/// whole one was. A device or a pipe is written to directly.
///
/// # Errors
/// The file cannot be written; an old one is still there.
pub(crate) fn write_whole(path: &Path, bytes: impl AsRef<[u8]>) -> Result<()> {
    write_with(path, |beside| fs::write(beside, bytes).map_err(Into::into))
}

/// Do the same with a function that writes to the path it is given.
///
/// # Errors
/// `write` fails, or the file cannot be moved.
pub(crate) fn write_with(path: &Path, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    // the target of a link is written, the link stays
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let written = match fs::metadata(&place) {
        Ok(found) if !found.is_file() => write(&place),
        _ => write_beside(&place, write),
    };
    written.with_context(|| format!("cannot write {}", path.display()))
}

fn write_beside(place: &Path, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let beside = beside(place);
    let written = write(&beside).and_then(|()| {
        // on the disk before it has the name, or a power cut could leave the name alone
        fs::OpenOptions::new()
            .write(true)
            .open(&beside)?
            .sync_all()?;
        Ok(fs::rename(&beside, place)?)
    });
    if written.is_err() {
        // it is useless, and may be what fills the disk
        let _ = fs::remove_file(&beside);
    }
    written
}

fn beside(place: &Path) -> PathBuf {
    let mut name = OsString::from(place);
    name.push(".part");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_file_is_replaced_or_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.txt");
        write_whole(&path, "old").unwrap();
        write_whole(&path, "new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");

        let half = |beside: &Path| {
            fs::write(beside, "ha")?;
            anyhow::bail!("the disk is full")
        };
        let error = write_with(&path, half).unwrap_err();
        let text = format!("{error:#}");
        assert!(
            text.contains("file.txt") && text.contains("disk is full"),
            "{text}"
        );
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

        let error = write_whole(&folder.path().join("none/file"), "").unwrap_err();
        assert!(format!("{error:#}").contains("none/file"), "{error:#}");
    }

    #[cfg(unix)]
    #[test]
    fn links_and_devices_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        write_whole(&link, "new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");

        write_whole(Path::new("/dev/null"), "gone").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
