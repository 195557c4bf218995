//! From a request with a file to its genre.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use timbrel_core::host::piece::Listener;

use crate::error::Refusal;
use crate::routes::Service;

/// A file from a client.
struct Upload {
    /// The name that the client gave it; empty without one.
    name: String,
    bytes: Bytes,
}

/// Classify the file in the request.
pub(crate) async fn predict(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<impl IntoResponse, Refusal> {
    // taken before the body is read, so that the memory for bodies is bounded, too
    let place = Arc::clone(&service.places)
        .try_acquire_owned()
        .map_err(|_| Refusal::busy())?;
    let upload = receive(request).await?;
    let classified = tokio::task::spawn_blocking(move || {
        // held until the work is done, even if the client disconnects
        let _place = place;
        classify(&service, upload)
    });
    let json = classified.await.map_err(|_| {
        Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the file could not be classified",
        )
    })??;
    Ok(([(header::CONTENT_TYPE, "application/json")], json))
}

fn classify(service: &Service, upload: Upload) -> Result<String, Refusal> {
    let extension = Path::new(&upload.name).extension().and_then(OsStr::to_str);
    let heard = Listener::new(&service.model).bytes(upload.bytes.into(), extension)?;
    Ok(heard.to_json(&upload.name))
}

async fn receive(request: Request) -> Result<Upload, Refusal> {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    if !content_type.is_some_and(|value| value.starts_with("multipart/form-data")) {
        let bytes = Bytes::from_request(request, &()).await?;
        return Ok(Upload {
            name: String::new(),
            bytes,
        });
    }
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|error| Refusal::new(error.status(), error.body_text()))?;
    while let Some(field) = form.next_field().await? {
        if field.name() == Some("file") {
            return Ok(Upload {
                name: field.file_name().unwrap_or_default().to_owned(),
                bytes: field.bytes().await?,
            });
        }
    }
    Err(Refusal::new(
        StatusCode::BAD_REQUEST,
        "the form has no field named file",
    ))
}
