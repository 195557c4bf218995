//! Workers, and those who wait for one.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::error::Refusal;
use crate::metrics::Metrics;

/// A number of workers and a bounded line before them.
#[derive(Clone)]
pub(crate) struct Queue {
    workers: Arc<Semaphore>,
    /// Places for those who work and those who wait.
    places: Arc<Semaphore>,
}

impl Queue {
    pub(crate) fn new(workers: usize, waiting: usize) -> Self {
        Self {
            workers: Arc::new(Semaphore::new(workers)),
            places: Arc::new(Semaphore::new(workers + waiting)),
        }
    }

    /// Wait for a worker and do `work` on it. Once begun, it is done even if nobody waits for it any more.
    ///
    /// # Errors
    /// The line is full, or the work failed on its own account.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        metrics: &Metrics,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| Refusal::busy())?;
        let waiting = metrics.waiting.enter();
        let worker = Arc::clone(&self.workers).acquire_owned().await;
        let worker = worker.map_err(|_| Refusal::busy())?;
        drop(waiting);
        let working = metrics.working.enter();
        let done = tokio::task::spawn_blocking(move || {
            let _held = (place, worker, working);
            work()
        });
        done.await.map_err(|_| Refusal::internal())
    }
}
