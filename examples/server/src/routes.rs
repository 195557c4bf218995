//! Paths, limits and shared state.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use timbrel_core::host::Loaded;
use tokio::sync::Semaphore;
use tower_http::services::ServeDir;
use tower_http::timeout::TimeoutLayer;

use crate::error::Refusal;
use crate::predict::predict;

/// Settings of the service.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Largest body that is read, bytes.
    pub max_bytes: usize,
    /// Files that are received and classified at once; further requests are told to retry.
    pub concurrent: usize,
    /// Longest time a request may take, its upload included.
    pub timeout: Duration,
    /// Folder with the web page.
    pub page: Option<PathBuf>,
}

/// State that all requests share.
pub(crate) struct Service {
    pub(crate) model: Loaded<'static>,
    pub(crate) places: Arc<Semaphore>,
}

/// Make the service's routes over a model.
pub fn router(model: Loaded<'static>, settings: &Settings) -> Router {
    let service = Arc::new(Service {
        model,
        places: Arc::new(Semaphore::new(settings.concurrent)),
    });
    let api = Router::new()
        .route("/health", get(health))
        .route("/genres", get(show_genres))
        .route("/predict", post(predict))
        .method_not_allowed_fallback(async || {
            Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "this path takes another method",
            )
        })
        .layer(DefaultBodyLimit::max(settings.max_bytes))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            settings.timeout,
        ))
        .with_state(service);
    match &settings.page {
        Some(folder) => api.fallback_service(ServeDir::new(folder)),
        None => api.fallback(async || Refusal::new(StatusCode::NOT_FOUND, "no such path")),
    }
}

async fn health() -> Json<Value> {
    Json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}))
}

async fn show_genres(State(service): State<Arc<Service>>) -> Json<Value> {
    Json(json!({"genres": service.model.labels()}))
}
