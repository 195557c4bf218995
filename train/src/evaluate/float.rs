//! Running the float network over whole tracks.

use anyhow::{Result, anyhow};
use burn::tensor::{Device, Tensor, TensorData};
use timbrel_core::frontend::{Affine, WindowSpec};

use super::Answers;
use super::score::{Score, softmax};
use crate::data::split::Piece;
use crate::data::{Dataset, columns_of, renormalise};
use crate::network::Network;

/// Windows that are run at once.
const AT_ONCE: usize = 32;

/// Score a network, on a device without gradients, on all windows of the given pieces. Pieces of one track
/// must follow each other; they answer together.
///
/// # Errors
/// The device does not deliver its results.
pub fn score(
    network: &Network,
    dataset: &Dataset,
    pieces: &[Piece<'_>],
    window: WindowSpec,
    device: &Device,
) -> Result<Score> {
    Ok(answers(network, dataset, pieces, window, device)?.score(dataset))
}

/// Return the probabilities that [`score`] counts.
///
/// # Errors
/// The device does not deliver its results.
pub fn answers(
    network: &Network,
    dataset: &Dataset,
    pieces: &[Piece<'_>],
    window: WindowSpec,
    device: &Device,
) -> Result<Answers> {
    let classes = dataset.genres.len();
    let columns = usize::from(window.columns);
    let mut answers = Answers::default();
    for own in pieces.chunk_by(|a, b| a.track.row == b.track.row) {
        let track = own[0].track;
        let starts: Vec<usize> = own
            .iter()
            .flat_map(|piece| piece.starts(dataset.columns, window))
            .collect();
        for &start in &starts {
            answers.rows.push(u32::try_from(track.row)?);
            answers.starts.push(u32::try_from(start)?);
        }
        for starts in starts.chunks(AT_ONCE) {
            let mut values = Vec::with_capacity(starts.len() * dataset.mels * columns);
            for &start in starts {
                let cut = columns_of(dataset.spectrogram(track), dataset.columns, start, columns);
                let seen = renormalise(&cut, dataset.mels, &[Affine::DB80]);
                values.extend(seen.into_iter().map(f32::from));
            }
            let shape = [starts.len(), 1, dataset.mels, columns];
            let input = Tensor::<4>::from_data(TensorData::new(values, shape), device);
            let logits = network
                .forward(input)
                .into_data()
                .try_into_vec::<f32>()
                .map_err(|error| anyhow!("logits: {error:?}"))?;
            let probabilities = logits.chunks_exact(classes).map(softmax);
            answers.probabilities.extend(probabilities);
        }
    }
    Ok(answers)
}
