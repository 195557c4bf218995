//! From a request with files to their genres.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use futures_util::{StreamExt, future::join_all};
use serde_json::{Value, json};
use timbrel_core::host::piece::Listener;

use crate::body::{Account, BodyLimits, discard, guarded};
use crate::error::Refusal;
use crate::routes::Service;

/// A file as a client sent it.
struct Upload {
    /// The name the client gave it, empty if none.
    name: String,
    bytes: Bytes,
    /// Its share of the memory for bodies.
    account: Account,
}

/// Classify the file in the request.
pub(crate) async fn predict(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<impl IntoResponse, Refusal> {
    let limits = service.body;
    let mut uploads = receive(&service, limits, 1, request).await?;
    let upload = uploads.pop().ok_or_else(no_file)?;
    classify(&service, upload).await.map(Json)
}

/// Classify all files of a form.
pub(crate) async fn batch(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<impl IntoResponse, Refusal> {
    let limits = BodyLimits {
        max_bytes: service.batch_bytes,
        ..service.body
    };
    if !is_form(request.headers()) {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "a batch is a form with fields named file",
        ));
    }
    let uploads = receive(&service, limits, service.batch_files, request).await?;
    if uploads.is_empty() {
        return Err(no_file());
    }
    let one = async |upload: Upload| {
        let name = upload.name.clone();
        classify(&service, upload)
            .await
            .unwrap_or_else(|refusal| json!({"file": name, "error": refusal.message}))
    };
    let results = join_all(uploads.into_iter().map(one)).await;
    Ok(Json(json!({"results": results})))
}

fn no_file() -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "the form has no field named file")
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("multipart/form-data"))
}

/// Wait for a worker and return its answer.
async fn classify(service: &Arc<Service>, upload: Upload) -> Result<Value, Refusal> {
    let on_worker = Arc::clone(service);
    let work = move || {
        let Upload {
            name,
            bytes,
            account,
        } = upload;
        let extension = Path::new(&name).extension().and_then(OsStr::to_str);
        let heard = Listener::new(&on_worker.model).bytes(bytes.into(), extension);
        drop(account);
        let heard = heard?;
        let mut answer: Value =
            serde_json::from_str(&heard.to_json(&name)).map_err(|_| Refusal::internal())?;
        let warnings = heard.warnings();
        if !warnings.is_empty() {
            answer["warnings"] = warnings.into();
        }
        on_worker.metrics.count_answer(&answer);
        Ok(answer)
    };
    service.queue.run(&service.metrics, work).await?
}

/// Read the files of a request, at most `most` of them.
async fn receive(
    service: &Service,
    limits: BodyLimits,
    most: usize,
    request: Request,
) -> Result<Vec<Upload>, Refusal> {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limits.max_bytes as u64) {
        // a client that asks first does not send it
        if !request.headers().contains_key(header::EXPECT) {
            discard(request.into_body().into_data_stream()).await;
        }
        return Err(Refusal::too_large(limits.max_bytes));
    }
    let account = Account::default();
    let has_form = is_form(request.headers());
    let request =
        request.map(|body| guarded(body, limits, service.memory.clone(), account.clone()));
    let received = match has_form {
        true => form(request, most, &account).await,
        false => plain(request, announced, &account)
            .await
            .map(|upload| vec![upload]),
    };
    // a limit that was broken is the reason, whatever followed from it
    account.refusal().map_or(received, Err)
}

async fn plain(
    request: Request,
    announced: Option<u64>,
    account: &Account,
) -> Result<Upload, Refusal> {
    let mut bytes = Vec::new();
    let mut chunks = request.into_body().into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refusal::internal())?;
        if bytes.is_empty() {
            // not all that was announced, which nobody has sent yet
            let announced = announced.unwrap_or(0).min(1 << 20) as usize;
            bytes.reserve(announced.max(chunk.len()));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Upload {
        name: String::new(),
        bytes: bytes.into(),
        account: account.clone(),
    })
}

async fn form(request: Request, most: usize, account: &Account) -> Result<Vec<Upload>, Refusal> {
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|error| Refusal::new(error.status(), error.body_text()))?;
    let mut uploads = Vec::new();
    while let Some(field) = form.next_field().await? {
        if field.name() != Some("file") {
            continue;
        }
        if uploads.len() == most {
            // a form for one file may have more parts after it
            if most == 1 {
                break;
            }
            let message = format!("too many files: at most {most} are accepted");
            return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, message));
        }
        uploads.push(Upload {
            name: field.file_name().unwrap_or_default().to_owned(),
            bytes: field.bytes().await?,
            account: account.clone(),
        });
        if most == 1 {
            break;
        }
    }
    Ok(uploads)
}
