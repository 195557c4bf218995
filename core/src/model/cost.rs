//! Cost of running a model, and limits to it, both known before anything runs.

use core::fmt;

use super::{Geometry, Layer, Model, ModelInfo, Op};
use crate::frontend::{Feature, FrontEnd};

/// Cost of running a model.
///
/// Products with their sums count as one operation each, and so do comparisons and sums of poolings and the values that a
/// join copies.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Cost {
    /// Multiply-adds of one window: its network, and its transform to MFCCs if the model wants them.
    pub window: u64,
    /// Multiply-adds of one second of audio: as many windows as begin in it, and an estimate of its spectra. Both grow
    /// without bound as the hops shrink, so that a cheap network does not make a cheap model.
    pub second: u64,
    /// Bytes of the activations, the part of the working memory that depends on the network alone: the largest pair of
    /// neighbouring ones, or all that a network with branches keeps at a time.
    pub activations: u64,
}

impl Cost {
    /// Compute the cost of a model from that of its network.
    pub(crate) fn new(info: &ModelInfo, network: u64, activations: u64) -> Self {
        let front_end = &info.front_end;
        let window = network.saturating_add(transform(info));
        let columns = u64::from(front_end.sample_rate).div_ceil(u64::from(front_end.hop.max(1)));
        let windows = columns.div_ceil(u64::from(info.window.hop.max(1)));
        let second = windows.saturating_mul(window);
        Self {
            window,
            second: second.saturating_add(columns.saturating_mul(column(front_end))),
            activations,
        }
    }
}

/// Estimate the multiply-adds of a column: the window, a real FFT, the power of each bin, two sums of it for the bands.
fn column(front_end: &FrontEnd) -> u64 {
    let n_fft = u64::from(front_end.n_fft.max(1));
    n_fft * (u64::from(n_fft.ilog2()) + 1) + 4 * front_end.spectrum_bins() as u64
}

/// Count the multiply-adds of the transform of a window's columns.
fn transform(info: &ModelInfo) -> u64 {
    let bands = u64::from(info.front_end.n_mels);
    match info.front_end.feature {
        Feature::LogMel => 0,
        Feature::Mfcc { coefficients } => {
            u64::from(info.window.columns) * bands * u64::from(coefficients)
        }
    }
}

impl Layer<'_> {
    /// Count the operations of the layer, of which each product, comparison or sum of a pooling, or value of a join is one.
    #[must_use]
    pub fn operations(&self) -> u64 {
        let area = |[height, width]: [u8; 2]| u64::from(height) * u64::from(width);
        let each = match self.op {
            // every position of the fused pooling is computed, those that it drops are not
            Op::Conv { pool, .. } | Op::Depthwise { pool, .. } => {
                self.op.taps(self.input).saturating_mul(area(pool))
            }
            Op::MaxPool {
                geometry: Geometry { kernel, .. },
            } => area(kernel),
            Op::AveragePool { .. } | Op::Dense | Op::Resample { .. } => self.op.taps(self.input),
            // copying a value takes time, too
            Op::Join => 1,
        };
        self.output.len().saturating_mul(each)
    }
}

impl Model<'_> {
    /// Compute what the model costs to run. Nothing runs for it, so that a model of unknown origin can be
    /// refused by [`Limits::check`].
    #[must_use]
    pub fn cost(&self) -> Cost {
        let (mut network, mut activations) = (0_u64, 0);
        for layer in self.layers() {
            network = network.saturating_add(layer.operations());
            activations = activations.max(layer.input.len() + layer.output.len());
        }
        let activations = self.arena().map_or(activations, |arena| arena as u64);
        Cost::new(&self.info, network, activations)
    }
}

/// Limits to the cost of a model.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Most multiply-adds of a window.
    pub window: u64,
    /// Most multiply-adds of a second of audio.
    pub second: u64,
    /// Most bytes of activations.
    pub activations: u64,
}

impl Limits {
    /// Limits that every valid model is within.
    pub const NONE: Self = Self {
        window: u64::MAX,
        second: u64::MAX,
        activations: u64::MAX,
    };

    /// The default: 4 · 10^9 multiply-adds per window and per second of audio, 64 MiB of activations. It takes about a
    /// second of one core of a PC, and is four times the cost of the largest network among the recipes.
    pub const DEFAULT: Self = Self {
        window: 4_000_000_000,
        second: 4_000_000_000,
        activations: 64 << 20,
    };

    /// Check that a cost is within the limits.
    ///
    /// # Errors
    /// The cost and the limits, if it exceeds one of them.
    pub fn check(&self, cost: &Cost) -> Result<(), TooCostly> {
        let within = cost.window <= self.window
            && cost.second <= self.second
            && cost.activations <= self.activations;
        if within {
            Ok(())
        } else {
            Err(TooCostly {
                cost: *cost,
                limits: *self,
            })
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A model costs more than its limits allow.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TooCostly {
    /// Cost of the model.
    pub cost: Cost,
    /// The limits that it exceeds.
    pub limits: Limits,
}

impl fmt::Display for TooCostly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cost, limits } = self;
        write!(f, "model costs more than is allowed:")?;
        let mut separator = " ";
        for (cost, limit, unit) in [
            (cost.window, limits.window, "multiply-adds per window"),
            (
                cost.second,
                limits.second,
                "multiply-adds per second of audio",
            ),
            (cost.activations, limits.activations, "bytes of activations"),
        ] {
            if cost > limit {
                write!(f, "{separator}{cost} {unit}, at most {limit}")?;
                separator = "; ";
            }
        }
        Ok(())
    }
}

impl core::error::Error for TooCostly {}
