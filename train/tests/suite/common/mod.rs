//! A small synthetic cache, and a recipe that a debug build trains in a moment.

#![allow(dead_code, reason = "each test file uses a part")]

use std::collections::HashMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};

use safetensors::Dtype;
use safetensors::tensor::TensorView;
use timbrel_train::device::DeviceKind;
use timbrel_train::network::Network;
use timbrel_train::recipe::Recipe;
use timbrel_train::weights::Weights;

/// Hold burn's generator of random numbers, which a process has one of: a test that makes networks or trains them would
/// change the numbers that another one draws.
pub(crate) fn generator() -> MutexGuard<'static, ()> {
    static GENERATOR: Mutex<()> = Mutex::new(());
    GENERATOR.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) const MELS: usize = 32;
pub(crate) const COLUMNS: usize = 48;
pub(crate) const GENRES: [&str; 3] = ["bars", "rows", "both"];

/// 32 x 32 -> 8 x 8 -> 4 x 4 (depthwise) -> 4 x 4
pub(crate) const RECIPE: &str = r#"
name = "tiny"
[front_end]
n_fft = 512
hop = 256
n_mels = 32
[window]
columns = 32
hop = 8
[network]
blocks = [
    { channels = 6, kernel = 5, stride = 2, pool = 2 },
    { channels = 6, kernel = 3, pool = 2, depthwise = true },
    { channels = 8, kernel = 1 },
]
[augment]
crops_per_track = 2
shift_bins = 1
tilt_db = 3.0
frequency_masks = 1
frequency_mask_bins = 4
time_masks = 1
time_mask_columns = 4
mixup_alpha = 0.2
[training]
epochs = 4
batch = 8
peak_learning_rate = 1e-2
warmup = 0.25
weight_decay = 0.01
gradient_norm = 5.0
label_smoothing = 0.1
ema_decay = 0.9
evaluate_every = 2
checkpoint_every = 1
"#;

/// Return a recipe for a small network like that of `s2-mfcc-3s`.
pub(crate) fn mfcc_recipe() -> String {
    let begin = RECIPE.find("[network]").unwrap();
    let end = RECIPE.find("[augment]").unwrap();
    let network = r#"[network]
cepstra = 9
normalise = true
blocks = [
    { channels = 5, kernel = 3, pool = [1, 2] },
    { channels = 6, kernel = 3, pool = 2 },
]
reduce = "flatten"
hidden = [{ units = 24, dropout = 0.1 }, { units = 12 }]
"#;
    let rest = RECIPE[end..].replace("peak_learning_rate = 1e-2", "peak_learning_rate = 3e-3");
    format!("{}{network}{rest}", &RECIPE[..begin])
}

/// Make the spectrogram of a track: stripes over time, over frequency, or both, shifted by its number.
pub(crate) fn spectrogram(track: usize) -> Vec<u8> {
    let label = track % GENRES.len();
    let value = |bin: usize, column: usize| {
        let bar = (column + track) % 8 < 4;
        let row = (bin + track) % 8 < 4;
        let level = [bar, row, bar && row][label];
        40 + 150 * u8::from(level) + ((bin * 7 + column * 13 + track * 5) % 23) as u8
    };
    (0..MELS)
        .flat_map(|bin| (0..COLUMNS).map(move |column| value(bin, column)))
        .collect()
}

/// Make the cache's bytes for `count` tracks; every fourth is valid, the others are train.
pub(crate) fn cache(count: usize) -> Vec<u8> {
    cache_with_labels(count, |track| (track % GENRES.len()) as u8)
}

/// Make the same with other labels.
pub(crate) fn cache_with_labels(count: usize, label: impl Fn(usize) -> u8) -> Vec<u8> {
    let logmel: Vec<u8> = (0..count).flat_map(spectrogram).collect();
    let label: Vec<u8> = (0..count).map(label).collect();
    let tensors = [
        (
            "logmel",
            TensorView::new(Dtype::U8, vec![count, MELS, COLUMNS], &logmel).unwrap(),
        ),
        (
            "label",
            TensorView::new(Dtype::U8, vec![count], &label).unwrap(),
        ),
    ];
    let genres = serde_json::to_string(&GENRES).unwrap();
    let metadata = HashMap::from([("genres".to_owned(), genres)]);
    safetensors::serialize(tensors, Some(metadata)).unwrap()
}

