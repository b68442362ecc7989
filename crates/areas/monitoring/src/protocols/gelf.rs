//! GELF over HTTP: `POST /gelf`, one message or several. Answers 202 as Graylog does, after fsync.

use super::{MAX_BODY, MAX_RECORDS, Request, after, count_refused, identity, json_answer};
use crate::bulk::answer::Refusal;
use crate::bulk::body::{Coding, receive};
use crate::bulk::receive::sender;
use axum::extract::State;
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use event::Listener;
use ingest::gelf::{Messages, parse};
use kit::App;
use serde_json::json;

pub(super) async fn take(State(app): State<App>, request: axum::extract::Request) -> Response {
    match try_take(&app, request).await {
        Ok((messages, stored)) => match messages.first {
            None => StatusCode::ACCEPTED.into_response(),
            Some((number, reason)) => {
                let body = json!({
                    "error": format!("message {number}: {reason}"), "stored": stored, "refused": messages.refused,
                });
                json_answer(StatusCode::BAD_REQUEST, &body)
            }
        },
        Err(refusal) => {
            let mut response = json_answer(refusal.status(), &json!({ "error": refusal.reason() }));
            if refusal.status() == StatusCode::UNAUTHORIZED {
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            after(response, refusal.retry_after())
        }
    }
}

/// What a body is compressed with, by its first bytes: senders name both codings at once, or none.
fn coding_of(body: &[u8]) -> Coding {
    match body {
        [0x1f, 0x8b, ..] => Coding::Gzip,
        [head, ..] if head & 0x0f == 8 => Coding::Deflate,
        _ => Coding::Plain,
    }
}

/// What was read of a request, and how many of its messages are stored.
async fn try_take(app: &App, request: axum::extract::Request) -> Result<(Messages, usize), Refusal> {
    let (parts, body) = request.into_parts();
    let sender = sender(app, &parts).await?;
    let held = receive(&parts.headers, body, MAX_BODY).await?;
    let coding = coding_of(&held.bytes);
    let mut held = held.expand(coding, MAX_BODY).await?;
    let mut messages = parse(&held.bytes, MAX_RECORDS)
        .map_err(|error| Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", error.to_string()))?;
    if messages.records.is_empty() && messages.refused == 0 {
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "no_data", "the request holds no message"));
    }
    held.grow(messages.bytes)?;
    let records = std::mem::take(&mut messages.records);
    let stored = records.len();
    let request = Request {
        sender: &sender,
        listener: Listener::GelfHttp,
        format: "gelf",
        records,
        // Messages without a time may be equal and still be two events.
        identity: messages.timed.then(|| identity(&sender, Listener::GelfHttp, &held.bytes)),
    };
    request.store(app).await?;
    count_refused(app, Listener::GelfHttp, messages.refused);
    Ok((messages, stored))
}
