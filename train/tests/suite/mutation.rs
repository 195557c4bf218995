//! Recipes, caches and manifests that are nearly right: each is refused with a message, or what was read holds
//! together. Nothing panics.
//!
//! `TIMBREL_MUTANTS=1000000 cargo test --release -p timbrel-train --test suite mutation::` tries as many as it is told to.

use crate::common::Numbers;
use timbrel_train::data::Dataset;
use timbrel_train::recipe::Recipe;

/// Values that a parser or a check may take for something else.
const EDGES: [&str; 24] = [
    "0",
    "1",
    "-1",
    "2",
    "255",
    "256",
    "4096",
    "4097",
    "65535",
    "65536",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "1e308",
    "1e-320",
    "nan",
    "-inf",
    "0.9999999999999999",
    "true",
    "\"\"",
    "[]",
    "{}",
    "[1, 2]",
    "\u{0}",
];

/// Return how many cases a test tries.
fn count(default: u64) -> u64 {
    std::env::var("TIMBREL_MUTANTS").map_or(default, |count| count.parse().unwrap())
}

fn below(numbers: &mut Numbers, end: usize) -> usize {
    (numbers.next() % end.max(1) as u64) as usize
}

/// Return the byte ranges of the words and numbers of a text.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut begin = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        let inside = letter.is_alphanumeric() || "_.-".contains(letter);
        match begin {
            None if inside => begin = Some(at),
            Some(from) if !inside => {
                found.push((from, at));
                begin = None;
            }
            _ => {}
        }
    }
    found
}

/// Change a text in one to three places: words become others or edges, lines are lost, doubled or exchanged, letters
/// become any.
fn changed(text: &str, numbers: &mut Numbers) -> String {
    let mut text = text.to_owned();
    for _ in 0..1 + below(numbers, 3) {
        let words = words(&text);
        let mut lines: Vec<&str> = text.lines().collect();
        let line = below(numbers, lines.len());
        text = match below(numbers, 8) {
            0..=3 if !words.is_empty() => {
                let (from, to) = words[below(numbers, words.len())];
                let other = words[below(numbers, words.len())];
                let new = match below(numbers, 3) {
                    0 => &text[other.0..other.1],
                    _ => EDGES[below(numbers, EDGES.len())],
                };
                format!("{}{new}{}", &text[..from], &text[to..])
            }
            4 if !lines.is_empty() => {
                lines.remove(line);
                lines.join("\n")
            }
            5 if !lines.is_empty() => {
                lines.insert(below(numbers, lines.len()), lines[line]);
                lines.join("\n")
            }
            6 if !lines.is_empty() => {
                let other = below(numbers, lines.len());
                lines.swap(line, other);
                lines.join("\n")
            }
            _ => {
                let mut letters: Vec<char> = text.chars().collect();
                if !letters.is_empty() {
                    let at = below(numbers, letters.len());
                    letters[at] = char::from(numbers.next() as u8);
                }
                letters.into_iter().collect()
            }
        };
    }
    text
}

/// Check what a recipe promises to everything that reads it.
fn check_recipe(recipe: &Recipe, text: &str) {
    assert_eq!(*recipe, Recipe::parse(text).unwrap());
    let mut front_end = recipe.front_end();
    if recipe.front_end.n_mels.is_none() {
        front_end.n_mels = 1;
    }
    front_end.validate().unwrap();
    let window = recipe.window();
    assert!((1..=window.columns).contains(&window.hop));
    let [channels, height, width] = recipe.network.reduced_from(recipe.input()).unwrap();
    assert!(channels * height * width > 0);
    let shares = [
        recipe.training.warmup.get(),
        recipe.training.ema_decay.get(),
    ];
    assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)));
    assert!(!recipe.name.contains(['/', '\\', '.']));
}

#[test]
fn changed_recipes_are_refused_or_whole() {
    let seeds = [
        crate::common::RECIPE.to_owned(),
        crate::common::mfcc_recipe(),
        include_str!("../../recipes/compact-distilled.toml").to_owned(),
        include_str!("../../recipes/s4-cnn-gru.toml").to_owned(),
    ];
    let count = count(2_000);
    let mut accepted = 0;
    for seed in 0..count {
        let mut numbers = Numbers(seed);
        let text = changed(&seeds[below(&mut numbers, seeds.len())], &mut numbers);
        match Recipe::parse(&text) {
            Ok(recipe) => {
                check_recipe(&recipe, &text);
                accepted += 1;
            }
            Err(error) => assert!(!format!("{error:#}").trim().is_empty(), "seed {seed}"),
        }
    }
    println!("{count} recipes: {accepted} accepted");
    assert!(accepted > count / 50 && accepted < count / 2, "{accepted}");
}

