//! The front ends against librosa's numbers: for signals that `reference/make_reference.py` synthesises
//! (committed), and for the recordings in `TIMBREL_DATA/golden` where that is set.

mod common;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::Classifier;
use timbrel_core::frontend::{
    Affine, Dct, FrontEnd, LogMel, MelNorm, MelScale, Padding, Stft, WindowSpec,
};

/// `[bin][frame]`, as in the reference files.
type Matrix = Vec<Vec<f32>>;

struct Reference {
    name: String,
    samples: Vec<f32>,
    tensors: HashMap<String, Matrix>,
}

fn transpose(columns: &[Vec<f32>]) -> Matrix {
    let bins = columns.first().map_or(0, Vec::len);
    (0..bins)
        .map(|bin| columns.iter().map(|column| column[bin]).collect())
        .collect()
}

fn mel_columns<const N: usize>(samples: &[f32], hop: u16, decibels: bool) -> Vec<Vec<f32>> {
    columns::<N, 128>(samples, &FrontEnd::librosa(N as u16, hop, 128), decibels)
}

fn columns<const N: usize, const M: usize>(
    samples: &[f32],
    front_end: &FrontEnd,
    decibels: bool,
) -> Vec<Vec<f32>> {
    let mut stream = LogMel::<N, M>::new(front_end).unwrap();
    let mut columns = Vec::new();
    for sample in samples {
        let column = if decibels {
            stream.push(*sample)
        } else {
            stream.push_power(*sample)
        };
        columns.extend(column.map(<[f32]>::to_vec));
    }
    while let Some(column) = if decibels {
        stream.finish()
    } else {
        stream.finish_power()
    } {
        columns.push(column.to_vec());
    }
    columns
}

fn stft_decibels(samples: &[f32]) -> Vec<Vec<f32>> {
    let mut stft = Stft::<2048>::new(512, Padding::Zeros).unwrap();
    let mut columns = Vec::new();
    // librosa's amplitude_to_db has its amin (1e-5) on amplitudes, that is 1e-10 on powers
    for sample in samples {
        columns.extend(
            stft.push(*sample)
                .map(|spectrum| spectrum.into_decibels(1e-10).to_vec()),
        );
    }
    while let Some(spectrum) = stft.finish() {
        columns.push(spectrum.into_decibels(1e-10).to_vec());
    }
    columns
}

/// Subtract the maximum of the whole signal, and clamp 80 dB below it.
fn relative(mut columns: Vec<Vec<f32>>) -> Matrix {
    let maximum = columns.iter().flatten().copied().fold(f32::MIN, f32::max);
    columns
        .iter_mut()
        .flatten()
        .for_each(|db| *db = (*db - maximum).max(-80.0));
    transpose(&columns)
}

fn mfcc(samples: &[f32], lifter: u16) -> Matrix {
    let mut columns = mel_columns::<2048>(samples, 512, true);
    let maximum = columns.iter().flatten().copied().fold(f32::MIN, f32::max);
    columns
        .iter_mut()
        .flatten()
        .for_each(|db| *db = db.max(maximum - 80.0));
    let dct = Dct::<128, 13>::new(lifter);
    let coefficients = |column: &Vec<f32>| dct.transform(column).to_vec();
    transpose(&columns.iter().map(coefficients).collect::<Vec<_>>())
}

