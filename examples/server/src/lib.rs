//! Names the genre of audio files over HTTP. An answer is the line that `classify --json` prints.
//!
//! | request | answer |
//! |---|---|
//! | `POST /predict`, an audio file as the body or as the field `file` of a form | `{"file", "state", "genre", "confidence", "probabilities": {…}, "windows", "seconds"}` |
//! | `POST /batch`, a form with several fields `file` | `{"results": […]}`, an answer or an error for each |
//! | `GET /genres` | `{"genres": […]}`, in label order |
//! | `GET /health` | `{"status": "ok", "version": …}` |
//! | `GET /metrics` | counters for Prometheus |
//! | `GET /openapi.json` | the description of all of this |
//! | `GET /…` | the web page, if a folder was given |
//!
//! Errors are `{"error": …, "request_id": …}` with a status: 400 no file, 408 too slow, 413 too large, 415 not audio
//! that it reads, 422 audio that it cannot classify, 503 busy.
//!
//! A body is read before a worker is taken, so slow clients hold up nobody; the memory of all bodies together is
//! bounded, and so is the time for each.

mod body;
mod error;
mod log;
mod metrics;
mod predict;
mod queue;
mod routes;
mod serve;

pub use log::{Log, LogWriter};
pub use routes::{Settings, router};
pub use serve::{Limits, serve};
