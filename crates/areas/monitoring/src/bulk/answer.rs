//! Answers in Elasticsearch's own words: its clients read them.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use event_store::StoreError;
use ingest::bulk::BulkError;
use serde::Serialize;
use serde_json::{Value, json};

/// Clients refuse to talk to a server that does not call itself this.
const PRODUCT: &str = "x-elastic-product";

/// JSON in the media type that the client speaks.
pub(super) fn json_answer(headers: &HeaderMap, status: StatusCode, value: &impl Serialize) -> Response {
    let mut response = Response::new(Body::from(serde_json::to_vec(value).unwrap_or_default()));
    *response.status_mut() = status;
    let answer = response.headers_mut();
    answer.insert(PRODUCT, HeaderValue::from_static("Elasticsearch"));
    answer.insert(header::CONTENT_TYPE, media_type(headers));
    response
}

/// `application/vnd.elasticsearch+json;compatible-with=8` to those who ask for it, plain JSON to all others.
fn media_type(headers: &HeaderMap) -> HeaderValue {
    let asked = [header::ACCEPT, header::CONTENT_TYPE].into_iter().find_map(|name| {
        let value = headers.get(name)?.to_str().ok()?;
        let version = value.split("compatible-with=").nth(1).filter(|_| value.contains("vnd.elasticsearch+"))?;
        version.chars().next().filter(char::is_ascii_digit)
    });
    match asked {
        Some(version) => HeaderValue::try_from(format!("application/vnd.elasticsearch+json;compatible-with={version}"))
            .unwrap_or(HeaderValue::from_static("application/json")),
        None => HeaderValue::from_static("application/json"),
    }
}

/// A refused request.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    kind: &'static str,
    reason: String,
    /// Seconds after which to try again.
    retry_after: Option<u64>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, kind: &'static str, reason: impl Into<String>) -> Self {
        Self { status, kind, reason: reason.into(), retry_after: None }
    }

    pub(crate) fn unauthenticated() -> Self {
        let reason = "missing or unknown API key: send Authorization: ApiKey …, Bearer … or Basic (key id and key)";
        Self::new(StatusCode::UNAUTHORIZED, "security_exception", reason)
    }

    pub(crate) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "security_exception", "this API key may not send events")
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        let reason = format!("the request is larger than {limit} bytes; send smaller batches");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "content_too_long_exception", reason)
    }

    /// Clients send it once more; as too large they would throw it away.
    pub(crate) fn too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "receive_timeout_transport_exception", "the request came too slowly")
    }

    pub(crate) fn busy(seconds: u64) -> Self {
        let reason = "the event store cannot take more just now; try again";
        let refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, "es_rejected_execution_exception", reason);
        Self { retry_after: Some(seconds.max(1)), ..refusal }
    }

    pub(crate) fn unavailable(reason: impl Into<String>) -> Self {
        let refusal = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable_shards_exception", reason);
        Self { retry_after: Some(5), ..refusal }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn reason(&self) -> &str {
        &self.reason
    }

    /// Seconds after which to try again.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        self.retry_after
    }

    /// `error` of an item that shares this fate.
    pub(super) fn error(&self) -> Value {
        json!({ "type": self.kind, "reason": self.reason })
    }

    pub(super) fn into_answer(self, headers: &HeaderMap) -> Response {
        let cause = json!({ "type": self.kind, "reason": self.reason });
        let body = json!({
            "error": { "root_cause": [cause], "type": self.kind, "reason": self.reason },
            "status": self.status.as_u16(),
        });
        let mut response = json_answer(headers, self.status, &body);
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let schemes = HeaderValue::from_static("Basic realm=\"luytre\", ApiKey, Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, schemes);
        }
        response
    }
}

impl From<BulkError> for Refusal {
    fn from(error: BulkError) -> Self {
        let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
        Self::new(status, error.kind, error.reason)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full { retry_after } => Self::busy(retry_after.as_secs()),
            StoreError::TooLarge { limit, .. } => Self::too_large(limit),
            StoreError::DiskFull => Self { retry_after: Some(30), ..Self::unavailable(error.to_string()) },
            error => {
                tracing::error!(%error, "the event store refuses records");
                Self::unavailable("the event store does not take records at the moment")
            }
        }
    }
}
