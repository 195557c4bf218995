//! Names the genre of audio files over HTTP. The answer is the line that `classify --json` prints.
//!
//! | request | answer |
//! |---|---|
//! | `GET /health` | `{"status": "ok", "version": …}` |
//! | `GET /genres` | `{"genres": […]}`, in label order |
//! | `POST /predict`, an audio file as the body or as the field `file` of a form | `{"file", "genre", "confidence", "probabilities": {…}, "windows", "seconds"}` |
//! | `GET /…` | the web page, if a folder was given |
//!
//! Errors are `{"error": …}` with a status: 400 no file, 413 too large, 415 not a readable audio file, 422 audio that
//! cannot be classified, 503 busy.

mod error;
mod predict;
mod routes;

pub use routes::{Settings, router};
