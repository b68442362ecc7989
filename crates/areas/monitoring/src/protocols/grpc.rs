//! OTLP over gRPC: `LogsService/Export`, one message there and one back over HTTP/2, written by hand (decision 0025).
//! <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>

use super::otlp::{Form, grpc_code, store};
use super::{MAX_BODY, after};
use crate::bulk::answer::Refusal;
use crate::bulk::body::{Coding, receive};
use crate::bulk::receive::sender;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use http_body::Frame;
use ingest::otlp::{Export, frame, status_protobuf, unframe};
use kit::App;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPTED: HeaderName = HeaderName::from_static("grpc-accept-encoding");

pub(super) async fn export(State(app): State<App>, request: Request) -> Response {
    match try_export(&app, request).await {
        Ok(export) => {
            let trailers = HeaderMap::from_iter([(STATUS, HeaderValue::from_static("0"))]);
            let message = Some(frame(&export.answer_protobuf()).into());
            answer(StatusCode::OK, Body::new(Answer { message, trailers: Some(trailers) }))
        }
        Err(refusal) => refuse(&refusal),
    }
}

async fn try_export(app: &App, request: Request) -> Result<Export, Refusal> {
    let (parts, body) = request.into_parts();
    let sender = sender(app, &parts).await?;
    let is_grpc = |kind: &str| kind == "application/grpc" || kind.starts_with("application/grpc+proto");
    if !parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).is_some_and(is_grpc) {
        return Err(unsupported("the media type is not application/grpc"));
    }
    let mut held = receive(&parts.headers, body, MAX_BODY).await?;
    let (is_compressed, message) =
        unframe(&held.bytes).map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, "malformed", error.to_string()))?;
    let message = held.bytes.slice_ref(message);
    let coding = match parts.headers.get(ENCODING).map(HeaderValue::as_bytes) {
        _ if !is_compressed => Coding::Plain,
        Some(b"gzip") => Coding::Gzip,
        Some(b"deflate") => Coding::Deflate,
        _ => return Err(unsupported("messages are compressed with gzip, deflate or not at all")),
    };
    held.bytes = message;
    let held = held.expand(coding, MAX_BODY).await?;
    store(app, &sender, Form::Protobuf, held).await
}

fn unsupported(reason: &str) -> Refusal {
    Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported", reason)
}

fn answer(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(ACCEPTED, HeaderValue::from_static("identity,deflate,gzip"));
    response
}

/// Nothing but trailers, which are headers then.
fn refuse(refusal: &Refusal) -> Response {
    let code = grpc_code(refusal);
    // Clients read the code; whoever stands between reads the status.
    let status = match refusal.status() {
        status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => status,
        _ => StatusCode::OK,
    };
    let mut response = answer(status, Body::empty());
    let headers = response.headers_mut();
    headers.insert(STATUS, HeaderValue::from(code));
    let details = STANDARD_NO_PAD.encode(status_protobuf(code, refusal.reason(), refusal.retry_after()));
    for (name, text) in [(MESSAGE, encoded(refusal.reason())), (DETAILS, details)] {
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(name, value);
        }
    }
    after(response, refusal.retry_after())
}

/// A text for `grpc-message`: what is not printable ASCII stands as `%XX`.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        match byte {
            b'%' | 0..=0x1f | 0x7f..=0xff => out.push_str(&format!("%{byte:02X}")),
            _ => out.push(char::from(byte)),
        }
        out
    })
}

/// One message, then trailers.
struct Answer {
    message: Option<Bytes>,
    trailers: Option<HeaderMap>,
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = match self.message.take() {
            Some(message) => Some(Frame::data(message)),
            None => self.trailers.take().map(Frame::trailers),
        };
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.message.is_none() && self.trailers.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_store_says_when_to_come_again() {
        let response = refuse(&Refusal::busy(3));
        assert_eq!((response.status(), &response.headers()[STATUS]), (StatusCode::OK, &HeaderValue::from_static("8")));
        let details = STANDARD_NO_PAD.decode(&response.headers()[DETAILS]).unwrap();
        // RetryInfo with a delay of three seconds.
        let retry = [&b"type.googleapis.com/google.rpc.RetryInfo"[..], &b"\x12\x04\x0a\x02\x08\x03"[..]].concat();
        assert!(details.ends_with(&retry), "{details:?}");
        let response = refuse(&Refusal::unauthenticated());
        assert_eq!(
            (response.status(), &response.headers()[STATUS]),
            (StatusCode::UNAUTHORIZED, &HeaderValue::from_static("16"))
        );
    }

    #[test]
    fn messages_of_refusals_are_printable() {
        assert_eq!(encoded("100 % đủ\n"), "100 %25 %C4%91%E1%BB%A7%0A");
    }
}
