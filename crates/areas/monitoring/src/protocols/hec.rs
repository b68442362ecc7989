//! Splunk's HTTP Event Collector, as far as senders use it: events, raw lines, health, and the acknowledgement of what was
//! sent on a channel. An answer comes after fsync, so that an identifier that was given away stands for what is stored.
//! <https://docs.splunk.com/Documentation/Splunk/latest/Data/HTTPEventCollectortokenmanagement>

use super::{MAX_BODY, MAX_RECORDS, Request, after, count_refused, identity, json_answer};
use crate::Monitoring;
use crate::bulk::answer::Refusal;
use crate::bulk::body::{Held, coding, receive};
use crate::bulk::receive::{Sender, sender};
use axum::extract::{Query, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use event::Listener;
use ingest::hec::{Code, Events, Metadata, TooLarge, parse_events, parse_raw};
use kit::App;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

/// An answer of the protocol.
struct Answer {
    code: Code,
    /// Another status than the code has.
    status: Option<StatusCode>,
    members: Map<String, Value>,
    retry_after: Option<u64>,
}

impl Answer {
    fn of(code: Code) -> Self {
        Self { code, status: None, members: Map::new(), retry_after: None }
    }

    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    fn refuse(refusal: &Refusal, headers: &HeaderMap) -> Self {
        let code = match refusal.status() {
            StatusCode::UNAUTHORIZED => {
                match headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap_or_default()) {
                    None => Code::TokenRequired,
                    Some(value) if !value.trim().contains(' ') => Code::InvalidAuthorization,
                    Some(_) => Code::InvalidToken,
                }
            }
            StatusCode::FORBIDDEN => Code::InvalidToken,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE | StatusCode::REQUEST_TIMEOUT => Code::Busy,
            status if status.is_client_error() => Code::InvalidData,
            _ => Code::InternalError,
        };
        let status = (code == Code::InvalidData).then(|| refusal.status());
        let answer = Self { status, retry_after: refusal.retry_after(), ..Self::of(code) };
        match code {
            Code::InvalidData | Code::Busy => answer.with("reason", refusal.reason()),
            _ => answer,
        }
    }

    fn into_response(self) -> Response {
        let (code, status, text) = self.code.parts();
        let status = self.status.or_else(|| StatusCode::from_u16(status).ok());
        let mut body = Map::from_iter([("text".to_owned(), Value::from(text)), ("code".to_owned(), Value::from(code))]);
        body.extend(self.members);
        let answer = json_answer(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &Value::Object(body));
        after(answer, self.retry_after)
    }
}

pub(super) async fn events(State(app): State<App>, request: axum::extract::Request) -> Response {
    let parse = |held: &Held, _: &Parts| parse_events(&held.bytes, MAX_RECORDS);
    take(&app, request, parse).await.unwrap_or_else(|answer| answer).into_response()
}

pub(super) async fn raw(State(app): State<App>, request: axum::extract::Request) -> Response {
    let parse = |held: &Held, parts: &Parts| {
        let metadata = Query::<Metadata>::try_from_uri(&parts.uri).map(|Query(metadata)| metadata).unwrap_or_default();
        parse_raw(&held.bytes, &metadata, MAX_RECORDS)
    };
    take(&app, request, parse).await.unwrap_or_else(|answer| answer).into_response()
}

