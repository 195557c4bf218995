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
    ] {
        let message = format!("{:#}", Feature::parse(name).unwrap_err());
        assert!(message.contains(part), "{name}: {message}");
    }
}
