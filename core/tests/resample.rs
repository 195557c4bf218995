//! The resampler: sines, counts, delay, and soxr's numbers.

mod common;

use std::f64::consts::TAU;
use std::path::Path;

use common::Random;
use proptest::prelude::*;
use safetensors::SafeTensors;
use timbrel_core::audio::{Progress, Resampler, SUPPORTED_RATES, UnsupportedRate};
use timbrel_core::frontend::{FrontEnd, LogMel};

const MODEL_RATE: u32 = 22_050;

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

fn pairs() -> impl Iterator<Item = (u32, u32)> {
    let to = |from| SUPPORTED_RATES.into_iter().map(move |to| (from, to));
    SUPPORTED_RATES
        .into_iter()
        .flat_map(to)
        .filter(|(from, to)| from != to)
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
    for (from, to) in pairs() {
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
        from in prop::sample::select(SUPPORTED_RATES.as_slice()),
        to in prop::sample::select(SUPPORTED_RATES.as_slice()),
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

/// FNV-1a over the bits of a tenth of a second of resampled noise. The sums of products have a defined order of
/// additions, so that these numbers are the same on every target.
const BITS: [(u32, u32, u32); 72] = [
    (8_000, 11_025, 0x1297_4723),
    (8_000, 16_000, 0xc61f_2951),
    (8_000, 22_050, 0xc225_2119),
    (8_000, 24_000, 0x68ec_ff3f),
    (8_000, 32_000, 0x92f6_0f80),
    (8_000, 44_100, 0xaf43_be73),
    (8_000, 48_000, 0xab90_b19e),
    (8_000, 96_000, 0x858d_2fa5),
    (11_025, 8_000, 0x503f_2a13),
    (11_025, 16_000, 0xd614_460f),
    (11_025, 22_050, 0xc666_9642),
    (11_025, 24_000, 0xc4ee_b2e8),
    (11_025, 32_000, 0xeb67_6bda),
    (11_025, 44_100, 0xd07c_9dd9),
    (11_025, 48_000, 0x68a8_d326),
    (11_025, 96_000, 0xceac_65ec),
    (16_000, 8_000, 0xc2fb_7680),
    (16_000, 11_025, 0xff5f_54ef),
    (16_000, 22_050, 0xf4a2_d8e8),
    (16_000, 24_000, 0x5968_21e5),
    (16_000, 32_000, 0x975b_f714),
    (16_000, 44_100, 0x37bd_86e7),
    (16_000, 48_000, 0xa767_63a1),
    (16_000, 96_000, 0x2dd3_35c9),
    (22_050, 8_000, 0x1762_f614),
    (22_050, 11_025, 0xd763_31dc),
    (22_050, 16_000, 0x0a36_c8e5),
    (22_050, 24_000, 0xa760_f5cf),
    (22_050, 32_000, 0x04af_1644),
    (22_050, 44_100, 0xef46_23ff),
    (22_050, 48_000, 0x20f5_cb06),
    (22_050, 96_000, 0x157f_a177),
    (24_000, 8_000, 0x4f50_d2e9),
    (24_000, 11_025, 0x038d_7267),
    (24_000, 16_000, 0x0550_b061),
    (24_000, 22_050, 0x69dc_9e64),
    (24_000, 32_000, 0x86c4_6dab),
    (24_000, 44_100, 0x8ac6_bac9),
    (24_000, 48_000, 0xbe96_a69b),
    (24_000, 96_000, 0x429d_8ed4),
    (32_000, 8_000, 0x304e_e6a9),
    (32_000, 11_025, 0x8f97_ed49),
    (32_000, 16_000, 0x505d_9166),
    (32_000, 22_050, 0xe814_4b8f),
    (32_000, 24_000, 0x52e6_ad35),
    (32_000, 44_100, 0x4161_3961),
    (32_000, 48_000, 0x5689_3603),
    (32_000, 96_000, 0x7f0c_94d0),
    (44_100, 8_000, 0xdaac_14ff),
    (44_100, 11_025, 0xd30f_3aa9),
    (44_100, 16_000, 0x74a7_f3f7),
    (44_100, 22_050, 0x56b8_c448),
    (44_100, 24_000, 0xacf3_c5eb),
    (44_100, 32_000, 0xdb8c_803c),
    (44_100, 48_000, 0x08ff_cf2a),
    (44_100, 96_000, 0xee2d_a400),
    (48_000, 8_000, 0x897a_9df7),
    (48_000, 11_025, 0x15d6_e61a),
    (48_000, 16_000, 0x0a62_9ba7),
    (48_000, 22_050, 0x93c4_120c),
    (48_000, 24_000, 0x2330_c171),
    (48_000, 32_000, 0x59e2_6981),
    (48_000, 44_100, 0x6cba_5af5),
    (48_000, 96_000, 0x230d_66bc),
    (96_000, 8_000, 0xdde3_56af),
    (96_000, 11_025, 0xfaec_e2c1),
    (96_000, 16_000, 0x82c3_c980),
    (96_000, 22_050, 0x0b91_5fab),
    (96_000, 24_000, 0x985c_7688),
    (96_000, 32_000, 0xf3bb_3736),
    (96_000, 44_100, 0xa1ff_8151),
    (96_000, 48_000, 0xf5aa_5209),
];

#[test]
fn every_pair_gives_its_bits() {
    for (from, to, expected) in BITS {
        let signal = noise(1, from as usize / 10);
        let bytes = resample(&signal, from, to)
            .into_iter()
            .flat_map(|sample| sample.to_bits().to_le_bytes())
            .fold(0x811c_9dc5_u32, |hash, byte| {
                (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
            });
        assert_eq!(bytes, expected, "{from} to {to}");
    }
}

#[test]
fn equal_rates_pass_samples_through() {
    let signal = [0.1, -0.2, f32::MIN_POSITIVE, -0.0, 1.0];
    for rate in SUPPORTED_RATES {
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
    for (from, to, rate) in [
        (12_345, MODEL_RATE, 12_345),
        (0, 8_000, 0),
        (44_100, 22_051, 22_051),
    ] {
        assert_eq!(
            Resampler::new(from, to).unwrap_err(),
            UnsupportedRate { rate }
        );
    }
    let message = UnsupportedRate { rate: 12_345 }.to_string();
    assert!(
        message.contains("12345") && message.contains("44100"),
        "{message}"
    );
}

#[test]
fn it_is_small() {
    let bytes = size_of::<Resampler>();
    println!("{bytes} bytes");
    assert!(bytes <= 2_800, "{bytes}");
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
