//! Where a model comes from, as text for the exported files.

use crate::data::Provenance;
use crate::recipe::{Recipe, Select, SplitKeys, Unit};
use crate::run::RunInfo;

/// Everything that decided what a run learnt.
pub(super) struct Origin<'a> {
    pub(super) recipe: &'a Recipe,
    pub(super) info: &'a RunInfo,
    pub(super) data: &'a Provenance,
    /// Tracks or segments of the train part.
    pub(super) pieces: usize,
}

impl Origin<'_> {
    /// Return lines of `key: value`; `calibrated` is whether the scales of the integers were chosen afterwards.
    pub(super) fn text(&self, calibrated: bool) -> String {
        let Self { recipe, info, .. } = self;
        let epoch = info.best.map_or(info.done, |(_, epoch)| epoch);
        let chosen = match recipe.training.select {
            Select::Best => ", best on the valid split",
            Select::Last => "",
        };
        let unit = recipe.split.map_or("tracks", |keys| unit(keys.of));
        let pieces = format!("{} {unit}", self.pieces);
        let split = recipe.split.as_ref().map(split);
        let mut lines = vec![format!("recipe: {}", recipe.name)];
        lines.extend(self.data.lines(&info.labels, split.as_deref()));
        lines.extend([
            format!("trained on: {pieces} of the train split"),
            format!("seed: {}", info.seed),
            format!(
                "epoch: {epoch} of {}, averaged weights{chosen}",
                info.epochs
            ),
        ]);
        match (info.taught_by.as_slice(), info.teachers.len()) {
            ([], 0) => {}
            ([], 1) => lines.push("taught by: a trained network in addition to the labels".into()),
            ([], number) => lines.push(format!(
                "taught by: {number} trained networks in addition to the labels"
            )),
            (teachers, _) => lines.push(format!(
                "taught by: {}, in addition to the labels",
                teachers.join("; ")
            )),
        }
        if let Some(parent) = &info.begun_with {
            lines.push(format!("begun with: {parent}"));
        }
        if let Some(made_with) = info.changes.approximated {
            lines.push(format!(
                "front end: one column per {} samples in place of the recipe's",
                made_with.hop
            ));
        }
        if info.exponents.is_some() {
            lines.push("trained as: the integers compute it, from a run of real numbers".into());
        }
        if calibrated {
            lines.push(format!("calibrated on: one window of each of the {pieces}"));
        }
        lines.push(format!(
            "made by: timbrel-train {}",
            env!("CARGO_PKG_VERSION")
        ));
        lines.join("\n")
    }
}

const fn unit(of: Unit) -> &'static str {
    match of {
        Unit::Tracks => "tracks",
        Unit::Segments => "segments",
    }
}

fn split(keys: &SplitKeys) -> String {
    format!(
        "random split of {} ({} train, {} valid{}, seed {})",
        unit(keys.of),
        keys.train.get(),
        keys.valid.get(),
        if keys.stratified { ", stratified" } else { "" },
        keys.seed.get()
    )
}