async fn take(
    app: &App,
    request: axum::extract::Request,
    parse: impl FnOnce(&Held, &Parts) -> Result<Events, TooLarge>,
) -> Result<Answer, Answer> {
    let (parts, body) = request.into_parts();
    let refuse = |refusal: Refusal| Answer::refuse(&refusal, &parts.headers);
    let sender = sender(app, &parts).await.map_err(refuse)?;
    let channel = channel(&parts)?;
    let held = receive(&parts.headers, body, MAX_BODY).await.map_err(refuse)?;
    let mut held = held.expand(coding(&parts.headers).map_err(refuse)?, MAX_BODY).await.map_err(refuse)?;
    let mut events = parse(&held, &parts)
        .map_err(|error| refuse(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", error.to_string())))?;
    if events.records.is_empty() && events.refused == 0 {
        return Err(Answer::of(Code::NoData));
    }
    held.grow(events.bytes).map_err(refuse)?;
    let stored = events.records.len();
    let request = Request {
        sender: &sender,
        listener: Listener::Hec,
        format: "splunk-hec",
        records: std::mem::take(&mut events.records),
        // What the address states of raw lines belongs to them.
        identity: Some(identity(&sender, Listener::Hec, &identified(&parts, &held))),
    };
    request.store(app).await.map_err(refuse)?;
    count_refused(app, Listener::Hec, events.refused);
    let answer = match events.first {
        None => Answer::of(Code::Success),
        Some((number, code, reason)) => Answer::of(code)
            .with("invalid-event-number", number)
            .with("reason", reason)
            .with("stored", stored)
            .with("refused", events.refused),
    };
    Ok(match channel {
        Some(channel) => answer.with("ackId", ACKNOWLEDGED.issue(&sender, &channel)),
        None => answer,
    })
}

fn identified(parts: &Parts, held: &Held) -> Vec<u8> {
    [parts.uri.query().unwrap_or_default().as_bytes(), &b"\n"[..], &held.bytes[..]].concat()
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct InAddress {
    channel: Option<String>,
}

/// The channel that a request names, in a header or its address.
fn channel(parts: &Parts) -> Result<Option<String>, Answer> {
    let named = match parts.headers.get("x-splunk-request-channel") {
        Some(value) => Some(value.to_str().unwrap_or_default().to_owned()),
        None => Query::<InAddress>::try_from_uri(&parts.uri).ok().and_then(|Query(address)| address.channel),
    };
    match named {
        Some(name) if !is_channel(&name) => Err(Answer::of(Code::InvalidChannel)),
        named => Ok(named.map(|name| name.to_ascii_lowercase())),
    }
}

/// A GUID.
fn is_channel(name: &str) -> bool {
    name.len() == 36 && name.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Identifiers given away on channels: how many on each.
#[derive(Default)]
struct Acknowledged(Mutex<HashMap<(String, String), u64>>);

static ACKNOWLEDGED: LazyLock<Acknowledged> = LazyLock::new(Acknowledged::default);

/// Channels remembered. Beyond it all are forgotten: senders then send again, and it is stored once.
const MOST_CHANNELS: usize = 10_000;
/// Identifiers of one question.
const MOST_ASKED: usize = 10_000;

impl Acknowledged {
    /// The next identifier of a channel, for what is stored.
    fn issue(&self, sender: &Sender, channel: &str) -> u64 {
        let mut channels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if channels.len() >= MOST_CHANNELS {
            channels.clear();
        }
        let next = channels.entry((sender.key_id().to_owned(), channel.to_owned())).or_default();
        *next += 1;
        *next - 1
    }

    /// How many identifiers of a channel were given away.
    fn issued(&self, sender: &Sender, channel: &str) -> u64 {
        let channels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        channels.get(&(sender.key_id().to_owned(), channel.to_owned())).copied().unwrap_or_default()
    }
}

#[derive(Deserialize)]
struct Asked {
    acks: Vec<u64>,
}

/// Which identifiers of a channel stand for what is stored.
pub(super) async fn acknowledged(State(app): State<App>, request: axum::extract::Request) -> Response {
    match try_acknowledged(&app, request).await {
        Ok(answer) => json_answer(StatusCode::OK, &answer),
        Err(answer) => answer.into_response(),
    }
}

async fn try_acknowledged(app: &App, request: axum::extract::Request) -> Result<Value, Answer> {
    let (parts, body) = request.into_parts();
    let refuse = |refusal: Refusal| Answer::refuse(&refusal, &parts.headers);
    let sender = sender(app, &parts).await.map_err(refuse)?;
    let channel = channel(&parts)?.ok_or_else(|| Answer::of(Code::ChannelMissing))?;
    let held = receive(&parts.headers, body, MOST_ASKED * 24).await.map_err(refuse)?;
    let asked: Asked = serde_json::from_slice(&held.bytes).map_err(|_| Answer::of(Code::InvalidData))?;
    let issued = ACKNOWLEDGED.issued(&sender, &channel);
    let stored = asked.acks.iter().take(MOST_ASKED).map(|id| (id.to_string(), Value::Bool(*id < issued)));
    Ok(json!({ "acks": stored.collect::<Map<_, _>>() }))
}

/// Whether events are taken at the moment; without a key, as the protocol has it.
pub(super) async fn health(State(app): State<App>) -> Response {
    let takes = app.ports.get::<Monitoring>().is_some_and(|monitoring| !monitoring.store.is_disk_full());
    Answer::of(if takes { Code::Healthy } else { Code::Unhealthy }).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_store_is_a_busy_server() {
        let answer = Answer::refuse(&Refusal::busy(3), &HeaderMap::new());
        assert_eq!((answer.code, answer.retry_after, answer.status), (Code::Busy, Some(3), None));
        let response = answer.into_response();
        assert_eq!(
            (response.status(), response.headers()["retry-after"].as_bytes()),
            (StatusCode::SERVICE_UNAVAILABLE, &b"3"[..])
        );
    }

    #[test]
    fn who_sends_no_token_a_wrong_one_or_something_else_is_told_so() {
        for (header, code) in [
            (None, Code::TokenRequired),
            (Some("x"), Code::InvalidAuthorization),
            (Some("Splunk x"), Code::InvalidToken),
        ] {
            let headers = header.map(|header| (AUTHORIZATION, axum::http::HeaderValue::from_static(header)));
            let answer = Answer::refuse(&Refusal::unauthenticated(), &HeaderMap::from_iter(headers));
            assert_eq!(answer.code, code, "{header:?}");
        }
        assert_eq!(Answer::refuse(&Refusal::forbidden(), &HeaderMap::new()).code, Code::InvalidToken);
    }

    #[test]
    fn channels_are_guids() {
        assert!(is_channel("FE0ECFAD-13D5-401B-847D-77833BD77131"));
        assert!(!is_channel("") && !is_channel("fe0ecfad") && !is_channel(&"g".repeat(36)));
    }
}
