//! PDM to samples: SciPy's numbers for a modulator's bits, sines, blocks, order of bits, gain, DC.

mod common;

use std::f64::consts::TAU;
use std::path::Path;

use common::Random;
use proptest::prelude::*;
use safetensors::SafeTensors;
use timbrel_core::audio::{BitOrder, Pdm, UnsupportedClock};

fn convert(pdm: &mut Pdm, bytes: &[u8]) -> Vec<f64> {
    let mut output = vec![0; bytes.len() / 8 + 1];
    let progress = pdm.process(bytes, &mut output);
    assert_eq!(progress.consumed, bytes.len());
    let output = &output[..progress.produced];
    output
        .iter()
        .map(|sample| f64::from(*sample) / 32_768.0)
        .collect()
}

/// Modulate a signal with a modulator of order 2, first bit most significant: two integrators in a loop.
fn modulate(signal: impl Iterator<Item = f64>) -> Vec<u8> {
    let (mut first, mut second, mut fed_back) = (0.0, 0.0, 1.0);
    let bits: Vec<bool> = signal
        .map(|value| {
            first += value - fed_back;
            second += first - fed_back;
            fed_back = if second >= 0.0 { 1.0 } else { -1.0 };
            second >= 0.0
        })
        .collect();
    let byte = |bits: &[bool; 8]| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
    bits.as_chunks().0.iter().map(byte).collect()
}

fn sine(amplitude: f64, frequency: f64, clock: u32, seconds: f64) -> impl Iterator<Item = f64> {
    let step = TAU * frequency / f64::from(clock);
    (0..(seconds * f64::from(clock)) as usize).map(move |i| amplitude * (step * i as f64).sin())
}

/// Fit sines of known frequencies (Hz) and a constant by least squares; return the sines' amplitudes and the ratio of their
/// power to that of the rest, in dB.
fn fit<const N: usize>(samples: &[f64], frequencies: [f64; N], rate: f64) -> ([f64; N], f64) {
    let basis = |column: usize, i: usize| match column.checked_sub(1) {
        None => 1.0,
        Some(column) => {
            let phase = TAU * frequencies[column / 2] * i as f64 / rate;
            if column % 2 == 0 {
                phase.sin()
            } else {
                phase.cos()
            }
        }
    };
    let columns = 1 + 2 * N;
    // the normal equations, with the right side as the last column, solved by elimination
    let mut rows = vec![vec![0.0; columns + 1]; columns];
    for (i, sample) in samples.iter().enumerate() {
        let values: Vec<f64> = (0..columns).map(|column| basis(column, i)).collect();
        for (row, a) in rows.iter_mut().zip(&values) {
            for (slot, b) in row.iter_mut().zip(values.iter().chain([sample])) {
                *slot += a * b;
            }
        }
    }
    for pivot in 0..columns {
        let scaled: Vec<f64> = rows[pivot].iter().map(|x| x / rows[pivot][pivot]).collect();
        for (_, row) in rows.iter_mut().enumerate().filter(|(at, _)| *at != pivot) {
            let factor = row[pivot];
            row.iter_mut()
                .zip(&scaled)
                .for_each(|(x, y)| *x -= factor * y);
        }
        rows[pivot] = scaled;
    }
    let found: Vec<f64> = rows.iter().map(|row| row[columns]).collect();
    let amplitudes = std::array::from_fn(|n| found[1 + 2 * n].hypot(found[2 + 2 * n]));
    let rest = samples.iter().enumerate().map(|(i, sample)| {
        let fitted: f64 = (0..columns)
            .map(|column| found[column] * basis(column, i))
            .sum();
        (sample - fitted).powi(2)
    });
    let rest = rest.sum::<f64>() / samples.len() as f64;
    let power = amplitudes.iter().map(|a| a * a / 2.0).sum::<f64>();
    (amplitudes, 10.0 * (power / rest).log10())
}

