//! Documents in: checked one by one, appended to the log, answered once they are durable.

use super::answer::{Refusal, json_answer};
use super::body;
use crate::{Monitoring, resends};
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use bytes::Bytes;
use event::{Listener, Micros, Origin, RawRecord};
use event_store::{Appended, BatchId, StoreError};
use ingest::bulk::{Action, BulkItem, parse_bulk};
use ingest::resends::connection_number;
use kit::scope::Actor;
use kit::session::Session;
use kit::{App, Capability};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;

/// Bytes of documents appended together; larger requests become several batches.
pub(crate) const BATCH_BYTES: usize = 24 << 20;

/// Number of the TCP connection, one that no other has; each request in an extension. A sender that reads its answers
/// has had all but the last one of a connection.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionNumber(pub u64);

/// Who sends, as far as the request proves it.
pub(crate) struct Sender {
    key_id: String,
    agency_id: String,
    source_id: Option<String>,
    peer: Option<String>,
    connection: u64,
}

impl Sender {
    pub(crate) fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Facts about its records.
    pub(crate) fn origin(&self, listener: Listener) -> Origin {
        Origin {
            listener,
            peer: self.peer.clone(),
            connection: Some(self.connection),
            agency_id: Some(self.agency_id.clone()),
            source_id: self.source_id.clone(),
            ..Origin::default()
        }
    }
}

/// The key behind a request. A signed-in browser is no sender: it carries no key, and so no page can make it send.
pub(crate) async fn sender(app: &App, parts: &Parts) -> Result<Sender, Refusal> {
    let session = parts.extensions.get::<Arc<Session>>().filter(|session| session.api_key);
    let session = session.ok_or_else(Refusal::unauthenticated)?;
    if !session.scope.may(Capability::IngestEvents) {
        return Err(Refusal::forbidden());
    }
    let Actor::Key { id, .. } = session.scope.actor() else { return Err(Refusal::unauthenticated()) };
    let view = app.db.scoped(&session.scope);
    let source_id = organisation::api_keys::source_of(&view.read(), id)
        .await
        .map_err(|error| Refusal::unavailable(format!("the key's source cannot be looked up: {error}")))?;
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map(|ConnectInfo(address)| address.ip().to_canonical().to_string());
    let connection = parts.extensions.get::<ConnectionNumber>().map(|number| number.0);
    let connection = connection.unwrap_or_else(|| connection_number(app.clock.now()));
    Ok(Sender { key_id: id.to_string(), agency_id: session.agency_id.clone(), source_id, peer, connection })
}

pub(super) async fn bulk(State(app): State<App>, request: Request) -> Response {
    take_bulk(&app, None, request).await
}

pub(super) async fn bulk_into(State(app): State<App>, Path(names): Path<Names>, request: Request) -> Response {
    take_bulk(&app, names.index, request).await
}

pub(super) async fn document(State(app): State<App>, Path(names): Path<Names>, request: Request) -> Response {
    take_document(&app, names, request).await
}

/// Names in a path. Taken by name, since a router around this one may have matched the same path before.
#[derive(Default, Deserialize)]
pub(super) struct Names {
    index: Option<String>,
    id: Option<String>,
}

async fn take_bulk(app: &App, index: Option<String>, request: Request) -> Response {
    let headers = request.headers().clone();
    let started = Instant::now();
    match try_bulk(app, index.as_deref(), request).await {
        Ok(items) => {
            let errors = items.iter().any(|item| item.error.is_some());
            let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            json_answer(&headers, StatusCode::OK, &BulkAnswer { took, errors, items })
        }
        Err(refusal) => refusal.into_answer(&headers),
    }
}

async fn try_bulk(app: &App, index: Option<&str>, request: Request) -> Result<Vec<Outcome>, Refusal> {
    let (parts, body) = request.into_parts();
    let sender = sender(app, &parts).await?;
    let held = body::read(&parts.headers, body).await?;
    let items = parse_bulk(&held.bytes, index)?;
    store_items(app, &sender, items, &held.bytes).await
}

async fn take_document(app: &App, names: Names, request: Request) -> Response {
    let headers = request.headers().clone();
    match try_document(app, names, request).await {
        Ok(outcome) => match &outcome.error {
            None => json_answer(&headers, StatusCode::CREATED, &outcome.result()),
            Some(_) => {
                let body = json!({ "error": outcome.error.as_deref(), "status": outcome.status.as_u16() });
                json_answer(&headers, outcome.status, &body)
            }
        },
        Err(refusal) => refusal.into_answer(&headers),
    }
}

