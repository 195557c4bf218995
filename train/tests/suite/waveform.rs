//! The effects on signals about which everything is known.

use crate::common::tone;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use timbrel_train::waveform::{Ranges, gain, noise, pitch_shift, power, time_shift, time_stretch};

const RATE: f32 = 22_050.0;

/// Measure the frequency of a tone (Hz) from its upward zero crossings, the first and last tenth left out.
fn frequency(samples: &[f32]) -> f32 {
    let tenth = samples.len() / 10;
    let middle = &samples[tenth..samples.len() - tenth];
    let crossings: Vec<f32> = (middle.windows(2).enumerate())
        .filter(|(_, pair)| pair[0] < 0.0 && pair[1] >= 0.0)
        .map(|(at, pair)| at as f32 - pair[0] / (pair[1] - pair[0]))
        .collect();
    let cycles = (crossings.len() - 1) as f32;
    cycles * RATE / (crossings[crossings.len() - 1] - crossings[0])
}

#[track_caller]
fn assert_near(found: f32, expected: f32, share: f32) {
    let distance = (found / expected - 1.0).abs();
    assert!(distance < share, "{found} is not {expected}");
}

fn decibels(ratio: f64) -> f64 {
    10.0 * ratio.log10()
}

#[test]
fn pitch_moves_by_semitones_and_time_stays() {
    for hertz in [110.0, 1000.0] {
        let signal = tone(hertz, 1.0);
        for semitones in [-12.0, -0.5, 0.0, 7.0, 12.0] {
            let shifted = pitch_shift(&signal, semitones);
            assert_eq!(shifted.len(), signal.len());
            let expected = hertz * (semitones as f32 / 12.0).exp2();
            // 0.3 % is a twentieth of a semitone
            assert_near(frequency(&shifted), expected, 0.003);
            let change = decibels(power(&shifted) / power(&signal));
            assert!(change.abs() < 0.7, "{hertz} Hz {semitones}: {change} dB");
        }
    }
}

#[test]
fn frequencies_above_the_limit_are_removed_and_not_folded_back() {
    // an octave above 8 kHz lies beyond half the rate
    let shifted = pitch_shift(&tone(8000.0, 1.0), 12.0);
    let left = decibels(power(&shifted) / power(&tone(8000.0, 1.0)));
    assert!(left < -40.0, "{left} dB");
}

#[test]
fn tempo_changes_length_and_leaves_pitch() {
    let signal = tone(440.0, 1.0);
    for rate in [0.5, 0.8, 0.95, 1.1, 2.0] {
        let stretched = time_stretch(&signal, rate);
        let expected = (signal.len() as f64 / rate).round() as usize;
        assert_eq!(stretched.len(), expected);
        assert_near(frequency(&stretched), 440.0, 0.003);
        // up to where a splice may have looked beyond the end
        let inner = &stretched[..stretched.len() - 4096];
        let change = decibels(power(inner) / power(&signal));
        assert!(change.abs() < 0.5, "{rate}: {change} dB");
    }
}

#[test]
fn at_its_own_tempo_a_signal_is_unchanged() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let signal = noise(&tone(300.0, 1.0), 10.0, &mut rng);
    assert_eq!(time_stretch(&signal, 1.0), signal);
    assert!(time_stretch(&[], 1.3).is_empty());
}

#[test]
fn events_move_with_the_tempo() {
    // a burst of noise a second after the beginning
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let burst = noise(&tone(1000.0, 0.05), 0.0, &mut rng);
    let mut signal = vec![0.0; 3 * 22_050];
    signal[22_050..22_050 + burst.len()].copy_from_slice(&burst);
    for rate in [0.8, 1.25] {
        let stretched = time_stretch(&signal, rate);
        let loud = stretched.iter().position(|s| s.abs() > 0.2).unwrap();
        let seconds = loud as f64 / f64::from(RATE);
        assert!((seconds - 1.0 / rate).abs() < 0.05, "{rate}: {seconds} s");
    }
}

