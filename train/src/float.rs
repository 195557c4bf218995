//! Running the float network over whole tracks.

use anyhow::{Result, anyhow};
use burn::tensor::{Device, Tensor, TensorData};
use timbrel_core::frontend::{Affine, WindowSpec};

use crate::data::{Dataset, Track, windows};
use crate::network::Network;
use crate::score::{Score, softmax};

/// Scores a network, on a device without gradients, on all windows of the given tracks.
///
/// # Errors
/// The device does not deliver its results.
pub fn score(
    network: &Network,
    dataset: &Dataset,
    tracks: &[&Track],
    window: WindowSpec,
    device: &Device,
) -> Result<Score> {
    let classes = dataset.genres.len();
    let mut score = Score::new(classes);
    for track in tracks {
        let windows = windows(
            dataset.spectrogram(track),
            dataset.columns,
            window,
            &[Affine::DB80],
        );
        let count = windows.len();
        let values: Vec<f32> = windows.flatten().map(f32::from).collect();
        let shape = [count, 1, dataset.mels, usize::from(window.columns)];
        let input = Tensor::<4>::from_data(TensorData::new(values, shape), device);
        let logits = network
            .forward(input)
            .into_data()
            .try_into_vec::<f32>()
            .map_err(|error| anyhow!("logits: {error:?}"))?;
        let probabilities: Vec<_> = logits.chunks_exact(classes).map(softmax).collect();
        score.add(track.label, &probabilities);
    }
    Ok(score)
}
