//! Weights outside any device: names, shapes and floats.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use burn::tensor::TensorData;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::file::write_whole;

/// A float tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Extents, outermost first.
    pub shape: Vec<usize>,
    /// Values, last axis innermost.
    pub values: Vec<f32>,
}

/// All tensors of a network by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights(BTreeMap<String, Array>);

/// Names of the tensors of a [`crate::network::Network`].
pub mod name {
    /// Return the name of the convolution weights of a block, `[out, in, height, width]`.
    #[must_use]
    pub fn conv(block: usize) -> String {
        format!("blocks.{block}.conv.weight")
    }

    /// Return the name of the convolution biases of a block without batch normalisation after it, `[channel]`.
    #[must_use]
    pub fn conv_bias(block: usize) -> String {
        format!("blocks.{block}.conv.bias")
    }

    /// Return a block's batch normalisation, to which a dot and one of [`GAMMA`], [`BETA`], [`MEAN`] and
    /// [`VARIANCE`] belong.
    #[must_use]
    pub fn norm(block: usize) -> String {
        format!("blocks.{block}.norm")
    }

    /// Return the weights of a block's 1 × 1 branch, `[out, in, 1, 1]`.
    #[must_use]
    pub fn pointwise(block: usize) -> String {
        format!("blocks.{block}.branches.pointwise.weight")
    }

    /// Return the name of the batch normalisation of a block's 1 × 1 branch.
    #[must_use]
    pub fn pointwise_norm(block: usize) -> String {
        format!("blocks.{block}.branches.norm")
    }

    /// Return the name of the batch normalisation of the input beside a block's convolution.
    #[must_use]
    pub fn identity(block: usize) -> String {
        format!("blocks.{block}.branches.identity")
    }

    /// Batch normalisation's factor, `[channel]`.
    pub const GAMMA: &str = "gamma";
    /// Batch normalisation's summand, `[channel]`.
    pub const BETA: &str = "beta";
    /// Batch normalisation's running mean, `[channel]`.
    pub const MEAN: &str = "running_mean";
    /// Batch normalisation's running variance, `[channel]`.
    pub const VARIANCE: &str = "running_var";
    /// Return the weights and biases of a hidden dense layer, to which `.weight` or `.bias` belongs.
    #[must_use]
    pub fn hidden(layer: usize) -> String {
        format!("hidden.{layer}.dense")
    }

    /// Steps per decibel of each cepstral coefficient, `[coefficient]`; nothing trains it.
    pub const COEFFICIENT_SCALE: &str = "normalise.scale";
    /// Step that 0 maps to, `[coefficient]`; nothing trains it.
    pub const COEFFICIENT_OFFSET: &str = "normalise.offset";
    /// The last dense layer, to which `.weight` or `.bias` belongs.
    pub const DENSE: &str = "dense";
    /// Dense weights, `[in, out]`.
    pub const DENSE_WEIGHT: &str = "dense.weight";
    /// Dense bias, `[out]`.
    pub const DENSE_BIAS: &str = "dense.bias";
}

impl Weights {
    /// Return the tensor of that name.
    ///
    /// # Errors
    /// No tensor has that name.
    pub fn get(&self, name: &str) -> Result<&Array> {
        self.0
            .get(name)
            .with_context(|| format!("tensor `{name}` is missing"))
    }

    /// Return the names of all tensors, in alphabetical order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// Return the number of floats.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.values().map(|array| array.values.len()).sum()
    }

    /// Return whether it is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Add or replace a tensor.
    pub fn insert(&mut self, name: String, array: Array) {
        self.0.insert(name, array);
    }

    /// Add or replace a tensor with data from a device.
    pub(crate) fn insert_data(&mut self, name: String, data: TensorData) -> Result<()> {
        let shape = data.shape().to_vec();
        let values = data
            .try_into_vec::<f32>()
            .map_err(|error| anyhow!("tensor `{name}`: {error:?}"))?;
        self.insert(name, Array { shape, values });
        Ok(())
    }

    /// Move towards `target`: `decay` of the old value stays. The names must be the same.
    pub fn average(&mut self, target: &Self, decay: f32) {
        for (mean, new) in self.0.values_mut().zip(target.0.values()) {
            for (mean, new) in mean.values.iter_mut().zip(&new.values) {
                // values that nothing trains stay the same bits
                if *mean != *new {
                    *mean = decay * *mean + (1.0 - decay) * new;
                }
            }
        }
    }

    /// Write a safetensors file. The same weights and metadata give the same bytes.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path, metadata: &BTreeMap<String, String>) -> Result<()> {
        let bytes: Vec<(&String, &Array, Vec<u8>)> = self
            .0
            .iter()
            .map(|(name, a)| {
                (
                    name,
                    a,
                    a.values.iter().flat_map(|v| v.to_le_bytes()).collect(),
                )
            })
            .collect();
        let views = bytes
            .iter()
            .map(|(name, array, bytes)| {
                Ok((
                    name,
                    TensorView::new(Dtype::F32, array.shape.clone(), bytes)?,
                ))
            })
            .collect::<Result<Vec<_>>>()?;
        let file = safetensors::serialize(views, None)?;
        write_whole(path, with_metadata(&file, metadata)?)
    }

    /// Read a safetensors file of 32-bit floats.
    ///
    /// # Errors
    /// The file cannot be read, is not a safetensors file, or holds another type or a value that is not finite.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&bytes).with_context(|| format!("weights {}", path.display()))
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        let mut out = BTreeMap::new();
        for (name, view) in SafeTensors::deserialize(bytes)?.tensors() {
            if view.dtype() != Dtype::F32 {
                bail!("tensor `{name}` is {:?}, expected F32", view.dtype());
            }
            let (values, _) = view.data().as_chunks::<4>();
            let values: Vec<f32> = values.iter().map(|v| f32::from_le_bytes(*v)).collect();
            ensure!(
                values.iter().all(|v| v.is_finite()),
                "tensor `{name}` holds a value that is not finite"
            );
            out.insert(
                name,
                Array {
                    shape: view.shape().to_vec(),
                    values,
                },
            );
        }
        Ok(Self(out))
    }
}

/// Put metadata into the header of a safetensors file that has none. The library would write it in an order that differs
/// from run to run.
fn with_metadata(file: &[u8], metadata: &BTreeMap<String, String>) -> Result<Vec<u8>> {
    let (length, rest) = file.split_first_chunk().context("no header")?;
    let (tensors, values) = rest.split_at(usize::try_from(u64::from_le_bytes(*length))?);
    let tensors = (tensors.trim_ascii_end().strip_prefix(b"{")).context("no JSON object")?;
    let comma = if tensors == b"}" { "" } else { "," };
    let metadata = serde_json::to_string(metadata)?;
    let mut header = format!("{{\"__metadata__\":{metadata}{comma}").into_bytes();
    header.extend_from_slice(tensors);
    // as the library does, so that the values are aligned
    header.resize(header.len().next_multiple_of(8), b' ');
    Ok([&(header.len() as u64).to_le_bytes()[..], &header, values].concat())
}
