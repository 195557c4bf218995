//! Which sets of inner loops this machine has.

use super::native::Set;
use super::portable::Portable;
use super::{Conv, Job, Packing};

/// A set of inner loops that this machine can run; all of them give the same bits.
///
/// An engine takes [`Kernels::best`] by itself. The others are for tests and comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernels(
    /// The plain loops, for targets without a set of their own.
    Option<Set>,
);

impl Kernels {
    /// Return the plain loops that every target has.
    #[must_use]
    pub const fn portable() -> Self {
        Self(None)
    }

    /// Return the fastest set of this machine.
    #[must_use]
    pub fn best() -> Self {
        Self(Set::available().next())
    }

    /// Return every set of this machine, the fastest first and the portable one last.
    pub fn available() -> impl Iterator<Item = Self> {
        Set::available()
            .map(|set| Self(Some(set)))
            .chain([Self::portable()])
    }

    /// Return the name of the set's instructions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            Some(set) => set.name(),
            None => "portable",
        }
    }

    /// Return the layout of weights that [`Self::conv`] takes, `None` where the set has no such loop.
    pub(in crate::engine) const fn packing(self) -> Option<&'static Packing> {
        match self.0 {
            Some(set) => set.packing(),
            None => None,
        }
    }

    /// Return whether convolutions over weights in place need room for [`super::KernelSet::spread`] inputs.
    pub(in crate::engine) const fn takes_pairs(self) -> bool {
        match self.0 {
            Some(set) => set.takes_pairs(),
            None => false,
        }
    }

    /// Do a job with this set's loops.
    pub(in crate::engine) fn run(self, job: impl Job) {
        match self.0 {
            Some(set) => set.run(job),
            None => job.run(Portable),
        }
    }

    /// Run a convolution over weights in this set's [`Self::packing`]; nothing where it has none.
    pub(in crate::engine) fn conv(self, conv: Conv<'_>) {
        if let Some(set) = self.0 {
            set.conv(conv);
        }
    }
}