#[test]
fn noise_has_the_level_that_was_asked_for() {
    let signal = tone(440.0, 2.0);
    for snr in [0.0, 10.0, 20.0, 40.0] {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let noisy = noise(&signal, snr, &mut rng);
        let added: Vec<f32> = noisy.iter().zip(&signal).map(|(n, s)| n - s).collect();
        let found = decibels(power(&signal) / power(&added));
        assert!((found - f64::from(snr)).abs() < 0.15, "{snr}: {found}");
        // white: a sample predicts nothing about the next
        let product: f64 = (added.windows(2))
            .map(|p| f64::from(p[0]) * f64::from(p[1]))
            .sum();
        let correlation = product / added.len() as f64 / power(&added);
        assert!(correlation.abs() < 0.03, "{correlation}");
        // normal: 4.55 % beyond two deviations
        let two = 2.0 * power(&added).sqrt() as f32;
        let beyond = added.iter().filter(|s| s.abs() > two).count();
        let share = beyond as f32 / added.len() as f32;
        assert!((0.040..0.051).contains(&share), "{share}");
    }
    let again = |seed| noise(&signal, 10.0, &mut ChaCha8Rng::seed_from_u64(seed));
    assert_eq!(again(1), again(1));
    assert_ne!(again(1), again(2));
    assert_eq!(
        noise(&[0.0; 8], 10.0, &mut ChaCha8Rng::seed_from_u64(1)),
        [0.0; 8]
    );
}

#[test]
fn gain_is_in_decibels_and_clips_at_full_scale() {
    let signal = tone(440.0, 1.0);
    for db in [-40.0, -6.0, 0.0, 3.0] {
        let change = decibels(power(&gain(&signal, db)) / power(&signal));
        assert!((change - f64::from(db)).abs() < 1e-3, "{db}: {change}");
    }
    assert_eq!(gain(&[0.1, 0.6, -0.6, 0.0], 20.0), [1.0, 1.0, -1.0, 0.0]);
}

#[test]
fn a_shift_goes_around_the_end() {
    let signal = [1.0, 2.0, 3.0, 4.0];
    assert_eq!(time_shift(&signal, 1), [4.0, 1.0, 2.0, 3.0]);
    assert_eq!(time_shift(&signal, -1), [2.0, 3.0, 4.0, 1.0]);
    assert_eq!(time_shift(&signal, 9), time_shift(&signal, 1));
    assert!(time_shift(&[], 3).is_empty());
}

#[test]
fn ranges_are_read_and_written() {
    let text = "stretch=0.1,pitch=2,shift=1,gain=6,noise=20";
    let ranges: Ranges = text.parse().unwrap();
    assert_eq!(ranges.to_string(), text);
    assert!((ranges.longest() - 1.1).abs() < 1e-6);
    assert!("".parse::<Ranges>().unwrap().is_empty());
    let wrong = [
        ("reverb=1", "`reverb`"),
        ("noise", "NAME=SIZE"),
        ("gain=loud", "`gain=loud`"),
        ("stretch=1", "0 to 0.9"),
        ("gain=1,gain=2", "twice"),
        ("pitch=NaN", "0 to 24"),
    ];
    for (text, part) in wrong {
        let error = format!("{:#}", text.parse::<Ranges>().unwrap_err());
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn drawn_sizes_lie_within_the_ranges() {
    let signal = tone(440.0, 0.5);
    let only = |text: &str, seed| {
        let ranges: Ranges = text.parse().unwrap();
        ranges.draw(&signal, 22_050, &mut ChaCha8Rng::seed_from_u64(seed))
    };
    let mut levels = Vec::new();
    for seed in 0..20 {
        let level = decibels(power(&only("gain=6", seed)) / power(&signal));
        assert!(level.abs() <= 6.001, "{level}");
        levels.push(level);
        let hertz = frequency(&only("pitch=2", seed));
        assert!((391.0..=495.0).contains(&hertz), "{hertz}");
        let share = only("stretch=0.1", seed).len() as f64 / signal.len() as f64;
        assert!(
            (1.0 / 1.1 - 1e-3..=1.0 / 0.9 + 1e-3).contains(&share),
            "{share}"
        );
    }
    assert!(levels.iter().any(|l| *l > 2.0) && levels.iter().any(|l| *l < -2.0));
    assert_eq!(only("", 1), signal);
}
