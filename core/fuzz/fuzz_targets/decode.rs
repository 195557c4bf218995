//! Any bytes as an audio file: blocks of whole frames of finite samples, or an error, in bounded time and memory.
#![no_main]

use libfuzzer_sys::fuzz_target;
use timbrel_core::audio::{MAX_CHANNELS, SUPPORTED_RATES};
use timbrel_core::host::decode::AudioReader;

/// Samples after which a file is long enough: minutes of silence take few bytes.
const ENOUGH: usize = 1 << 20;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut reader) = AudioReader::from_bytes(bytes.to_vec(), None) else {
        return;
    };
    let mut heard = 0;
    while heard < ENOUGH {
        let Ok(Some(block)) = reader.next_block() else {
            break;
        };
        let format = block.format;
        assert!((1..=MAX_CHANNELS).contains(&format.channels));
        assert!(SUPPORTED_RATES.contains(&format.sample_rate));
        assert!(
            block
                .samples
                .len()
                .is_multiple_of(usize::from(format.channels))
        );
        assert!(block.samples.iter().all(|sample| sample.is_finite()));
        heard += block.samples.len().max(1);
    }
});