async fn try_document(app: &App, names: Names, request: Request) -> Result<Outcome, Refusal> {
    let (parts, body) = request.into_parts();
    let sender = sender(app, &parts).await?;
    let held = body::read(&parts.headers, body).await?;
    // One document may span lines here; in a bulk body it may not.
    let compact = serde_json::from_slice::<Value>(&held.bytes).map_err(|error| {
        Refusal::new(StatusCode::BAD_REQUEST, "document_parsing_exception", format!("failed to parse: {error}"))
    })?;
    let action = json!({ "create": { "_index": names.index, "_id": names.id } });
    let body = Bytes::from(format!("{action}\n{compact}\n"));
    let items = parse_bulk(&body, None)?;
    let outcomes = store_items(app, &sender, items, &body).await?;
    outcomes.into_iter().next().ok_or_else(|| Refusal::unavailable("the document was lost on the way"))
}

/// What became of one item.
struct Outcome {
    action: Action,
    index: String,
    id: Option<String>,
    sequence: Option<u64>,
    status: StatusCode,
    error: Option<Arc<Value>>,
}

/// A large request has a million of these: each is written as it comes, none is kept as a tree.
#[derive(Serialize)]
struct BulkAnswer {
    took: u64,
    errors: bool,
    items: Vec<Outcome>,
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut item = serializer.serialize_map(Some(1))?;
        match &self.error {
            None => item.serialize_entry(self.action.as_str(), &self.result())?,
            Some(error) => item.serialize_entry(
                self.action.as_str(),
                &Refused { index: &self.index, id: self.id.as_deref(), status: self.status.as_u16(), error },
            )?,
        }
        item.end()
    }
}

#[derive(Serialize)]
struct Refused<'a> {
    #[serde(rename = "_index")]
    index: &'a str,
    #[serde(rename = "_id")]
    id: Option<&'a str>,
    status: u16,
    error: &'a Value,
}

#[derive(Serialize)]
struct Created<'a> {
    #[serde(rename = "_index")]
    index: &'a str,
    #[serde(rename = "_id")]
    id: Cow<'a, str>,
    #[serde(rename = "_version")]
    version: u8,
    result: &'static str,
    #[serde(rename = "_shards")]
    shards: Shards,
    #[serde(rename = "_seq_no")]
    sequence: Option<u64>,
    #[serde(rename = "_primary_term")]
    primary_term: u8,
    status: u16,
}

#[derive(Serialize)]
struct Shards {
    total: u8,
    successful: u8,
    failed: u8,
}

impl Outcome {
    fn result(&self) -> Created<'_> {
        let id = match (&self.id, self.sequence) {
            (Some(id), _) => Cow::Borrowed(id.as_str()),
            (None, Some(sequence)) => Cow::Owned(format!("luytre-{sequence}")),
            (None, None) => Cow::Borrowed(""),
        };
        Created {
            index: &self.index,
            id,
            version: 1,
            result: "created",
            shards: Shards { total: 1, successful: 1, failed: 0 },
            sequence: self.sequence,
            primary_term: 1,
            status: self.status.as_u16(),
        }
    }
}

/// Stores the good items, batch by batch. Refuses the request as a whole only if nothing of it was stored.
async fn store_items(app: &App, sender: &Sender, items: Vec<BulkItem>, body: &[u8]) -> Result<Vec<Outcome>, Refusal> {
    let monitoring = app.ports.get::<Monitoring>();
    let monitoring = monitoring.ok_or_else(|| Refusal::unavailable("the event store is not open"))?;
    let identity = Identity::of(sender, body);
    let arrival = app.clock.now();
    let mut origins = Origins::new(sender);
    let mut outcomes = Vec::with_capacity(items.len());
    let mut batch = Batch { arrival, ..Batch::default() };
    let mut repeated = monitoring.repeated(&origins, &items, arrival).into_iter();
    for (number, item) in items.into_iter().enumerate() {
        let mut outcome = Outcome {
            action: item.action,
            index: item.index,
            id: item.id,
            sequence: None,
            status: StatusCode::CREATED,
            error: None,
        };
        match item.document {
            Ok(document) => match repeated.next().flatten() {
                Some(sequence) => outcome.sequence = Some(sequence),
                None => batch.push(number, document, origins.of(&outcome.index)),
            },
            Err(error) => {
                let refusal = Refusal::from(error);
                outcome.status = refusal.status();
                outcome.error = Some(Arc::new(refusal.error()));
            }
        }
        outcomes.push(outcome);
        if batch.bytes >= BATCH_BYTES {
            batch.store(&monitoring, &identity, &mut outcomes).await?;
        }
    }
    batch.store(&monitoring, &identity, &mut outcomes).await?;
    Ok(outcomes)
}

/// What makes a request the same as one sent before (`settled` 3): its bytes, the ids of its documents among them. An `_id`
/// that comes again with another document is another record.
struct Identity {
    key_id: String,
    request: BatchId,
}

impl Identity {
    fn of(sender: &Sender, body: &[u8]) -> Self {
        Self { key_id: sender.key_id.clone(), request: BatchId::of_body(&sender.key_id, body) }
    }

