//! Request ids, and a line of JSON per request.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use axum::Json;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::error::Refusal;
use crate::routes::Service;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Lines that may wait to be written; more are thrown away.
const WAITING: usize = 1024;

/// The lines of the log, which a thread of their own writes to standard error: a log that nobody reads stops at a full
/// pipe, and no request may stop with it.
#[derive(Clone, Debug)]
pub struct Log(SyncSender<String>);

/// The thread that writes the lines.
#[derive(Debug)]
pub struct LogWriter {
    thread: JoinHandle<()>,
    ended: Receiver<()>,
}

impl Log {
    /// Start to write.
    pub fn start() -> (Self, LogWriter) {
        let (sender, lines) = sync_channel::<String>(WAITING);
        let (end, ended) = sync_channel(1);
        let thread = thread::spawn(move || {
            for line in lines {
                // a log that nobody takes does not stop the service
                let _ = writeln!(std::io::stderr(), "{line}");
            }
            let _ = end.send(());
        });
        (Self(sender), LogWriter { thread, ended })
    }

    /// Add a line: `fields` after the time (seconds since 1970) and the level. Return whether there was room for it.
    fn write(&self, level: &str, fields: Value) -> bool {
        let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let time = (time.unwrap_or_default().as_secs_f64() * 1e3).round() / 1e3;
        let mut line = Map::new();
        line.insert("time".into(), time.into());
        line.insert("level".into(), level.into());
        if let Value::Object(fields) = fields {
            line.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
        }
        self.0.try_send(Value::Object(line).to_string()).is_ok()
    }
}

impl LogWriter {
    /// Wait until all lines are written, at most for `patience`. Every [`Log`] must have been dropped before.
    pub fn finish(self, patience: Duration) {
        if self.ended.recv_timeout(patience).is_ok() {
            // it has nothing more to do
            let _ = self.thread.join();
        }
    }
}

/// Give a request an id, count it, and write a line about it. A request that takes too long is answered with an error.
pub(crate) async fn observe(
    State(service): State<Arc<Service>>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let id = given_id(request.headers()).unwrap_or_else(new_id);
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let route = match request.extensions().get::<MatchedPath>() {
        Some(route) => route.as_str().to_owned(),
        None => "other".into(),
    };
    let length = number(request.headers(), &header::CONTENT_LENGTH);
    let answered = tokio::time::timeout(service.timeout, next.run(request)).await;
    let mut response = answered.unwrap_or_else(|_| Refusal::too_slow().into_response());
    let refusal = response.extensions_mut().remove::<Refusal>();
    if let Some(refusal) = &refusal {
        response = with_id(response, refusal, &id);
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let status = response.status();
    service
        .metrics
        .count_request(&route, status.as_u16(), began.elapsed());
    if let Some(log) = &service.log {
        let milliseconds = (began.elapsed().as_secs_f64() * 1e4).round() / 10.0;
        let level = if status.is_server_error() {
            "error"
        } else {
            "info"
        };
        let is_written = log.write(
            level,
            json!({
                "request_id": id, "method": method.as_str(), "path": path, "status": status.as_u16(),
                "milliseconds": milliseconds, "bytes": length, "error": refusal.map(|refusal| refusal.message),
            }),
        );
        if !is_written {
            service.metrics.lost_lines.inc();
        }
    }
    response
}

/// Put the id into an error's body.
fn with_id(response: Response, refusal: &Refusal, id: &str) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::CONTENT_TYPE);
    (
        parts,
        Json(json!({"error": refusal.message, "request_id": id})),
    )
        .into_response()
}

/// Return the id that a proxy gave the request, if it is a harmless one.
fn given_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let is_harmless = (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    is_harmless.then(|| id.to_owned())
}

/// Return an id that no other request has.
fn new_id() -> String {
    static SEED: OnceLock<u64> = OnceLock::new();
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let seed = SEED.get_or_init(|| RandomState::new().hash_one(std::process::id()));
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{:08x}-{next:08x}", *seed as u32)
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}