/// Change a safetensors file: its header as a text, with the length mended, single bits, or its length.
fn changed_cache(cache: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let (header, values) = parts(cache);
    match below(numbers, 4) {
        0 => cache[..below(numbers, cache.len())].to_vec(),
        1 => {
            let mut cache = cache.to_vec();
            // half of the time where everything matters
            let end = [8 + header.len(), cache.len()][below(numbers, 2)];
            cache[below(numbers, end)] ^= 1 << below(numbers, 8);
            cache
        }
        _ => joined(&changed(header, numbers), values),
    }
}

/// Check what a dataset promises to everything that reads it.
fn check_dataset(dataset: &Dataset) {
    let size = dataset.mels * dataset.columns;
    let mut counts = vec![0; dataset.genres.len()];
    for (row, track) in dataset.tracks.iter().enumerate() {
        assert_eq!(track.row, row);
        assert_eq!(dataset.spectrogram(track).len(), size);
        if let Some(label) = track.label {
            counts[label] += 1;
        }
        assert!(
            dataset
                .split(&track.split)
                .unwrap()
                .iter()
                .any(|other| other.row == row)
        );
    }
    assert_eq!(dataset.provenance.counts.len(), counts.len());
    if let Some(made) = dataset.made_with {
        assert!(made.hop >= 1.0 && made.hop.is_finite(), "{made:?}");
    }
}

#[test]
fn changed_caches_and_manifests_are_refused_or_whole() {
    const TRACKS: usize = 4;
    let provenance =
        r#"{"name":"N","licence":"L","tracks":4,"counts":[2,1,1],"front_end":"F","split":"S"}"#;
    let stated = [
        ("n_fft", "512"),
        ("hop", "256.5"),
        ("provenance", provenance),
    ];
    let plain = crate::common::cache(TRACKS);
    let rich = with_metadata(&plain, &stated);
    let manifest = crate::common::manifest(TRACKS);
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let count = count(2_000);
    let mut accepted = 0;
    for seed in 0..count {
        let mut numbers = Numbers(!seed);
        let cache = [&plain, &rich][below(&mut numbers, 2)];
        let (cache, manifest) = match below(&mut numbers, 3) {
            0 => (cache.clone(), changed(&manifest, &mut numbers)),
            _ => (changed_cache(cache, &mut numbers), manifest.clone()),
        };
        std::fs::write(place("logmel.safetensors"), cache).unwrap();
        std::fs::write(place("manifest.csv"), manifest).unwrap();
        match Dataset::read(folder.path()) {
            Ok(dataset) => {
                check_dataset(&dataset);
                accepted += 1;
            }
            Err(error) => {
                let said = format!("{error:#}");
                assert!(
                    said.contains("manifest.csv") || said.contains("logmel.safetensors"),
                    "{said}"
                );
            }
        }
    }
    println!("{count} caches: {accepted} accepted");
    assert!(accepted > count / 50 && accepted < count / 2, "{accepted}");
}

/// Return the cache with more metadata, in this order: that of a map would make other files of a seed in every run.
fn with_metadata(cache: &[u8], more: &[(&str, &str)]) -> Vec<u8> {
    let (header, values) = parts(cache);
    let more = more
        .iter()
        .map(|(key, value)| format!("{key:?}:{value:?},"));
    let begin = "\"__metadata__\":{";
    assert!(header.contains(begin), "{header}");
    let header = header.replacen(begin, &format!("{begin}{}", more.collect::<String>()), 1);
    joined(&header, values)
}

/// Return the header and the values of a safetensors file.
fn parts(cache: &[u8]) -> (&str, &[u8]) {
    let length = u64::from_le_bytes(cache[..8].try_into().unwrap()) as usize;
    let (header, values) = cache[8..].split_at(length);
    (std::str::from_utf8(header).unwrap(), values)
}

fn joined(header: &str, values: &[u8]) -> Vec<u8> {
    let length = (header.len() as u64).to_le_bytes();
    [&length, header.as_bytes(), values].concat()
}
