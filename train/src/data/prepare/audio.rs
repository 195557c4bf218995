//! Reading an excerpt of an audio file, in memory that does not grow with the file.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use timbrel_core::audio::Resampler;
use timbrel_core::host::decode::AudioReader;

use crate::features::SAMPLE_RATE;

/// Read up to `count` mono samples at 22,050 Hz, from `skip` samples on.
///
/// # Errors
/// The file is not audio, or ends before `skip`.
pub fn read_excerpt(path: &Path, skip: usize, count: usize) -> Result<Vec<f32>> {
    let reader = if is_au(path) {
        AudioReader::from_bytes(super::au::to_wav(path)?, Some("wav"))?
    } else {
        AudioReader::open(path)?
    };
    excerpt(reader, skip, count)
}

/// Read it from a file that is open.
///
/// # Errors
/// It ends before `skip`, or its rate cannot be resampled.
pub(crate) fn excerpt(mut reader: AudioReader, skip: usize, count: usize) -> Result<Vec<f32>> {
    let format = reader.format();
    let mut resampler = Resampler::new(format.sample_rate, SAMPLE_RATE)
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    let channels = usize::from(format.channels.max(1));
    let (mut samples, mut left) = (Vec::new(), skip);
    let mut take = |resampler: &mut Resampler, mono: &[f32]| {
        resampler.process_all(mono, |block| {
            let skipped = left.min(block.len());
            left -= skipped;
            let wanted = (count - samples.len()).min(block.len() - skipped);
            samples.extend_from_slice(&block[skipped..skipped + wanted]);
        });
        samples.len() == count
    };
    let (mut full, mut mono) = (false, Vec::new());
    while !full && let Some(block) = reader.next_block()? {
        let frames = block.chunks_exact(channels);
        mono.clear();
        mono.extend(frames.map(|frame| frame.iter().sum::<f32>() / channels as f32));
        full = take(&mut resampler, &mono);
    }
    if !full {
        resampler.finish();
        take(&mut resampler, &[]);
    }
    ensure!(
        !samples.is_empty(),
        "it ends before the first {:.1} s are over",
        skip as f32 / SAMPLE_RATE as f32
    );
    let finite = samples.iter().all(|sample| sample.is_finite());
    ensure!(finite, "a sample is not a finite number");
    Ok(samples)
}

fn is_au(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case("au"))
}

/// Play a signal forwards and backwards in turn until it is `count` samples long, as a classifier does
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

/// Read a file's bytes, with its path in the error.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