#[test]
fn a_modulators_bits_give_scipys_samples() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/pdm.safetensors");
    let file = std::fs::read(path).unwrap();
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let mut compared = 0;
    for name in tensors.names() {
        let Some(case) = name.strip_suffix(".bits") else {
            continue;
        };
        let (clock, rate) = case.split_once('.').unwrap();
        let mut pdm = Pdm::new(clock.parse().unwrap(), rate.parse().unwrap()).unwrap();
        let found = convert(&mut pdm, tensors.tensor(name).unwrap().data());
        let expected = tensors.tensor(&format!("{case}.samples")).unwrap();
        let expected = expected.data().as_chunks().0.iter();
        let expected: Vec<f64> = expected
            .map(|bytes| f64::from(f32::from_le_bytes(*bytes)))
            .collect();
        assert_eq!(found.len(), expected.len());
        let rate: f64 = rate.parse().unwrap();
        // the tones of make_pdm.py, after the filters have filled up and the constant has faded
        let tones = [0.013, 0.11, 0.31, 0.43].map(|part| part * rate);
        let [(ours, noise), (theirs, _)] =
            [&found, &expected].map(|samples| fit(&samples[5_000..], tones, rate));
        println!("{case}: {noise:.1} dB");
        assert!(noise >= 70.0, "{case}: {noise} dB");
        for (ours, theirs) in ours.into_iter().zip(theirs) {
            let gain = 20.0 * (ours / theirs).log10();
            assert!(gain.abs() < 0.06, "{case}: {gain} dB");
        }
        // in the same places: 0.06 dB apart are 43 dB below
        let pairs = || found.iter().zip(&expected).skip(150);
        let power: f64 = pairs().map(|(_, b)| b * b).sum();
        let error: f64 = pairs().map(|(a, b)| (a - b).powi(2)).sum();
        assert!(power > 2e4 * error, "{case}: {}", power / error);
        compared += 1;
    }
    assert_eq!(compared, 3);
}

#[test]
fn passes_the_band_and_rejects_what_folds_into_it() {
    for (clock, rate) in [
        (1_411_200, 22_050),
        (3_072_000, 16_000),
        (2_116_800, 22_050),
    ] {
        let hz = f64::from(rate);
        for part in [0.01, 0.1, 0.25, 0.4, 0.45] {
            let bits = modulate(sine(0.5, part * hz, clock, 0.3));
            let samples = convert(&mut Pdm::new(clock, rate).unwrap(), &bits);
            let ([amplitude], _) = fit(&samples[2_000..], [part * hz], hz);
            let gain = 20.0 * (amplitude / 0.5).log10();
            assert!(gain.abs() < 0.1, "{part} of {rate} Hz: {gain} dB");
        }
        // each comes out at 0.3 or 0.4 of the rate
        for (part, folded) in [(0.6, 0.4), (0.7, 0.3), (1.4, 0.4), (1.7, 0.3), (3.7, 0.3)] {
            let bits = modulate(sine(0.5, part * hz, clock, 0.3));
            let samples = convert(&mut Pdm::new(clock, rate).unwrap(), &bits);
            let ([amplitude], _) = fit(&samples[2_000..], [folded * hz], hz);
            let gain = 20.0 * (amplitude / 0.5).log10();
            assert!(gain < -70.0, "{part} of {rate} Hz: {gain} dB");
        }
    }
}

#[test]
fn a_sine_is_70_db_above_its_noise() {
    // at 64 times the rate this modulator's own noise is 73 dB below the sine
    for (clock, rate) in [
        (2_048_000, 16_000),
        (3_072_000, 16_000),
        (2_822_400, 22_050),
    ] {
        let bits = modulate(sine(0.5, 1_000.0, clock, 0.4));
        let samples = convert(&mut Pdm::new(clock, rate).unwrap(), &bits);
        let ([amplitude], ratio) = fit(&samples[3_000..], [1_000.0], f64::from(rate));
        println!("{clock} Hz to {rate} Hz: {ratio:.1} dB");
        assert!((amplitude - 0.5).abs() < 0.003, "{amplitude}");
        assert!(ratio >= 70.0, "{clock} Hz: {ratio} dB");
    }
}

