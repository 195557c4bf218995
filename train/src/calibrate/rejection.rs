//! The output that rejects windows which are not music: a linear score of the embedding, in integers.

use anyhow::{Context, Result, ensure};
use timbrel_core::model::{MAX_REJECTION_EXPONENT, RejectionSpec};

use super::logistic::{Example, Logistic};
use super::{Sources, TRAIN};
use crate::data::split::{Piece, pieces};
use crate::data::{Dataset, Track, columns_of};
use crate::evaluate::{Inference, Outputs};

/// Share of the train split's windows that may be rejected.
pub const MAY_BE_LOST: f64 = 0.02;
/// Factor of the squared weights in the loss.
const RIDGE: f64 = 0.001;
/// Weight of all further music together, relative to the train split.
const MORE_MUSIC: f64 = 0.3;

/// Fit the rejection of a model. All music together weighs as much as all generators of other sounds, and the generators
/// weigh the same among each other. The bias then lets at most [`MAY_BE_LOST`] of the train windows go.
///
/// # Errors
/// Model and data do not fit together, or there are no tracks.
pub fn fit_rejection(model: &Inference, sources: &Sources<'_>) -> Result<RejectionSpec> {
    let embedded = |dataset: &Dataset, tracks: &[&Track]| -> Result<Vec<Vec<u8>>> {
        Ok(embeddings(model, dataset, tracks)?.concat())
    };
    let train = embedded(sources.music, &sources.music.split(TRAIN)?)?;
    let share = if sources.more_music.is_empty() {
        0.0
    } else {
        MORE_MUSIC / (1.0 + MORE_MUSIC)
    };
    // windows, their weight together, and whether they are to be rejected
    let mut groups = vec![(train.clone(), 1.0 - share, false)];
    for (_, dataset) in sources.more_music {
        let weight = share / sources.more_music.len() as f64;
        groups.push((embedded(dataset, &dataset.split("all")?)?, weight, false));
    }
    let generators = by_genre(sources.not_music, &sources.not_music.split("all")?);
    for (_, clips) in &generators {
        let weight = 1.0 / generators.len() as f64;
        groups.push((embedded(sources.not_music, clips)?, weight, true));
    }
    let mut examples = Vec::new();
    for (group, weight, positive) in &groups {
        let weight = weight / group.len() as f64;
        examples.extend(group.iter().map(|values| Example {
            values,
            positive: *positive,
            weight,
        }));
    }
    let fitted = Logistic::fit(&examples, RIDGE);
    quantised(&fitted, &train)
}

/// Round a score's weights to integers, and choose the bias with which few of the windows of music are above 0.
fn quantised(fitted: &Logistic, music: &[Vec<u8>]) -> Result<RejectionSpec> {
    let largest = fitted.weights.iter().fold(0.0, |a: f64, w| a.max(w.abs()));
    ensure!(
        largest > 0.0,
        "no value of the embedding tells music from other sounds"
    );
    let exponent = (127.0 / largest).log2().floor();
    let exponent = exponent.clamp(0.0, f64::from(MAX_REJECTION_EXPONENT));
    let weights: Vec<i8> = (fitted.weights.iter())
        .map(|weight| (weight * exponent.exp2()).round().clamp(-127.0, 127.0) as i8)
        .collect();
    let sum = |values: &Vec<u8>| -> i32 {
        let products = values.iter().zip(&weights);
        products.map(|(v, w)| i32::from(*v) * i32::from(*w)).sum()
    };
    let mut sums: Vec<i32> = music.iter().map(sum).collect();
    sums.sort_unstable();
    let lost = (sums.len() as f64 * MAY_BE_LOST).floor() as usize;
    // a logit of exactly 0 is music
    let kept = sums.get(sums.len().saturating_sub(lost + 1));
    Ok(RejectionSpec {
        bias: -*kept.context("the train split has no windows")?,
        exponent: exponent as u8,
        weights,
    })
}

/// Windows and tracks of one genre, or of one generator, that a model rejects.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejected {
    /// Name of the genre.
    pub genre: String,
    /// Number of windows.
    pub windows: usize,
    /// Number of those that are rejected.
    pub windows_rejected: usize,
    /// Number of tracks.
    pub tracks: usize,
    /// Number of tracks of whose windows more than half are rejected, which makes them "not music".
    pub tracks_rejected: usize,
}

