//! The `[network]` table: convolutional blocks, the reduction of their output to a vector, dense layers.

use anyhow::Result;
use serde::Deserialize;

use super::fault::check;
use super::values::{Pair, Share, Whole};

/// Blocks, a reduction to one vector per window, dense layers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkKeys {
    /// Trains the network as its integers compute it, beginning with a run of real numbers.
    #[serde(default)]
    pub quantised: bool,
    /// Normalises each window to mean 0 and variance 1 first.
    #[serde(default)]
    pub standardise: bool,
    /// Takes that many cepstral coefficients of the bins first, so that mel bands become MFCCs.
    pub cepstra: Option<Whole<1, 128>>,
    /// Maps the range of each coefficient in the train windows to 0 to 1, and clamps the rest.
    #[serde(default)]
    pub normalise: bool,
    /// Stretches or shrinks bins and columns to this size first.
    pub resize: Option<Pair<1024>>,
    /// Blocks from input to output; without any, the network has no convolution.
    pub blocks: Vec<BlockKeys>,
    /// How a window's `[channel, row, column]` becomes one vector.
    #[serde(default)]
    pub reduce: Reduce,
    /// Rows and columns that an adaptive mean leaves.
    pub places: Option<Pair<64>>,
    /// Size of the state of a recurrent layer.
    pub units: Option<Whole<1, 1024>>,
    /// Share of that vector that is dropped in training.
    #[serde(default)]
    pub dropout: Share,
    /// Dense layers with ReLU before the one to the classes.
    #[serde(default)]
    pub hidden: Vec<HiddenKeys>,
}

/// How `[channel, row, column]` becomes one vector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reduce {
    /// The mean over all places.
    #[default]
    Mean,
    /// All values one after another.
    Flatten,
    /// Means over a grid of `places`, whatever the input's size, one after another.
    Adaptive,
    /// The last state of a long short-term memory of `units` that reads column after column.
    Lstm,
    /// The last state of a gated recurrent unit of `units` that reads column after column.
    Gru,
}

/// Convolution (padding `kernel / 2`), batch normalisation, ReLU, maximum pooling, dropout.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockKeys {
    /// Output channels; for a depthwise block the same as its input's.
    pub channels: Whole<1, 1024>,
    /// Kernel height and width.
    pub kernel: Whole<1, 15>,
    /// Stride over both axes.
    #[serde(default = "Whole::least")]
    pub stride: Whole<1, 8>,
    /// Extent and stride of the maximum pooling; 1 means no pooling.
    #[serde(default)]
    pub pool: Pair<8>,
    /// One kernel per channel.
    #[serde(default)]
    pub depthwise: bool,
    /// Place of the batch normalisation.
    #[serde(default)]
    pub norm: Norm,
    /// In training, a 1 × 1 convolution and, where the shapes allow it, the input itself beside the
    /// convolution, each with its own batch normalisation (RepVGG, Ding et al. 2021).
    #[serde(default)]
    pub branches: bool,
    /// Share of the channels' values that is dropped in training.
    #[serde(default)]
    pub dropout: Share,
}

/// Place of a block's batch normalisation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Norm {
    /// Between the convolution, which then has no bias, and ReLU.
    #[default]
    BeforeRelu,
    /// After ReLU.
    AfterRelu,
    /// Nowhere.
    None,
}

/// A dense layer with ReLU.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HiddenKeys {
    /// Outputs.
    pub units: Whole<1, 4096>,
    /// Share of the outputs that is dropped in training.
    #[serde(default)]
    pub dropout: Share,
}

