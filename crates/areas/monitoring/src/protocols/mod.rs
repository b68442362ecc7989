//! Doors on the address of the pages for senders of other houses: OpenTelemetry (OTLP over HTTP and gRPC), Splunk's HTTP
//! Event Collector, GELF over HTTP. The keys are those of `_bulk`, and so is the promise: an answer that says yes comes
//! after fsync, a request that comes again is stored once, and a full store asks to come again.

mod gelf;
mod grpc;
mod hec;
mod otlp;

use crate::Monitoring;
use crate::bulk::answer::Refusal;
use crate::bulk::receive::{BATCH_BYTES, Sender, append};
use crate::intake::Doors;
use axum::extract::DefaultBodyLimit;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use event::{Listener, Origin, RawRecord};
use event_store::BatchId;
use ingest::listeners::Counters;
use kit::web::{Access, Routes};
use kit::{App, Capability};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Bytes of one request, compressed or not.
const MAX_BODY: usize = 32 << 20;
/// Bytes of memory that the records of one request may take.
const MAX_RECORDS: usize = 64 << 20;

/// Refusals are in the words of each protocol.
const SENDS: Access = Access::AnswersItself(Capability::IngestEvents);

pub fn routes() -> Routes {
    Routes::new()
        .post("/v1/logs", SENDS, otlp::export)
        .post("/opentelemetry.proto.collector.logs.v1.LogsService/Export", SENDS, grpc::export)
        .post("/services/collector", SENDS, hec::events)
        .post("/services/collector/event", SENDS, hec::events)
        .post("/services/collector/event/1.0", SENDS, hec::events)
        .post("/services/collector/raw", SENDS, hec::raw)
        .post("/services/collector/raw/1.0", SENDS, hec::raw)
        .post("/services/collector/ack", SENDS, hec::acknowledged)
        .get("/services/collector/health", Access::Open, hec::health)
        .post("/gelf", SENDS, gelf::take)
        .map(|router| router.layer(DefaultBodyLimit::disable()))
}

/// Records of one request, with what the door knows of them.
struct Request<'a> {
    sender: &'a Sender,
    listener: Listener,
    /// Name of the format; the bytes alone may not say it.
    format: &'static str,
    /// With their numbers in the request.
    records: Vec<(u64, Bytes)>,
    /// Makes the request the same as one that came before; none where equal requests are different events.
    identity: Option<BatchId>,
}

/// What makes a request the same as one before: its sender and its bytes (`settled` 3).
fn identity(sender: &Sender, listener: Listener, body: &[u8]) -> BatchId {
    BatchId::of_body(&format!("{}/{}", sender.key_id(), listener.as_str()), body)
}

/// Id of one batch of a request; one beyond [`BATCH_BYTES`] has several.
fn batch_id(sender: &Sender, identity: BatchId, number: usize) -> BatchId {
    match number {
        0 => identity,
        _ => BatchId::of_client(sender.key_id(), &format!("{:02x?}/{number}", identity.0)),
    }
}

impl Request<'_> {
    /// Stores all records; an error means that the request is to be sent again, when what is stored already is not
    /// stored a second time.
    async fn store(self, app: &App) -> Result<(), Refusal> {
        let monitoring = app.ports.get::<Monitoring>();
        let monitoring = monitoring.ok_or_else(|| Refusal::unavailable("the event store is not open"))?;
        let arrival = app.clock.now();
        let origin = Origin { format: Some(self.format.to_owned()), ..self.sender.origin(self.listener) };
        let origin = Arc::new(origin);
        let count = self.records.len() as u64;
        let bytes: usize = self.records.iter().map(|(_, bytes)| bytes.len()).sum();
        let mut batches: Vec<Vec<RawRecord>> = Vec::new();
        let mut room = 0;
        for (position, bytes) in self.records {
            if bytes.len() > room || batches.is_empty() {
                batches.push(Vec::new());
                room = BATCH_BYTES;
            }
            room = room.saturating_sub(bytes.len());
            if let Some(batch) = batches.last_mut() {
                batch.push(RawRecord { bytes, arrival, origin: origin.clone(), position });
            }
        }
        for (number, batch) in batches.into_iter().enumerate() {
            let id = self.identity.map(|identity| batch_id(self.sender, identity, number));
            append(monitoring.clone(), batch, id).await?;
        }
        tally(app, self.listener, |counters| {
            counters.received.fetch_add(count, Relaxed);
            counters.delivered.fetch_add(count, Relaxed);
            counters.bytes.fetch_add(bytes as u64, Relaxed);
        });
        Ok(())
    }
}

/// Counts what was refused for being none of the protocol: records, or a request.
fn count_refused(app: &App, listener: Listener, count: u64) {
    tally(app, listener, |counters| {
        counters.protocol_errors.fetch_add(count, Relaxed);
    });
}

fn tally(app: &App, listener: Listener, count: impl FnOnce(&Counters)) {
    let doors = app.ports.get::<Doors>();
    if let Some(counters) = doors.as_ref().and_then(|doors| doors.counters(listener)) {
        count(counters);
    }
}

/// An answer in JSON.
fn json_answer(status: StatusCode, value: &serde_json::Value) -> Response {
    let json = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (status, json, value.to_string()).into_response()
}

/// Says when to come again.
fn after(mut response: Response, seconds: Option<u64>) -> Response {
    if let Some(seconds) = seconds {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
