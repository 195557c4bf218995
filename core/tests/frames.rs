//! Framing and the transform against their definitions: the padded signal as numpy pads it, cut into
//! frames, windowed, and transformed by the DFT's sum, all in f64.

use proptest::prelude::*;
use timbrel_core::frontend::{Dct, FrontEnd, LogMel, Mfcc, Padding, Stft};

const N: usize = 512;

/// Pad the signal with `N / 2` values on both sides.
fn padded(signal: &[f32], padding: Padding) -> Vec<f64> {
    let (length, half) = (signal.len() as i64, (N / 2) as i64);
    let value = |index: i64| -> f64 {
        if (0..length).contains(&index) {
            return f64::from(signal[index as usize]);
        }
        match padding {
            Padding::Reflect if length == 1 => f64::from(signal[0]),
            Padding::Reflect => {
                let phase = index.rem_euclid(2 * (length - 1));
                f64::from(signal[phase.min(2 * (length - 1) - phase) as usize])
            }
            _ => 0.0,
        }
    };
    let range = if padding == Padding::None {
        0..length
    } else {
        -half..length + half
    };
    range.map(value).collect()
}

/// Bin `k` of a Hann-windowed frame.
fn bin(frame: &[f64], k: usize) -> (f64, f64) {
    let turn =
        |i: usize, times: usize| 2.0 * std::f64::consts::PI * (i * times % N) as f64 / N as f64;
    let terms = frame.iter().enumerate().map(|(i, x)| {
        let windowed = x * (0.5 - 0.5 * turn(i, 1).cos());
        (windowed * turn(i, k).cos(), -windowed * turn(i, k).sin())
    });
    terms.fold((0.0, 0.0), |sum, term| (sum.0 + term.0, sum.1 + term.1))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn slices_equal_single_samples(
        signal in prop::collection::vec(-1.0_f32..1.0, 1..3000),
        hop in 100..=N,
        padding in prop::sample::select(vec![Padding::None, Padding::Zeros, Padding::Reflect]),
        cuts in prop::collection::vec(0_usize..900, 0..12),
    ) {
        let front_end = FrontEnd { padding, ..FrontEnd::librosa(N as u16, hop as u16, 20) };
        let mut log_mel = LogMel::<N, 20>::new(&front_end).unwrap();
        let mut expected: Vec<Vec<f32>> = Vec::new();
        for sample in &signal {
            expected.extend(log_mel.push(*sample).map(<[f32]>::to_vec));
        }
        while let Some(column) = log_mel.finish() {
            expected.push(column.to_vec());
        }
        log_mel.reset();
        let mut found: Vec<Vec<f32>> = Vec::new();
        let mut rest = signal.as_slice();
        for cut in cuts.into_iter().chain([signal.len()]) {
            let (mut piece, after) = rest.split_at(cut.min(rest.len()));
            rest = after;
            while !piece.is_empty() {
                let (taken, column) = log_mel.push_slice(piece);
                found.extend(column.map(<[f32]>::to_vec));
                prop_assert!(taken > 0);
                piece = &piece[taken..];
            }
        }
        while let Some(column) = log_mel.finish() {
            found.push(column.to_vec());
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn stft_is_the_dft_of_the_padded_frames(
        signal in prop::collection::vec(-1.0_f32..1.0, 1..1800),
        hop in 1..=N,
        padding in prop::sample::select(vec![Padding::None, Padding::Zeros, Padding::Reflect]),
    ) {
        // hops of a few samples make thousands of frames, of which some are enough
        let hop = if signal.len() > 600 { hop.max(40) } else { hop };
        assert_dft_of_padded_frames(&signal, hop, padding);
    }
}

#[test]
fn signals_shorter_than_half_a_frame_are_reflected_often() {
    let signal: Vec<f32> = (0..300).map(|i| (i * i % 97) as f32 / 97.0).collect();
    for length in [1, 2, 3, 50, 254, 255, 256, 257, 258, 300] {
        for hop in [1, 16, 100, 256] {
            assert_dft_of_padded_frames(&signal[..length], hop, Padding::Reflect);
        }
    }
}

fn assert_dft_of_padded_frames(signal: &[f32], hop: usize, padding: Padding) {
    let padded = padded(signal, padding);
    let expected: Vec<&[f64]> = padded.windows(N).step_by(hop).collect();
    let mut stft = Stft::<N>::new(hop as u16, padding).unwrap();
    let mut found = Vec::new();
    let keep = [0, 1, 2, 17, 128, 255, 256];
    // twice: the second time after a reset, with the remains of the first
    for _ in 0..2 {
        found.clear();
        stft.reset();
        for sample in signal {
            found.extend(
                stft.push(*sample)
                    .map(|spectrum| keep.map(|k| spectrum.bin(k))),
            );
        }
        while let Some(spectrum) = stft.finish() {
            found.push(keep.map(|k| spectrum.bin(k)));
        }
    }
    let what = format!("{} samples, hop {hop}, {padding:?}", signal.len());
    assert_eq!(found.len(), expected.len(), "{what}");
    for (t, (bins, frame)) in found.iter().zip(&expected).enumerate() {
        for (k, value) in keep.iter().zip(bins) {
            let (re, im) = bin(frame, *k);
            assert!(
                (f64::from(value.re) - re).abs() < 2e-4,
                "{what}: frame {t} bin {k}"
            );
            assert!(
                (f64::from(value.im) - im).abs() < 2e-4,
                "{what}: frame {t} bin {k}"
            );
        }
    }
}

#[test]
fn no_sample_gives_no_frame() {
    for padding in [Padding::None, Padding::Zeros, Padding::Reflect] {
        assert!(Stft::<N>::new(100, padding).unwrap().finish().is_none());
    }
}

#[test]
fn the_forms_of_a_spectrum_agree() {
    let mut stft = Stft::<N>::new(512, Padding::None).unwrap();
    let signal = (0..N).map(|i| ((i * i) as f32 * 0.01).sin());
    let (mut power, mut other) = (Vec::new(), stft.clone());
    let mut decibels = stft.clone();
    for sample in signal {
        if let Some(spectrum) = stft.push(sample) {
            let bins = (0..spectrum.bins()).map(|k| spectrum.bin(k).norm_sqr());
            power = bins.collect::<Vec<_>>();
            assert_eq!(spectrum.into_power(), power);
        }
        if let Some(spectrum) = other.push(sample) {
            let magnitude = spectrum.into_magnitude();
            assert!(
                magnitude
                    .iter()
                    .zip(&power)
                    .all(|(m, p)| (m * m - p).abs() <= 1e-6 * p)
            );
        }
        if let Some(spectrum) = decibels.push(sample) {
            let db = spectrum.into_decibels(1.0);
            assert!(
                db.iter()
                    .zip(&power)
                    .all(|(d, p)| (d - 10.0 * p.max(1.0).log10()).abs() < 1e-4)
            );
        }
    }
    assert_eq!(power.len(), N / 2 + 1);
}

#[test]
fn impossible_front_ends_are_refused() {
    let good = FrontEnd::librosa(1024, 256, 40);
    assert!(LogMel::<1024, 40>::new(&good).is_some());
    assert!(LogMel::<2048, 40>::new(&good).is_none());
    assert!(LogMel::<1024, 41>::new(&good).is_none());
    for bad in [
        FrontEnd { hop: 0, ..good },
        FrontEnd { hop: 1025, ..good },
        FrontEnd {
            f_max: f32::NAN,
            ..good
        },
        FrontEnd {
            f_max: 12_000.0,
            ..good
        },
        FrontEnd {
            f_min: -1.0,
            ..good
        },
        FrontEnd { amin: 0.0, ..good },
        FrontEnd {
            top_db: f32::INFINITY,
            ..good
        },
        FrontEnd {
            sample_rate: 0,
            ..good
        },
    ] {
        assert!(LogMel::<1024, 40>::new(&bad).is_none(), "{bad:?}");
        assert!(Mfcc::<1024, 40, 13>::new(&bad, 0).is_none());
    }
    assert!(Stft::<512>::new(0, Padding::None).is_none());
    assert!(Stft::<512>::new(513, Padding::None).is_none());
}

#[test]
fn dct_is_orthonormal_and_liftered_as_librosa_does() {
    let plain = Dct::<20, 20>::new(0);
    let lifted = Dct::<20, 20>::new(22);
    for m in 0..20 {
        let mut impulse = [0.0; 20];
        impulse[m] = 1.0;
        let column = plain.transform(&impulse);
        let energy: f32 = column.iter().map(|c| c * c).sum();
        assert!((energy - 1.0).abs() < 1e-5);
        for (c, (a, b)) in column.iter().zip(lifted.transform(&impulse)).enumerate() {
            let lift = 1.0 + 11.0 * (std::f32::consts::PI * (c + 1) as f32 / 22.0).sin();
            assert!((a * lift - b).abs() < 1e-4);
        }
    }
}

#[test]
fn streaming_mfcc_is_the_dct_of_log_mel() {
    let front_end = FrontEnd::librosa(512, 128, 40);
    let mut mfcc = Mfcc::<512, 40, 13>::new(&front_end, 0).unwrap();
    let mut log_mel = LogMel::<512, 40>::new(&front_end).unwrap();
    let dct = Dct::<40, 13>::new(0);
    let mut columns = 0;
    for i in 0..2000 {
        let sample = (i as f32 * 0.05).sin();
        let expected = log_mel.push(sample).map(|column| dct.transform(column));
        assert_eq!(mfcc.push(sample), expected);
        columns += u32::from(expected.is_some());
    }
    while let Some(column) = log_mel.finish() {
        assert_eq!(mfcc.finish(), Some(dct.transform(column)));
        columns += 1;
    }
    assert_eq!((mfcc.finish(), columns), (None, 1 + 2000 / 128));
}