#[test]
fn a_constant_fades_and_the_gain_is_limited() {
    let (clock, rate) = (1_411_200, 22_050);
    let bits = modulate((0..clock).map(|_| 0.25));
    let samples = convert(&mut Pdm::new(clock, rate).unwrap(), &bits);
    assert!(samples[100] > 0.2, "{}", samples[100]);
    assert!(samples[20_000].abs() < 0.001, "{}", samples[20_000]);

    let bits = modulate(sine(0.01, 500.0, clock, 0.2));
    let mut amplitudes = [1.0, 16.0, 256.0].map(|gain| {
        let mut pdm = Pdm::new(clock, rate).unwrap().with_gain(gain);
        let samples = convert(&mut pdm, &bits);
        fit(&samples[1_000..], [500.0], f64::from(rate)).0[0]
    });
    amplitudes[1] /= 16.0;
    assert!((amplitudes[0] - 0.01).abs() < 1e-4, "{amplitudes:?}");
    assert!((amplitudes[1] - 0.01).abs() < 1e-4, "{amplitudes:?}");
    // a clipped sine: its fundamental lies between that of a sine and that of a square
    assert!((1.0..1.28).contains(&amplitudes[2]), "{amplitudes:?}");
    let mut silent = Pdm::new(clock, rate).unwrap().with_gain(f32::NAN);
    assert!(
        convert(&mut silent, &bits)
            .iter()
            .all(|sample| *sample == 0.0)
    );
}

#[test]
fn other_ratios_are_refused() {
    for (clock, rate) in [
        (1_000_000, 22_050),
        (0, 0),
        (22_050, 22_050),
        (u32::MAX, 1),
        (512_000, 16_000),
    ] {
        assert_eq!(
            Pdm::new(clock, rate).err(),
            Some(UnsupportedClock { clock, rate })
        );
    }
    let error = Pdm::new(1_000_000, 22_050).unwrap_err();
    let expected = "the PDM clock, 1000000 Hz, is not 64, 96, 128, 160 or 192 times 22050 Hz";
    assert_eq!(error.to_string(), expected);
}

proptest! {
    /// The same samples however the bits are cut, in either order of bits, and after a reset.
    #[test]
    fn blocks_do_not_matter(seed: u64, factor in 2_u32..=6, cuts in prop::collection::vec(0_usize..200, 1..30)) {
        let mut random = Random(seed);
        let bytes: Vec<u8> = (0..2_000).map(|_| random.next() as u8).collect();
        let rate = 16_000;
        let mut pdm = Pdm::new(32 * factor * rate, rate).unwrap();
        let whole = convert(&mut pdm, &bytes);
        pdm.reset();
        prop_assert_eq!(&convert(&mut pdm, &bytes), &whole);

        let mut pdm = pdm.clone().with_order(BitOrder::LsbFirst);
        pdm.reset();
        let reversed: Vec<u8> = bytes.iter().map(|byte| byte.reverse_bits()).collect();
        let (mut rest, mut found) = (&reversed[..], Vec::new());
        for cut in cuts.iter().cycle() {
            let mut output = vec![0; cut % 7 + 1];
            let input = &rest[..(*cut).min(rest.len())];
            let progress = pdm.process(input, &mut output);
            prop_assert!(progress.consumed == input.len() || progress.produced == output.len());
            rest = &rest[progress.consumed..];
            found.extend(output[..progress.produced].iter().map(|s| f64::from(*s) / 32_768.0));
            if rest.is_empty() || found.len() > whole.len() || cuts.iter().all(|cut| *cut == 0) {
                break;
            }
        }
        prop_assert_eq!(&found[..], &whole[..found.len()]);
        prop_assert!(!rest.is_empty() || found.len() == whole.len());
    }
}