    /// Id of one batch of the request; a request beyond [`BATCH_BYTES`] has several.
    fn of_batch(&self, number: usize) -> BatchId {
        match number {
            0 => self.request,
            _ => BatchId::of_client(&self.key_id, &format!("{:02x?}/{number}", self.request.0)),
        }
    }
}

impl Monitoring {
    /// For each good document of a request its sequence, if it is stored already and the sender, who had no answer,
    /// sends it again in another cut. Documents with an `_id` are known by it, as whole requests.
    fn repeated(&self, origins: &Origins, items: &[BulkItem], now: Micros) -> Vec<Option<u64>> {
        let Some(sender) = resends::sender(&origins.common) else { return Vec::new() };
        if items.iter().any(|item| item.id.is_some()) {
            return Vec::new();
        }
        let documents: Vec<(&str, &[u8])> =
            items.iter().filter_map(|item| Some((item.index.as_str(), &**item.document.as_ref().ok()?))).collect();
        self.resends.repeated(&sender, &documents, now)
    }
}

/// Facts about the sender of one request, shared by its documents for the same index.
struct Origins {
    common: Origin,
    by_index: HashMap<String, Arc<Origin>>,
}

impl Origins {
    fn new(sender: &Sender) -> Self {
        Self { common: sender.origin(Listener::Bulk), by_index: HashMap::new() }
    }

    fn of(&mut self, index: &str) -> Arc<Origin> {
        if let Some(origin) = self.by_index.get(index) {
            return origin.clone();
        }
        let origin = Arc::new(Origin { index: Some(index.to_owned()), ..self.common.clone() });
        self.by_index.insert(index.to_owned(), origin.clone());
        origin
    }
}

/// Records waiting to be appended, with their places in the answer.
#[derive(Default)]
struct Batch {
    records: Vec<RawRecord>,
    places: Vec<usize>,
    bytes: usize,
    number: usize,
    arrival: Micros,
}

impl Batch {
    fn push(&mut self, place: usize, document: Bytes, origin: Arc<Origin>) {
        self.bytes += document.len();
        self.places.push(place);
        self.records.push(RawRecord {
            // A copy of its own: the log's memory must not hold the whole request for one record.
            bytes: Bytes::copy_from_slice(&document),
            arrival: self.arrival,
            origin,
            position: place as u64 + 1,
        });
    }

    async fn store(
        &mut self,
        monitoring: &Arc<Monitoring>,
        identity: &Identity,
        outcomes: &mut [Outcome],
    ) -> Result<(), Refusal> {
        let records = std::mem::take(&mut self.records);
        let places = std::mem::take(&mut self.places);
        self.bytes = 0;
        if records.is_empty() {
            return Ok(());
        }
        let id = identity.of_batch(self.number);
        self.number += 1;
        match append(monitoring.clone(), records, Some(id)).await {
            Ok(Appended { first_seq, .. }) => {
                for (offset, place) in places.into_iter().enumerate() {
                    if let Some(outcome) = outcomes.get_mut(place) {
                        outcome.sequence = Some(first_seq + offset as u64);
                    }
                }
                Ok(())
            }
            // The first batch decides for the request; later ones only for their own items.
            Err(error) if self.number == 1 => Err(error.into()),
            Err(error) => {
                let refusal = Refusal::from(error);
                let shared = Arc::new(refusal.error());
                for place in places {
                    if let Some(outcome) = outcomes.get_mut(place) {
                        outcome.status = refusal.status();
                        outcome.error = Some(shared.clone());
                    }
                }
                Ok(())
            }
        }
    }
}

/// Appends to the log, to the end even if the client leaves meanwhile: what it then has no answer to it will repeat.
pub(crate) async fn append(
    monitoring: Arc<Monitoring>,
    records: Vec<RawRecord>,
    id: Option<BatchId>,
) -> Result<Appended, StoreError> {
    let (answer, answered) = oneshot::channel();
    tokio::spawn(async move {
        monitoring.store.pace().await;
        let appended = monitoring.store.append(records.clone(), id).await;
        if let Err(Ok(Appended { first_seq, .. })) = answer.send(appended) {
            let arrival = records.first().map_or(0, |record| record.arrival);
            if let Some(sender) = records.first().and_then(|record| resends::sender(&record.origin)) {
                let documents = (first_seq..).zip(&records).map(|(sequence, record)| {
                    (sequence, record.origin.index.as_deref().unwrap_or_default(), &*record.bytes)
                });
                monitoring.resends.remember_documents(&sender, documents, arrival);
            }
        }
    });
    answered.await.unwrap_or(Err(StoreError::Closed))
}

/// Whether a request carries a key that may send; for probes.
pub(super) async fn check(app: &App, parts: &Parts) -> Result<(), Box<Response>> {
    match sender(app, parts).await {
        Ok(_) => Ok(()),
        Err(refusal) => Err(Box::new(refusal.into_answer(&parts.headers))),
    }
}