impl NetworkKeys {
    /// Check the keys that depend on each other.
    pub(super) fn validate(&self, input: [usize; 2]) -> Result<()> {
        let mut channels = 1;
        for (index, block) in self.blocks.iter().enumerate() {
            let name = format!("[network] block {index}");
            let place = |key: &str| format!("network.blocks.{index}.{key}");
            check!(
                !block.depthwise || block.channels.get() == channels,
                place("channels"),
                "{name}: depthwise, so channels must be its input's {channels}, is {}",
                block.channels.get()
            );
            check!(
                !block.branches || (block.norm == Norm::BeforeRelu && block.kernel.get() % 2 == 1),
                place("branches"),
                "{name}: branches need an odd kernel and norm = \"before-relu\""
            );
            channels = block.channels.get();
        }
        check!(
            self.cepstra.is_none() || self.resize.is_none(),
            "network.resize",
            "[network] has either cepstra or resize, not both"
        );
        check!(
            self.cepstra.is_none_or(|count| count.get() <= input[0]),
            "network.cepstra",
            "[network] cepstra: more than the {} bins there are",
            input[0]
        );
        check!(
            !self.normalise || (self.cepstra.is_some() && !self.standardise),
            "network.normalise",
            "[network] normalise belongs to cepstra without standardise"
        );
        check!(
            !self.quantised
                || (self.has_integers()
                    && self.cepstra.is_none()
                    && self.reduce == Reduce::Mean
                    && self.hidden.is_empty()
                    && self.blocks.iter().all(|b| b.norm == Norm::None)),
            "network.quantised",
            "[network] quantised: every block must have norm = \"none\" (what normalisation there was is folded in), \
             and the rest must be reduce = \"mean\" and the last dense layer"
        );
        let recurrent = matches!(self.reduce, Reduce::Lstm | Reduce::Gru);
        check!(
            self.units.is_some() == recurrent,
            "network.units",
            "[network] units belong to reduce = \"lstm\" and \"gru\", and to these only"
        );
        check!(
            self.places.is_some() == (self.reduce == Reduce::Adaptive),
            "network.places",
            "[network] places belong to reduce = \"adaptive\", and to this only"
        );
        self.shapes(input)?;
        Ok(())
    }

    /// Return whether the integer engine can run networks of this make.
    #[must_use]
    pub fn has_integers(&self) -> bool {
        self.floats_only().is_none()
    }

    /// Return the reason why a network of this make cannot become integers, if there is one.
    #[must_use]
    pub fn floats_only(&self) -> Option<&'static str> {
        let after_relu = self.blocks.iter().any(|b| b.norm == Norm::AfterRelu);
        let reasons = [
            (self.blocks.is_empty(), "it has no blocks"),
            (self.standardise, "standardise = true"),
            (self.resize.is_some(), "it has a resize"),
            (
                self.cepstra.is_some() && !self.normalise,
                "cepstra without normalise = true",
            ),
            (after_relu, "a block has norm = \"after-relu\""),
            (
                !matches!(self.reduce, Reduce::Mean | Reduce::Flatten),
                "reduce is neither \"mean\" nor \"flatten\"",
            ),
        ];
        reasons
            .into_iter()
            .find_map(|(holds, reason)| holds.then_some(reason))
    }

    /// Return height and width of the first block's input.
    #[must_use]
    pub fn front(&self, [bins, columns]: [usize; 2]) -> [usize; 2] {
        match (self.cepstra, self.resize) {
            (Some(count), _) => [count.get(), columns],
            (None, Some(size)) => size.get(),
            (None, None) => [bins, columns],
        }
    }

    /// Return the height and width after each block.
    ///
    /// # Errors
    /// A block leaves nothing.
    pub fn shapes(&self, input: [usize; 2]) -> Result<Vec<[usize; 2]>> {
        let mut shape = self.front(input);
        let mut shapes = Vec::with_capacity(self.blocks.len());
        for (index, block) in self.blocks.iter().enumerate() {
            let (kernel, stride) = (block.kernel.get(), block.stride.get());
            for (extent, pool) in shape.iter_mut().zip(block.pool.get()) {
                let padded = *extent + 2 * (kernel / 2);
                check!(
                    padded >= kernel,
                    format!("network.blocks.{index}.kernel"),
                    "[network] block {index}: kernel {kernel} does not fit {extent}"
                );
                *extent = ((padded - kernel) / stride + 1) / pool;
                check!(
                    *extent > 0,
                    format!("network.blocks.{index}"),
                    "[network] block {index}: nothing is left"
                );
            }
            shapes.push(shape);
        }
        Ok(shapes)
    }

    /// Return channels, height and width of the input of the reduction.
    ///
    /// # Errors
    /// A block leaves nothing.
    pub fn reduced_from(&self, input: [usize; 2]) -> Result<[usize; 3]> {
        let [height, width] = self
            .shapes(input)?
            .last()
            .copied()
            .unwrap_or_else(|| self.front(input));
        let channels = self.blocks.last().map_or(1, |block| block.channels.get());
        Ok([channels, height, width])
    }
}
