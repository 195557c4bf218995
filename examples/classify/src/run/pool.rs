//! Work on several threads, with results in the order of the work.

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::sync_channel;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How far ahead of the oldest unfinished item the others may run, for each thread. Bounds the results that wait.
const AHEAD: usize = 64;

/// Apply workers, each made on its thread by `worker`, to `items`, and hand the results to `take` in the items' order.
///
/// # Errors
/// `take` failed; no further item is begun.
pub(super) fn in_order<I, T: Send, W: FnMut(I) -> T>(
    items: impl Iterator<Item = I> + Send,
    jobs: usize,
    worker: impl Fn() -> W + Sync,
    mut take: impl FnMut(T) -> io::Result<()>,
) -> io::Result<()> {
    let ahead = AHEAD * jobs;
    let items = Mutex::new(items.enumerate());
    let (taken, moved) = (Mutex::new(0_usize), Condvar::new());
    std::thread::scope(|scope| {
        let (sender, results) = sync_channel(jobs);
        for _ in 0..jobs {
            let sender = sender.clone();
            scope.spawn(|| {
                let (sender, mut work) = (sender, worker());
                loop {
                    let next = lock(&items).next();
                    let Some((index, item)) = next else { break };
                    let waiting =
                        moved.wait_while(lock(&taken), |taken| index > taken.saturating_add(ahead));
                    drop(waiting.unwrap_or_else(PoisonError::into_inner));
                    if sender.send((index, work(item))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut pending = BTreeMap::new();
        let mut next = 0;
        let mut all = || {
            for (index, result) in &results {
                pending.insert(index, result);
                while let Some(result) = pending.remove(&next) {
                    take(result)?;
                    next += 1;
                }
                *lock(&taken) = next;
                moved.notify_all();
            }
            Ok(())
        };
        let done = all();
        // nobody takes more: let those go that wait, and fail those that send
        *lock(&taken) = usize::MAX;
        moved.notify_all();
        drop(results);
        done
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{AHEAD, in_order};
    use std::io;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn results_come_in_order_and_none_runs_far_ahead() {
        for jobs in [1, 2, 7] {
            let begun = AtomicUsize::new(0);
            let mut taken = Vec::new();
            let items = (0..2_000_usize).inspect(|_| {
                begun.fetch_add(1, Ordering::Relaxed);
            });
            let worker = || {
                |item: usize| {
                    if item == 0 {
                        std::thread::sleep(std::time::Duration::from_millis(50));
                    }
                    item * 3
                }
            };
            in_order(items, jobs, worker, |result| {
                let limit = taken.len() + AHEAD * jobs + 2 * jobs + 2;
                assert!(begun.load(Ordering::Relaxed) <= limit + AHEAD * jobs);
                taken.push(result);
                Ok(())
            })
            .unwrap();
            assert_eq!(taken, (0..2_000).map(|i| i * 3).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_failure_to_take_ends_the_work() {
        let begun = AtomicUsize::new(0);
        let items = (0..1_000_000_usize).inspect(|_| {
            begun.fetch_add(1, Ordering::Relaxed);
        });
        let taken = in_order(
            items,
            3,
            || |item| item,
            |item| match item {
                10 => Err(io::Error::other("full")),
                _ => Ok(()),
            },
        );
        assert_eq!(taken.unwrap_err().to_string(), "full");
        assert!(begun.load(Ordering::Relaxed) < 2_000);
    }
}
