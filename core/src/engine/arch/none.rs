//! A target without sets of its own.

use super::{Conv, Job, Packing};

/// A kernel set that cannot exist on this target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Set {}

impl Set {
    pub(super) fn available() -> impl Iterator<Item = Self> {
        core::iter::empty()
    }

    /// Return whether this set takes two positions at a time in a convolution over weights in place.
    pub(super) const fn takes_pairs(self) -> bool {
        match self {}
    }

    pub(super) const fn name(self) -> &'static str {
        match self {}
    }

    pub(super) const fn packing(self) -> Option<&'static Packing> {
        match self {}
    }

    pub(super) fn run(self, _: impl Job) {
        match self {}
    }

    pub(super) fn conv(self, _: Conv<'_>) {
        match self {}
    }
}
