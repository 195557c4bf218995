//! The activations on the train split, and the error of each scale on them.

use anyhow::{Result, anyhow};
use burn::tensor::{Device, Tensor, TensorData};
use timbrel_core::frontend::{Affine, WindowSpec};

use crate::data::split::Piece;
use crate::data::{Dataset, columns_of, renormalise};
use crate::network::Network;

/// Return one quantised window of every piece, at another place in each.
#[must_use]
pub fn calibration_windows(
    dataset: &Dataset,
    pieces: &[Piece<'_>],
    window: WindowSpec,
) -> Vec<Vec<u8>> {
    let columns = usize::from(window.columns);
    let pick = |(index, piece): (usize, &Piece<'_>)| {
        let starts = piece.starts(dataset.columns, window);
        let start = *starts.get(index % starts.len().max(1))?;
        let spectrogram = dataset.spectrogram(piece.track);
        let cut = columns_of(spectrogram, dataset.columns, start, columns);
        Some(renormalise(&cut, dataset.mels, &[Affine::DB80]))
    };
    pieces.iter().enumerate().filter_map(pick).collect()
}

/// Exponents that are tried for an activation.
const TRIED: std::ops::RangeInclusive<i32> = -4..=14;

/// Squared rounding and clipping errors of one activation under each scale.
#[derive(Clone, Debug, Default)]
pub struct ActivationErrors([f64; 19]);

impl ActivationErrors {
    /// Add values that are not negative.
    pub fn add(&mut self, values: &[f32]) {
        for (error, exponent) in self.0.iter_mut().zip(TRIED) {
            let (up, down) = (2f32.powi(exponent), 2f32.powi(-exponent));
            let squares = values.iter().map(|&v| {
                let difference = (v * up).round_ties_even().min(255.0) * down - v;
                difference * difference
            });
            // short f32 sums, which vectorise, are added up in f64
            *error += f64::from(squares.sum::<f32>());
        }
    }

    /// Return the exponent with the least error; the coarsest of equals.
    #[must_use]
    pub fn best(&self) -> i32 {
        let least = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let place = self
            .0
            .iter()
            .position(|error| *error == least)
            .unwrap_or_default();
        TRIED.start() + place as i32
    }
}

/// Return exponents for the activations of every block, for the reduced vector and for the hidden layers, and the float
/// logits of each window.
pub(super) fn observe(
    network: &Network,
    inputs: &[Vec<u8>],
    shape: [usize; 2],
    device: &Device,
) -> Result<(Vec<i32>, Vec<Vec<f32>>)> {
    let mut errors = Vec::new();
    let mut logits = Vec::new();
    for chunk in inputs.chunks(16) {
        let values: Vec<f32> = chunk.iter().flatten().map(|&q| f32::from(q)).collect();
        let shape = [chunk.len(), 1, shape[0], shape[1]];
        let input = Tensor::<4>::from_data(TensorData::new(values, shape), device);
        let (activations, output) = network.observe(input);
        errors.resize(activations.len(), ActivationErrors::default());
        for (error, activation) in errors.iter_mut().zip(activations) {
            let values = activation.into_data().try_into_vec::<f32>();
            let values = values.map_err(|error| anyhow!("activations: {error:?}"))?;
            values.chunks(4096).for_each(|chunk| error.add(chunk));
        }
        let classes = output.dims()[1];
        let values = output.into_data().try_into_vec::<f32>();
        let values = values.map_err(|error| anyhow!("logits: {error:?}"))?;
        logits.extend(values.chunks_exact(classes).map(<[f32]>::to_vec));
    }
    Ok((errors.iter().map(ActivationErrors::best).collect(), logits))
}
