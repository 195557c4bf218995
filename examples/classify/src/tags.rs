//! The answer in a file's own tags.

use std::error::Error;
use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use lofty::aac::AacFile;
use lofty::config::{ParseOptions, WriteOptions};
use lofty::file::{AudioFile, FileType};
use lofty::flac::FlacFile;
use lofty::id3::v2::Id3v2Tag;
use lofty::iff::aiff::AiffFile;
use lofty::iff::wav::WavFile;
use lofty::mp4::{Atom, AtomData, AtomIdent, Ilst, Mp4File};
use lofty::mpeg::MpegFile;
use lofty::ogg::tag::VorbisComments;
use lofty::ogg::{OggPictureStorage, OpusFile, VorbisFile};
use lofty::probe::Probe;
use lofty::tag::{ItemKey, Tag, TagExt, TagType};

use crate::answer::Answer;
use crate::output::destination::Replacement;

/// Where answers are written.
pub(crate) struct Field<'a> {
    /// Name of the field.
    pub(crate) name: &'a str,
    /// What is added to the name of the file that keeps the original; without it, none is kept.
    pub(crate) backup: Option<&'a str>,
}

/// Write the answer into a field of a file, and return whether that changed the file. A copy is changed and then takes
/// the file's place, so that the file is as it was if anything fails.
///
/// # Errors
/// A sentence says why nothing was written.
pub(crate) fn write(path: &Path, field: &Field<'_>, answer: &Answer) -> Result<bool, String> {
    // players group by the genre's bare name
    let value = match field.name.eq_ignore_ascii_case("genre") {
        true => answer.genre.clone(),
        false => format!("{} ({:.0} %)", answer.genre, 100.0 * answer.confidence),
    };
    replace(path, field, &value).map_err(|error| error.to_string())
}

fn replace(path: &Path, field: &Field<'_>, value: &str) -> Result<bool, Box<dyn Error>> {
    let before = OwnTag::read(&mut File::open(path)?)?;
    let mut tag = before.clone();
    tag.set(field.name, value)?;
    if tag == before {
        return Ok(false);
    }
    let mut copy = copy(path)?;
    tag.save(copy.as_file_mut())?;
    if let Some(suffix) = field.backup {
        keep(path, suffix)?;
    }
    copy.commit()?;
    Ok(true)
}

/// Copy a file, and the permission to read and write it.
fn copy(path: &Path) -> io::Result<Replacement> {
    let mut copy = Replacement::of(path)?;
    let mut file = File::open(path)?;
    io::copy(&mut file, &mut copy)?;
    copy.flush()?;
    std::fs::set_permissions(copy.temporary_path(), file.metadata()?.permissions())?;
    copy.as_file_mut().rewind()?;
    Ok(copy)
}

/// Keep the original under its name with `suffix` added, unless that name is taken: then it is a file that was there
/// before tags were written the first time.
fn keep(path: &Path, suffix: &str) -> io::Result<()> {
    // through a link, beside the file that it leads to
    let path = path.canonicalize()?;
    let mut name = path.clone().into_os_string();
    name.push(suffix);
    let backup = PathBuf::from(name);
    if backup.symlink_metadata().is_ok() {
        return Ok(());
    }
    // a second name costs no space; not every file system has them
    std::fs::hard_link(&path, &backup).or_else(|_| std::fs::copy(&path, &backup).map(|_| ()))
}

/// The tag that a kind of file has as its own. lofty's tag for all kinds drops fields that it has no name for.
#[derive(Clone, PartialEq)]
enum OwnTag {
    Id3v2(Id3v2Tag),
    Vorbis(VorbisComments),
    Mp4(Ilst),
}

