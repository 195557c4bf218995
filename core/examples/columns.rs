//! Times log-mel columns on request: answers each line `HOP SECONDS` with the nanoseconds that noise of that length took, and
//! the number of its columns: 128 bands of frames of 2,048 samples, padded at both ends.
//!
//! `benches/peers/log_mel.py` runs it beside other libraries.

mod noise;

use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, stdin};
use std::time::Instant;

use noise::noise;
use timbrel_core::frontend::{FrontEnd, LogMel};

fn main() -> Result<(), Box<dyn Error>> {
    for line in stdin().lock().lines() {
        let line = line?;
        let (hop, seconds) = line.split_once(' ').ok_or("want: HOP SECONDS")?;
        let front_end = FrontEnd {
            hop: hop.parse()?,
            ..FrontEnd::COMPACT
        };
        let mut log_mel = LogMel::<2048, 128>::new(&front_end).ok_or("no such front end")?;
        let samples = noise(22_050 * seconds.parse::<usize>()?);
        let start = Instant::now();
        let columns = count(&mut log_mel, black_box(&samples));
        println!("{} {columns}", start.elapsed().as_nanos());
    }
    Ok(())
}

/// Compute the columns of a signal and return their number.
fn count(log_mel: &mut LogMel<2048, 128>, mut samples: &[f32]) -> usize {
    let mut columns = 0;
    while !samples.is_empty() {
        let (taken, column) = log_mel.push_slice(samples);
        columns += usize::from(black_box(column).is_some());
        samples = &samples[taken..];
    }
    while black_box(log_mel.finish()).is_some() {
        columns += 1;
    }
    columns
}
