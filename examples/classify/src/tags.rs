//! The answer in a file's own tags.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::Path;

use lofty::ape::{ApeItem, ApeTag};
use lofty::config::WriteOptions;
use lofty::file::{TaggedFile, TaggedFileExt};
use lofty::id3::v2::Id3v2Tag;
use lofty::mp4::{Atom, AtomData, AtomIdent, Ilst};
use lofty::ogg::tag::VorbisComments;
use lofty::probe::Probe;
use lofty::tag::{ItemKey, ItemValue, Tag, TagExt, TagType};

use crate::answer::Answer;
use crate::output::destination::Replacement;

/// Write the answer into the field `field` of a file. A copy is changed and then takes the file's place, so that the
/// file is as it was if anything fails.
///
/// # Errors
/// A sentence says why nothing was written.
pub(crate) fn write(path: &Path, field: &str, answer: &Answer) -> Result<(), String> {
    // players group by the genre's bare name
    let value = match field.eq_ignore_ascii_case("genre") {
        true => answer.genre.clone(),
        false => format!("{} ({:.0} %)", answer.genre, 100.0 * answer.confidence),
    };
    let mut copy = copy(path).map_err(|error| error.to_string())?;
    change(copy.as_file_mut(), field, value).map_err(|error| error.to_string())?;
    copy.commit().map_err(|error| error.to_string())
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

fn change(file: &mut File, field: &str, value: String) -> Result<(), Box<dyn std::error::Error>> {
    let mut tagged: TaggedFile = Probe::new(&mut *file).guess_file_type()?.read()?;
    let kind = tagged.primary_tag_type();
    let mut tag = tagged.remove(kind).unwrap_or_else(|| Tag::new(kind));
    file.rewind()?;
    let options = WriteOptions::default();
    if let Some(key) = known(field) {
        if !tag.insert_text(key, value) {
            return Err(format!("{kind:?} has no field {field}").into());
        }
        tag.save_to(file, options)?;
        return Ok(());
    }
    match kind {
        TagType::Id3v2 => {
            let mut tag = Id3v2Tag::from(tag);
            tag.insert_user_text(field.into(), value);
            tag.save_to(file, options)?;
        }
        TagType::VorbisComments => {
            let mut tag = VorbisComments::from(tag);
            tag.insert(field.to_uppercase(), value);
            tag.save_to(file, options)?;
        }
        TagType::Mp4Ilst => {
            let mut tag = Ilst::from(tag);
            let name = AtomIdent::Freeform {
                mean: "com.apple.iTunes".into(),
                name: field.to_owned().into(),
            };
            tag.replace_atom(Atom::new(name, AtomData::UTF8(value)));
            tag.save_to(file, options)?;
        }
        TagType::Ape => {
            let mut tag = ApeTag::from(tag);
            tag.insert(ApeItem::new(field.into(), ItemValue::Text(value))?);
            tag.save_to(file, options)?;
        }
        other => return Err(format!("{other:?} has no fields of one's own").into()),
    }
    Ok(())
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