fn compute(name: &str, samples: &[f32]) -> Matrix {
    match name {
        "mel_power_2048_512_128" => transpose(&mel_columns::<2048>(samples, 512, false)),
        "mel_db_2048_512_128" => relative(mel_columns::<2048>(samples, 512, true)),
        "mel_db_1024_256_128" => relative(mel_columns::<1024>(samples, 256, true)),
        "mel_db_2048_1708_128" => relative(mel_columns::<2048>(samples, 1708, true)),
        "mfcc_2048_512_13" => mfcc(samples, 0),
        "mfcc_lifter_22" => mfcc(samples, 22),
        "mel_power_htk_reflect" => {
            let front_end = FrontEnd {
                mel_scale: MelScale::Htk,
                mel_norm: MelNorm::None,
                f_min: 50.0,
                f_max: 8000.0,
                padding: Padding::Reflect,
                ..FrontEnd::librosa(1024, 256, 40)
            };
            transpose(&columns::<1024, 40>(samples, &front_end, false))
        }
        "mel_power_slaney_uncentred" => {
            let front_end = FrontEnd {
                padding: Padding::None,
                ..FrontEnd::librosa(1024, 256, 64)
            };
            transpose(&columns::<1024, 64>(samples, &front_end, false))
        }
        "log_stft_2048_512" => relative(stft_decibels(samples)),
        other => panic!("no front end is called {other}"),
    }
}

/// Return the largest error, in the unit of the tensor; for powers relative to the larger of the cell and 70 dB below
/// the signal's maximum, where an FFT in f32 has 1e-4 of such a cell left.
fn error(name: &str, found: &Matrix, expected: &Matrix) -> f32 {
    assert_eq!(
        (found.len(), found[0].len()),
        (expected.len(), expected[0].len()),
        "{name}: shape"
    );
    let maximum = expected.iter().flatten().copied().fold(0.0, f32::max);
    let cells = found.iter().flatten().zip(expected.iter().flatten());
    let errors = cells.map(|(a, b)| {
        let difference = (a - b).abs();
        if name.starts_with("mel_power") {
            if maximum == 0.0 {
                difference
            } else {
                difference / b.max(maximum * 1e-7)
            }
        } else {
            difference
        }
    });
    errors.fold(0.0, f32::max)
}

/// Check that the steps that a classifier shows its network, at so many per decibel, are those of librosa's numbers.
fn check_classifier(reference: &Reference, expected: &Matrix, steps: f32) {
    // columns are kept in 1/128 dB, and a coefficient adds up 128 bands
    const TOLERANCE: f32 = 0.05;
    let normalisation: Vec<Affine> = expected
        .iter()
        .map(|row| Affine {
            scale: steps,
            offset: 128.0 - steps * row[row.len() / 2],
        })
        .collect();
    let window = WindowSpec {
        columns: expected[0].len() as u16,
        hop: 1,
    };
    let front_end = FrontEnd::librosa(2048, 512, 128).mfcc(13);
    let mut recorder = common::Recorder::new(front_end, window, normalisation.clone());
    let mut memory = vec![0; Classifier::<&mut common::Recorder>::feature_bytes(&recorder.info)];
    let format = InputFormat::mono(22_050);
    let mut classifier = Classifier::new(&mut recorder, format, &mut memory).unwrap();
    let pushed = classifier.push(&reference.samples).unwrap();
    assert_eq!(pushed.consumed, reference.samples.len());
    classifier.finish().unwrap();
    // a window with so little sound is silent, and the network does not see it
    let sounding = reference.samples.iter().filter(|x| **x != 0.0).count();
    if sounding < reference.samples.len() / 16 {
        assert!(recorder.seen.is_empty(), "{}", reference.name);
        return;
    }
    let [seen] = recorder.seen.as_slice() else {
        panic!("{} windows", recorder.seen.len())
    };
    let mut inside = 0;
    for (index, (found, expected)) in seen.iter().zip(expected.iter().flatten()).enumerate() {
        let Affine { scale, offset } = normalisation[index / usize::from(window.columns)];
        let exact = (scale * expected + offset).clamp(0.0, 255.0);
        let error = (f32::from(*found) - exact).abs();
        let most = 0.5 + TOLERANCE * scale;
        assert!(
            error <= most,
            "{}: {index}: {found} {exact}",
            reference.name
        );
        inside += usize::from((1.0..=254.0).contains(&exact));
    }
    // in fine steps most of a changing signal is out of range
    let least = if steps < 1.0 { seen.len() * 3 / 4 } else { 13 };
    assert!(inside >= least, "{}: {inside}", reference.name);
}

