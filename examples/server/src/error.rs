//! Faults as HTTP answers.

use axum::Json;
use axum::extract::multipart::MultipartError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use timbrel_core::host::decode::DecodeError;
use timbrel_core::host::piece::PieceError;

/// A status and a sentence for the client.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    /// All workers have enough to do, or the memory for bodies is used up.
    pub(crate) fn busy() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy with other files: try again in a moment",
        )
    }

    pub(crate) fn too_large(max_bytes: usize) -> Self {
        let message = format!("too large: at most {} MiB are accepted", max_bytes >> 20);
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, message)
    }

    pub(crate) fn too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "the request took too long")
    }

    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the file could not be classified",
        )
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({"error": self.message}))).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if self.status == StatusCode::PAYLOAD_TOO_LARGE
            || self.status == StatusCode::REQUEST_TIMEOUT
        {
            // the rest of the body is not waited for
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<PieceError> for Refusal {
    fn from(error: PieceError) -> Self {
        let status = match &error {
            PieceError::Decode(DecodeError::Empty) => StatusCode::BAD_REQUEST,
            PieceError::Decode(
                DecodeError::NotAudio
                | DecodeError::Foreign { .. }
                | DecodeError::NoTrack
                | DecodeError::Codec { .. }
                | DecodeError::UnknownCodec,
            ) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, error.to_string())
    }
}

impl From<MultipartError> for Refusal {
    fn from(error: MultipartError) -> Self {
        Self::new(error.status(), error.body_text())
    }
}
