//! Playlists: M3U and PLS.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use super::Input;

/// Largest playlist that is read, bytes.
const MOST_BYTES: u64 = 64 << 20;

/// Return whether a path is called like a playlist.
pub(super) fn is_playlist(path: &Path) -> bool {
    let ending = path.extension().and_then(OsStr::to_str);
    ending.is_some_and(|ending| {
        ["m3u", "m3u8", "pls"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(ending))
    })
}

/// Return the entries of a playlist.
///
/// # Errors
/// The file cannot be read.
pub(super) fn read(path: &Path) -> io::Result<Vec<Input>> {
    if std::fs::metadata(path)?.len() > MOST_BYTES {
        return Err(io::Error::other("too large for a playlist"));
    }
    let bytes = std::fs::read(path)?;
    let is_pls = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("pls"));
    let folder = path.parent().unwrap_or(Path::new(""));
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let lines = bytes.split(|byte| matches!(byte, b'\n' | b'\r'));
    let entries = lines
        .map(<[u8]>::trim_ascii)
        .filter_map(|line| match is_pls {
            true => pls_entry(line),
            false => Some(line).filter(|line| !line.is_empty() && !line.starts_with(b"#")),
        });
    Ok(entries.map(|entry| input(entry, folder)).collect())
}

/// Return the value of a line `FileN=…`.
fn pls_entry(line: &[u8]) -> Option<&[u8]> {
    let at = line.iter().position(|byte| *byte == b'=')?;
    let (key, value) = (line.get(..at)?, line.get(at + 1..)?);
    let number = key.get(4..)?;
    let is_file = key.get(..4)?.eq_ignore_ascii_case(b"file")
        && !number.is_empty()
        && number.iter().all(u8::is_ascii_digit);
    is_file.then(|| value.trim_ascii())
}

fn input(entry: &[u8], folder: &Path) -> Input {
    if let Some(rest) = entry.strip_prefix(b"file://") {
        // the host, if any, is this one
        let at = rest.iter().position(|byte| *byte == b'/').unwrap_or(0);
        return Input::File(path(&percent_decoded(rest.get(at..).unwrap_or_default())));
    }
    let is_address = entry.windows(3).position(|bytes| bytes == b"://");
    if is_address.is_some_and(|at| entry.iter().take(at).all(u8::is_ascii_alphabetic)) {
        let name = String::from_utf8_lossy(entry).into_owned();
        return Input::Problem(name.into(), "addresses on the network are not read".into());
    }
    let found = folder.join(path(entry));
    if found.exists() {
        return Input::File(found);
    }
    // written on Windows, or in Latin-1 by an old player
    let slashes: Vec<u8> = entry
        .iter()
        .map(|byte| if *byte == b'\\' { b'/' } else { *byte })
        .collect();
    let latin: String = slashes.iter().copied().map(char::from).collect();
    let others = [folder.join(path(&slashes)), folder.join(latin)];
    Input::File(
        others
            .into_iter()
            .find(|path| path.exists())
            .unwrap_or(found),
    )
}

#[cfg(unix)]
fn path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    OsStr::from_bytes(bytes).into()
}

#[cfg(not(unix))]
fn path(bytes: &[u8]) -> PathBuf {
    String::from_utf8_lossy(bytes).into_owned().into()
}

fn percent_decoded(mut bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    while let Some((first, rest)) = bytes.split_first() {
        let digits = rest.get(..2).filter(|_| *first == b'%');
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                bytes = rest.get(2..).unwrap_or_default();
            }
            None => {
                decoded.push(*first);
                bytes = rest;
            }
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::{Input, read};

    #[test]
    fn entries_are_relative_to_the_playlist() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("sub")).unwrap();
        std::fs::write(at("sub/b.mp3"), "").unwrap();
        std::fs::write(at("caf\u{e9}.mp3"), "").unwrap();
        let m3u =
            b"\xef\xbb\xbf#EXTM3U\r\n#EXTINF:3,A\r\na b.mp3\r\n\r\nsub\\b.mp3\r\ncaf\xe9.mp3\r\n\
            file:///tmp/a%20%c3%a9.mp3\r\nhttp://radio.example/x\r\n";
        std::fs::write(at("list.m3u"), m3u).unwrap();
        let entries = read(&at("list.m3u")).unwrap();
        let files = ["a b.mp3", "sub/b.mp3", "caf\u{e9}.mp3", "/tmp/a \u{e9}.mp3"];
        let files = files.map(|name| Input::File(at(name)));
        assert_eq!(entries[..4], files);
        assert!(matches!(&entries[4], Input::Problem(name, _) if name.ends_with("x")));
        assert_eq!(entries.len(), 5);

        let pls =
            "[playlist]\nfile1=x=1.mp3\nTitle1=X\nFile20=/y.mp3\nFileX=no\nNumberOfEntries=2\n";
        std::fs::write(at("list.PLS"), pls).unwrap();
        let files = ["x=1.mp3", "/y.mp3"].map(|name| Input::File(at(name)));
        assert_eq!(read(&at("list.PLS")).unwrap(), files);
    }
}
