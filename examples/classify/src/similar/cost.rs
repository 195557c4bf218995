//! What an index costs. The test takes a small one, unless it is asked for another number of songs:
//!
//! ```sh
//! TIMBREL_SONGS=1000000 cargo test --release -p classify a_library -- --nocapture
//! ```

use std::path::Path;
use std::time::Instant;

use super::index::{Entry, Index, unit};
use super::search;

/// Numbers per song, as in the shipped model.
const DIMENSION: usize = 96;

/// Songs that are planted near the query, the nearest one first.
const PLANTED: usize = 10;

/// Pseudo-random numbers in [0, 1).
struct Random(u32);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / (1 << 24) as f32
    }

    /// Make an embedding; like the model's, it has no negative numbers, and about half of it is 0.
    fn embedding(&mut self) -> Vec<f32> {
        (0..DIMENSION)
            .map(|_| (self.next() - 0.5).max(0.0))
            .collect()
    }
}

/// Run a step, and print its time and the largest memory of the process meanwhile, where Linux tells it.
fn measured<T>(name: &str, step: impl FnOnce() -> T) -> T {
    // sets the largest memory to the present one
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let began = Instant::now();
    let result = step();
    let seconds = began.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: Option<f64> = peak.and_then(|peak| peak.split_whitespace().next()?.parse().ok());
    let memory = kilobytes.map(|kb| format!(", {:.0} MB", kb * 1024.0 / 1e6));
    println!("{name}: {seconds:.2} s{}", memory.unwrap_or_default());
    result
}

/// Return an index whose planted songs are spread over it.
fn library(songs: usize, query: &[f32]) -> Index {
    let mut random = Random(2);
    let mut index = Index::default();
    for song in 0..songs {
        let mut embedding = random.embedding();
        if song % (songs / PLANTED) == 0 {
            let near = 1.0 - 0.05 * (song / (songs / PLANTED)) as f32;
            for (x, q) in embedding.iter_mut().zip(query) {
                *x = near * q + (1.0 - near) * *x;
            }
        }
        let file = format!("/music/artist {}/{song}.mp3", song / 100);
        index.push(Entry::made_up(&file, 5_000_000), &embedding);
    }
    index
}

#[test]
fn a_library_is_written_read_and_searched() {
    let songs = std::env::var("TIMBREL_SONGS").map_or(10_000, |songs| songs.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.safetensors");
    let query = Random(1).embedding();
    let index = library(songs, &query);
    measured("write", || index.save(&path, "m").unwrap());
    let size = |path: &Path| path.metadata().unwrap().len() as f64 / 1e6;
    println!("{songs} songs, {:.0} MB", size(&path));
    drop(index);

    let index = measured("read", || Index::load(&path, "m").unwrap());
    let query = unit(&query);
    let found = measured("search", || {
        search::nearest(&query, &index.vectors, PLANTED)
    });
    let rows: Vec<usize> = found.iter().map(|(row, _)| *row).collect();
    let planted: Vec<usize> = (0..PLANTED).map(|i| i * (songs / PLANTED)).collect();
    assert_eq!(rows, planted, "{found:?}");
    assert_eq!(index.entries.len(), songs);
}
