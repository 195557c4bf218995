//! Reading bodies that may be large, slow or endless.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::StatusCode;
use futures_util::{StreamExt, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::error::Refusal;

/// The unit in which memory is shared out, bytes.
const UNIT: usize = 1024;

/// Time for which the rest of a refused body is taken and thrown away: most clients read no answer before they have
/// sent everything.
const LINGER: Duration = Duration::from_secs(2);

/// Limits for one body.
#[derive(Clone, Copy)]
pub(crate) struct BodyLimits {
    pub(crate) max_bytes: usize,
    /// Longest time for all of it.
    pub(crate) whole: Duration,
    /// Longest time without a byte.
    pub(crate) pause: Duration,
}

/// Memory that all bodies share.
#[derive(Clone)]
pub(crate) struct Memory(Arc<Semaphore>);

impl Memory {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes / UNIT)))
    }
}

/// Memory that a body has taken, and the reason for its refusal, if any.
#[derive(Clone, Default)]
pub(crate) struct Account(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    bytes: usize,
    held: Option<OwnedSemaphorePermit>,
    refusal: Option<Refusal>,
}

impl Account {
    /// Return the reason why the body ended early.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.state().refusal.take()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Take memory for `count` more bytes.
    fn take(&self, count: usize, limits: BodyLimits, memory: &Memory) -> Result<(), Refusal> {
        let mut state = self.state();
        state.bytes += count;
        if state.bytes > limits.max_bytes {
            return Err(Refusal::too_large(limits.max_bytes));
        }
        let held = state
            .held
            .as_ref()
            .map_or(0, OwnedSemaphorePermit::num_permits);
        let wanted = state.bytes.div_ceil(UNIT).saturating_sub(held);
        let wanted = u32::try_from(wanted).map_err(|_| Refusal::busy())?;
        let more = Arc::clone(&memory.0).try_acquire_many_owned(wanted);
        let more = more.map_err(|_| Refusal::busy())?;
        match &mut state.held {
            Some(held) => held.merge(more),
            None => state.held = Some(more),
        }
        Ok(())
    }
}

/// Return the same body, which ends with an error where it breaks a limit; the account then has the reason. The memory
/// is held until the account is dropped.
pub(crate) fn guarded(body: Body, limits: BodyLimits, memory: Memory, account: Account) -> Body {
    let ends = Instant::now() + limits.whole;
    let chunks = stream::unfold(Some(body.into_data_stream()), move |body| {
        let (memory, account) = (memory.clone(), account.clone());
        async move {
            let mut body = body?;
            let soon = ends.min(Instant::now() + limits.pause);
            let chunk = match timeout_at(soon, body.next()).await {
                Ok(chunk) => chunk?
                    .map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, "the upload broke off")),
                Err(_) => Err(Refusal::too_slow()),
            };
            let chunk = chunk.and_then(|chunk: Bytes| {
                account.take(chunk.len(), limits, &memory)?;
                Ok(chunk)
            });
            match chunk {
                Ok(chunk) => Some((Ok(chunk), Some(body))),
                Err(refusal) => {
                    if refusal.status == StatusCode::PAYLOAD_TOO_LARGE {
                        discard(body).await;
                    }
                    account.state().refusal = Some(refusal);
                    Some((Err(std::io::Error::other("refused")), None))
                }
            }
        }
    });
    Body::from_stream(chunks)
}

/// Take the rest of a body and throw it away, for a short time.
pub(crate) async fn discard(mut body: BodyDataStream) {
    let ends = Instant::now() + LINGER;
    while let Ok(Some(Ok(_))) = timeout_at(ends, body.next()).await {}
}
