//! The resampler: sines, counts, delay, and soxr's numbers.

mod common;

use std::f64::consts::TAU;
use std::path::Path;

use common::Random;
use proptest::prelude::*;
use safetensors::SafeTensors;
use timbrel_core::audio::{HIGHEST_RATIO, Progress, Resampler, SUPPORTED_RATES};
use timbrel_core::frontend::{FrontEnd, LogMel};

const MODEL_RATE: u32 = 22_050;

/// The rates (Hz) between which every pair is tried.
const USUAL_RATES: [u32; 9] = [
    8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000,
];

/// Pairs of rates without a common divisor, at the limits of what is possible, or with a table of taps that is too large.
const ODD_PAIRS: [(u32, u32); 14] = [
    (4_000, MODEL_RATE),
    (4_001, 96_000),
    (11_999, MODEL_RATE),
    (12_000, MODEL_RATE),
    (22_049, MODEL_RATE),
    (22_051, MODEL_RATE),
    (37_800, MODEL_RATE),
    (44_101, MODEL_RATE),
    (88_200, MODEL_RATE),
    (96_001, MODEL_RATE),
    (192_000, MODEL_RATE),
    (384_000, 8_000),
    (768_000, MODEL_RATE),
    (767_999, 16_001),
];

fn sine(frequency: f64, rate: u32, samples: usize) -> Vec<f32> {
    (0..samples)
        .map(|i| (TAU * frequency * i as f64 / f64::from(rate)).sin() as f32)
        .collect()
}

fn take(resampler: &mut Resampler, into: &mut Vec<f32>) {
    while let Some(sample) = resampler.pull() {
        into.push(sample);
    }
}

fn run(resampler: &mut Resampler, signal: &[f32]) -> Vec<f32> {
    let mut output = Vec::new();
    for sample in signal {
        resampler.push(*sample);
        take(resampler, &mut output);
    }
    resampler.finish();
    take(resampler, &mut output);
    output
}

/// Resample in blocks, whose lengths `cuts` gives: those of the input and of the output alternately.
fn run_blocks(
    resampler: &mut Resampler,
    signal: &[f32],
    mut cuts: impl FnMut() -> usize,
) -> Vec<f32> {
    let mut output = Vec::new();
    let mut rest = signal;
    loop {
        let input = &rest[..cuts().min(rest.len())];
        let mut block = vec![f32::NAN; cuts()];
        let Progress { consumed, produced } = resampler.process(input, &mut block);
        // an output that is not full means that the input is used up
        assert!(produced == block.len() || consumed == input.len());
        rest = &rest[consumed..];
        output.extend_from_slice(&block[..produced]);
        if rest.is_empty() && produced < block.len() {
            return output;
        }
    }
}

fn noise(seed: u64, samples: usize) -> Vec<f32> {
    let mut random = Random(seed);
    (0..samples).map(|_| random.unit()).collect()
}

fn resample(signal: &[f32], from: u32, to: u32) -> Vec<f32> {
    let mut resampler = Resampler::new(from, to).unwrap();
    let mut output = run_blocks(&mut resampler, signal, || 1_000);
    resampler.finish();
    output.extend(run_blocks(&mut resampler, &[], || 1_000));
    output
}

/// Return the outputs that neither the beginning nor the end of the signal reaches.
fn inner(output: &[f32], from: u32, to: u32) -> std::ops::Range<usize> {
    let margin = 80 * to.div_ceil(from.min(to)) as usize;
    margin..output.len() - margin
}

/// Return all pairs of usual rates.
fn usual_pairs() -> impl Iterator<Item = (u32, u32)> {
    let to = |from| USUAL_RATES.into_iter().map(move |to| (from, to));
    USUAL_RATES
        .into_iter()
        .flat_map(to)
        .filter(|(from, to)| from != to)
}

fn pairs() -> impl Iterator<Item = (u32, u32)> {
    usual_pairs().chain(ODD_PAIRS)
}

