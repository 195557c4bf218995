//! Exact search by products with every vector, in blocks that stay in the cache.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Rows of a block: 48 KB with 96 numbers each.
const BLOCK: usize = 128;

/// Products that are summed side by side, so that the compiler can use vector instructions.
const LANES: usize = 16;

/// Return the rows of `vectors` most similar to `query`, the best one first, with their products; of equals the first.
pub(super) fn nearest(query: &[f32], vectors: &[f32], count: usize) -> Vec<(usize, f32)> {
    let mut best: Vec<(usize, f32)> = Vec::new();
    for (row, vector) in vectors.chunks_exact(query.len().max(1)).enumerate() {
        let similarity = dot(query, vector);
        let is_worse = best.last().is_some_and(|(_, worst)| similarity <= *worst);
        if best.len() >= count && is_worse {
            continue;
        }
        let at = best.partition_point(|(_, other)| *other >= similarity);
        best.insert(at, (row, similarity));
        best.truncate(count);
    }
    best
}

/// Return all pairs of rows with a product of at least `threshold` that `may_match` allows, sorted.
pub(super) fn pairs(
    vectors: &[f32],
    dimension: usize,
    threshold: f32,
    jobs: usize,
    may_match: impl Fn(usize, usize) -> bool + Sync,
) -> Vec<(usize, usize)> {
    if dimension == 0 {
        return Vec::new();
    }
    let blocks: Vec<&[f32]> = vectors.chunks(BLOCK * dimension).collect();
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                let mut own = Vec::new();
                loop {
                    let first = next.fetch_add(1, Ordering::Relaxed);
                    let Some(block) = blocks.get(first) else {
                        break;
                    };
                    for (second, other) in blocks.iter().enumerate().skip(first) {
                        for (i, a) in block.chunks_exact(dimension).enumerate() {
                            let after = if first == second { i + 1 } else { 0 };
                            let rest = other.chunks_exact(dimension).enumerate().skip(after);
                            for (j, b) in rest {
                                let (a_row, b_row) = (first * BLOCK + i, second * BLOCK + j);
                                if dot(a, b) >= threshold && may_match(a_row, b_row) {
                                    own.push((a_row, b_row));
                                }
                            }
                        }
                    }
                }
                if let Ok(mut found) = found.lock() {
                    found.extend(own);
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap_or_default();
    found.sort_unstable();
    found
}

/// Return the groups of rows that pairs connect, each sorted, in the order of their first rows.
pub(super) fn groups(rows: usize, pairs: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut parents: Vec<usize> = (0..rows).collect();
    fn root(parents: &mut [usize], mut row: usize) -> usize {
        while parents[row] != row {
            parents[row] = parents[parents[row]];
            row = parents[row];
        }
        row
    }
    for (a, b) in pairs {
        let (a, b) = (root(&mut parents, *a), root(&mut parents, *b));
        parents[a.max(b)] = a.min(b);
    }
    let mut groups = vec![Vec::new(); rows];
    for row in 0..rows {
        groups[root(&mut parents, row)].push(row);
    }
    groups.retain(|group| group.len() > 1);
    groups
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, b) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.0.iter().zip(b.0) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let rest: f32 = a.1.iter().zip(b.1).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::{groups, nearest, pairs};
    use crate::similar::index::unit;

    /// Make pseudo-random unit vectors.
    fn vectors(rows: usize, dimension: usize) -> Vec<f32> {
        let mut state = 1_u32;
        let mut number = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32 - 0.3
        };
        (0..rows)
            .flat_map(|_| unit(&(0..dimension).map(|_| number()).collect::<Vec<_>>()))
            .collect()
    }

    fn exact(a: &[f32], b: &[f32]) -> f64 {
        a.iter()
            .zip(b)
            .map(|(a, b)| f64::from(*a) * f64::from(*b))
            .sum()
    }

    #[test]
    fn the_nearest_are_those_of_a_plain_sort() {
        for (rows, dimension) in [(1, 3), (700, 33), (300, 96)] {
            let all = vectors(rows, dimension);
            let rows: Vec<&[f32]> = all.chunks(dimension).collect();
            let query = rows[rows.len() / 2];
            let mut expected: Vec<usize> = (0..rows.len()).collect();
            expected.sort_by(|a, b| exact(query, rows[*b]).total_cmp(&exact(query, rows[*a])));
            let found = nearest(query, &all, 10);
            assert_eq!(found.len(), rows.len().min(10));
            for ((row, similarity), expected) in found.iter().zip(&expected) {
                assert_eq!(row, expected);
                assert!((f64::from(*similarity) - exact(query, rows[*row])).abs() < 1e-5);
            }
        }
        assert!(nearest(&[], &[], 3).is_empty());
    }

    #[test]
    fn pairs_do_not_depend_on_blocks_and_threads() {
        let (rows, dimension, threshold) = (401, 20, 0.75);
        let all = vectors(rows, dimension);
        let row = |i: usize| &all[i * dimension..(i + 1) * dimension];
        let odd = |a: usize, b: usize| (a + b) % 2 == 1;
        let expected: Vec<(usize, usize)> = (0..rows)
            .flat_map(|a| (a + 1..rows).map(move |b| (a, b)))
            .filter(|(a, b)| odd(*a, *b) && exact(row(*a), row(*b)) >= threshold)
            .collect();
        assert!(expected.len() > 20, "{}", expected.len());
        for jobs in [1, 3] {
            let found = pairs(&all, dimension, threshold as f32, jobs, odd);
            assert_eq!(found, expected);
        }
        assert!(pairs(&[], 0, 0.5, 1, odd).is_empty());
    }

    #[test]
    fn connected_rows_are_a_group() {
        let found = groups(8, &[(1, 5), (5, 7), (2, 3), (1, 7)]);
        assert_eq!(found, [vec![1, 5, 7], vec![2, 3]]);
    }
}
