//! Reading an excerpt of an audio file, in memory that does not grow with the file.

use std::path::Path;

use anyhow::{Result, ensure};
use timbrel_core::host::decode::{AudioReader, MonoReader};

/// Read up to `count` mono samples at `rate` Hz, from `skip` samples on.
///
/// # Errors
/// The file is not audio, or ends before `skip`.
pub fn read_excerpt(path: &Path, rate: u32, skip: usize, count: usize) -> Result<Vec<f32>> {
    excerpt(AudioReader::open(path)?, rate, skip, count)
}

/// Read it from a file that is open.
///
/// # Errors
/// It ends before `skip`, or its rate cannot be resampled.
pub(crate) fn excerpt(
    reader: AudioReader,
    rate: u32,
    skip: usize,
    count: usize,
) -> Result<Vec<f32>> {
    let mut reader = MonoReader::new(reader, rate)?;
    let (mut samples, mut left) = (Vec::new(), skip);
    while samples.len() < count
        && let Some(block) = reader.next_block()?
    {
        let skipped = left.min(block.len());
        left -= skipped;
        let wanted = (count - samples.len()).min(block.len() - skipped);
        samples.extend_from_slice(&block[skipped..skipped + wanted]);
    }
    ensure!(
        !samples.is_empty(),
        "it ends before the first {:.1} s are over",
        skip as f32 / rate as f32
    );
    ensure!(
        reader.replaced().is_none(),
        "a sample is not a finite number"
    );
    Ok(samples)
}

/// Play a signal alternately forwards and backwards until it is `count` samples long, as a classifier does
/// with audio that is shorter than a window.
#[must_use]
pub fn to_and_fro(samples: &[f32], count: usize) -> Vec<f32> {
    let backwards = samples.iter().rev();
    samples
        .iter()
        .chain(backwards)
        .copied()
        .cycle()
        .take(count)
        .collect()
}