impl Rejected {
    /// Count what a model rejects of the given tracks, for each genre.
    ///
    /// # Errors
    /// Model and data do not fit together.
    pub fn by_genre(model: &Inference, dataset: &Dataset, tracks: &[&Track]) -> Result<Vec<Self>> {
        let count = |(genre, tracks): (String, Vec<&Track>)| {
            let mut found = Self {
                genre,
                windows: 0,
                windows_rejected: 0,
                tracks: tracks.len(),
                tracks_rejected: 0,
            };
            for outputs in outputs(model, dataset, &tracks)? {
                let rejected = outputs.iter().filter(|o| o.is_rejected()).count();
                found.windows += outputs.len();
                found.windows_rejected += rejected;
                found.tracks_rejected += usize::from(2 * rejected > outputs.len());
            }
            Ok(found)
        };
        by_genre(dataset, tracks).into_iter().map(count).collect()
    }

    /// Add the counts of several.
    #[must_use]
    pub fn sum(all: &[Self]) -> Self {
        let total = |count: fn(&Self) -> usize| all.iter().map(count).sum();
        Self {
            genre: "all".to_owned(),
            windows: total(|r| r.windows),
            windows_rejected: total(|r| r.windows_rejected),
            tracks: total(|r| r.tracks),
            tracks_rejected: total(|r| r.tracks_rejected),
        }
    }

    /// Return the share of the windows that are rejected.
    #[must_use]
    pub fn of_windows(&self) -> f64 {
        self.windows_rejected as f64 / self.windows.max(1) as f64
    }

    /// Return the share of the tracks that are not music.
    #[must_use]
    pub fn of_tracks(&self) -> f64 {
        self.tracks_rejected as f64 / self.tracks.max(1) as f64
    }
}

/// Tracks by their genres, in label order; unlabelled ones last.
fn by_genre<'a>(dataset: &Dataset, tracks: &[&'a Track]) -> Vec<(String, Vec<&'a Track>)> {
    let labels = (0..dataset.genres.len()).map(Some).chain([None]);
    let groups = labels.map(|label| {
        let name = label.map_or("unlabelled", |label| &dataset.genres[label]);
        let own = tracks.iter().filter(|track| track.label == label).copied();
        (name.to_owned(), own.collect::<Vec<_>>())
    });
    groups.filter(|(_, tracks)| !tracks.is_empty()).collect()
}

/// Embeddings of each track's windows.
fn embeddings(
    model: &Inference,
    dataset: &Dataset,
    tracks: &[&Track],
) -> Result<Vec<Vec<Vec<u8>>>> {
    let outputs = outputs(model, dataset, tracks)?.into_iter();
    let embeddings = |windows: Vec<Outputs>| windows.into_iter().map(|w| w.embedding).collect();
    Ok(outputs.map(embeddings).collect())
}

/// Outputs for each track's windows.
fn outputs(model: &Inference, dataset: &Dataset, tracks: &[&Track]) -> Result<Vec<Vec<Outputs>>> {
    let info = model.info();
    dataset.check(&info.front_end, info.window.columns)?;
    let (view, columns) = (model.view(), usize::from(info.window.columns));
    let (mut windows, mut lengths) = (Vec::new(), Vec::new());
    for Piece { track, .. } in pieces(tracks.to_vec()) {
        let spectrogram = dataset.spectrogram(track);
        let starts = Piece::whole(track).starts(dataset.columns, info.window);
        lengths.push(starts.len());
        for start in starts {
            let cut = columns_of(spectrogram, dataset.columns, start, columns);
            windows.push(view.of_cache(&cut));
        }
    }
    let mut all = model.outputs(&windows)?.into_iter();
    Ok(lengths
        .into_iter()
        .map(|n| all.by_ref().take(n).collect())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bias_lets_few_windows_go() {
        let fitted = Logistic {
            weights: vec![0.5, -0.25],
            bias: 0.0,
        };
        let music: Vec<Vec<u8>> = (0..200).map(|n| vec![n, 255 - n]).collect();
        let found = quantised(&fitted, &music).unwrap();
        // 127 / 0.5 is 254: seven binary places
        assert_eq!(
            (found.exponent, found.weights.as_slice()),
            (7, [64, -32].as_slice())
        );
        let above = music.iter().filter(|values| {
            let sum = 64 * i32::from(values[0]) - 32 * i32::from(values[1]);
            found.bias + sum > 0
        });
        assert_eq!(above.count(), 4);
    }
}
