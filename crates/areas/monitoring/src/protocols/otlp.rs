//! OTLP over HTTP: `POST /v1/logs`, in protobuf or JSON. Records that cannot be read are told as partial success.
//! <https://opentelemetry.io/docs/specs/otlp/#otlphttp>

use super::{MAX_BODY, MAX_RECORDS, Request, after, count_refused, identity, json_answer};
use crate::bulk::answer::Refusal;
use crate::bulk::body::{Held, coding, receive};
use crate::bulk::receive::{Sender, sender};
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use event::Listener;
use ingest::otlp::{Export, ExportError, parse_json, parse_protobuf, status_protobuf};
use kit::App;
use serde_json::json;

/// How a request, and its answer, is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Protobuf,
    Json,
}

impl Form {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        match kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "application/x-protobuf" | "application/protobuf" => Some(Self::Protobuf),
            "application/json" => Some(Self::Json),
            _ => None,
        }
    }

    fn answer(self, status: StatusCode, protobuf: Vec<u8>, json: &serde_json::Value) -> Response {
        match self {
            Self::Protobuf => {
                let kind = [(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"))];
                (status, kind, protobuf).into_response()
            }
            Self::Json => json_answer(status, json),
        }
    }
}

pub(super) async fn export(State(app): State<App>, request: axum::extract::Request) -> Response {
    let form = Form::of(request.headers());
    match try_export(&app, form, request).await {
        Ok(export) => {
            let form = form.unwrap_or(Form::Protobuf);
            form.answer(StatusCode::OK, export.answer_protobuf(), &export.answer_json())
        }
        Err(refusal) => refuse(&refusal, form.unwrap_or(Form::Json)),
    }
}

async fn try_export(app: &App, form: Option<Form>, request: axum::extract::Request) -> Result<Export, Refusal> {
    let (parts, body) = request.into_parts();
    let sender = sender(app, &parts).await?;
    let form = form.ok_or_else(|| {
        let reason = "the media type is neither application/x-protobuf nor application/json";
        Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported", reason)
    })?;
    let held = receive(&parts.headers, body, MAX_BODY).await?;
    let held = held.expand(coding(&parts.headers)?, MAX_BODY).await?;
    store(app, &sender, form, held).await
}

/// Reads and stores a request.
pub(super) async fn store(app: &App, sender: &Sender, form: Form, mut held: Held) -> Result<Export, Refusal> {
    let parsed = match form {
        Form::Protobuf => parse_protobuf(&held.bytes, MAX_RECORDS),
        Form::Json => parse_json(&held.bytes, MAX_RECORDS),
    };
    let mut export = parsed.map_err(|error| {
        count_refused(app, Listener::Otlp, 1);
        let status = match error {
            ExportError::Malformed(_) => StatusCode::BAD_REQUEST,
            ExportError::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        };
        Refusal::new(status, "malformed", error.to_string())
    })?;
    held.grow(export.bytes)?;
    let request = Request {
        sender,
        listener: Listener::Otlp,
        format: "opentelemetry",
        records: std::mem::take(&mut export.records),
        identity: Some(identity(sender, Listener::Otlp, &held.bytes)),
    };
    request.store(app).await?;
    count_refused(app, Listener::Otlp, export.refused);
    Ok(export)
}

/// The code of gRPC for a refusal, which OTLP over HTTP has in its answers, too.
pub(super) fn grpc_code(refusal: &Refusal) -> u64 {
    match refusal.status() {
        StatusCode::BAD_REQUEST => 3,
        StatusCode::FORBIDDEN => 7,
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::TOO_MANY_REQUESTS => 8,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => 12,
        StatusCode::UNAUTHORIZED => 16,
        // Too slow, or the store does not take records: to be sent again.
        _ => 14,
    }
}

fn refuse(refusal: &Refusal, form: Form) -> Response {
    let code = grpc_code(refusal);
    // Senders give up at 408; it is to be sent again.
    let status = match refusal.status() {
        StatusCode::REQUEST_TIMEOUT => StatusCode::SERVICE_UNAVAILABLE,
        status => status,
    };
    let json = json!({ "code": code, "message": refusal.reason() });
    let mut response = form.answer(status, status_protobuf(code, refusal.reason(), refusal.retry_after()), &json);
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    after(response, refusal.retry_after())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use axum::http::header::RETRY_AFTER;

    #[tokio::test]
    async fn a_full_store_says_when_to_come_again() {
        let response = refuse(&Refusal::busy(3), Form::Json);
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[RETRY_AFTER], "3");
        let body: serde_json::Value =
            serde_json::from_slice(&to_bytes(response.into_body(), 9_999).await.unwrap()).unwrap();
        assert_eq!(body["code"], 8);
        let response = refuse(&Refusal::too_slow(), Form::Protobuf);
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "senders would give up at 408");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/x-protobuf");
    }
}