#[test]
fn pass_band_keeps_level_and_place() {
    let mut worst = 0.0_f64;
    for (from, to) in pairs() {
        let nyquist = f64::from(from.min(to)) / 2.0;
        for part in [0.003, 0.11, 0.37, 0.52, 0.71, 0.83, 0.913] {
            let frequency = nyquist * part;
            let output = resample(&sine(frequency, from, from as usize / 10), from, to);
            let ideal = sine(frequency, to, output.len());
            for i in inner(&output, from, to) {
                worst = worst.max(f64::from(output[i] - ideal[i]).abs());
            }
        }
    }
    // gain, delay, images and aliases together
    println!("largest error {:.1} dB", 20.0 * worst.log10());
    assert!(worst < 1e-4, "{worst}");
}

#[test]
fn frequencies_above_nyquist_are_rejected() {
    let mut worst = 0.0_f64;
    for (from, to) in pairs().filter(|(from, to)| from > to) {
        let (low, high) = (f64::from(to) / 2.0, f64::from(from) / 2.0);
        // dense near the edge, where the side lobes are largest, then up to the highest frequency
        let near = (0..40).map(|step| low * (1.0002 + 0.001 * f64::from(step)));
        let far = (1..40).map(|step| low + (high - low) * f64::from(step) / 40.0);
        for frequency in near.chain(far).filter(|frequency| *frequency < high) {
            let output = resample(&sine(frequency, from, from as usize / 10), from, to);
            for i in inner(&output, from, to) {
                worst = worst.max(f64::from(output[i]).abs());
            }
        }
    }
    println!("strongest alias {:.1} dB", 20.0 * worst.log10());
    assert!(worst < 1e-4, "{worst}");
}

#[test]
fn an_impulse_stays_in_its_place() {
    for (from, to) in usual_pairs() {
        // both rates have a sample at this time
        let place = from as usize / 25;
        let mut signal = vec![0.0; 2 * place];
        signal[place] = 1.0;
        let output = resample(&signal, from, to);
        let centre = to as usize / 25;
        let peak = output.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        assert_eq!(peak.unwrap().0, centre, "{from} to {to}");
        for distance in 1..centre {
            let difference = output[centre - distance] - output[centre + distance];
            assert!(difference.abs() < 1e-5, "{from} to {to}: {distance}");
        }
        let sum: f32 = output.iter().sum();
        assert!((sum * from as f32 / to as f32 - 1.0).abs() < 1e-3, "{sum}");
    }
}