/// Make the manifest's text for `count` tracks.
pub(crate) fn manifest(count: usize) -> String {
    let mut text = String::from("row,track,genre,split\n");
    for track in 0..count {
        let genre = GENRES[track % GENRES.len()];
        let split = if track % 4 == 3 { "valid" } else { "train" };
        writeln!(text, "{track},{genre}.{track:05},{genre},{split}").unwrap();
    }
    text
}

/// Write cache, manifest and recipe into a folder and return the recipe's path.
pub(crate) fn write_all(folder: &Path, count: usize) -> PathBuf {
    std::fs::write(folder.join("logmel.safetensors"), cache(count)).unwrap();
    std::fs::write(folder.join("manifest.csv"), manifest(count)).unwrap();
    let recipe = folder.join("tiny.toml");
    std::fs::write(&recipe, RECIPE).unwrap();
    recipe
}

/// A generator of numbers for tests: deterministic and the same everywhere (splitmix64).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Return a number that is uniform in -1..1.
    pub(crate) fn float(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0
    }
}

/// Make a tone of so many hertz at 22,050 Hz, full scale ±1.
pub(crate) fn tone(hertz: f32, seconds: f32) -> Vec<f32> {
    let step = std::f32::consts::TAU * hertz / 22_050.0;
    (0..(22_050.0 * seconds) as usize)
        .map(|n| 0.5 * (n as f32 * step).sin())
        .collect()
}

/// Write a mono 16-bit wav file at 22,050 Hz.
pub(crate) fn write_wav(path: &Path, samples: &[f32]) {
    let data: Vec<u8> = (samples.iter())
        .flat_map(|sample| ((sample * 32_767.0).round() as i16).to_le_bytes())
        .collect();
    let mut file = b"RIFF".to_vec();
    file.extend((36 + data.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(22_050_u32.to_le_bytes());
    file.extend(44_100_u32.to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, file).unwrap();
}

/// Return the value of a variable that an ignored test needs.
#[track_caller]
pub(crate) fn needed(variable: &str, what: &str) -> PathBuf {
    match std::env::var_os(variable) {
        Some(value) => value.into(),
        None => panic!("set {variable} to {what}"),
    }
}

/// Return the folder of the data with the real cache.
#[track_caller]
pub(crate) fn real_data() -> PathBuf {
    needed(
        "TIMBREL_DATA",
        "the folder of the data (see docs/training.md)",
    )
}

/// Return an interpreter with the packages of `requirements.txt`.
#[track_caller]
pub(crate) fn python() -> PathBuf {
    needed(
        "TIMBREL_PYTHON",
        "a Python interpreter with the packages of train/tests/requirements.txt",
    )
}

/// Make a fresh network's weights, with statistics and factors as training would leave them.
pub(crate) fn trained(recipe: &Recipe, classes: usize) -> Weights {
    let device = DeviceKind::Cpu.open(false).unwrap();
    let fresh = Network::new(recipe, classes, &device).unwrap();
    let mut numbers = Numbers(3);
    let mut weights = fresh.weights().unwrap();
    for name in weights.names() {
        let mut array = weights.get(&name).unwrap().clone();
        let centre = if name.ends_with("running_var") {
            0.5
        } else {
            0.0
        };
        if name.contains("norm.") || name.contains("identity.") {
            for value in &mut array.values {
                *value += 0.3 * numbers.float() - centre;
            }
        }
        weights.insert(name, array);
    }
    weights
}

/// Run the command with nothing but the given arguments.
pub(crate) fn timbrel(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_timbrel"))
        .args(arguments)
        .env_remove("TIMBREL_DATA")
        .output()
        .unwrap()
}
