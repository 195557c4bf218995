//! One layer of an integer network, in the terms of `docs/model-format.md`.

use super::codes::resample;

/// Height, width and channels of an activation. Values are stored `[height, width, channels]`, channels innermost. For
/// the network's input, height is the feature bin and width the column (time).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Rows.
    pub height: u16,
    /// Columns.
    pub width: u16,
    /// Channels.
    pub channels: u16,
}

impl Shape {
    /// Make a shape from its three extents.
    #[must_use]
    pub const fn new(height: u16, width: u16, channels: u16) -> Self {
        Self {
            height,
            width,
            channels,
        }
    }

    /// Return the number of values, which is also the number of bytes of a u8 activation.
    #[must_use]
    pub const fn len(self) -> u64 {
        self.height as u64 * self.width as u64 * self.channels as u64
    }

    /// Return whether it holds no values.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// Kernel, stride and zero padding of a sliding window over height and width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Geometry {
    /// Kernel height and width.
    pub kernel: [u8; 2],
    /// Stride over height and width.
    pub stride: [u8; 2],
    /// Zeros added at the top, left, bottom and right.
    pub pad: [u8; 4],
}

impl Geometry {
    /// Make a square kernel with a stride and the same padding on all four sides.
    #[must_use]
    pub const fn square(kernel: u8, stride: u8, pad: u8) -> Self {
        Self {
            kernel: [kernel; 2],
            stride: [stride; 2],
            pad: [pad; 4],
        }
    }

    /// Compute height and width after sliding over `input`: `floor((extent + pads − kernel) / stride) + 1`, or `None`
    /// if a kernel or stride is zero or the kernel is larger than the padded input.
    #[must_use]
    pub fn output(self, input: Shape) -> Option<[u16; 2]> {
        let [top, left, bottom, right] = self.pad;
        let height = slide(input.height, self.kernel[0], self.stride[0], top, bottom)?;
        let width = slide(input.width, self.kernel[1], self.stride[1], left, right)?;
        Some([height, width])
    }
}

fn slide(extent: u16, kernel: u8, stride: u8, before: u8, after: u8) -> Option<u16> {
    let padded = u32::from(extent) + u32::from(before) + u32::from(after);
    if kernel == 0 || stride == 0 {
        return None;
    }
    let steps = padded.checked_sub(u32::from(kernel))? / u32::from(stride);
    u16::try_from(steps + 1).ok()
}

/// Operator of a layer. Activations are u8 with zero point 0, weights i8, sums and biases i32.
///
/// Requantising is `clamp(round_half_even(sum / 2^shift), 0, 255)`, the clamp at 0 being the ReLU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Op {
    /// Convolution, requantised; then the maximum over `pool` (height, width) positions, whose stride is its extent and
    /// whose incomplete last row and column are dropped. `[1, 1]` stands for no pooling. Weights
    /// `[out, kernel height, kernel width, in]`, one bias per output channel.
    Conv {
        /// The sliding window of the convolution.
        geometry: Geometry,
        /// Extent of the fused maximum pooling.
        pool: [u8; 2],
    },
    /// The same with one kernel per channel. Weights `[kernel height, kernel width, channel]`.
    Depthwise {
        /// The sliding window of the convolution.
        geometry: Geometry,
        /// Extent of the fused maximum pooling.
        pool: [u8; 2],
    },
    /// Maximum over a sliding window; padding never wins. No weights.
    MaxPool {
        /// The sliding window.
        geometry: Geometry,
    },
    /// Sum over a sliding window times `multiplier`, requantised: an average if `multiplier / 2^shift` is one over the
    /// kernel's area. No weights.
    AveragePool {
        /// The sliding window; its padding is zero.
        geometry: Geometry,
        /// Factor of the sum, `1..=127`.
        multiplier: i8,
    },
    /// Fully connected over the flattened input (`[height, width, channels]` order). Weights `[out, in]`, one bias per
    /// output. The last layer is a dense one whose sums are the logits: it has no shift and no clamp.
    Dense,
    /// Concatenation of two to [`MAX_SOURCES`](super::MAX_SOURCES) activations of the same height and width: at each
    /// position their channels one after another. The layer's input is all of them together. No weights.
    Join,
    /// Linear interpolation of the window over height and width, then a table. Over one channel; its weights are read as
    /// u8: the table, then for each output row and each output column two little-endian u16, the first of two cells and the
    /// second one's share in 1/256.
    Resample {
        /// Height and width of the output.
        extent: [u16; 2],
    },
}

impl Op {
    /// Compute the shape of the result for a given input; `channels` is the output width of a convolution or dense layer
    /// and ignored otherwise. `None` if the geometry does not fit.
    #[must_use]
    pub fn output(self, input: Shape, channels: u16) -> Option<Shape> {
        let shape = match self {
            Self::Conv { geometry, pool } => pooled(geometry.output(input)?, pool, channels)?,
            Self::Depthwise { geometry, pool } => {
                pooled(geometry.output(input)?, pool, input.channels)?
            }
            Self::MaxPool { geometry } | Self::AveragePool { geometry, .. } => {
                let [height, width] = geometry.output(input)?;
                Shape::new(height, width, input.channels)
            }
            Self::Dense => Shape::new(1, 1, channels),
            Self::Join => input,
            Self::Resample {
                extent: [height, width],
            } => {
                let fits = input.height > 1 && input.width > 1 && input.channels == 1;
                fits.then_some(Shape::new(height, width, 1))?
            }
        };
        (!shape.is_empty()).then_some(shape)
    }

