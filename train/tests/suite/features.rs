//! Features by name: against librosa's where `TIMBREL_DATA` holds `golden/`, and wrong names.

use safetensors::SafeTensors;
use timbrel_train::features::Feature;

/// Return the samples of a mono 16-bit PCM wav file.
fn read_wav(bytes: &[u8]) -> Vec<f32> {
    let data = bytes
        .windows(4)
        .position(|tag| tag == b"data")
        .expect("a data chunk");
    let (pairs, _) = bytes[data + 8..].as_chunks::<2>();
    pairs
        .iter()
        .map(|pair| f32::from(i16::from_le_bytes(*pair)) / 32768.0)
        .collect()
}

#[test]
#[ignore = "needs TIMBREL_DATA"]
fn agree_with_librosa() {
    let golden = crate::common::real_data().join("golden");
    let entries = std::fs::read_dir(&golden).unwrap_or_else(|_| panic!("{}", golden.display()));
    let mut compared = 0;
    for path in entries
        .map(|entry| entry.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "wav"))
    {
        let samples = read_wav(&std::fs::read(&path).unwrap());
        let file = std::fs::read(path.with_extension("safetensors")).unwrap();
        for (name, expected) in SafeTensors::deserialize(&file).unwrap().tensors() {
            let found = Feature::parse(&name).unwrap().compute(&samples).unwrap();
            assert_eq!(
                [found.bins, found.frames],
                expected.shape(),
                "{name} of {}",
                path.display()
            );
            let (values, _) = expected.data().as_chunks::<4>();
            let expected: Vec<f32> = values.iter().map(|v| f32::from_le_bytes(*v)).collect();
            let peak = expected.iter().fold(0_f32, |peak, v| peak.max(*v));
            for (found, expected) in found.values.iter().zip(&expected) {
                // 0.01 dB is 0.23 % of a power
                let tolerance = if name.starts_with("mel_power") {
                    2.3e-3 * expected + 1e-8 * peak
                } else {
                    0.01
                };
                assert!(
                    (found - expected).abs() <= tolerance,
                    "{name}: {found}, librosa {expected}"
                );
            }
            compared += 1;
        }
    }
    assert!(
        compared > 0,
        "{} holds nothing to compare with",
        golden.display()
    );
}

/// Return the mel of Slaney's Auditory Toolbox.
fn mel(hertz: f64) -> f64 {
    if hertz < 1000.0 {
        hertz * 3.0 / 200.0
    } else {
        15.0 + 27.0 * (hertz / 1000.0).ln() / 6.4_f64.ln()
    }
}

#[test]
fn a_tone_is_loudest_in_its_band_at_any_sample_rate() {
    for rate in [8_000, 16_000, 22_050, 48_000_u32] {
        let feature = Feature::parse(&format!("mel_db_2048_512_128_at_{rate}")).unwrap();
        assert_eq!(feature.sample_rate(), rate);
        for hertz in [440.0, 1500.0, 3500.0] {
            let turns =
                |index: u32| std::f64::consts::TAU * hertz * f64::from(index) / f64::from(rate);
            let samples: Vec<f32> = (0..rate)
                .map(|index| 0.5 * turns(index).sin() as f32)
                .collect();
            let found = feature.compute(&samples).unwrap();
            let middle = found.frames / 2;
            let level = |bin: usize| found.values[bin * found.frames + middle];
            let loudest = (0..found.bins).max_by(|a, b| level(*a).total_cmp(&level(*b)));
            let band = mel(hertz) / mel(f64::from(rate) / 2.0) * 129.0 - 1.0;
            let away = (loudest.unwrap() as f64 - band).abs();
            assert!(
                away <= 1.0,
                "{hertz} Hz at {rate} Hz: {loudest:?}, not {band:.1}"
            );
        }
    }
}

#[test]
fn shapes_are_librosas() {
    let samples = vec![0.1; 5000];
    for (name, bins, frames) in [
        ("log_stft_512_128", 257, 40),
        ("mel_power_1024_256_128", 128, 20),
        ("mel_db_4096_1000_128", 128, 6),
        ("mfcc_2048_512_20", 20, 10),
    ] {
        let matrix = Feature::parse(name).unwrap().compute(&samples).unwrap();
        assert_eq!(
            (matrix.bins, matrix.frames, matrix.values.len()),
            (bins, frames, bins * frames),
            "{name}"
        );
    }
    assert!(
        Feature::parse("mfcc_2048_512_20")
            .unwrap()
            .compute(&[])
            .is_err()
    );
}

#[test]
fn wrong_names_are_explained() {
    for (name, part) in [
        ("chroma_2048_512", "no front end is called"),
        ("mel_db_2048_512", "2 numbers, expected 3"),
        ("mel_db_2048_512_64", "64 mel bands"),
        ("mel_db_2048_x_128", "`x`"),
        ("mel_db_2000_512_128", "n_fft cannot be 2000"),
        ("log_stft_512_513", "hop cannot be 513"),
        ("mfcc_2048_512_129", "1 to 128 coefficients"),
        ("mfcc_2048_512_99999", "99999"),
        (
            "mel_db_1024_512_128_at_100",
            "a sample rate of 8000 to 48000 Hz",
        ),
        ("mel_db_1024_512_128_at_x", "`x`"),
    ] {
        let message = format!("{:#}", Feature::parse(name).unwrap_err());
        assert!(message.contains(part), "{name}: {message}");
    }
}
