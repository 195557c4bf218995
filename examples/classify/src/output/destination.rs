//! Standard output, and files that are there whole or not at all.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Where answers go.
pub(crate) enum Destination {
    Stdout(Stdout),
    File(Replacement),
}

impl Destination {
    /// Put a file in its place.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn commit(self) -> io::Result<()> {
        match self {
            Self::Stdout(mut out) => out.flush(),
            Self::File(file) => file.commit(),
        }
    }

    /// Drop a file that is not complete.
    pub(crate) fn abandon(self) {}

    /// Show what was written to a reader that waits for it; a file has time.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(crate) fn show(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::File(_) => Ok(()),
        }
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::File(file) => file.flush(),
        }
    }
}

/// A file that replaces another one when it is complete; until then it is beside it under a temporary name.
pub(crate) struct Replacement {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
}

impl Replacement {
    /// Begin the file that will be at `path`.
    ///
    /// # Errors
    /// The folder cannot be written, or something other than a file is at `path`.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".classify-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // the permissions of any new file, less the umask
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        Self::begin(path, |folder, _| builder.tempfile_in(folder))
    }

    /// Begin the file that will be at `path`, as `path.partial`: what a killed run has left there is written over. Two
    /// at once must not have the same `path`.
    ///
    /// # Errors
    /// The folder cannot be written, or something other than a file is at `path`.
    pub(crate) fn partial(path: &Path) -> io::Result<Self> {
        Self::begin(path, |folder, name| {
            let mut builder = tempfile::Builder::new();
            builder.prefix(name).suffix(".partial").rand_bytes(0);
            builder.make_in(folder, |path| {
                let mut options = File::options();
                options.read(true).write(true).create(true).truncate(true);
                options.open(path)
            })
        })
    }

    /// Begin with the temporary file that `make` makes, given the folder and the name of the final one.
    fn begin(
        path: &Path,
        make: impl FnOnce(&Path, &OsStr) -> io::Result<NamedTempFile>,
    ) -> io::Result<Self> {
        let at =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        if path.exists() && !path.is_file() {
            return Err(at(io::Error::other("not a file")));
        }
        // through a link, the file that it leads to
        let path = path.canonicalize().unwrap_or_else(|_| path.into());
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let name = path.file_name().unwrap_or_default();
        let file = BufWriter::new(make(folder, name).map_err(at)?);
        Ok(Self { path, file })
    }

    /// Return the file, for readers and writers that seek.
    pub(crate) fn as_file_mut(&mut self) -> &mut File {
        self.file.get_mut().as_file_mut()
    }

    /// Return where the file is until it takes its place.
    pub(crate) fn temporary_path(&self) -> &Path {
        self.file.get_ref().path()
    }

    /// Put the file in its place.
    ///
    /// # Errors
    /// It cannot be written; what was there before still is.
    pub(crate) fn commit(self) -> io::Result<()> {
        let at = |error: io::Error| {
            io::Error::new(error.kind(), format!("{}: {error}", self.path.display()))
        };
        let file = self
            .file
            .into_inner()
            .map_err(|error| at(error.into_error()))?;
        file.as_file().sync_all().map_err(at)?;
        file.persist(&self.path).map_err(|error| at(error.error))?;
        Ok(())
    }
}

impl Write for Replacement {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