impl OwnTag {
    fn read(file: &mut File) -> Result<Self, Box<dyn Error>> {
        let kind = Probe::new(&mut *file).guess_file_type()?.file_type();
        file.rewind()?;
        let parse = ParseOptions::new().read_properties(false);
        let id3v2 = |tag: Option<Id3v2Tag>| Self::Id3v2(tag.unwrap_or_default());
        Ok(match kind {
            Some(FileType::Mpeg) => id3v2(MpegFile::read_from(file, parse)?.remove_id3v2()),
            Some(FileType::Aac) => id3v2(AacFile::read_from(file, parse)?.remove_id3v2()),
            Some(FileType::Wav) => id3v2(WavFile::read_from(file, parse)?.remove_id3v2()),
            Some(FileType::Aiff) => id3v2(AiffFile::read_from(file, parse)?.remove_id3v2()),
            Some(FileType::Mp4) => {
                let tag = Mp4File::read_from(file, parse)?.remove_ilst();
                Self::Mp4(tag.unwrap_or_default())
            }
            Some(FileType::Flac) => {
                let mut file = FlacFile::read_from(file, parse)?;
                let mut tag = file.remove_vorbis_comments().unwrap_or_default();
                for (picture, information) in file.pictures() {
                    tag.insert_picture(picture.clone(), Some(*information))?;
                }
                Self::Vorbis(tag)
            }
            Some(FileType::Vorbis) => {
                Self::Vorbis(VorbisFile::read_from(file, parse)?.remove_vorbis_comments())
            }
            Some(FileType::Opus) => {
                Self::Vorbis(OpusFile::read_from(file, parse)?.remove_vorbis_comments())
            }
            _ => return Err("this kind of file has no tags that can be written".into()),
        })
    }

    /// Set a field that does not have the value already: to set it again would move it behind the others.
    fn set(&mut self, field: &str, value: &str) -> Result<(), Box<dyn Error>> {
        match (self, known(field)) {
            (Self::Id3v2(tag), Some(key)) => {
                for frame in Id3v2Tag::from(of_one(TagType::Id3v2, key, value)?) {
                    if !(&*tag).into_iter().any(|found| *found == frame) {
                        tag.insert(frame);
                    }
                }
            }
            (Self::Id3v2(tag), None) => {
                if tag.get_user_text(field) != Some(value) {
                    tag.insert_user_text(field.to_owned(), value.to_owned());
                }
            }
            (Self::Mp4(tag), Some(key)) => {
                for atom in Ilst::from(of_one(TagType::Mp4Ilst, key, value)?) {
                    put_atom(tag, atom);
                }
            }
            (Self::Mp4(tag), None) => {
                let name = AtomIdent::Freeform {
                    mean: "com.apple.iTunes".into(),
                    name: field.to_owned().into(),
                };
                put_atom(tag, Atom::new(name, AtomData::UTF8(value.to_owned())));
            }
            (Self::Vorbis(tag), Some(key)) => {
                let one = of_one(TagType::VorbisComments, key, value)?;
                for (name, value) in VorbisComments::from(one).take_items() {
                    put_comment(tag, name, &value);
                }
            }
            (Self::Vorbis(tag), None) => put_comment(tag, field.to_uppercase(), value),
        }
        Ok(())
    }

    fn save(&self, file: &mut File) -> Result<(), Box<dyn Error>> {
        let options = WriteOptions::default();
        match self {
            Self::Id3v2(tag) => tag.save_to(file, options)?,
            Self::Vorbis(tag) => tag.save_to(file, options)?,
            Self::Mp4(tag) => tag.save_to(file, options)?,
        }
        Ok(())
    }
}

fn put_atom(tag: &mut Ilst, atom: Atom<'static>) {
    if tag.get(atom.ident()) != Some(&atom) {
        tag.replace_atom(atom);
    }
}

fn put_comment(tag: &mut VorbisComments, name: String, value: &str) {
    if !tag.get_all(&name).eq([value]) {
        tag.insert(name, value.to_owned());
    }
}

/// Return a tag with one field, to be converted to that of a kind of file.
fn of_one(kind: TagType, key: ItemKey, value: &str) -> Result<Tag, String> {
    let mut tag = Tag::new(kind);
    match tag.insert_text(key, value.to_owned()) {
        true => Ok(tag),
        false => Err(format!("{kind:?} has no such field")),
    }
}

/// Return the field that all kinds of tags have under names of their own.
fn known(field: &str) -> Option<ItemKey> {
    Some(match field.to_ascii_lowercase().as_str() {
        "genre" => ItemKey::Genre,
        "comment" => ItemKey::Comment,
        "mood" => ItemKey::Mood,
        "grouping" => ItemKey::ContentGroup,
        _ => return None,
    })
}
