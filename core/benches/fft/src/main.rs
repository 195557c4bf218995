//! Times one column of an STFT of 2,048 samples, from samples through the Hann window to the spectrum, as this library computes
//! it, with microfft and with realfft (rustfft), all alternately on one thread.
//!
//!     cargo run --release --manifest-path core/benches/fft/Cargo.toml
//!     fft NAME      computes one column to warm up and one in the function `measured`, for callgrind

use std::hint::black_box;
use std::time::Instant;

use realfft::RealFftPlanner;
use timbrel_core::frontend::{Padding, Stft};

const N: usize = 2048;
const ROUNDS: usize = 501;
const COLUMNS: usize = 20;

type Column = Box<dyn FnMut(&[f32])>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut columns: [(&str, Column); 3] = [
        ("Timbrel", timbrel()?),
        ("microfft 0.6", microfft()),
        ("realfft 3.5", realfft()),
    ];
    let samples: Vec<f32> = noise().take(N).collect();
    if let Some(name) = std::env::args().nth(1) {
        let found = columns
            .iter_mut()
            .find(|(known, _)| known.starts_with(&name));
        let (_, column) = found.ok_or("no such FFT")?;
        column(&samples);
        measured(column, &samples);
        return Ok(());
    }
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        for ((_, column), times) in columns.iter_mut().zip(&mut times) {
            let start = Instant::now();
            for _ in 0..COLUMNS {
                column(black_box(&samples));
            }
            times.push(start.elapsed().as_nanos() as f64 / COLUMNS as f64);
        }
    }
    times
        .iter_mut()
        .for_each(|times| times.sort_by(f64::total_cmp));
    println!("| {N} samples | median, ns | least | ratio |\n|---|---:|---:|---:|");
    for ((name, _), found) in columns.iter().zip(&times) {
        let (median, ratio) = (found[ROUNDS / 2], found[ROUNDS / 2] / times[0][ROUNDS / 2]);
        println!("| {name} | {median:.0} | {:.0} | {ratio:.2} |", found[0]);
    }
    Ok(())
}

#[inline(never)]
fn measured(column: &mut Column, samples: &[f32]) {
    column(samples);
    black_box(());
}

fn timbrel() -> Result<Column, &'static str> {
    let mut stft = Box::new(Stft::<N>::new(N as u16, Padding::None).ok_or("no such STFT")?);
    Ok(Box::new(move |samples| {
        let (_, spectrum) = stft.push_slice(samples);
        black_box(spectrum.is_some());
    }))
}

fn microfft() -> Column {
    let window = hann();
    let mut frame = [0.0; N];
    Box::new(move |samples| {
        windowed(&mut frame, samples, &window);
        black_box(microfft::real::rfft_2048(&mut frame));
    })
}

fn realfft() -> Column {
    let window = hann();
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(N);
    let (mut frame, mut spectrum) = ([0.0; N], fft.make_output_vec());
    let mut scratch = fft.make_scratch_vec();
    Box::new(move |samples| {
        windowed(&mut frame, samples, &window);
        let done = fft.process_with_scratch(&mut frame, &mut spectrum, &mut scratch);
        black_box((done.is_ok(), &spectrum));
    })
}

fn windowed(frame: &mut [f32; N], samples: &[f32], window: &[f32]) {
    for ((value, sample), weight) in frame.iter_mut().zip(samples).zip(window) {
        *value = sample * weight;
    }
}

fn hann() -> Vec<f32> {
    let weight = |i| (std::f32::consts::PI * i as f32 / N as f32).sin().powi(2);
    (0..N).map(weight).collect()
}

/// Return noise between −1 and 1.
fn noise() -> impl Iterator<Item = f32> {
    let mut state = 1_u32;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    })
}
