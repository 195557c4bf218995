//! Paths, limits and what they share.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use serde_json::{Value, json};
use timbrel_core::host::Loaded;
use tower::service_fn;
use tower_http::services::ServeDir;

use crate::body::{BodyLimits, Memory};
use crate::error::Refusal;
use crate::log::{Log, observe};
use crate::metrics::Metrics;
use crate::predict::{batch, predict};
use crate::queue::Queue;

/// The description of the service, for clients and their generators.
static OPENAPI: &str = include_str!("openapi.json");

/// How the service is run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Largest file, bytes.
    pub max_bytes: usize,
    /// Largest batch, bytes.
    pub batch_bytes: usize,
    /// Most files of a batch.
    pub batch_files: usize,
    /// Memory for all bodies together, bytes.
    pub memory: usize,
    /// Files that are classified at once.
    pub workers: usize,
    /// Files that may wait for a worker; more are told to come again.
    pub waiting: usize,
    /// Longest time for an upload.
    pub upload: Duration,
    /// Longest time without a byte during an upload.
    pub pause: Duration,
    /// Longest time for a request, its upload included.
    pub timeout: Duration,
    /// Takes a line per request, if given.
    pub log: Option<Log>,
    /// Folder with the web page.
    pub page: Option<PathBuf>,
}

/// State that all requests share.
pub(crate) struct Service {
    pub(crate) model: Loaded<'static>,
    pub(crate) body: BodyLimits,
    pub(crate) batch_bytes: usize,
    pub(crate) batch_files: usize,
    pub(crate) memory: Memory,
    pub(crate) queue: Queue,
    pub(crate) metrics: Metrics,
    pub(crate) timeout: Duration,
    pub(crate) log: Option<Log>,
}

/// Make the service's routes over a model.
pub fn router(model: Loaded<'static>, settings: &Settings) -> Router {
    let service = Arc::new(Service {
        model,
        body: BodyLimits {
            max_bytes: settings.max_bytes,
            whole: settings.upload,
            pause: settings.pause,
        },
        batch_bytes: settings.batch_bytes,
        batch_files: settings.batch_files,
        memory: Memory::new(settings.memory),
        queue: Queue::new(settings.workers, settings.waiting),
        metrics: Metrics::new(),
        timeout: settings.timeout,
        log: settings.log.clone(),
    });
    let api = Router::new()
        .route("/health", get(health))
        .route("/genres", get(show_genres))
        .route("/metrics", get(show_metrics))
        .route("/openapi.json", get(show_openapi))
        .route("/predict", post(predict))
        .route("/batch", post(batch))
        .method_not_allowed_fallback(async || {
            Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "this path takes another method",
            )
        });
    let api = match &settings.page {
        Some(folder) => {
            let missing = service_fn(|_| std::future::ready(Ok(no_path().into_response())));
            api.fallback_service(ServeDir::new(folder).fallback(missing))
        }
        None => api.fallback(async || no_path()),
    };
    api.layer(middleware::from_fn_with_state(
        Arc::clone(&service),
        observe,
    ))
    // bodies have limits of their own
    .layer(DefaultBodyLimit::disable())
    .with_state(service)
}

fn no_path() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "there is no such path")
}

async fn health() -> Json<Value> {
    Json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}))
}

async fn show_genres(State(service): State<Arc<Service>>) -> Json<Value> {
    Json(json!({"genres": service.model.labels()}))
}

async fn show_metrics(State(service): State<Arc<Service>>) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], service.metrics.text())
}

async fn show_openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI)
}