#[test]
fn counts_are_exact() {
    for (from, to) in pairs() {
        for inputs in [0, 1, 2, 3, 7, 100, 999, 5_000_u64] {
            let expected = (inputs * u64::from(to)).div_ceil(u64::from(from));
            let output = resample(&vec![0.1; inputs as usize], from, to);
            assert_eq!(output.len() as u64, expected, "{inputs}: {from} to {to}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_cut_gives_the_same_bits(
        seed: u64,
        length in 0..3_000_usize,
        (from, to) in prop_oneof![
            prop::sample::select(pairs().collect::<Vec<_>>()),
            (4_000..=768_000_u32, 4_000..=768_000_u32).prop_filter("a possible ratio", |(from, to)| {
                from / to < HIGHEST_RATIO
            }),
        ],
        largest in 1..10_u32,
    ) {
        let signal = noise(seed, length);
        let one_by_one = run(&mut Resampler::new(from, to).unwrap(), &signal);
        let mut random = Random(seed);
        let mut cuts = || random.below(1 << largest);
        let mut resampler = Resampler::new(from, to).unwrap();
        let mut blocks = run_blocks(&mut resampler, &signal, &mut cuts);
        resampler.finish();
        blocks.extend(run_blocks(&mut resampler, &[], &mut cuts));
        prop_assert_eq!(blocks.len(), one_by_one.len());
        for (block, one) in blocks.iter().zip(&one_by_one) {
            prop_assert_eq!(block.to_bits(), one.to_bits());
        }
        // nothing is taken after the end
        prop_assert_eq!(resampler.process(&signal, &mut [0.0; 8]), Progress::default());
    }
}

#[test]
fn equal_rates_pass_samples_through() {
    let signal = [0.1, -0.2, f32::MIN_POSITIVE, -0.0, 1.0];
    for rate in USUAL_RATES {
        assert_eq!(resample(&signal, rate, rate), signal);
    }
}

#[test]
fn reset_forgets_everything() {
    let signal = sine(440.0, 16_000, 2_001);
    for (from, to) in pairs() {
        let fresh = resample(&signal, from, to);
        let mut used = Resampler::new(from, to).unwrap();
        run(&mut used, &sine(1_000.0, 8_000, 777));
        used.reset();
        assert_eq!(run(&mut used, &signal), fresh, "{from} to {to}");
        // in the middle of a signal too
        used.reset();
        signal[..333].iter().for_each(|sample| used.push(*sample));
        used.reset();
        assert_eq!(run(&mut used, &signal), fresh, "{from} to {to}");
    }
}

#[test]
fn nothing_comes_after_the_end() {
    let mut resampler = Resampler::new(44_100, MODEL_RATE).unwrap();
    assert_eq!(run(&mut resampler, &[0.5; 100]).len(), 50);
    resampler.push(1.0);
    resampler.finish();
    assert_eq!(resampler.pull(), None);
}

#[test]
fn unsupported_rates_are_named() {
    for (from, to, rate, highest) in [
        (3_999, MODEL_RATE, 3_999, 768_000),
        (0, 0, 0, 768_000),
        (u32::MAX, MODEL_RATE, u32::MAX, 768_000),
        (768_001, MODEL_RATE, 768_001, 768_000),
        (44_100, 1_000, 1_000, 768_000),
        (384_001, 8_000, 384_001, 384_000),
    ] {
        let error = Resampler::new(from, to).unwrap_err();
        let message = format!("sample rate {rate} Hz is not in the range of 4000 to {highest} Hz");
        assert_eq!(error.to_string(), message);
    }
    assert_eq!(SUPPORTED_RATES, 4_000..=768_000);
}

#[test]
fn it_is_small() {
    let bytes = size_of::<Resampler>();
    println!("{bytes} bytes");
    assert!(bytes <= 3_700, "{bytes}");
}

fn log_mel(samples: &[f32]) -> Vec<Vec<f32>> {
    let mut stream = LogMel::<2048, 128>::new(&FrontEnd::librosa(2048, 512, 128)).unwrap();
    let mut columns = Vec::new();
    for sample in samples {
        columns.extend(stream.push(*sample).map(<[f32]>::to_vec));
    }
    while let Some(column) = stream.finish() {
        columns.push(column.to_vec());
    }
    let maximum = columns.iter().flatten().copied().fold(f32::MIN, f32::max);
    columns.iter_mut().flatten().for_each(|db| *db -= maximum);
    columns
}

/// Compare every signal of a file; its keys are `RATE[ NAME].samples` and `RATE[ NAME].mel_db_2048_512_128`.
fn compare_with_soxr(path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let names = file.names();
    let keys = names
        .iter()
        .filter_map(|name| name.strip_suffix(".samples"));
    let mut signals = 0;
    for key in keys {
        let rate = key.split(' ').next().unwrap().parse().unwrap();
        let samples = file.tensor(&format!("{key}.samples")).unwrap();
        let signal: Vec<f32> = samples
            .data()
            .as_chunks()
            .0
            .iter()
            .map(|b| f32::from(i16::from_le_bytes(*b)) / 32_768.0)
            .collect();
        let columns = log_mel(&resample(&signal, rate, MODEL_RATE));
        let reference = file.tensor(&format!("{key}.mel_db_2048_512_128")).unwrap();
        assert_eq!(reference.shape(), [128, columns.len()], "{key}");
        let (mut cells, mut near, mut largest) = (0_u32, 0_u32, 0.0_f32);
        for (at, expected) in reference.data().as_chunks().0.iter().enumerate() {
            let expected = f32::from_le_bytes(*expected);
            if expected > -60.0 {
                let error = (columns[at % columns.len()][at / columns.len()] - expected).abs();
                cells += 1;
                near += u32::from(error <= 0.5);
                largest = largest.max(error);
            }
        }
        let part = f64::from(near) / f64::from(cells);
        println!(
            "{key}: {:.3} % of {cells} cells, largest error {largest:.3} dB",
            100.0 * part
        );
        assert!(part >= 0.99, "{key}: {part}");
        signals += 1;
    }
    assert!(signals > 0);
}

#[test]
fn log_mel_agrees_with_soxr() {
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    compare_with_soxr(&reference.join("resampled.safetensors"));
    // recordings prepared with reference/make_resampled.py
    if let Some(path) = std::env::var_os("TIMBREL_RESAMPLED") {
        compare_with_soxr(Path::new(&path));
    }
}
