//! Times the resampler for `benches/peers/resample.py`: prints the width of its vectors in bits, then for each line
//! `FROM TO SECONDS [TIMES]` on standard input resamples that much noise in one call and prints the nanoseconds it took,
//! once or several times. `benches/peers/aarch64.sh` counts its instructions.

use std::hint::black_box;
use std::io::{self, BufRead, Write};
use std::time::Instant;

use timbrel_core::audio::Resampler;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{}", vector_bits());
    io::stdout().flush()?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let numbers: Vec<u32> = line
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        let (from, to, seconds, times) = match numbers[..] {
            [from, to, seconds] => (from, to, seconds, 1),
            [from, to, seconds, times] => (from, to, seconds, times),
            _ => return Err("a line must be FROM TO SECONDS [TIMES]".into()),
        };
        println!("{}", time(from, to, seconds, times)?);
        io::stdout().flush()?;
    }
    Ok(())
}

/// Return the width in bits of the widest registers that the resampler finds.
fn vector_bits() -> u32 {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx512f") {
        return 512;
    } else if std::arch::is_x86_feature_detected!("avx2") {
        return 256;
    }
    128
}

fn time(from: u32, to: u32, seconds: u32, times: u32) -> Result<u128, Box<dyn std::error::Error>> {
    let mut state = 1_u32;
    let input: Vec<f32> = (0..from * seconds)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        })
        .collect();
    let mut output = vec![0.0; (to * seconds) as usize];
    let start = Instant::now();
    let mut produced = 0;
    for _ in 0..times {
        let mut resampler = Resampler::new(from, to)?;
        let progress = resampler.process(black_box(&input), &mut output);
        resampler.finish();
        let last = resampler.process(&[], &mut output[progress.produced..]);
        produced += progress.produced + last.produced;
    }
    let elapsed = start.elapsed().as_nanos();
    assert_eq!(produced, black_box(&output).len() * times as usize);
    Ok(elapsed)
}
