//! Dividing tracks, or segments of tracks, into parts for training, validation and test.

use anyhow::{Result, ensure};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use timbrel_core::frontend::WindowSpec;

use crate::data::{Dataset, Track, starts};
use crate::recipe::{Recipe, SplitKeys, Unit};

/// A track, or one window of it.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// The track.
    pub track: &'a Track,
    /// First column of the only window that belongs to this piece; none is the whole track.
    pub start: Option<usize>,
}

impl<'a> Piece<'a> {
    /// Make the piece that is a whole track.
    #[must_use]
    pub const fn whole(track: &'a Track) -> Self {
        Self { track, start: None }
    }

    /// Return the first columns of the piece's windows, in a cache with `columns` per track.
    #[must_use]
    pub fn starts(&self, columns: usize, window: WindowSpec) -> Vec<usize> {
        match self.start {
            Some(start) => vec![start],
            None => starts(columns, window).collect(),
        }
    }
}

/// The parts of a data set.
#[derive(Clone, Debug, Default)]
pub struct Parts<'a> {
    /// The part to train on.
    pub train: Vec<Piece<'a>>,
    /// The part that decides between epochs.
    pub valid: Vec<Piece<'a>>,
    /// The part that training and validation never see; may be empty.
    pub test: Vec<Piece<'a>>,
}

impl<'a> Parts<'a> {
    /// Return the parts that a recipe names: its `[split]`'s, or the manifest's.
    ///
    /// # Errors
    /// The part to train on or to validate on is empty.
    pub fn new(recipe: &Recipe, dataset: &'a Dataset) -> Result<Self> {
        let Some(keys) = &recipe.split else {
            let part = |name| anyhow::Ok(pieces(dataset.split(name)?));
            return Ok(Self {
                train: part("train")?,
                valid: part("valid")?,
                test: part("test").unwrap_or_default(),
            });
        };
        let all = match keys.of {
            Unit::Tracks => pieces(dataset.tracks.iter()),
            Unit::Segments => segments(dataset, recipe.window()),
        };
        // without stated genres there is nothing to validate on
        let (labelled, unlabelled) = all.into_iter().partition(|p| p.track.label.is_some());
        let mut parts = drawn(labelled, keys, dataset.genres.len());
        parts.train.extend::<Vec<_>>(unlabelled);
        for (name, part) in [("train", &parts.train), ("valid", &parts.valid)] {
            ensure!(!part.is_empty(), "[split] leaves nothing for {name}");
        }
        Ok(parts)
    }

    /// Return the part of that name: `train`, `valid` or `test`.
    ///
    /// # Errors
    /// The part does not exist or is empty.
    pub fn named(&self, name: &str) -> Result<&[Piece<'a>]> {
        let part = match name {
            "train" => &self.train,
            "valid" => &self.valid,
            "test" => &self.test,
            _ => anyhow::bail!("a recipe's split has train, valid and test, not `{name}`"),
        };
        ensure!(
            !part.is_empty(),
            "the recipe's split has nothing in `{name}`"
        );
        Ok(part)
    }
}

/// Return whole tracks as pieces.
pub fn pieces<'a>(tracks: impl IntoIterator<Item = &'a Track>) -> Vec<Piece<'a>> {
    tracks.into_iter().map(Piece::whole).collect()
}

fn segments(dataset: &Dataset, window: WindowSpec) -> Vec<Piece<'_>> {
    let of = |track| {
        starts(dataset.columns, window).map(move |start| Piece {
            track,
            start: Some(start),
        })
    };
    dataset.tracks.iter().flat_map(of).collect()
}

/// Shuffle and deal out, genre by genre where the split is stratified.
fn drawn<'a>(all: Vec<Piece<'a>>, keys: &SplitKeys, genres: usize) -> Parts<'a> {
    let mut rng = ChaCha8Rng::seed_from_u64(keys.seed.get() as u64);
    let groups: Vec<Vec<Piece<'a>>> = if keys.stratified {
        let of = |genre| all.iter().filter(move |p| p.track.label == Some(genre));
        (0..genres)
            .map(|genre| of(genre).copied().collect())
            .collect()
    } else {
        vec![all]
    };
    let mut parts = Parts::default();
    for mut group in groups {
        group.shuffle(&mut rng);
        let count = |share: f64| (share * group.len() as f64).round() as usize;
        let train = count(keys.train.get());
        let valid = count(keys.train.get() + keys.valid.get()).clamp(train, group.len());
        parts.train.extend(&group[..train]);
        parts.valid.extend(&group[train..valid]);
        parts.test.extend(&group[valid..]);
    }
    for part in [&mut parts.train, &mut parts.valid, &mut parts.test] {
        part.sort_by_key(|piece| (piece.track.row, piece.start));
    }
    parts
}
