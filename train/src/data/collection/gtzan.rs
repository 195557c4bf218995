//! GTZAN: its layout, its published split, and what is known to be wrong with it.
//!
//! The split is the artist- and fault-filtered one of Kereliuk, Sturm and Larsen, "Deep Learning and Music
//! Adversaries" (2015). Tracks that are in none of its parts repeat others, are mislabelled or damaged.

use std::path::Path;

use anyhow::Result;

use super::{Source, audio_files};

/// Genres in label order.
pub const GENRES: [&str; 10] = [
    "blues",
    "classical",
    "country",
    "disco",
    "hiphop",
    "jazz",
    "metal",
    "pop",
    "reggae",
    "rock",
];

/// Tracks of a genre.
pub const TRACKS: usize = 100;

/// The track whose file holds no audio in the copies in circulation; it is in the split's train part.
pub const BROKEN: &str = "jazz.00054";

/// Numbers of a genre's tracks in the train, valid and test part, ranges with both ends.
const SPLIT: [[&str; 3]; 10] = [
    ["29-49 73-97", "0-11 50-60", "12-28 61-72 98-99"],
    [
        "30-33 43-48 50-67 80-99",
        "0-10 68-76",
        "11-29 34-41 49 77-79",
    ],
    [
        "19-26 28-29 65-99",
        "0-7 9-18 27 41-42 45 49",
        "30-40 43-44 46-48 50-51 53-64",
    ],
    [
        "5 15-20 22-37 39-45 47 49 53-54 56-57 59 61 70 73-74 89",
        "0 2-4 6-14 46 48 52 67-68 72 75 90 95",
        "1 21 58 62-66 69 76-88 91-94 96-97 99",
    ],
    [
        "2-25 28-29 31-38 41-42 55-61 77-80",
        "81-98",
        "0 26-27 30 40 43-45 51-54 62-75 99",
    ],
    ["0-1 11-24 41 47-72", "2-10 25-32", "73-99"],
    [
        "2-3 5 21 24 35 46-57 59-66 69 71-72 79-80 84 86 89-99",
        "0-1 6-11 16-20 36-37 68 76-77 81-82",
        "12-15 22-23 25-33 38-39 67 70 73-75 78 83 85 87-88",
    ],
    [
        "2-9 11-12 16-20 23-29 31-36 38-42 44 46 49-50 80 97-99",
        "10 53 55 58-62 81 83-86",
        "0-1 13-14 43 63-66 69-79 82 88-96",
    ],
    [
        "0-2 4 6 9 11-12 14-32 42-45 49-51 54-60 63 69",
        "61-62 70 72 74 76-78 85 92-99",
        "34-40 46-48 52-53 64-68 71 79 82-84 87-90",
    ],
    [
        "0-9 16-26 57-70 91-99",
        "38 49-56 71-85",
        "10-15 27-37 39-48 86-90",
    ],
];

/// Name of the split, as exported files state it.
pub const SPLIT_NAME: &str = "artist- and fault-filtered split";

/// Parts of the split, in the order of its table.
pub const PARTS: [&str; 3] = ["train", "valid", "test"];

/// Return the part of the filtered split that a track belongs to, `excluded` if it is in none.
#[must_use]
pub fn split(genre: &str, number: usize) -> &'static str {
    let Some(genre) = GENRES.iter().position(|name| *name == genre) else {
        return "excluded";
    };
    let within = |part: &str| {
        part.split(' ').any(|range| {
            let (low, high) = range.split_once('-').unwrap_or((range, range));
            let bound = |text: &str| text.parse::<usize>().ok();
            bound(low).is_some_and(|low| low <= number)
                && bound(high).is_some_and(|high| number <= high)
        })
    };
    SPLIT[genre]
        .iter()
        .position(|part| within(part))
        .map_or("excluded", |part| PARTS[part])
}

/// Return the genre and number of a track's name, as in `blues.00012`.
pub(in crate::data) fn parse(name: &str) -> Option<(&'static str, usize)> {
    let (genre, number) = name.split_once('.')?;
    let genre = *GENRES.iter().find(|known| **known == genre)?;
    let number: usize = number.parse().ok()?;
    (number < TRACKS).then_some((genre, number))
}

/// Return the tracks below a folder, whose files may lie in `genre/` or anywhere else, called `genre.NNNNN.*`.
pub(super) fn sources(folder: &Path) -> Result<Vec<Source>> {
    let mut sources: Vec<Source> = Vec::new();
    for path in audio_files(folder)? {
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let Some((stem, (genre, number))) = stem.and_then(|stem| Some((stem, parse(stem)?))) else {
            continue;
        };
        sources.push(Source {
            track: stem.to_owned(),
            genre: genre.to_owned(),
            split: split(genre, number).to_owned(),
            artist: String::new(),
            path,
        });
    }
    Ok(sources)
}
