//! Sun's `.au` files with 16-bit samples, as GTZAN was first published: turned into wav, which is decoded.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use super::audio::bytes;

/// Most bytes of a file: an hour of mono at 44,100 Hz and more than any excerpt collection has.
const LARGEST: usize = 1 << 29;

/// Convert the file to a wav file.
///
/// # Errors
/// It is not an `.au` file, or its samples are not 16-bit integers.
pub(super) fn to_wav(path: &Path) -> Result<Vec<u8>> {
    let length = std::fs::metadata(path)?.len();
    ensure!(
        length <= LARGEST as u64,
        "an .au file of {length} bytes is too large"
    );
    convert(&bytes(path)?)
}

fn convert(file: &[u8]) -> Result<Vec<u8>> {
    // magic, offset of the samples, their bytes (which may be unknown), encoding, rate, channels
    ensure!(file.starts_with(b".snd"), "not an .au file");
    let word = |index: usize| -> Result<u32> {
        let bytes = file
            .get(4 * index..4 * index + 4)
            .context("its header is cut off")?;
        Ok(u32::from_be_bytes(bytes.try_into()?))
    };
    let (offset, encoding, rate, channels) = (word(1)?, word(3)?, word(4)?, word(5)?);
    const LINEAR_16: u32 = 3;
    if encoding != LINEAR_16 {
        bail!("an .au file of encoding {encoding}; only 16-bit linear ({LINEAR_16}) is read");
    }
    ensure!((1..=8).contains(&channels), "{channels} channels");
    let samples = file
        .get(offset as usize..)
        .context("its header is cut off")?;
    let samples = &samples[..samples.len() / 2 * 2];
    let size = u32::try_from(samples.len())?;
    let mut wav = Vec::with_capacity(44 + samples.len());
    wav.extend(b"RIFF");
    wav.extend((36 + size).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0");
    wav.extend((channels as u16).to_le_bytes());
    wav.extend(rate.to_le_bytes());
    wav.extend((rate.wrapping_mul(2 * channels)).to_le_bytes());
    wav.extend((2 * channels as u16).to_le_bytes());
    wav.extend(b"\x10\0data");
    wav.extend(size.to_le_bytes());
    wav.extend(samples.chunks_exact(2).flat_map(|pair| [pair[1], pair[0]]));
    Ok(wav)
}