    /// Return the number of products in one output value's sum; of a resampling, the number of cells in it.
    #[must_use]
    pub fn taps(self, input: Shape) -> u64 {
        let area = |g: Geometry| u64::from(g.kernel[0]) * u64::from(g.kernel[1]);
        match self {
            Self::Conv { geometry, .. } => area(geometry) * u64::from(input.channels),
            Self::Depthwise { geometry, .. } | Self::AveragePool { geometry, .. } => area(geometry),
            Self::MaxPool { .. } | Self::Join => 0,
            Self::Dense => input.len(),
            Self::Resample { .. } => 4,
        }
    }

    /// Return the number of weights.
    #[must_use]
    pub fn weights(self, input: Shape, output: Shape) -> u64 {
        match self {
            Self::Conv { .. } | Self::Dense => self.taps(input) * u64::from(output.channels),
            Self::Depthwise { .. } => self.taps(input) * u64::from(input.channels),
            Self::MaxPool { .. } | Self::AveragePool { .. } | Self::Join => 0,
            Self::Resample { .. } => {
                let entries = u64::from(output.height) + u64::from(output.width);
                resample::ENTRIES as u64 + resample::ENTRY_BYTES as u64 * entries
            }
        }
    }

    /// Return the number of biases.
    #[must_use]
    pub fn biases(self, output: Shape) -> u64 {
        match self {
            Self::Conv { .. } | Self::Depthwise { .. } | Self::Dense => u64::from(output.channels),
            Self::MaxPool { .. }
            | Self::AveragePool { .. }
            | Self::Join
            | Self::Resample { .. } => 0,
        }
    }
}

fn pooled([height, width]: [u16; 2], pool: [u8; 2], channels: u16) -> Option<Shape> {
    let rows = height.checked_div(u16::from(pool[0]))?;
    let columns = width.checked_div(u16::from(pool[1]))?;
    Some(Shape::new(rows, columns, channels))
}

/// One validated layer of a loaded model.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Layer<'a> {
    /// Operator.
    pub op: Op,
    /// Right shift of the requantisation, `0..=31`; 0 in the last layer, in maximum pooling, joins and resamplings.
    pub shift: u8,
    /// Shape of its input.
    pub input: Shape,
    /// Shape of its output.
    pub output: Shape,
    /// Weights in the layout that [`Op`] states.
    pub weights: &'a [i8],
    /// Biases.
    pub biases: Biases<'a>,
}

impl<'a> Layer<'a> {
    /// Return the weights of an [`Op::Resample`] in their parts; `None` for any other layer.
    #[must_use]
    pub fn resampling(&self) -> Option<Resampling<'a>> {
        Resampling::new(self.op, self.weights)
    }
}

/// What an [`Op::Resample`] does.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Resampling<'a> {
    /// The output for each interpolated value.
    pub table: &'a [u8; 256],
    /// Cells of each output row.
    pub rows: Interpolation<'a>,
    /// Cells of each output column.
    pub columns: Interpolation<'a>,
}

impl<'a> Resampling<'a> {
    pub(super) fn new(op: Op, weights: &'a [i8]) -> Option<Self> {
        let Op::Resample {
            extent: [height, _],
        } = op
        else {
            return None;
        };
        let weights: &'a [u8] = bytemuck::cast_slice(weights);
        let (table, entries) = weights.split_first_chunk::<{ resample::ENTRIES }>()?;
        let (rows, columns) = entries.as_chunks().0.split_at_checked(height.into())?;
        Some(Self {
            table,
            rows: Interpolation(rows),
            columns: Interpolation(columns),
        })
    }
}

/// The input cells of each output cell along one axis, in place in the model's bytes.
#[derive(Clone, Copy, Debug)]
pub struct Interpolation<'a>(&'a [[u8; resample::ENTRY_BYTES]]);

/// Input cells of one output cell along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cells {
    /// Two neighbouring cells.
    Pair {
        /// Index of the first one.
        first: u16,
        /// Weight of the second one in 1/256, `0..=256`; the first one has the rest.
        share: u16,
    },
    /// None: the output is this value.
    Padding(u8),
}

impl<'a> Interpolation<'a> {
    /// Iterate over the output cells in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Cells> + use<'a> {
        self.0.iter().map(|[a, b, c, d]| {
            let (first, share) = (u16::from_le_bytes([*a, *b]), u16::from_le_bytes([*c, *d]));
            match first {
                resample::PADDING => Cells::Padding(*c),
                _ => Cells::Pair { first, share },
            }
        })
    }
}

/// i32 biases in place in the model's bytes, which need not be aligned.
#[derive(Clone, Copy, Debug)]
pub struct Biases<'a>(pub(crate) &'a [u8]);

impl<'a> Biases<'a> {
    /// Iterate over the biases in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = i32> + 'a {
        self.bytes().iter().map(|bytes| i32::from_le_bytes(*bytes))
    }

    /// Return the little-endian bytes of each bias.
    pub(crate) fn bytes(self) -> &'a [[u8; 4]] {
        self.0.as_chunks().0
    }

    /// Return the number of biases.
    #[must_use]
    pub fn len(self) -> usize {
        self.0.len() / 4
    }

    /// Return whether there are no biases.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }
}