fn check(reference: &Reference) {
    if let Some(expected) = reference.tensors.get("mfcc_2048_512_13") {
        let powers = reference.tensors["mel_power_2048_512_128"].iter();
        let loudest = powers.flatten().copied().fold(1e-10, f32::max);
        // the whole signal is one window, whose maximum librosa leaves in coefficient 0
        let mut relative = expected.clone();
        for value in &mut relative[0] {
            *value -= 128_f32.sqrt() * 10.0 * loudest.log10();
        }
        // less than half a second is too short for an answer, and silence needs no network
        let squares: f32 = reference.samples.iter().map(|x| x * x).sum();
        let audible = squares / reference.samples.len() as f32 > 1e-6;
        if reference.samples.len() >= 11_025 && audible {
            for steps in [16.0, 0.5] {
                check_classifier(reference, &relative, steps);
            }
        }
    }
    for (name, expected) in &reference.tensors {
        let found = compute(name, &reference.samples);
        let error = error(name, &found, expected);
        let tolerance = match name.as_str() {
            mel_power if mel_power.starts_with("mel_power") => 1e-4,
            _ => 0.01,
        };
        println!("{}: {name}: {error:.6}", reference.name);
        assert!(
            error <= tolerance,
            "{}: {name}: {error} > {tolerance}",
            reference.name
        );
    }
}

fn matrix(file: &SafeTensors<'_>, name: &str) -> Matrix {
    let tensor = file.tensor(name).unwrap();
    let [_, frames] = tensor.shape() else {
        panic!("{name} is not a matrix")
    };
    let values: Vec<f32> = tensor
        .data()
        .as_chunks::<4>()
        .0
        .iter()
        .map(|b| f32::from_le_bytes(*b))
        .collect();
    values.chunks(*frames).map(<[f32]>::to_vec).collect()
}

fn pcm(bytes: &[u8]) -> Vec<f32> {
    let samples = bytes.as_chunks::<2>().0.iter();
    samples
        .map(|b| f32::from(i16::from_le_bytes(*b)) / 32_768.0)
        .collect()
}

#[test]
fn synthesised_signals_match_librosa() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/frontend.safetensors");
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut references: HashMap<String, Reference> = HashMap::new();
    for key in file.names() {
        let (signal, tensor) = key.split_once('.').expect("keys are signal.tensor");
        let entry = references
            .entry(signal.into())
            .or_insert_with(|| Reference {
                name: signal.into(),
                samples: Vec::new(),
                tensors: HashMap::new(),
            });
        if tensor == "samples" {
            entry.samples = pcm(file.tensor(key).unwrap().data());
        } else {
            entry.tensors.insert(tensor.into(), matrix(&file, key));
        }
    }
    assert!(references.len() >= 5, "{} signals", references.len());
    for reference in references.values() {
        assert!(!reference.tensors.is_empty());
        check(reference);
    }
}

#[test]
#[ignore = "needs TIMBREL_DATA"]
fn recordings_match_librosa() {
    let data = PathBuf::from(std::env::var_os("TIMBREL_DATA").expect("TIMBREL_DATA is set"));
    let mut checked = 0;
    for entry in std::fs::read_dir(data.join("golden")).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_none_or(|extension| extension != "safetensors")
        {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let wav = std::fs::read(path.with_extension("wav")).unwrap();
        let start = wav.windows(4).position(|w| w == b"data").unwrap() + 8;
        check(&Reference {
            name: path.file_stem().unwrap().to_string_lossy().into(),
            samples: pcm(&wav[start..]),
            tensors: file
                .names()
                .iter()
                .map(|name| (name.to_string(), matrix(&file, name)))
                .collect(),
        });
        checked += 1;
    }
    assert!(checked > 0, "no reference in TIMBREL_DATA/golden");
}
